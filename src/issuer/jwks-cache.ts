import { LRUCache } from 'lru-cache';
import type { Clock } from '../platform/clock.js';
import { FetchFailure, type FetchJsonOptions, fetchJsonObject } from '../platform/fetch-json.js';
import type { MaybePromise } from '../platform/maybe-promise.js';
import { TokenBucket } from '../platform/token-bucket.js';
import { Refusal, type RefusalReason } from '../protocol/refusal.js';
import { BackOff } from './back-off.js';
import { KeySet } from './key-set.js';
import {
  describeKeys,
  type KeyLimits,
  type KeyQuery,
  type KeySource,
  type KeySourceStatus,
  refuseUnknown,
} from './key-source.js';
import type { VerificationKey } from './verification-key.js';

/** Finds the URL of the key set: from memory, or by asking the issuer anew. Throws a `FetchFailure`. */
export type JwksLocator = (renew: boolean, fetchOptions: FetchJsonOptions) => Promise<string>;

export interface JwksCacheOptions {
  readonly locate: JwksLocator;
  readonly limits: KeyLimits;
  readonly clock: Clock;
  readonly fetch: typeof fetch;
}

interface Failure {
  readonly reason: RefusalReason;
  readonly detail: string;
  readonly cause: unknown;
}

interface Fetched {
  readonly set: KeySet;
  readonly at: number;
}

const MOST_ABSENT_KIDS = 1000;
// Thumbprints have 43 characters, certificate names less than 200. A longer kid is not worth a fetch.
const LONGEST_KID = 256;

/**
 * The key set of one issuer, fetched when needed and kept.
 *
 * Younger than `maxAgeSeconds`, keys are used as they are. Older, they are still used while one fetch goes
 * on behind. A fetch that succeeds replaces the set, so that withdrawn keys are gone; one that fails leaves
 * it in use for `staleIfErrorSeconds` more. An unknown `kid` is worth a fetch of its own, within a limit.
 * There are no timers: only requests set anything going.
 */
export class JwksCache implements KeySource {
  readonly #locate: JwksLocator;
  readonly #limits: KeyLimits;
  readonly #clock: Clock;
  readonly #fetchOptions: FetchJsonOptions;
  readonly #closing = new AbortController();
  readonly #bucket: TokenBucket;
  readonly #backOff: BackOff;
  readonly #absentKids: LRUCache<string, true>;
  #current: Fetched | undefined;
  #failure: Failure | undefined;
  #inFlight: Promise<KeySet | Refusal> | undefined;
  #fetches = 0;
  /** The number of the fetch that `#current` or `#failure` came from. */
  #settled = 0;

  constructor({ locate, limits, clock, fetch }: JwksCacheOptions) {
    this.#locate = locate;
    this.#limits = limits;
    this.#clock = clock;
    this.#fetchOptions = {
      fetch,
      timeoutSeconds: limits.fetchTimeoutSeconds,
      maxBytes: limits.maxResponseBytes,
      signal: this.#closing.signal,
    };
    this.#bucket = new TokenBucket({ burst: limits.refetchBurst, everySeconds: limits.refetchEverySeconds, clock });
    this.#backOff = new BackOff(clock);
    this.#absentKids = new LRUCache({
      max: MOST_ABSENT_KIDS,
      ttl: limits.refetchEverySeconds * 1000,
      ttlResolution: 0,
      perf: { now: clock },
    });
  }

  find(query: KeyQuery): MaybePromise<readonly VerificationKey[] | Refusal> {
    const set = this.#usableSet();
    if (set === undefined) return this.#findWhenLoaded(query);
    if (this.#isRefreshDue()) void this.#fetchOnce(true);
    const keys = set.match(query.kid, query.algorithm);
    return keys.length > 0 ? keys : this.#findUnknown(query);
  }

  holds(key: VerificationKey): boolean {
    const set = this.#usableSet();
    // Tokens seen before ask for no key, and must not keep an old set in use.
    if (set !== undefined && this.#isRefreshDue()) void this.#fetchOnce(true);
    return set?.has(key) ?? false;
  }

  async ready(): Promise<Refusal | undefined> {
    const loaded = this.#usableSet() ?? (await this.#load());
    return loaded instanceof Refusal ? loaded : undefined;
  }

  async refresh(): Promise<Refusal | undefined> {
    // A fetch that is under way may have been answered before whatever the caller knows of.
    this.#inFlight = undefined;
    const loaded = await this.#fetchOnce(true);
    return loaded instanceof Refusal ? loaded : undefined;
  }

  status(): KeySourceStatus {
    const set = this.#usableSet();
    return {
      state: set === undefined ? 'empty' : this.#isPast(this.#limits.maxAgeSeconds) ? 'stale' : 'fresh',
      ...describeKeys(set),
      ageSeconds: this.#current && (this.#clock() - this.#current.at) / 1000,
      fetches: this.#fetches,
      lastError: this.#failure?.detail,
      nextAttemptInSeconds: this.#failure && this.#backOff.remainingSeconds(),
    };
  }

  close(): void {
    this.#closing.abort();
  }

  /** Gives the last good set until it is too old even for an outage. */
  #usableSet(): KeySet | undefined {
    const { maxAgeSeconds, staleIfErrorSeconds } = this.#limits;
    return this.#isPast(maxAgeSeconds + staleIfErrorSeconds) ? undefined : this.#current?.set;
  }

  #isRefreshDue(): boolean {
    return this.#inFlight === undefined && this.#isPast(this.#limits.maxAgeSeconds) && !this.#isBackingOff();
  }

  #isPast(ageSeconds: number): boolean {
    if (this.#current === undefined) return true;
    const age = this.#clock() - this.#current.at;
    // A clock that was set back by more than the age tells nothing about it: ask anew.
    return age >= ageSeconds * 1000 || age < 0;
  }

  #isBackingOff(): boolean {
    return this.#failure !== undefined && this.#backOff.remainingSeconds() > 0;
  }

  async #findWhenLoaded(query: KeyQuery): Promise<readonly VerificationKey[] | Refusal> {
    const isAuthoritative = this.#inFlight === undefined;
    const loaded = await this.#load();
    if (loaded instanceof Refusal) return loaded;
    const keys = loaded.match(query.kid, query.algorithm);
    if (keys.length > 0) return keys;
    return isAuthoritative ? this.#noteAbsent(query) : this.#findUnknown(query);
  }

  #load(): MaybePromise<KeySet | Refusal> {
    if (this.#inFlight === undefined && this.#failure !== undefined && this.#isBackingOff()) {
      return this.#refuse(this.#failure);
    }
    return this.#fetchOnce(true);
  }

  /** The key may be newer than the set: spends a fetch on it, where that can be of use and is within the limit. */
  async #findUnknown(query: KeyQuery): Promise<readonly VerificationKey[] | Refusal> {
    if (this.#isKnownAbsent(query) || !query.isPlausible()) return refuseUnknown(query);

    // A fetch that is under way may bring the key; if it does not, it may have begun before the key appeared.
    const underWay = await this.#inFlight;
    if (underWay instanceof KeySet) {
      const keys = underWay.match(query.kid, query.algorithm);
      if (keys.length > 0) return keys;
    }
    const fetched = await this.#refetch(query);
    if (fetched instanceof Refusal) return fetched;
    const keys = fetched.match(query.kid, query.algorithm);
    return keys.length > 0 ? keys : this.#noteAbsent(query);
  }

  #refetch(query: KeyQuery): MaybePromise<KeySet | Refusal> {
    if (this.#inFlight !== undefined) return this.#inFlight;
    if (this.#failure !== undefined && this.#isBackingOff()) return this.#refuse(this.#failure);
    return this.#bucket.take() ? this.#fetchOnce(false) : refuseUnknown(query);
  }

  #isKnownAbsent({ kid = '' }: KeyQuery): boolean {
    return kid.length > LONGEST_KID || this.#absentKids.has(kid);
  }

  #noteAbsent(query: KeyQuery): Refusal {
    const { kid = '' } = query;
    if (kid.length <= LONGEST_KID) this.#absentKids.set(kid, true);
    return refuseUnknown(query);
  }

  /** Starts a fetch, or joins the one under way. Never rejects. */
  #fetchOnce(renewLocation: boolean): Promise<KeySet | Refusal> {
    if (this.#inFlight !== undefined) return this.#inFlight;
    this.#fetches += 1;
    const fetching = this.#fetch(this.#fetches, renewLocation).finally(() => {
      if (this.#inFlight === fetching) this.#inFlight = undefined;
    });
    this.#inFlight = fetching;
    return fetching;
  }

  async #fetch(number: number, renewLocation: boolean): Promise<KeySet | Refusal> {
    const result = await this.#fetchKeySet(renewLocation);
    // An answer that was overtaken by a later fetch's must not undo it.
    const isLatest = number > this.#settled;
    if (isLatest) this.#settled = number;
    if (!(result instanceof KeySet)) {
      if (isLatest) this.#noteFailure(result);
      return this.#refuse(result);
    }
    if (isLatest) this.#noteSuccess(result);
    return this.#current?.set ?? result;
  }

  #noteSuccess(set: KeySet): void {
    this.#current = { set, at: this.#clock() };
    this.#failure = undefined;
    this.#backOff.reset();
  }

  #noteFailure(failure: Failure): void {
    this.#failure = failure;
    this.#backOff.fail();
  }

  async #fetchKeySet(renewLocation: boolean): Promise<KeySet | Failure> {
    let url: string;
    try {
      url = await this.#locate(renewLocation, this.#fetchOptions);
    } catch (error) {
      return toFailure('metadata_unavailable', error);
    }
    try {
      const { keys, jwks_uri: jwksUri } = await fetchJsonObject(url, this.#fetchOptions);
      if (!Array.isArray(keys)) {
        const hint = jwksUri === undefined ? '' : '; it has a jwks_uri, so it looks like a metadata document';
        throw new FetchFailure(`${url} has no keys array${hint}`);
      }
      const set = await KeySet.import(keys, this.#current?.set);
      if (set.keys.length === 0) throw new FetchFailure(`${url} has no key that can be used`);
      return set;
    } catch (error) {
      return toFailure('keys_unavailable', error);
    }
  }

  #refuse({ reason, detail, cause }: Failure): Refusal {
    if (this.#closing.signal.aborted) return new Refusal('verifier_closed', detail);
    return new Refusal(reason, detail, { retryAfterSeconds: this.#backOff.remainingSeconds(), cause });
  }
}

function toFailure(reason: RefusalReason, error: unknown): Failure {
  return { reason, detail: error instanceof Error ? error.message : 'unknown failure', cause: error };
}
