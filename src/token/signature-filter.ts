// A power of two. 256 KiB in all: of the tokens that a full default cache lacks, one in ten is taken for known.
const SLOTS = 262_144;
// A count that came as far as it goes is left there: nobody knows any more how often to take away from it.
const MAX_COUNT = 255;

/** Where to stop looking at a signature, from its end: characters behind that may be padding, or half used. */
export const TAIL_SKIPPED = 3;

/**
 * Knows the ends of a set of tokens, by a table of fixed size. May take a token for one of the set that is not; never
 * one of the set for a stranger. So most of those that are not in it are told without their hash.
 */
export class SignatureFilter {
  readonly #counts = new Uint8Array(SLOTS);

  mightContain(token: string): boolean {
    return this.#counts[slotOf(token)] !== 0;
  }

  /** Gives what `delete` is to be told when the token leaves. */
  add(token: string): number {
    const slot = slotOf(token);
    const count = this.#counts[slot] as number;
    if (count < MAX_COUNT) this.#counts[slot] = count + 1;
    return slot;
  }

  delete(slot: number): void {
    const count = this.#counts[slot] as number;
    if (count < MAX_COUNT) this.#counts[slot] = count - 1;
  }
}

/** Three characters of a signature are random. Beyond the beginning of a short token there is none, which counts as 0. */
function slotOf(token: string): number {
  const at = token.length - TAIL_SKIPPED;
  // Six bits each, which base64url has.
  const end = (token.charCodeAt(at) << 12) ^ (token.charCodeAt(at - 1) << 6) ^ token.charCodeAt(at - 2);
  return end & (SLOTS - 1);
}
