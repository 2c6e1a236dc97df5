/** The middle value; of an even number of values, the upper one of the two in the middle. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Collects measurements by name, and gives their medians. */
export class Samples {
  readonly #values = new Map<string, number[]>();

  add(name: string, value: number): void {
    const values = this.#values.get(name);
    if (values === undefined) this.#values.set(name, [value]);
    else values.push(value);
  }

  median(name: string): number {
    return median(this.#values.get(name) ?? []);
  }

  all(): Readonly<Record<string, readonly number[]>> {
    return Object.fromEntries(this.#values);
  }
}

/** Turns a list by a number of places, so that over the rounds each system comes first once in a while. */
export function rotate<T>(items: readonly T[], places: number): readonly T[] {
  const start = places % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}
