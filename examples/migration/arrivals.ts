import type { AccessToken, RefusalReason } from 'scopegate';
import { LEGACY_ISSUER } from './legacy-tokens.js';

export type TokenKind = 'shared secret' | 'opaque' | 'JWT';

/** How often one client came with one kind of token, and when it did last. */
export interface Arrival {
  readonly kind: TokenKind;
  readonly client: string;
  readonly requests: number;
  /** ISO 8601. */
  readonly lastAt: string;
}

export interface Report {
  readonly accepted: readonly Arrival[];
  /** How many requests were refused, by reason. */
  readonly refused: { readonly [Reason in RefusalReason]?: number };
}

// Where anybody may register a client, each new one would take memory for good.
const MAX_CLIENTS = 1000;

/** Counts the tokens that arrive, for as long as this process lives: by client, and all further clients together. */
export class Arrivals {
  readonly #accepted = new Map<string, Arrival>();
  readonly #refused = new Map<RefusalReason, number>();

  /** Counts a token that was verified, so that nobody can fill this up with names of his own. */
  count({ issuer, token, clientId: client = 'no name' }: AccessToken): void {
    const kind = kindOf(issuer, token);
    const isNew = !this.#accepted.has(`${kind} ${client}`);
    const counted = isNew && this.#accepted.size >= MAX_CLIENTS ? 'further clients' : client;
    const name = `${kind} ${counted}`;
    const requests = (this.#accepted.get(name)?.requests ?? 0) + 1;
    this.#accepted.set(name, { kind, client: counted, requests, lastAt: new Date().toISOString() });
  }

  countRefusal(reason: RefusalReason): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
  }

  report(): Report {
    return { accepted: [...this.#accepted.values()], refused: Object.fromEntries(this.#refused) };
  }
}

function kindOf(issuer: string, token: string): TokenKind {
  if (issuer === LEGACY_ISSUER) return 'shared secret';
  return token.split('.').length === 3 ? 'JWT' : 'opaque';
}
