// A counter has 4 bits, as in TinyLFU: higher counts do not change a decision.
const MAX_COUNT = 15;
// With 4 rows, an entry uses 4 of its 16 counters. That makes collisions rare.
const COUNTERS_PER_ENTRY = 16;
// 1 KiB, so that a small cache counts exactly.
const MIN_COUNTERS = 1024;
// 1 MiB. A larger cache has fewer counters for each entry, and counts less exactly.
const MAX_COUNTERS = 1_048_576;
// After this many sightings for each entry, all counts are halved: old sightings then weigh less (TinyLFU: W = 10 C).
const SIGHTINGS_PER_ENTRY = 10;
// Counters of one name. The lowest of them is the estimate, as in TinyLFU.
const ROWS = 4;
// The hash covers this many characters at the end of a name. The end of a token is random: it is a signature.
const CHARACTERS = 12;

/**
 * Estimates how often each name was seen lately, in a table of fixed size: a count-min sketch whose counters age. An
 * estimate may be too high. It is hardly ever too low.
 *
 * @see TinyLFU: A Highly Efficient Cache Admission Policy (Einziger, Friedman, Manes, 2017)
 */
export class FrequencySketch {
  readonly #counts: Uint8Array;
  readonly #mask: number;
  readonly #sightingsUntilHalved: number;
  #sightings = 0;

  /** `entries` is the size of the cache. */
  constructor(entries: number) {
    const counters =
      2 ** Math.ceil(Math.log2(Math.min(MAX_COUNTERS, Math.max(MIN_COUNTERS, entries * COUNTERS_PER_ENTRY))));
    this.#counts = new Uint8Array(counters);
    this.#mask = counters - 1;
    this.#sightingsUntilHalved = Math.max(64, entries * SIGHTINGS_PER_ENTRY);
  }

  /** Returns how often a name was seen, 15 at most. `hash` comes from `hashName`. */
  estimate(hash: number): number {
    const step = stepOf(hash);
    let min = MAX_COUNT;
    for (let row = 0, at = hash; row < ROWS; row += 1, at += step) {
      const count = this.#counts[at & this.#mask] as number;
      if (count < min) min = count;
    }
    return min;
  }

  /**
   * Counts one sighting, and returns the estimate before it. Increments only the lowest counters of a name, which leaves
   * those of others exact.
   */
  record(hash: number): number {
    const step = stepOf(hash);
    const min = this.estimate(hash);
    for (let row = 0, at = hash; row < ROWS && min < MAX_COUNT; row += 1, at += step) {
      const index = at & this.#mask;
      if (this.#counts[index] === min) this.#counts[index] = min + 1;
    }

    this.#sightings += 1;
    if (this.#sightings >= this.#sightingsUntilHalved) this.#halve();
    return min;
  }

  #halve(): void {
    this.#sightings = 0;
    for (let at = 0; at < this.#counts.length; at += 1) this.#counts[at] = (this.#counts[at] as number) >> 1;
  }
}

/** Hashes the end of a name (FNV-1a, then MurmurHash3). Missing characters of a short name count as 0. */
export function hashName(name: string): number {
  let hash = 0;
  for (let at = name.length - CHARACTERS; at < name.length; at += 1) {
    hash = Math.imul(hash ^ (at < 0 ? 0 : name.charCodeAt(at)), 0x0100_0193);
  }
  return mix(hash);
}

/** Returns an odd step: it reaches every counter of a table whose size is a power of two. */
function stepOf(hash: number): number {
  return mix(hash ^ 0x5bd1_e995) | 1;
}

/** The finalizer of MurmurHash3: every bit of the input reaches every bit of the output. */
function mix(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return mixed ^ (mixed >>> 16);
}
