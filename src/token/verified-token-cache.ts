import type { IssuerRegistry } from '../issuer/issuer-registry.js';
import { type Clock, isWithin } from '../platform/clock.js';
import type { AccessToken } from '../protocol/access-token.js';
import { BoundedMap } from '../resilience/bounded-map.js';
import { FrequencySketch, hashName } from './frequency-sketch.js';
import { checkStillTrusted, type VerifiedToken } from './verified-token.js';

/** A verified token, and its access token for handlers. Nothing in it can change. */
export interface CachedToken extends VerifiedToken {
  /** The whole text. The lookup by its end must find the same text. */
  readonly token: string;
  /** Undefined if a handler could change a part of it: each request then gets a new one. */
  readonly accessToken: AccessToken | undefined;
  /** The hash of its end, for the frequency sketch. */
  readonly nameHash: number;
}

/** The counts of the cache since it was created. */
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
  /** The lookup uses this many characters of the end of a token. @defaultValue 24 */
  readonly tailLength?: number;
}

// 144 bits of a signature: no two tokens have the same end by chance.
const DEFAULT_TAIL_LENGTH = 24;

/**
 * Caches what cannot change about a token: the key that verified it, its header and its claims. Time, audience, key and
 * policy are checked for each request, so that the cache changes no answer.
 *
 * The lookup uses the end of the text, which is random since a signature is, and then compares the whole text. Of two
 * tokens with one end, the later replaces the other. Only accepted tokens are stored. A full cache stores a token only
 * if it was seen more often than the entry to evict (TinyLFU), or if that entry expired.
 */
export class VerifiedTokenCache {
  readonly #tokens: BoundedMap<CachedToken>;
  readonly #issuers: IssuerRegistry;
  readonly #clock: Clock;
  readonly #tailLength: number;
  // Created when the cache is full: nothing else needs it.
  #frequencies: FrequencySketch | undefined;
  #hits = 0;
  #misses = 0;

  constructor({ max, issuers, clock, tailLength = DEFAULT_TAIL_LENGTH }: VerifiedTokenCacheOptions) {
    this.#tokens = new BoundedMap(max);
    this.#issuers = issuers;
    this.#clock = clock;
    this.#tailLength = tailLength;
  }

  /** Finds a token whose issuer is still trusted, and whose key or introspection answer is still valid. */
  find(token: string): CachedToken | undefined {
    const tail = this.#tailOf(token);
    const cached = this.#tokens.get(tail);
    if (cached === undefined || cached.token !== token || !this.#isGood(tail, cached)) {
      this.#misses += 1;
      return undefined;
    }

    this.#hits += 1;
    // Frequencies decide on evictions alone. A cache that is not full evicts nothing.
    if (this.#isFull()) this.#sketch().record(cached.nameHash);
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

  /** Compares without this sighting: otherwise tokens that arrive in turn would evict each other. */
  #admits(nameHash: number): boolean {
    const evicted = this.#tokens.oldest() as CachedToken;
    const frequencies = this.#sketch();
    const ofEvicted = frequencies.estimate(evicted.nameHash);
    return frequencies.record(nameHash) > ofEvicted || this.#clock() >= evicted.validated.expiresAt * 1000;
  }

  #sketch(): FrequencySketch {
    this.#frequencies ??= new FrequencySketch(this.#tokens.max);
    return this.#frequencies;
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

    // No request with a cached token calls `keys.find`, so it starts a due refresh here.
    if (key !== undefined) issuer.keys.refreshIfDue(now);
    return true;
  }
}
