import type { Clock } from '../platform/clock.js';

/** When a value was fetched, and for how long it may be used. */
export interface Dated {
  /** Milliseconds since the epoch. */
  readonly fetchedAt: number;
  /** From this age on a newer one is fetched, while this one stays in use (RFC 9111 §5.2.2.1). */
  readonly maxAgeSeconds: number;
  /** For how much longer it is used while no newer one can be fetched (RFC 5861 §4). */
  readonly staleIfErrorSeconds: number;
}

/** The last value that was fetched, and what its age means. */
export class LastGood<Value extends Dated> {
  readonly #clock: Clock;
  #last: Value | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  store(value: Value): void {
    this.#last = value;
  }

  /** The value that was stored last, however old. */
  get last(): Value | undefined {
    return this.#last;
  }

  /** The value that was stored last, unless it is too old even for an outage. */
  current(now = this.#clock()): Value | undefined {
    const last = this.#last;
    if (last === undefined) return undefined;
    return this.ageSeconds(now) < last.maxAgeSeconds + last.staleIfErrorSeconds ? last : undefined;
  }

  isFresh(now = this.#clock()): boolean {
    const last = this.#last;
    return last !== undefined && this.ageSeconds(now) < last.maxAgeSeconds;
  }

  /** The age of the value that was stored last; infinite if there is none. */
  ageSeconds(now = this.#clock()): number {
    const last = this.#last;
    if (last === undefined) return Number.POSITIVE_INFINITY;
    const age = (now - last.fetchedAt) / 1000;
    if (age >= 0) return age;

    // The clock was set back, so the age is not known. It counts as due from now on, which bounds its use.
    this.#last = { ...last, fetchedAt: now - last.maxAgeSeconds * 1000 };
    return last.maxAgeSeconds;
  }
}
