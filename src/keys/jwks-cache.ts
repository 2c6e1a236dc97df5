import type { VerificationKey } from '../jws/verification-key.js';
import type { Clock } from '../platform/clock.js';
import { type DiagnosticsMessages, publish } from '../platform/diagnostics.js';
import type { MaybePromise } from '../platform/maybe-promise.js';
import { Refusal } from '../protocol/refusal.js';
import { BackOff } from '../resilience/back-off.js';
import { ExpiringSet } from '../resilience/expiring-set.js';
import { type Dated, LastGood } from '../resilience/last-good.js';
import { TokenBucket } from '../resilience/token-bucket.js';
import {
  type JwksAnswer,
  JwksEndpoint,
  type JwksEndpointOptions,
  JwksFailure,
  type JwksVersion,
} from './jwks-endpoint.js';
import { type KeySelector, KeySet } from './key-set.js';
import {
  describeKeys,
  type KeyLimits,
  type KeyQuery,
  type KeySnapshot,
  type KeySource,
  type KeySourceStatus,
  refuseUnknown,
} from './key-source.js';

export interface JwksCacheOptions {
  readonly issuer: string;
  readonly location: JwksEndpointOptions['location'];
  readonly limits: KeyLimits;
  readonly clock: Clock;
  readonly fetch: typeof fetch;
  /** Keys to start with, from another process. */
  readonly snapshot?: KeySnapshot | undefined;
}

interface HeldKeys extends Dated {
  readonly set: KeySet;
  readonly version: JwksVersion | undefined;
}

type RefreshCause = DiagnosticsMessages['scopegate:refresh']['cause'];

const MAX_ABSENT_KIDS = 1000;
// Thumbprints have 43 characters, certificate names less than 200. A longer kid is not worth a fetch.
const MAX_KID_LENGTH = 256;
// Some servers forbid any caching of their key set. Asking at every request would serve nobody.
const MIN_MAX_AGE_SECONDS = 60;

/**
 * The key set of one issuer, fetched when needed and kept.
 *
 * Younger than `maxAgeSeconds`, keys are used as they are. Older, they are still used while one fetch goes
 * on behind. A fetch that succeeds replaces the set, so that withdrawn keys are gone; one that fails leaves
 * it in use for `staleIfErrorSeconds` more. An unknown `kid` is worth a fetch of its own, within a limit.
 * There are no timers: only requests set anything going.
 */
export class JwksCache implements KeySource {
  readonly #issuer: string;
  readonly #endpoint: JwksEndpoint;
  readonly #limits: KeyLimits;
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  readonly #bucket: TokenBucket;
  readonly #backOff: BackOff;
  readonly #absentKids: ExpiringSet;
  readonly #shelf: LastGood<HeldKeys>;
  #failure: JwksFailure | undefined;
  #inFlight: Promise<KeySet | Refusal> | undefined;
  /** Fetches are numbered: one that fails after a later one succeeded tells nothing. */
  #started = 0;
  #succeeded = 0;
  /** The number of the request that brought the key set: an older one that is answered later must not undo it. */
  #newest = 0;

  constructor({ issuer, location, limits, clock, fetch, snapshot }: JwksCacheOptions) {
    this.#issuer = issuer;
    this.#limits = limits;
    this.#clock = clock;
    const { fetchTimeoutSeconds: timeoutSeconds, maxResponseBytes: maxBytes } = limits;
    const fetchOptions = { fetch, timeoutSeconds, maxBytes, signal: this.#closing.signal };
    this.#endpoint = new JwksEndpoint({ issuer, location, fetchOptions });
    this.#bucket = new TokenBucket({ burst: limits.refetchBurst, everySeconds: limits.refetchEverySeconds, clock });
    this.#backOff = new BackOff(clock);
    this.#shelf = new LastGood(clock);
    this.#absentKids = new ExpiringSet({ max: MAX_ABSENT_KIDS, seconds: limits.refetchEverySeconds, clock });
    const isUsable = snapshot !== undefined && clock() - snapshot.fetchedAt < limits.snapshotMaxAgeSeconds * 1000;
    if (isUsable) this.#startWith(snapshot);
  }

  find(query: KeyQuery): MaybePromise<readonly VerificationKey[] | Refusal> {
    const ageSeconds = this.#shelf.ageSeconds();
    const set = this.#shelf.current(ageSeconds)?.set;
    if (set === undefined) return this.#findWhenLoaded(query);
    this.#refreshIfDue(ageSeconds);
    const keys = set.candidates(query);
    return keys.length > 0 ? keys : this.#findUnknown(query);
  }

  holds(key: VerificationKey, name: KeySelector): boolean {
    const ageSeconds = this.#shelf.ageSeconds();
    const set = this.#shelf.current(ageSeconds)?.set;
    if (set === undefined || !set.isCandidate(key, name)) return false;
    // A token that was verified before asks for no key, so that its request has to set the refresh going here.
    this.#refreshIfDue(ageSeconds);
    this.#reportStaleUse(ageSeconds);
    return true;
  }

  async ready(): Promise<Refusal | undefined> {
    const loaded = this.#shelf.current()?.set ?? (await this.#load());
    return loaded instanceof Refusal ? loaded : undefined;
  }

  async refresh(): Promise<Refusal | undefined> {
    // A fetch that is under way may have been answered before whatever the caller knows of.
    this.#inFlight = undefined;
    const loaded = await this.#startFetch('asked');
    return loaded instanceof Refusal ? loaded : undefined;
  }

  status(): KeySourceStatus {
    const held = this.#shelf.last;
    return {
      state: this.#state(),
      ...describeKeys(this.#shelf.current()?.set, this.#clock()),
      ageSeconds: held && this.#shelf.ageSeconds(),
      fetches: this.#endpoint.counts,
      lastError: this.#failure?.message,
      nextAttemptInSeconds: this.#failure && this.#backOff.remainingSeconds(),
    };
  }

  snapshot(): KeySnapshot | undefined {
    const held = this.#shelf.last;
    return held && { fetchedAt: held.fetchedAt, keys: held.set.keys.map(({ publicJwk }) => ({ ...publicJwk })) };
  }

  close(): void {
    this.#closing.abort();
  }

  #state(): KeySourceStatus['state'] {
    if (this.#failure !== undefined) return 'failing';
    if (this.#shelf.current() === undefined) return 'empty';
    return this.#shelf.isFresh() ? 'fresh' : 'stale';
  }

  #isBackingOff(): boolean {
    return this.#failure !== undefined && this.#backOff.remainingSeconds() > 0;
  }

  /** Sets a refresh going behind the request, when the keys are past their age. */
  #refreshIfDue(ageSeconds: number): void {
    if (this.#shelf.isFresh(ageSeconds) || this.#inFlight !== undefined || this.#isBackingOff()) return;
    void this.#startFetch('age');
  }

  #reportStaleUse(ageSeconds: number): void {
    if (this.#failure === undefined || this.#shelf.isFresh(ageSeconds)) return;
    publish('scopegate:stale-use', () => ({ issuer: this.#issuer, ageSeconds }));
  }

  async #findWhenLoaded(query: KeyQuery): Promise<readonly VerificationKey[] | Refusal> {
    const isAuthoritative = this.#inFlight === undefined;
    const loaded = await this.#load();
    if (loaded instanceof Refusal) return loaded;
    const keys = loaded.candidates(query);
    if (keys.length > 0) return keys;
    return isAuthoritative ? this.#noteAbsent(query) : this.#findUnknown(query);
  }

  #load(): MaybePromise<KeySet | Refusal> {
    if (this.#inFlight !== undefined) return this.#inFlight;
    if (this.#failure !== undefined && this.#isBackingOff()) return this.#refuse(this.#failure);
    return this.#startFetch('empty');
  }

  /** The key may be newer than the set: spends a fetch on it, where that can be of use and is within the limit. */
  async #findUnknown(query: KeyQuery): Promise<readonly VerificationKey[] | Refusal> {
    if (this.#isKnownAbsent(query)) return this.#refuseUnknown(query, 'asked-before');
    if (!query.isPlausible()) return this.#refuseUnknown(query, 'implausible');

    // A fetch that is under way may bring the key; if it does not, it may have begun before the key appeared.
    const underWay = await this.#inFlight;
    if (underWay instanceof KeySet) {
      const keys = underWay.candidates(query);
      if (keys.length > 0) return keys;
    }
    const fetched = await this.#refetch(query);
    if (fetched instanceof Refusal) return fetched;
    const keys = fetched.candidates(query);
    return keys.length > 0 ? keys : this.#noteAbsent(query);
  }

  #refetch(query: KeyQuery): MaybePromise<KeySet | Refusal> {
    if (this.#inFlight !== undefined) return this.#inFlight;
    if (this.#failure !== undefined && this.#isBackingOff()) return this.#refuse(this.#failure);
    if (this.#bucket.take()) return this.#startFetch('unknown-kid');
    // While the issuer cannot be reached nobody can tell, so the token is not to blame.
    return this.#failure === undefined ? this.#refuseUnknown(query, 'limit') : this.#refuse(this.#failure);
  }

  #isKnownAbsent({ kid = '' }: KeyQuery): boolean {
    return kid.length > MAX_KID_LENGTH || this.#absentKids.has(kid);
  }

  #noteAbsent(query: KeyQuery): Refusal {
    const { kid = '' } = query;
    if (kid.length <= MAX_KID_LENGTH) this.#absentKids.add(kid);
    return this.#refuseUnknown(query, undefined);
  }

  #refuseUnknown(
    query: KeyQuery,
    notAskedBecause: DiagnosticsMessages['scopegate:unknown-kid']['notAskedBecause'],
  ): Refusal {
    const kid = query.kid?.slice(0, MAX_KID_LENGTH);
    publish('scopegate:unknown-kid', () => ({ issuer: this.#issuer, kid, notAskedBecause }));
    return refuseUnknown(query);
  }

  #refuse({ reason, message, cause }: JwksFailure): Refusal {
    if (this.#closing.signal.aborted) return new Refusal('verifier_closed', message);
    return new Refusal(reason, message, { retryAfterSeconds: this.#backOff.remainingSeconds(), cause });
  }

  /** Starts a fetch, which is the one that others join from now on. Never rejects. */
  #startFetch(cause: RefreshCause): Promise<KeySet | Refusal> {
    publish('scopegate:refresh', () => ({ issuer: this.#issuer, cause }));
    this.#started += 1;
    const fetching = this.#fetch(this.#started, cause !== 'unknown-kid').finally(() => {
      if (this.#inFlight === fetching) this.#inFlight = undefined;
    });
    this.#inFlight = fetching;
    return fetching;
  }

  async #fetch(number: number, renewLocation: boolean): Promise<KeySet | Refusal> {
    const result = await this.#fetchKeySet(renewLocation);
    const hasFailed = result instanceof JwksFailure;
    const isOvertaken = hasFailed ? number < this.#succeeded : result.answer.number < this.#newest;
    if (isOvertaken) return this.#shelf.current()?.set ?? this.#refuse(this.#failure ?? overtaken());
    if (hasFailed) {
      this.#noteFailure(result);
      return this.#refuse(result);
    }
    this.#succeeded = Math.max(number, this.#succeeded);
    this.#newest = result.answer.number;
    this.#noteSuccess(result.set, result.answer);
    return result.set;
  }

  async #fetchKeySet(renewLocation: boolean): Promise<{ set: KeySet; answer: JwksAnswer } | JwksFailure> {
    const held = this.#shelf.last;
    try {
      const answer = await this.#endpoint.fetch(renewLocation, held?.version);
      if (answer.members === undefined) return { set: (held as HeldKeys).set, answer };
      const set = await KeySet.import(answer.members, this.#clock(), this.#shelf.last?.set);
      if (set.keys.length > 0) return { set, answer };
      const count = `${set.skipped.length} keys, none of which can be used`;
      return new JwksFailure('keys_unavailable', new Error(`the key set has ${count}`));
    } catch (error) {
      return JwksFailure.from(error);
    }
  }

  #noteSuccess(set: KeySet, { version, maxAgeSeconds: offered }: JwksAnswer): void {
    const { maxAgeSeconds: most, staleIfErrorSeconds } = this.#limits;
    const freshForSeconds = Math.min(most, Math.max(offered ?? most, MIN_MAX_AGE_SECONDS));
    const usableForSeconds = freshForSeconds + staleIfErrorSeconds;
    this.#reportChanges(this.#shelf.last?.set, set);
    this.#shelf.store({
      set,
      fetchedAt: this.#clock(),
      maxAgeSeconds: freshForSeconds,
      usableSeconds: usableForSeconds,
      version,
    });
    this.#failure = undefined;
    this.#backOff.reset();
  }

  #noteFailure(failure: JwksFailure): void {
    this.#failure = failure;
    this.#backOff.fail();
    publish('scopegate:back-off', () => ({
      issuer: this.#issuer,
      failures: this.#backOff.failures,
      seconds: this.#backOff.remainingSeconds(),
      error: failure.message,
    }));
  }

  #reportChanges(before: KeySet | undefined, now: KeySet): void {
    const reported = new Set(before?.skipped.map(({ digest }) => digest));
    for (const { index, why, digest } of now.skipped) {
      if (reported.has(digest)) continue;
      publish('scopegate:skipped-key', () => ({ issuer: this.#issuer, index, why }));
    }
    if (before === undefined || before === now) return;
    const added = now.keys.filter((key) => !before.has(key)).map(({ kid }) => kid);
    const removed = before.keys.filter((key) => !now.has(key)).map(({ kid }) => kid);
    if (added.length + removed.length === 0) return;
    publish('scopegate:rotation', () => ({ issuer: this.#issuer, added, removed }));
  }

  /** The keys count as old, so that the first request sets a refresh going and need not wait for it. */
  #startWith({ fetchedAt, keys }: KeySnapshot): void {
    const { snapshotMaxAgeSeconds: usableForSeconds } = this.#limits;
    const importing: Promise<KeySet | Refusal> = KeySet.import(keys, fetchedAt).then((set) => {
      if (this.#inFlight === importing) this.#inFlight = undefined;
      // refresh() may have overtaken it.
      const newer = this.#shelf.current()?.set;
      if (newer !== undefined) return newer;
      if (set.keys.length === 0) return this.#load();
      this.#shelf.store({
        set,
        fetchedAt: fetchedAt,
        maxAgeSeconds: 0,
        usableSeconds: usableForSeconds,
        version: undefined,
      });
      return set;
    });
    this.#inFlight = importing;
  }
}

function overtaken(): JwksFailure {
  return new JwksFailure('keys_unavailable', new Error('a later fetch has overtaken it'));
}
