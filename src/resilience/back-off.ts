import type { Clock } from '../platform/clock.js';

/** How long the waits of a back-off are. */
export interface BackOffLimits {
  /** After the first failure. It doubles with each that follows. */
  readonly firstSeconds: number;
  readonly maxSeconds: number;
  /** The part of each wait that is drawn at random: 0 for none. */
  readonly jitter: number;
}

// A restart of the other side takes seconds, so the first attempts come soon. A minute is what users wait for at most
// after a long outage. Half of each wait is drawn, so that many servers do not fetch at one moment.
const DEFAULT_LIMITS: BackOffLimits = { firstSeconds: 1, maxSeconds: 60, jitter: 0.5 };
/** Where there is nothing to fall back on: nobody is answered before the next attempt, so it comes soon. */
export const SHORT_WAITS: BackOffLimits = { firstSeconds: 1, maxSeconds: 5, jitter: 0.5 };

/** Waiting times between attempts that fail. By default: one second, doubled each time, a minute at most. */
export class BackOff {
  readonly #clock: Clock;
  readonly #limits: BackOffLimits;
  #failures = 0;
  #until = 0;

  constructor(clock: Clock, limits: BackOffLimits = DEFAULT_LIMITS) {
    this.#clock = clock;
    this.#limits = limits;
  }

  get failures(): number {
    return this.#failures;
  }

  /** `since`, the wait begins: by default now. */
  fail(since = this.#clock()): void {
    const { firstSeconds, maxSeconds, jitter } = this.#limits;
    const seconds = Math.min(maxSeconds, firstSeconds * 2 ** this.#failures);
    this.#failures += 1;
    this.#until = since + seconds * 1000 * (1 - jitter + jitter * Math.random());
  }

  reset(): void {
    this.#failures = 0;
    this.#until = 0;
  }

  /** Until the next attempt may start; 0 when it may start now. */
  remainingSeconds(): number {
    const remaining = (this.#until - this.#clock()) / 1000;
    // More than the longest wait can only mean that the clock was set back.
    return remaining > this.#limits.maxSeconds ? 0 : Math.max(0, remaining);
  }
}
