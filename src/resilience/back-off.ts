import type { Clock } from '../platform/clock.js';

const FIRST_SECONDS = 1;
const MAX_SECONDS = 60;

/**
 * Waiting times between attempts that fail: from one second, doubled each time, a minute at most. Each is
 * drawn from the upper half of its interval, so that many servers do not ask again at one moment.
 */
export class BackOff {
  readonly #clock: Clock;
  #failures = 0;
  #until = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get failures(): number {
    return this.#failures;
  }

  fail(): void {
    const seconds = Math.min(MAX_SECONDS, FIRST_SECONDS * 2 ** this.#failures);
    this.#failures += 1;
    this.#until = this.#clock() + seconds * 1000 * (0.5 + Math.random() / 2);
  }

  reset(): void {
    this.#failures = 0;
    this.#until = 0;
  }

  /** Until the next attempt may start; 0 when it may start now. */
  remainingSeconds(): number {
    const remaining = (this.#until - this.#clock()) / 1000;
    // More than the longest wait can only mean that the clock was set back.
    return remaining > MAX_SECONDS ? 0 : Math.max(0, remaining);
  }
}
