import { LRUCache } from 'lru-cache';
import type { IssuerRegistry } from '../issuer/issuer-registry.js';
import { type Clock, isWithin } from '../platform/clock.js';
import type { AccessToken } from '../protocol/access-token.js';
import { FrequencySketch, hashName } from './frequency-sketch.js';
import { checkStillTrusted, type VerifiedToken } from './verified-token.js';

/** A verified token with what handlers see of it, none of which can change. */
export interface CachedToken extends VerifiedToken {
  /** The whole text: what is found by the end of it must equal it. */
  readonly token: string;
  /** Undefined where a part of it could be changed by a handler: it is made anew for each request then. */
  readonly accessToken: AccessToken | undefined;
  /** What the sketch of frequencies knows it by. */
  readonly nameHash: number;
}

/** How well the cache does, since it was created. */
export interface TokenCacheStatus {
  readonly size: number;
  readonly max: number;
  readonly hits: number;
  readonly misses: number;
}

export interface VerifiedTokenCacheOptions {
  readonly max: number;
  readonly issuers: IssuerRegistry;
  readonly clock: Clock;
  /** How many characters of its end a token is found by. @defaultValue 24 */
  readonly tailLength?: number;
}

// 144 bits of a signature: tokens that share their end by chance do not occur.
const DEFAULT_TAIL_LENGTH = 24;

/**
 * Remembers what is immutable about a token string: that a key verified it, and what it says. Nothing here
 * answers a request: time, audience, key and policy are checked for each, so that no answer depends on it.
 *
 * A token is found by the end of its text, which is the end of a signature and so random, and then compared whole. Of
 * two good tokens with one end, the later takes the place of the other. Only accepted tokens come in; when the cache
 * is full, only one that was seen more often than the one that would leave (TinyLFU), or where that one has expired.
 */
export class VerifiedTokenCache {
  readonly #tokens: LRUCache<string, CachedToken>;
  readonly #issuers: IssuerRegistry;
  readonly #clock: Clock;
  readonly #tailLength: number;
  readonly #frequencies: FrequencySketch;
  #hits = 0;
  #misses = 0;

  constructor({ max, issuers, clock, tailLength = DEFAULT_TAIL_LENGTH }: VerifiedTokenCacheOptions) {
    this.#tokens = new LRUCache({ max });
    this.#issuers = issuers;
    this.#clock = clock;
    this.#tailLength = tailLength;
    this.#frequencies = new FrequencySketch(max);
  }

  /** Finds a token whose issuer is still trusted, and still has the key, or gave its answer lately. */
  find(token: string): CachedToken | undefined {
    const tail = this.#tailOf(token);
    const cached = this.#tokens.get(tail);
    if (cached === undefined || cached.token !== token || !this.#isGood(tail, cached)) {
      this.#misses += 1;
      return undefined;
    }

    this.#hits += 1;
    // As long as there is room for all, nobody needs to know who comes often.
    if (this.#isFull()) this.#frequencies.record(cached.nameHash);
    return cached;
  }

  store(token: string, verified: VerifiedToken, accessToken: AccessToken | undefined): void {
    const tail = this.#tailOf(token);
    const nameHash = hashName(tail);
    if (this.#isFull() && !this.#tokens.has(tail) && !this.#admits(nameHash)) return;
    this.#tokens.set(tail, { ...verified, token, accessToken, nameHash });
  }

  clear(): void {
    this.#tokens.clear();
  }

  status(): TokenCacheStatus {
    return { size: this.#tokens.size, max: this.#tokens.max, hits: this.#hits, misses: this.#misses };
  }

  #tailOf(token: string): string {
    return token.length > this.#tailLength ? token.slice(-this.#tailLength) : token;
  }

  #isFull(): boolean {
    return this.#tokens.size >= this.#tokens.max;
  }

  /** This sighting counts for the next time: tokens that come in turn would push each other out otherwise. */
  #admits(nameHash: number): boolean {
    const leaving = this.#tokens.rvalues().next().value as CachedToken;
    const isMoreFrequent = this.#frequencies.estimate(nameHash) > this.#frequencies.estimate(leaving.nameHash);
    this.#frequencies.record(nameHash);
    return isMoreFrequent || this.#clock() >= leaving.validated.expiresAt * 1000;
  }

  #isGood(tail: string, cached: CachedToken): boolean {
    const { issuer, key, introspected } = cached;
    const now = this.#clock();
    this.#issuers.refreshIfDue(issuer, now);
    const isCurrent = introspected === undefined || isWithin(introspected, now);
    if (!isCurrent || checkStillTrusted(cached, this.#issuers, now) !== undefined) {
      this.#tokens.delete(tail);
      return false;
    }

    // A known token asks for no key, so its request has to start a refresh that is due.
    if (key !== undefined) issuer.keys.refreshIfDue(now);
    return true;
  }
}
