/** A value, or a promise of it: the common case then costs no promise. */
export type MaybePromise<T> = T | Promise<T>;

/** Handles the rejection of a promise that nobody awaits: it would end the process. */
export function ignoreRejection(value: unknown): void {
  if (value instanceof Promise) value.catch(() => {});
}

/** Calls `next` with the value: now, or when the promise resolves. */
export function chain<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}
