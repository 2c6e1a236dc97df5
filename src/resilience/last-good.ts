import type { Clock } from '../platform/clock.js';

/** When something was had, and for how long it is good. */
export interface Dated {
  /** Milliseconds since the epoch. */
  readonly fetchedAt: number;
  /** From this age on a newer one is sought. */
  readonly maxAgeSeconds: number;
  /** From this age on it is not used any more. */
  readonly usableSeconds: number;
}

/** The last good keys or secrets of an issuer, judged by their age. */
export class LastGood<Held extends Dated> {
  readonly #clock: Clock;
  #held: Held | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  store(held: Held): void {
    this.#held = held;
  }

  /** What was put last, however old. */
  get last(): Held | undefined {
    return this.#held;
  }

  /** What was put last, unless it is too old even for an outage. */
  current(ageSeconds = this.ageSeconds()): Held | undefined {
    const held = this.#held;
    return held !== undefined && ageSeconds < held.usableSeconds ? held : undefined;
  }

  isFresh(ageSeconds = this.ageSeconds()): boolean {
    const held = this.#held;
    return held !== undefined && ageSeconds < held.maxAgeSeconds;
  }

  /** The age of what was put last, by one look at the clock; infinite where there is nothing. */
  ageSeconds(): number {
    const held = this.#held;
    if (held === undefined) return Number.POSITIVE_INFINITY;
    const age = (this.#clock() - held.fetchedAt) / 1000;
    if (age >= 0) return age;
    // The clock was set back, so the age is not known: it counts as due from now on, which bounds its use.
    this.#held = { ...held, fetchedAt: this.#clock() - held.maxAgeSeconds * 1000 };
    return held.maxAgeSeconds;
  }
}
