import { hash } from 'node:crypto';
import type { SignatureAlgorithm } from '../protocol/algorithm.js';
import { checkJwk, contentOf, importVerificationKey, type VerificationKey } from './verification-key.js';

/** A member of a key set that cannot be used, and why. */
export interface SkippedKey {
  /** Its place in the `keys` array. */
  readonly index: number;
  readonly why: string;
  /** A digest of the member, to know it again. */
  readonly digest: string;
}

// Keys that share a kid, or tokens without one, cost at most this many verifications.
const MOST_CANDIDATES = 2;
const NO_KEYS: readonly VerificationKey[] = [];

/** The usable keys of one JWKS document. Immutable; finding a key does not depend on their number. */
export class KeySet {
  readonly keys: readonly VerificationKey[];
  readonly skipped: readonly SkippedKey[];
  readonly #byKid = new Map<string, VerificationKey[]>();
  readonly #byAlgorithm = new Map<SignatureAlgorithm, VerificationKey[]>();
  readonly #byContent: ReadonlyMap<string, VerificationKey>;

  private constructor(byContent: ReadonlyMap<string, VerificationKey>, skipped: readonly SkippedKey[]) {
    this.keys = [...byContent.values()];
    this.skipped = skipped;
    this.#byContent = byContent;
    for (const key of this.keys) {
      if (key.kid !== undefined) push(this.#byKid, key.kid, key);
      for (const algorithm of key.algorithms) push(this.#byAlgorithm, algorithm, key);
    }
  }

  /**
   * Imports the members of a JWKS (RFC 7517 §5: those that cannot be used are skipped). A key that is in
   * `previous` to the letter is taken from there.
   */
  static async import(members: readonly unknown[], now: number, previous?: KeySet): Promise<KeySet> {
    const known = previous === undefined ? new Map<string, VerificationKey>() : previous.#byContent;
    const byContent = new Map<string, VerificationKey>();
    const skipped: SkippedKey[] = [];
    for (const [index, member] of members.entries()) {
      const usable = checkJwk(member);
      const key =
        typeof usable === 'string'
          ? usable
          : (known.get(contentOf(usable)) ?? (await importVerificationKey(usable, now)));
      if (typeof key === 'string') skipped.push({ index, why: key, digest: digestOf(member) });
      else byContent.set(key.content, key);
    }
    return new KeySet(byContent, skipped);
  }

  /** Tells whether a key is one of these. Two fetches at once import it twice, so it is known by its content. */
  has({ content }: VerificationKey): boolean {
    return this.#byContent.has(content);
  }

  /**
   * Gives the keys to try, in the order of the document, two at most: those with the `kid` that are good for
   * the algorithm; for a token without `kid`, any that is good for the algorithm.
   */
  match(kid: string | undefined, algorithm: SignatureAlgorithm): readonly VerificationKey[] {
    if (kid === undefined) return this.#byAlgorithm.get(algorithm)?.slice(0, MOST_CANDIDATES) ?? NO_KEYS;
    const named = this.#byKid.get(kid);
    if (named === undefined) return NO_KEYS;
    const fitting = named.filter((key) => key.algorithms.includes(algorithm));
    return fitting.length > MOST_CANDIDATES ? fitting.slice(0, MOST_CANDIDATES) : fitting;
  }
}

function digestOf(member: unknown): string {
  return hash('sha256', toText(member), 'base64url');
}

/** What was fetched is JSON. What was given in options may be anything, such as a BigInt or a circle. */
function toText(member: unknown): string {
  try {
    return JSON.stringify(member) ?? typeof member;
  } catch {
    return typeof member;
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}
