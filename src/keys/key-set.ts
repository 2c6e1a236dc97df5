import type { SignatureAlgorithm } from '../jws/algorithm.js';
import { Malformed } from '../jws/malformed.js';
import { checkJwk, identityOf, importVerificationKey, type VerificationKey } from '../jws/verification-key.js';
import { digestOf } from '../platform/digest.js';
import { TimeSlices } from '../platform/time-slices.js';

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
const NOTHING_KNOWN = { byDigest: new Map<string, never>(), byIdentity: new Map<string, never>() };

/** How a token names the key that it is signed with. */
export interface KeySelector {
  readonly kid: string | undefined;
  readonly algorithm: SignatureAlgorithm;
}

export interface ImportOptions {
  /** The set before this one. Its members are not checked and imported again. */
  readonly previous?: KeySet | undefined;
  /** Ends the import early. */
  readonly signal?: AbortSignal;
}

interface ImportedMember {
  readonly digest: string;
  /** Why it cannot be used, if it cannot. */
  readonly key: VerificationKey | Malformed;
}

/** The usable keys of one JWKS document. Immutable; finding a key does not depend on their number. */
export class KeySet {
  readonly keys: readonly VerificationKey[];
  readonly skipped: readonly SkippedKey[];
  /** The keys to try, by the `kid` of the token and by its algorithm. */
  readonly #candidates = new Map<string | undefined, Map<SignatureAlgorithm, VerificationKey[]>>();
  readonly #byIdentity: ReadonlyMap<string, VerificationKey>;
  /** What became of each member, by a digest of its text. */
  readonly #byDigest: ReadonlyMap<string, VerificationKey | Malformed>;

  private constructor(members: readonly ImportedMember[]) {
    const byIdentity = new Map<string, VerificationKey>();
    const skipped: SkippedKey[] = [];
    for (const [index, { digest, key }] of members.entries()) {
      if (key instanceof Malformed) skipped.push({ index, why: key.why, digest });
      else byIdentity.set(key.identity, key);
    }

    this.keys = [...byIdentity.values()];
    this.skipped = skipped;
    this.#byIdentity = byIdentity;
    this.#byDigest = new Map(members.map(({ digest, key }) => [digest, key]));
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
   * Imports the members of a JWKS (RFC 7517 §5: those that cannot be used are skipped). A member that is in `previous`
   * to the letter is taken from there, and so is the same key in another spelling. Lets the event loop turn in between.
   *
   * @throws the reason of the signal, when it is aborted before the end.
   */
  static async import(members: readonly unknown[], now: number, options: ImportOptions = {}): Promise<KeySet> {
    const { previous, signal } = options;
    const known =
      previous === undefined ? NOTHING_KNOWN : { byDigest: previous.#byDigest, byIdentity: previous.#byIdentity };
    const slices = new TimeSlices();
    const imported: ImportedMember[] = [];

    for (const member of members) {
      // JSON holds its members in an order, so equal texts are equal members.
      const digest = digestOf(toText(member));
      const key = known.byDigest.get(digest) ?? (await importMember(member, now, known.byIdentity));
      imported.push({ digest, key });

      const pause = slices.pauseWhenLong(signal);
      if (pause !== undefined) await pause;
    }

    return new KeySet(imported);
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

async function importMember(
  member: unknown,
  now: number,
  known: ReadonlyMap<string, VerificationKey>,
): Promise<VerificationKey | Malformed> {
  const usable = checkJwk(member);
  if (usable instanceof Malformed) return usable;
  return known.get(identityOf(usable)) ?? importVerificationKey(usable, now);
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
