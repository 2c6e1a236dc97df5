import type { MaybePromise } from '../platform/maybe-promise.js';
import { quoteUntrusted, Refusal } from '../protocol/refusal.js';
import { withoutSlashAndCase } from '../protocol/without-slash.js';
import { type IntrospectedIssuer, type Issuer, isIntrospected } from './issuer.js';

/** The trusted issuers. The `iss` of a token must equal the name of one; there is no fallback. */
export interface IssuerRegistry {
  /** Finds the issuer that a token names, or returns why it is not trusted. */
  find(iss: string): MaybePromise<Issuer | Refusal>;
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
  readonly #issuers: ReadonlyMap<string, Issuer>;
  /** Names by their form without case and trailing slash. For hints, never for trust. */
  readonly #alike: ReadonlyMap<string, string>;
  readonly #introspected: IntrospectedIssuer | undefined;

  constructor(issuers: readonly Issuer[]) {
    this.#issuers = new Map(issuers.map((issuer) => [issuer.issuer, issuer]));
    this.#introspected = issuers.find(isIntrospected);
    this.#alike = new Map(issuers.map(({ issuer }) => [withoutSlashAndCase(issuer), issuer]));
  }

  find(iss: string): Issuer | Refusal {
    return this.#issuers.get(iss) ?? new Refusal('issuer_not_trusted', this.#describe(iss));
  }

  stillTrusts(): boolean {
    return true;
  }

  refreshIfDue(): void {}

  introspectedIssuer(): IntrospectedIssuer | undefined {
    return this.#introspected;
  }

  all(): readonly Issuer[] {
    return [...this.#issuers.values()];
  }

  #describe(iss: string): string {
    const alike = this.#alike.get(withoutSlashAndCase(iss));
    const hint =
      alike === undefined ? '' : `; it differs from ${quoteUntrusted(alike)} only by case or a trailing slash`;
    const names = [...this.#issuers.keys()].slice(0, MAX_ISSUERS_NAMED).map((name) => quoteUntrusted(name));
    const more = this.#issuers.size > names.length ? ` and ${this.#issuers.size - names.length} more` : '';
    return `iss ${quoteUntrusted(iss)}${hint}; trusted ${names.length === 1 ? 'is' : 'are'} ${names.join(', ')}${more}`;
  }
}
