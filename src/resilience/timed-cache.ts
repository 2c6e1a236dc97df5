import { type Clock, isWithin, type Period } from '../platform/clock.js';
import { BoundedMap } from './bounded-map.js';

interface Entry<Value> {
  readonly value: Value;
  readonly period: Period;
}

/** A bounded number of values, each for a period of its own. */
export class TimedCache<Value> {
  readonly #clock: Clock;
  readonly #entries: BoundedMap<Entry<Value>>;

  constructor(max: number, clock: Clock) {
    this.#clock = clock;
    this.#entries = new BoundedMap(max);
  }

  get(name: string): Value | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined) return undefined;
    if (isWithin(entry.period, this.#clock())) return entry.value;
    this.#entries.delete(name);
    return undefined;
  }

  set(name: string, value: Value, period: Period): void {
    this.#entries.set(name, { value, period });
  }

  clear(): void {
    this.#entries.clear();
  }
}
