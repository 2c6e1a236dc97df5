import { isHmacAlgorithm, type SignatureAlgorithm } from '../jws/algorithm.js';
import type { MaybePromise } from '../platform/maybe-promise.js';
import { quoteUntrusted, Refusal } from '../protocol/refusal.js';
import { withoutSlashAndCase } from '../protocol/without-slash.js';
import { type IntrospectedIssuer, type Issuer, isIntrospected } from './issuer.js';
import type { UnverifiedParts } from './issuer-options.js';

/** The trusted issuers. The `iss` of a token must equal the name of one; there is no fallback. */
export interface IssuerRegistry {
  /** Finds the issuer that a token names, or returns why it is not trusted. Nothing in `token` is verified. */
  find(iss: string, token: UnverifiedParts): MaybePromise<Issuer | Refusal>;
  /** Whether this issuer object is still trusted. `now` is in milliseconds since the epoch. */
  stillTrusts(issuer: Issuer, now: number): boolean;
  /**
   * Looks up an issuer again in the background if that is due. Called for each cached token, since these do not call
   * `find`.
   */
  refreshIfDue(issuer: Issuer, now: number): void;
  /** The issuer that introspects tokens without `iss`. */
  introspectedIssuer(): IntrospectedIssuer | undefined;
  /** All issuers that are found so far. */
  all(): readonly Issuer[];
}

// The detail of a refusal is one line of a log.
const MAX_ISSUERS_NAMED = 5;

/** The issuers in the options. They stay trusted. */
export class ListedIssuers implements IssuerRegistry {
  readonly #all: readonly Issuer[];
  /** By name. One with a secret and one with public keys may have the same. */
  readonly #issuers: ReadonlyMap<string, readonly Issuer[]>;
  /** Names by their form without case and trailing slash. For hints, never for trust. */
  readonly #alike: ReadonlyMap<string, string>;
  readonly #introspected: IntrospectedIssuer | undefined;

  constructor(issuers: readonly Issuer[]) {
    this.#all = issuers;
    this.#issuers = groupByName(issuers);
    this.#introspected = issuers.find(isIntrospected);
    this.#alike = new Map(issuers.map(({ issuer }) => [withoutSlashAndCase(issuer), issuer]));
  }

  find(iss: string, { header }: UnverifiedParts): Issuer | Refusal {
    const named = this.#issuers.get(iss);
    if (named === undefined) return new Refusal('issuer_not_trusted', this.#describe(iss));
    if (named.length === 1) return named[0] as Issuer;

    // RFC 8725 §2.1: the sets of their algorithms are disjoint. What is in none of them is refused by any of them.
    const { alg } = header;
    return named.find(({ rules }) => rules.algorithms.has(alg as SignatureAlgorithm)) ?? (named[0] as Issuer);
  }

  stillTrusts(): boolean {
    return true;
  }

  refreshIfDue(): void {}

  introspectedIssuer(): IntrospectedIssuer | undefined {
    return this.#introspected;
  }

  all(): readonly Issuer[] {
    return this.#all;
  }

  #describe(iss: string): string {
    const alike = this.#alike.get(withoutSlashAndCase(iss));
    const hint =
      alike === undefined ? '' : `; it differs from ${quoteUntrusted(alike)} only by case or a trailing slash`;
    const names = [...this.#issuers.keys()].slice(0, MAX_ISSUERS_NAMED).map((name) => quoteUntrusted(name));
    const more = this.#issuers.size > names.length ? ` and ${this.#issuers.size - names.length} more` : '';
    return `iss ${quoteUntrusted(iss)}${hint}; trusted: ${names.join(', ')}${more}`;
  }
}

/** Of one name, the issuer with public keys comes first: it is the one that has metadata. */
function groupByName(issuers: readonly Issuer[]): ReadonlyMap<string, readonly Issuer[]> {
  const hasSecret = ({ rules }: Issuer) => [...rules.algorithms].some(isHmacAlgorithm);
  const byName = new Map<string, readonly Issuer[]>();
  for (const issuer of issuers) {
    const others = byName.get(issuer.issuer) ?? [];
    byName.set(issuer.issuer, hasSecret(issuer) ? [...others, issuer] : [issuer, ...others]);
  }
  return byName;
}
