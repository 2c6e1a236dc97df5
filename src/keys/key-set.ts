import type { SignatureAlgorithm } from '../jws/algorithm.js';
import { Malformed } from '../jws/malformed.js';
import { checkJwk, identityOf, importVerificationKey, type VerificationKey } from '../jws/verification-key.js';
import { digestOf } from '../platform/digest.js';

/** A member of a key set that cannot be used, and why. */
export interface SkippedKey {
  /** Its place in the `keys` array. */
  readonly index: number;
  readonly why: string;
  /** A digest of the member, to report it once. */
  readonly digest: string;
}

// Keys that share a kid, or tokens without one, cost at most this many verifications.
const MAX_CANDIDATES = 2;
const NO_KEYS: readonly VerificationKey[] = [];

/** How a token names the key that it is signed with. */
export interface KeySelector {
  readonly kid: string | undefined;
  readonly algorithm: SignatureAlgorithm;
}

/** The usable keys of one JWKS document. Immutable; finding a key does not depend on their number. */
export class KeySet {
  readonly keys: readonly VerificationKey[];
  readonly skipped: readonly SkippedKey[];
  /** The keys to try, by the `kid` of the token and by its algorithm. */
  readonly #candidates = new Map<string | undefined, Map<SignatureAlgorithm, VerificationKey[]>>();
  readonly #byIdentity: ReadonlyMap<string, VerificationKey>;

  private constructor(byIdentity: ReadonlyMap<string, VerificationKey>, skipped: readonly SkippedKey[]) {
    this.keys = [...byIdentity.values()];
    this.skipped = skipped;
    this.#byIdentity = byIdentity;
    for (const key of this.keys) {
      this.#addCandidate(undefined, key);
      if (key.kid !== undefined) this.#addCandidate(key.kid, key);
    }
  }

  #addCandidate(kid: string | undefined, key: VerificationKey): void {
    const byAlgorithm = this.#candidates.get(kid) ?? new Map<SignatureAlgorithm, VerificationKey[]>();
    this.#candidates.set(kid, byAlgorithm);
    for (const algorithm of key.algorithms) {
      const candidates = byAlgorithm.get(algorithm) ?? [];
      byAlgorithm.set(algorithm, candidates);
      if (candidates.length < MAX_CANDIDATES) candidates.push(key);
    }
  }

  /**
   * Imports the members of a JWKS (RFC 7517 §5: those that cannot be used are skipped). A key that is in
   * `previous` to the letter is taken from there.
   */
  static async import(members: readonly unknown[], now: number, previous?: KeySet): Promise<KeySet> {
    const known = previous === undefined ? new Map<string, VerificationKey>() : previous.#byIdentity;
    const byIdentity = new Map<string, VerificationKey>();
    const skipped: SkippedKey[] = [];
    for (const [index, member] of members.entries()) {
      const usable = checkJwk(member);
      const key =
        usable instanceof Malformed
          ? usable
          : (known.get(identityOf(usable)) ?? (await importVerificationKey(usable, now)));

      if (key instanceof Malformed) skipped.push({ index, why: key.why, digest: digestOf(toText(member)) });
      else byIdentity.set(key.identity, key);
    }
    return new KeySet(byIdentity, skipped);
  }

  /** Whether a key is one of these. Two fetches at once import it twice, so it is compared by its identity. */
  has({ identity }: VerificationKey): boolean {
    return this.#byIdentity.has(identity);
  }

  /**
   * Gives the keys to try, in the order of the document, two at most: those with the `kid` that are good for
   * the algorithm; for a token without `kid`, any that is good for the algorithm.
   */
  candidates({ kid, algorithm }: KeySelector): readonly VerificationKey[] {
    return this.#candidates.get(kid)?.get(algorithm) ?? NO_KEYS;
  }

  /** Whether this key is among those that would be tried for such a token. */
  isCandidate({ identity }: VerificationKey, selector: KeySelector): boolean {
    return this.candidates(selector).some((key) => key.identity === identity);
  }
}

// A hostile document may have very many members.
const MAX_DESCRIBED = 8;

/** Says of members that cannot be used why, of the first ones at least. */
export function describeSkipped(skipped: readonly SkippedKey[]): string {
  if (skipped.length === 0) return 'it is empty';
  const described = skipped.slice(0, MAX_DESCRIBED).map(({ index, why }) => `keys[${index}] ${why}`);
  const others = skipped.length - described.length;
  return [...described, ...(others > 0 ? [`and ${others} more`] : [])].join('; ');
}

/** What was fetched is JSON. What was given in options may be anything, such as a BigInt or a circle. */
function toText(member: unknown): string {
  try {
    return JSON.stringify(member) ?? typeof member;
  } catch {
    return typeof member;
  }
}
