import { TAIL_SKIPPED } from './signature-filter.js';

// A power of two. 64 KiB in all: as many tokens as the default cache holds, and some room.
const SLOTS = 16_384;

// Characters of a signature.
const LOOKED_AT = 16;

/**
 * Remembers which tokens were seen lately, by 28 bits of the end of each in a table of fixed size. Forgets one where
 * another takes its slot; may take one for another, about once in a hundred million times where the ends are random,
 * as those of signatures are.
 */
export class AdmissionFilter {
  readonly #slots = new Int32Array(SLOTS);

  /** Tells whether a token was seen before, and notes that it was. */
  admits(token: string): boolean {
    const end = token.length - TAIL_SKIPPED;
    const middle = end - LOOKED_AT / 2;
    const slot = mix(token, end - LOOKED_AT, middle) & (SLOTS - 1);
    const mark = mix(token, middle, end) | 1;
    if (this.#slots[slot] === mark) return true;
    this.#slots[slot] = mark;
    return false;
  }
}

/** Makes a number of some characters. Those that stand before the beginning count as 0. */
function mix(text: string, from: number, to: number): number {
  let number = 0;
  for (let i = from; i < to; i += 1) number = (Math.imul(number, 37) + text.charCodeAt(i)) | 0;
  return number;
}
