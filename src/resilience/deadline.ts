import type { Clock } from '../platform/clock.js';
import type { MaybePromise } from '../platform/maybe-promise.js';
import { wasSuspended } from './was-suspended.js';

/** Something did not settle in time. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/**
 * Waits for a promise for so many seconds at most. The timer keeps no process alive.
 *
 * @throws {DeadlineError}
 */
export async function withinSeconds<T>(seconds: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(notWithin(seconds)), seconds * 1000);
    timer.unref();
  });

  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Runs something that ends by itself when its signal is aborted, after so many seconds. The timer keeps no process alive. */
export async function withDeadline<T>(seconds: number, run: (deadline: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(notWithin(seconds)), seconds * 1000);
  timer.unref();

  try {
    return await run(controller.signal);
  } finally {
    clearTimeout(timer);
  }
}

/** One deadline for everything that a request waits for in turn. It begins with the first wait. */
export class Deadline {
  readonly #seconds: number;
  readonly #clock: Clock;
  #timer: NodeJS.Timeout | undefined;
  #late: Promise<typeof LATE> | undefined;

  constructor(seconds: number, clock: Clock) {
    this.#seconds = seconds;
    this.#clock = clock;
  }

  /** Waits for a value. Returns that of `onLate` once the time is over. */
  wait<T, Late>(value: MaybePromise<T>, onLate: (seconds: number) => Late): MaybePromise<T | Late> {
    return value instanceof Promise ? this.#race(value, onLate) : value;
  }

  /** Call it when nothing is waited for any more. */
  end(): void {
    clearTimeout(this.#timer);
  }

  async #race<T, Late>(promise: Promise<T>, onLate: (seconds: number) => Late): Promise<T | Late> {
    this.#late ??= new Promise((resolve) => this.#startTimer(() => resolve(LATE)));
    const outcome = await Promise.race([promise, this.#late]);
    return outcome === LATE ? onLate(this.#seconds) : outcome;
  }

  /** While the process was suspended, nobody waited: the time begins anew, once. */
  #startTimer(onLate: () => void, isRestart = false): void {
    const clock = this.#clock;
    const timeoutSeconds = this.#seconds;
    const startedAt = clock();
    this.#timer = setTimeout(() => {
      if (!isRestart && wasSuspended({ clock, startedAt, timeoutSeconds })) this.#startTimer(onLate, true);
      else onLate();
    }, timeoutSeconds * 1000);
    this.#timer.unref();
  }
}

const LATE = Symbol('late');

/** Waits for a promise until the signal is aborted. Others may go on waiting for it. */
export async function untilAborted<T>(signal: AbortSignal | undefined, promise: Promise<T>): Promise<T> {
  if (signal === undefined) return promise;
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
  });

  try {
    return await Promise.race([aborted, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function notWithin(seconds: number): DeadlineError {
  return new DeadlineError(`not settled within ${seconds} s`);
}
