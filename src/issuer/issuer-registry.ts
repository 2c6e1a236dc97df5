import type { MaybePromise } from '../platform/maybe-promise.js';
import { quoteUntrusted, Refusal } from '../protocol/refusal.js';
import { withoutSlashAndCase } from '../protocol/without-slash.js';
import { closeIssuer, type Issuer } from './issuer.js';

/** The issuers that are trusted. The `iss` of a token chooses among them to the letter; there is no fallback. */
export interface IssuerRegistry {
  /** Finds the issuer that a token names, or gives why it is not trusted. */
  find(iss: string): MaybePromise<Issuer | Refusal>;
  /** Tells whether this very issuer is still trusted. */
  holds(issuer: Issuer): boolean;
  /** The one issuer that is asked about tokens which name none. */
  introspectedIssuer(): Issuer | undefined;
  /** Those that are known now. */
  all(): readonly Issuer[];
  /** Ends fetches that are under way, and lets no more begin. */
  close(): void;
}

/** Issuers that were listed in the options. Nobody is asked. */
export class ListedIssuers implements IssuerRegistry {
  readonly #issuers: ReadonlyMap<string, Issuer>;
  /** By a form that ignores case and a trailing slash. For hints alone, never for trust. */
  readonly #alike: ReadonlyMap<string, string>;
  readonly #introspecting: Issuer | undefined;

  constructor(issuers: readonly Issuer[]) {
    this.#issuers = new Map(issuers.map((issuer) => [issuer.issuer, issuer]));
    this.#introspecting = issuers.find(({ introspection }) => introspection !== undefined);
    this.#alike = new Map(issuers.map(({ issuer }) => [withoutSlashAndCase(issuer), issuer]));
  }

  find(iss: string): Issuer | Refusal {
    return this.#issuers.get(iss) ?? new Refusal('issuer_not_trusted', this.#describe(iss));
  }

  introspectedIssuer(): Issuer | undefined {
    return this.#introspecting;
  }

  holds(): boolean {
    return true;
  }

  all(): readonly Issuer[] {
    return [...this.#issuers.values()];
  }

  close(): void {
    for (const issuer of this.all()) closeIssuer(issuer);
  }

  #describe(iss: string): string {
    const alike = this.#alike.get(withoutSlashAndCase(iss));
    const hint =
      alike === undefined ? '' : `; it differs from ${quoteUntrusted(alike)} only by case or a trailing slash`;
    return `iss ${quoteUntrusted(iss)}${hint}`;
  }
}
