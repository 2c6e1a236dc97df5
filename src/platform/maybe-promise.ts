/** A value that is often there at once, so that the common case costs no promise. */
export type MaybePromise<T> = T | Promise<T>;

/** Keeps a promise that came where none was wanted from ending the process when it rejects. */
export function ignoreRejection(value: unknown): void {
  if (value instanceof Promise) value.catch(() => {});
}

/** Goes on with a value: at once when it is there, else when it comes. */
export function after<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}
