import type { Clock } from '../platform/clock.js';
import type { JwksVersion } from './jwks-endpoint.js';
import type { KeySet } from './key-set.js';

/** A key set, and for how long it is good. */
export interface HeldKeys {
  readonly set: KeySet;
  /** When it was fetched: milliseconds since the epoch. */
  readonly at: number;
  /** From this age on a newer one is sought. */
  readonly freshForSeconds: number;
  /** From this age on it is not used any more. */
  readonly usableForSeconds: number;
  readonly version: JwksVersion | undefined;
}

/** The last good key set, judged by its age. */
export class KeyShelf {
  readonly #clock: Clock;
  #held: HeldKeys | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  put(held: HeldKeys): void {
    this.#held = held;
  }

  /** The last good set, however old. */
  get last(): HeldKeys | undefined {
    return this.#held;
  }

  /** The last good set, unless it is too old even for an outage. */
  usable(ageSeconds = this.ageSeconds()): KeySet | undefined {
    const held = this.#held;
    return held !== undefined && ageSeconds < held.usableForSeconds ? held.set : undefined;
  }

  isFresh(ageSeconds = this.ageSeconds()): boolean {
    const held = this.#held;
    return held !== undefined && ageSeconds < held.freshForSeconds;
  }

  /** The age of the last good set, by one look at the clock; infinite where there is none. */
  ageSeconds(): number {
    const held = this.#held;
    if (held === undefined) return Number.POSITIVE_INFINITY;
    const age = (this.#clock() - held.at) / 1000;
    if (age >= 0) return age;
    // The clock was set back, so the age is not known: the set counts as due from now on, which bounds its use.
    this.#held = { ...held, at: this.#clock() - held.freshForSeconds * 1000 };
    return held.freshForSeconds;
  }
}
