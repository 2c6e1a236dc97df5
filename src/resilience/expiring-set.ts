import type { Clock } from '../platform/clock.js';
import { BoundedMap } from './bounded-map.js';

/** A bounded number of names, each for some time. */
export class ExpiringSet {
  readonly #ms: number;
  readonly #clock: Clock;
  readonly #addedAt: BoundedMap<number>;

  constructor(options: { max: number; seconds: number; clock: Clock }) {
    this.#ms = options.seconds * 1000;
    this.#clock = options.clock;
    this.#addedAt = new BoundedMap(options.max);
  }

  add(name: string): void {
    this.#addedAt.set(name, this.#clock());
  }

  /** If the clock was set back, the age is not known: the name counts as expired. */
  has(name: string): boolean {
    const addedAt = this.#addedAt.get(name);
    if (addedAt === undefined) return false;
    const age = this.#clock() - addedAt;
    return age >= 0 && age < this.#ms;
  }
}
