// A counter has 4 bits, as in TinyLFU: more sightings than 15 decide nothing.
const MAX_COUNT = 15;
const COUNTERS_PER_ENTRY = 16;
const MIN_COUNTERS = 1024;
// 1 MiB. A larger cache has fewer counters an entry, and counts a little less exactly.
const MAX_COUNTERS = 1_048_576;
// After so many sightings for each entry of the cache all counts are halved, so that old ones lose their weight.
const SIGHTINGS_PER_ENTRY = 10;
const ROWS = 4;
// How many characters of the end are looked at: those of a signature are random.
const CHARACTERS = 12;

/**
 * Estimates how often each of very many names was seen lately, in a table of fixed size: a count-min sketch whose
 * counters age. It may count too many for a name, hardly ever too few.
 *
 * @see TinyLFU: A Highly Efficient Cache Admission Policy (Einziger, Friedman, Manes, 2017)
 */
export class FrequencySketch {
  readonly #counts: Uint8Array;
  readonly #mask: number;
  readonly #sightingsUntilHalved: number;
  #sightings = 0;

  /** `entries` is how many names the cache has room for. */
  constructor(entries: number) {
    const counters =
      2 ** Math.ceil(Math.log2(Math.min(MAX_COUNTERS, Math.max(MIN_COUNTERS, entries * COUNTERS_PER_ENTRY))));
    this.#counts = new Uint8Array(counters);
    this.#mask = counters - 1;
    this.#sightingsUntilHalved = Math.max(64, entries * SIGHTINGS_PER_ENTRY);
  }

  /** How often a name was seen, 15 at most. `hash` is that of `hashName`. */
  estimate(hash: number): number {
    const step = stepOf(hash);
    let least = MAX_COUNT;
    for (let row = 0, at = hash; row < ROWS; row += 1, at += step) {
      const count = this.#counts[at & this.#mask] as number;
      if (count < least) least = count;
    }
    return least;
  }

  /** Counts one sighting. Only the lowest counters of a name grow, which keeps those of others exact. */
  record(hash: number): void {
    const step = stepOf(hash);
    const least = this.estimate(hash);
    for (let row = 0, at = hash; row < ROWS && least < MAX_COUNT; row += 1, at += step) {
      const index = at & this.#mask;
      if (this.#counts[index] === least) this.#counts[index] = least + 1;
    }

    this.#sightings += 1;
    if (this.#sightings >= this.#sightingsUntilHalved) this.#halve();
  }

  #halve(): void {
    this.#sightings = 0;
    for (let at = 0; at < this.#counts.length; at += 1) this.#counts[at] = (this.#counts[at] as number) >> 1;
  }
}

/** Makes a number of the end of a name. Characters before the beginning of a short one count as 0. */
export function hashName(name: string): number {
  let hash = 0;
  for (let at = name.length - CHARACTERS; at < name.length; at += 1) {
    hash = Math.imul(hash ^ (at < 0 ? 0 : name.charCodeAt(at)), 0x0100_0193);
  }
  return mix(hash);
}

/** An odd step reaches every counter. */
function stepOf(hash: number): number {
  return mix(hash ^ 0x5bd1_e995) | 1;
}

/** The finalizer of MurmurHash3: every bit of the input reaches every bit of the output. */
function mix(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return mixed ^ (mixed >>> 16);
}
