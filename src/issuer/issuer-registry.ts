import type { MaybePromise } from '../platform/maybe-promise.js';
import { quoteUntrusted, Refusal } from '../protocol/refusal.js';
import { withoutSlashAndCase } from '../protocol/without-slash.js';
import { type IntrospectedIssuer, type Issuer, isIntrospected } from './issuer.js';

/** The issuers that are trusted. The `iss` of a token chooses among them to the letter; there is no fallback. */
export interface IssuerRegistry {
  /** Finds the issuer that a token names, or gives why it is not trusted. */
  find(iss: string): MaybePromise<Issuer | Refusal>;
  /** Whether this very issuer is still trusted. `now` is in milliseconds since the epoch. */
  stillTrusts(issuer: Issuer, now: number): boolean;
  /**
   * Looks an issuer up again in the background when that is due. Called for each token that was verified before, since
   * nobody calls `find` for it.
   */
  refreshIfDue(issuer: Issuer, now: number): void;
  /** The one issuer that introspects tokens which name no issuer. */
  introspectedIssuer(): IntrospectedIssuer | undefined;
  /** Those that are known now. */
  all(): readonly Issuer[];
}

/** Issuers that were listed in the options. They stay trusted. */
export class ListedIssuers implements IssuerRegistry {
  readonly #issuers: ReadonlyMap<string, Issuer>;
  /** By a form that ignores case and a trailing slash. For hints alone, never for trust. */
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
    return `iss ${quoteUntrusted(iss)}${hint}`;
  }
}
