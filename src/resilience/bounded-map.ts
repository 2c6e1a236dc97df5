import { LRUCache } from 'lru-cache';

/**
 * A bounded number of values by name; the least recently used leaves first. The tables are allocated with the first
 * value: `LRUCache` allocates them for all values at once, and most caches of a verifier stay empty.
 */
export class BoundedMap<Value extends object | number> {
  readonly max: number;
  #entries: LRUCache<string, Value> | undefined;

  constructor(max: number) {
    this.max = max;
  }

  get size(): number {
    return this.#entries?.size ?? 0;
  }

  get(name: string): Value | undefined {
    return this.#entries?.get(name);
  }

  has(name: string): boolean {
    return this.#entries?.has(name) ?? false;
  }

  set(name: string, value: Value): void {
    this.#entries ??= new LRUCache({ max: this.max });
    this.#entries.set(name, value);
  }

  delete(name: string): void {
    this.#entries?.delete(name);
  }

  clear(): void {
    this.#entries?.clear();
  }

  /** The least recently used value: the one that leaves when another comes and the map is full. */
  oldest(): Value | undefined {
    return this.#entries?.rvalues().next().value as Value | undefined;
  }
}
