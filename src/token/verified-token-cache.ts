import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { IssuerRegistry } from '../issuer/issuer-registry.js';
import type { Clock } from '../platform/clock.js';
import type { AccessToken } from '../protocol/access-token.js';
import { AdmissionFilter } from './admission-filter.js';
import { SignatureFilter } from './signature-filter.js';
import { checkStillTrusted, type VerifiedToken } from './verified-token.js';

/** A verified token with what handlers see of it, none of which can change. */
export interface CachedToken extends VerifiedToken {
  /** Undefined where a part of it could be changed by a handler: it is made anew for each request then. */
  readonly accessToken: AccessToken | undefined;
  /** Where its end is noted. */
  readonly slot: number;
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
 * Keys are the SHA-256 of the whole token, and only accepted tokens come in; when it is full, only those that
 * come a second time, so that tokens which are used once push out none, and cost neither a hash nor the collector.
 */
export class VerifiedTokenCache {
  readonly #tokens: LRUCache<string, CachedToken>;
  readonly #issuers: IssuerRegistry;
  readonly #clock: Clock;
  readonly #tails = new SignatureFilter();
  readonly #seen = new AdmissionFilter();
  #hits = 0;
  #misses = 0;

  constructor(max: number, issuers: IssuerRegistry, clock: Clock) {
    this.#clock = clock;
    this.#tokens = new LRUCache({ max, dispose: ({ slot }) => this.#tails.delete(slot) });
    this.#issuers = issuers;
  }

  /** Finds a token whose issuer is still trusted, and still holds the key, or was asked lately. */
  find(token: string): CachedToken | undefined {
    // To hash a token takes as long as to see that it is malformed, so strangers are not hashed.
    const known = this.#tails.mightContain(token) ? this.#find(digestOf(token)) : undefined;
    if (known === undefined) this.#misses += 1;
    else this.#hits += 1;
    return known;
  }

  #find(digest: string): CachedToken | undefined {
    const known = this.#tokens.get(digest);
    if (known === undefined || this.#isGood(known)) return known;
    this.#tokens.delete(digest);
    return undefined;
  }

  #isGood(known: CachedToken): boolean {
    if (known.introspected !== undefined && !isWithin(known.introspected, this.#clock())) return false;
    return checkStillTrusted(known, this.#issuers) === undefined;
  }

  store(token: string, verified: VerifiedToken, accessToken: AccessToken | undefined): void {
    const isFull = this.#tokens.size >= this.#tokens.max;
    if (isFull && !this.#has(token) && !this.#seen.admits(token)) return;
    this.#tokens.set(digestOf(token), { ...verified, accessToken, slot: this.#tails.add(token) });
  }

  #has(token: string): boolean {
    return this.#tails.mightContain(token) && this.#tokens.has(digestOf(token));
  }

  clear(): void {
    this.#tokens.clear();
  }

  status(): TokenCacheStatus {
    return { size: this.#tokens.size, max: this.#tokens.max, hits: this.#hits, misses: this.#misses };
  }
}

/** Before `at` the clock was set back, so that nobody knows how old an answer is. */
export function isWithin({ at, goodUntil }: { readonly at: number; readonly goodUntil: number }, now: number): boolean {
  return now >= at && now < goodUntil;
}

/** Names a token by the whole of it. */
export function digestOf(token: string): string {
  return hash('sha256', token, 'base64url');
}
