/** The middle value; of an even number of values, the upper one of the two in the middle. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** What a number of interleaved rounds came to. The rounds themselves are not kept. */
export interface Spread {
  readonly what: string;
  readonly unit: string;
  readonly rounds: number;
  readonly least: number;
  readonly median: number;
  readonly most: number;
}

export function spreadOf(what: string, unit: string, values: readonly number[]): Spread {
  return {
    what,
    unit,
    rounds: values.length,
    least: shorten(Math.min(...values)),
    median: shorten(median(values)),
    most: shorten(Math.max(...values)),
  };
}

/** Four digits, since the next run differs in the second. */
function shorten(value: number): number {
  return Number(value.toPrecision(4));
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

  least(name: string): number {
    return Math.min(...(this.#values.get(name) ?? []));
  }

  names(): readonly string[] {
    return [...this.#values.keys()];
  }

  /** The name of each measurement is put behind `prefix`. */
  spreads(unit: string, prefix = ''): readonly Spread[] {
    return [...this.#values].map(([name, values]) => spreadOf(`${prefix}${name}`, unit, values));
  }
}

/** Turns a list by a number of places, so that over the rounds each system comes first once in a while. */
export function rotate<T>(items: readonly T[], places: number): readonly T[] {
  const start = places % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}
