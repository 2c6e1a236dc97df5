import { LRUCache } from 'lru-cache';

export interface AttemptsOptions {
  /** Milliseconds. @defaultValue Date.now */
  readonly clock?: (() => number) | undefined;
  /** How many names are remembered. @defaultValue 10_000 */
  readonly max?: number;
}

const MOST_ATTEMPTS = 5;
const WINDOW_SECONDS = 15 * 60;

/**
 * Counts attempts by name: five within fifteen minutes, and then no more until the first of them is that long ago.
 *
 * Names are all that is counted. Whoever keeps somebody out by typing wrong passwords, or tries one password with many
 * names, is stopped by limits for each client address, which belong in front of this server and are not shown here.
 */
export class Attempts {
  readonly #clock: () => number;
  // Whoever wants a name to be forgotten has to pay for the hashes of as many others.
  readonly #startedAt: LRUCache<string, readonly number[]>;

  constructor({ clock = Date.now, max = 10_000 }: AttemptsOptions = {}) {
    this.#clock = clock;
    this.#startedAt = new LRUCache({ max });
  }

  /**
   * Counts an attempt, before its end is known: those that come at the same time count too.
   *
   * @returns 0, or after how many seconds the next one will be let in; this one is not, and does not count
   */
  begin(name: string): number {
    const now = this.#clock();
    const since = now - WINDOW_SECONDS * 1000;
    const recent = (this.#startedAt.get(name) ?? []).filter((startedAt) => startedAt > since);
    const [first = now] = recent;
    if (recent.length >= MOST_ATTEMPTS) return Math.ceil((first - since) / 1000);
    this.#startedAt.set(name, [...recent, now]);
    return 0;
  }

  /** Begins anew, as after a right password. */
  forget(name: string): void {
    this.#startedAt.delete(name);
  }
}
