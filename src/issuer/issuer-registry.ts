import { quoteUntrusted, Refusal } from '../protocol/refusal.js';
import type { Issuer } from './issuer.js';

/** The issuers that are trusted. The `iss` of a token chooses among them to the letter; there is no fallback. */
export class IssuerRegistry {
  readonly #issuers: ReadonlyMap<string, Issuer>;
  /** By a form that ignores case and a trailing slash. For hints alone, never for trust. */
  readonly #alike: ReadonlyMap<string, string>;

  constructor(issuers: readonly Issuer[]) {
    this.#issuers = new Map(issuers.map((issuer) => [issuer.issuer, issuer]));
    this.#alike = new Map(issuers.map(({ issuer }) => [fold(issuer), issuer]));
  }

  [Symbol.iterator](): IterableIterator<Issuer> {
    return this.#issuers.values();
  }

  /** Finds the issuer that a token names, or gives why it is not trusted. Asks nobody. */
  find(iss: unknown): Issuer | Refusal {
    if (iss === undefined) return new Refusal('claim_missing', 'iss');
    if (typeof iss !== 'string') return new Refusal('claim_malformed', 'iss is not a string');
    return this.#issuers.get(iss) ?? new Refusal('issuer_not_trusted', this.#describe(iss));
  }

  #describe(iss: string): string {
    const alike = this.#alike.get(fold(iss));
    const hint =
      alike === undefined ? '' : `; it differs from ${quoteUntrusted(alike)} only by case or a trailing slash`;
    return `iss ${quoteUntrusted(iss)}${hint}`;
  }
}

function fold(issuer: string): string {
  return issuer.toLowerCase().replace(/\/$/, '');
}
