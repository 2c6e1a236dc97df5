import { LRUCache } from 'lru-cache';
import type { Clock } from '../platform/clock.js';

/** Remembers names for some time, a bounded number of them. */
export class ExpiringSet {
  readonly #ms: number;
  readonly #clock: Clock;
  readonly #addedAt: LRUCache<string, number>;

  constructor(options: { max: number; seconds: number; clock: Clock }) {
    this.#ms = options.seconds * 1000;
    this.#clock = options.clock;
    this.#addedAt = new LRUCache({ max: options.max });
  }

  add(name: string): void {
    this.#addedAt.set(name, this.#clock());
  }

  /** A clock that was set back tells nothing about the age, so the name counts as forgotten. */
  has(name: string): boolean {
    const addedAt = this.#addedAt.get(name);
    if (addedAt === undefined) return false;
    const age = this.#clock() - addedAt;
    return age >= 0 && age < this.#ms;
  }
}
