import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { IssuerRegistry } from '../issuer/issuer-registry.js';
import type { AccessToken } from '../protocol/access-token.js';
import { checkStanding, type VerifiedToken } from './verify-jwt.js';

/** A verified token with what handlers see of it, none of which can change. */
export interface CachedToken extends VerifiedToken {
  /** Undefined where a part of it could be changed by a handler: it is made anew for each request then. */
  readonly accessToken: AccessToken | undefined;
}

/** How well the cache does, since it was created. */
export interface TokenCacheStatus {
  readonly size: number;
  readonly max: number;
  readonly hits: number;
  readonly misses: number;
}

/**
 * Remembers what is immutable about a token string: that a key verified it, and what it says. Nothing here
 * answers a request: time, audience, key and policy are checked for each (so that no answer depends on it).
 * Keys are the SHA-256 of the whole token, and only accepted tokens come in.
 */
export class VerifiedTokenCache {
  readonly #tokens: LRUCache<string, CachedToken>;
  readonly #issuers: IssuerRegistry;
  #hits = 0;
  #misses = 0;

  constructor(max: number, issuers: IssuerRegistry) {
    this.#tokens = new LRUCache({ max });
    this.#issuers = issuers;
  }

  /** Finds a token whose issuer is still trusted, and still holds the key. */
  get(token: string): CachedToken | undefined {
    const digest = digestOf(token);
    const known = this.#tokens.get(digest);
    if (known !== undefined && checkStanding(known, this.#issuers) === undefined) {
      this.#hits += 1;
      return known;
    }
    this.#tokens.delete(digest);
    this.#misses += 1;
    return undefined;
  }

  set(token: string, verified: CachedToken): void {
    this.#tokens.set(digestOf(token), verified);
  }

  clear(): void {
    this.#tokens.clear();
  }

  status(): TokenCacheStatus {
    return { size: this.#tokens.size, max: this.#tokens.max, hits: this.#hits, misses: this.#misses };
  }
}

function digestOf(token: string): string {
  return hash('sha256', token, 'base64url');
}
