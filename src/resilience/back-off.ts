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

/** The longest wait while there is nothing good to use: every request is refused meanwhile, so it must end soon after the outage. */
export const MAX_WAIT_WITHOUT_VALUE_SECONDS = 5;

/** For what has no last good value to fall back to, or none any more. */
export const LIMITS_WITHOUT_VALUE: BackOffLimits = { ...DEFAULT_LIMITS, maxSeconds: MAX_WAIT_WITHOUT_VALUE_SECONDS };

/** Waiting times between attempts that fail. By default: one second, doubled each time, a minute at most. */
export class BackOff {
  readonly #clock: Clock;
  readonly #limits: BackOffLimits;
  #failures = 0;
  /** When the last attempt failed: milliseconds since the epoch. */
  #failedAt = 0;
  /** The part of the wait that was drawn. */
  #share = 1;

  constructor(clock: Clock, limits: BackOffLimits = DEFAULT_LIMITS) {
    this.#clock = clock;
    this.#limits = limits;
  }

  get failures(): number {
    return this.#failures;
  }

  /** `since`, the wait begins: by default now. */
  fail(since = this.#clock()): void {
    const { jitter } = this.#limits;
    this.#failures += 1;
    this.#failedAt = since;
    this.#share = 1 - jitter + jitter * Math.random();
  }

  reset(): void {
    this.#failures = 0;
  }

  /** Until the next attempt may start; 0 when it may start now. `maxSeconds` bounds the wait further. */
  remainingSeconds(maxSeconds = Number.POSITIVE_INFINITY): number {
    if (this.#failures === 0) return 0;
    const { firstSeconds, maxSeconds: longest } = this.#limits;
    const seconds = Math.min(maxSeconds, longest, firstSeconds * 2 ** (this.#failures - 1));
    const remaining = seconds * this.#share - (this.#clock() - this.#failedAt) / 1000;
    // More than the longest wait can only mean that the clock was set back.
    return remaining > longest ? 0 : Math.max(0, remaining);
  }
}
