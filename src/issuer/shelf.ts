import type { Clock } from '../platform/clock.js';

/** When something was had, and for how long it is good. */
export interface Aged {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** From this age on a newer one is sought. */
  readonly freshForSeconds: number;
  /** From this age on it is not used any more. */
  readonly usableForSeconds: number;
}

/** The last good keys or secrets of an issuer, judged by their age. */
export class Shelf<Held extends Aged> {
  readonly #clock: Clock;
  #held: Held | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  put(held: Held): void {
    this.#held = held;
  }

  /** What was put last, however old. */
  get last(): Held | undefined {
    return this.#held;
  }

  /** What was put last, unless it is too old even for an outage. */
  usable(ageSeconds = this.ageSeconds()): Held | undefined {
    const held = this.#held;
    return held !== undefined && ageSeconds < held.usableForSeconds ? held : undefined;
  }

  isFresh(ageSeconds = this.ageSeconds()): boolean {
    const held = this.#held;
    return held !== undefined && ageSeconds < held.freshForSeconds;
  }

  /** The age of what was put last, by one look at the clock; infinite where there is nothing. */
  ageSeconds(): number {
    const held = this.#held;
    if (held === undefined) return Number.POSITIVE_INFINITY;
    const age = (this.#clock() - held.at) / 1000;
    if (age >= 0) return age;
    // The clock was set back, so the age is not known: it counts as due from now on, which bounds its use.
    this.#held = { ...held, at: this.#clock() - held.freshForSeconds * 1000 };
    return held.freshForSeconds;
  }
}
