// A power of two. 64 KiB in all: as many tokens as the default cache holds, and some room.
const SLOTS = 16_384;

/**
 * Remembers which digests were seen lately, by 28 bits of each in a table of fixed size. Forgets one where
 * another takes its slot; may take one for another, about once in a hundred million times.
 */
export class SeenDigests {
  readonly #slots = new Int32Array(SLOTS);

  /** Tells whether a digest was seen before, and notes that it was. */
  note(digest: string): boolean {
    const slot = mix(digest, 0) & (SLOTS - 1);
    const mark = mix(digest, 8) | 1;
    if (this.#slots[slot] === mark) return true;
    this.#slots[slot] = mark;
    return false;
  }
}

/** Makes a number of eight characters: those of a digest are as good as random. */
function mix(digest: string, from: number): number {
  let number = 0;
  for (let i = from; i < from + 8; i += 1) number = (Math.imul(number, 37) + digest.charCodeAt(i)) | 0;
  return number;
}
