import type { VerificationKey } from '../jws/verification-key.js';
import type { Clock } from '../platform/clock.js';
import { publish } from '../platform/diagnostics.js';
import type { Fetch } from '../platform/fetch.js';
import type { MaybePromise } from '../platform/maybe-promise.js';
import { OutageWarnings } from '../platform/outage-warnings.js';
import { escapeControls, Refusal } from '../protocol/refusal.js';
import { refuseUnavailable } from '../protocol/refuse-unavailable.js';
import { type Fetched, type RefreshCause, Refreshing, Unavailable } from '../resilience/refreshing.js';
import { TokenBucket } from '../resilience/token-bucket.js';
import { AbsentKeys, MAX_KID_LENGTH, type NotAskedBecause } from './absent-keys.js';
import { JwksEndpoint, type JwksEndpointOptions, JwksFailure, type JwksVersion } from './jwks-endpoint.js';
import { describeSkipped, type KeySelector, KeySet, type SkippedKey } from './key-set.js';
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
  readonly fetch: Fetch;
  /** Ends fetches that are under way, and lets no more begin. */
  readonly signal: AbortSignal;
  /** Keys to start with, from another process. */
  readonly snapshot?: KeySnapshot | undefined;
}

interface FetchedKeys {
  readonly set: KeySet;
  readonly version: JwksVersion | undefined;
  readonly maxAgeSeconds: number;
  /** When the request for them was sent: milliseconds since the epoch. Keys that came later may be missing. */
  readonly requestedAt: number;
}

// Some servers forbid any caching of their key set. A fetch for each request would help nobody.
const MIN_MAX_AGE_SECONDS = 60;

/**
 * The key set of one issuer, refreshed as `Refreshing` says. A fetch that succeeds replaces the set, so that withdrawn
 * keys are gone. An unknown `kid` is worth a fetch of its own, within a limit.
 */
export class JwksCache implements KeySource {
  readonly #options: JwksCacheOptions;
  readonly #endpoint: JwksEndpoint;
  readonly #refreshing: Refreshing<FetchedKeys>;
  readonly #allowance: TokenBucket;
  readonly #absent: AbsentKeys;
  /** Of the key set that was fetched last, whether or not it has a key that can be used. */
  #skipped: readonly SkippedKey[] = [];
  readonly #outage: OutageWarnings;

  constructor(options: JwksCacheOptions) {
    const { issuer, location, limits, clock, fetch, signal, snapshot } = options;
    const { fetchTimeoutSeconds: timeoutSeconds, maxResponseBytes: maxBytes, refetchEverySeconds } = limits;
    const fetchOptions = { fetch, timeoutSeconds, maxBytes, signal };
    this.#options = options;
    this.#endpoint = new JwksEndpoint({ issuer, location, fetchOptions, clock, maxAgeSeconds: limits.maxAgeSeconds });
    this.#allowance = new TokenBucket({ burst: limits.refetchBurst, everySeconds: refetchEverySeconds, clock });
    this.#absent = new AbsentKeys({ refetchEverySeconds, clock });
    this.#outage = new OutageWarnings('keys', issuer);
    this.#refreshing = new Refreshing({
      clock,
      staleIfErrorSeconds: limits.staleIfErrorSeconds,
      timeoutSeconds: limits.fetchTimeoutSeconds,
      fetch: (cause) => this.#fetch(cause),
      onSuccess: ({ set }) => this.#publishSuccess(set),
      onFailure: (cause) => this.#publishFailure(cause),
    });
    if (snapshot !== undefined) this.#startWith(snapshot);
  }

  find(query: KeyQuery): MaybePromise<readonly VerificationKey[] | Refusal> {
    const now = this.#options.clock();
    const set = this.#refreshing.current(now)?.set;
    if (set === undefined) return this.#findWhenLoaded(query);

    const refresh = this.#refreshing.refreshIfDue(now);
    const keys = set.candidates(query);
    if (keys.length === 0) return this.#findUnknown(query, refresh);
    this.#publishStaleUse(now);
    return keys;
  }

  stillHas(key: VerificationKey, selector: KeySelector, now: number): boolean {
    return this.#refreshing.current(now)?.set.isCandidate(key, selector) ?? false;
  }

  refreshIfDue(now: number): void {
    this.#refreshing.refreshIfDue(now);
    this.#publishStaleUse(now);
  }

  async ready(): Promise<Refusal | undefined> {
    const loaded = this.#refreshing.current() ?? (await (this.#refreshing.underWay ?? this.#refreshing.load()));
    // Keys of an old snapshot may have been withdrawn since. If no others can be had, they serve as in any outage.
    const isOld = !(loaded instanceof Unavailable) && this.#isOldSnapshot(loaded);
    if (isOld && this.#refreshing.backingOff() === undefined) {
      await (this.#refreshing.underWay ?? this.#refreshing.refresh('age'));
    }
    return this.#toRefusal(loaded);
  }

  async refresh(): Promise<Refusal | undefined> {
    return this.#toRefusal(await this.#refreshing.refresh('asked'));
  }

  status(): KeySourceStatus {
    const { failure } = this.#refreshing;
    return {
      state: this.#refreshing.state,
      ...describeKeys(
        { keys: this.#refreshing.current()?.set.keys ?? [], skipped: this.#skipped },
        this.#options.clock(),
      ),
      ageSeconds: this.#refreshing.ageSeconds(),
      fetches: this.#endpoint.counts,
      metadata: this.#endpoint.metadataAttempts.map((attempt) => ({ ...attempt })),
      lastError: failure && JwksFailure.from(failure.cause).message,
      nextAttemptInSeconds: failure && this.#refreshing.retryAfterSeconds,
    };
  }

  /** Returns no keys that are too old to be used. */
  snapshot(): KeySnapshot | undefined {
    const { last } = this.#refreshing;
    if (last === undefined || this.#refreshing.current() === undefined) return undefined;
    const { set, maxAgeSeconds } = last.value;
    return { fetchedAt: last.fetchedAt, maxAgeSeconds, keys: set.keys.map(({ publicJwk }) => ({ ...publicJwk })) };
  }

  #isOldSnapshot({ maxAgeSeconds }: FetchedKeys): boolean {
    return !this.#refreshing.hasFetched && (this.#refreshing.ageSeconds() as number) >= maxAgeSeconds;
  }

  async #findWhenLoaded(query: KeyQuery): Promise<readonly VerificationKey[] | Refusal> {
    // A fetch that is under way may have been answered before the key appeared.
    const isNewest = this.#refreshing.underWay === undefined;
    const loaded = await this.#refreshing.load();
    if (loaded instanceof Unavailable) return this.#refuse(loaded);

    // The keys of a snapshot are due at once.
    this.#refreshing.refreshIfDue();
    const keys = loaded.set.candidates(query);
    if (keys.length > 0) return keys;
    return isNewest ? this.#refuseAbsent(query) : this.#findUnknown(query);
  }

  /** The key may be newer than the set: a fetch is spent on it if that can be of use and is within the limit. */
  async #findUnknown(
    query: KeyQuery,
    ownRefresh?: Promise<FetchedKeys | Unavailable>,
  ): Promise<readonly VerificationKey[] | Refusal> {
    const absent = this.#refuseIfAbsent(query);
    if (absent !== undefined) return absent;
    if (!query.isPlausible()) return this.#refuseUnknown(query, 'implausible');
    return this.#findByFetch(query, ownRefresh);
  }

  async #findByFetch(
    query: KeyQuery,
    ownRefresh: Promise<FetchedKeys | Unavailable> | undefined,
  ): Promise<readonly VerificationKey[] | Refusal> {
    // A fetch that is under way may bring the key. If it does not, it may have begun before the key appeared.
    const underWay = await (ownRefresh ?? this.#refreshing.pending);
    if (underWay !== undefined && !(underWay instanceof Unavailable)) {
      const keys = underWay.set.candidates(query);
      if (keys.length > 0) return keys;
    }

    const fetched = this.#refuseIfAbsent(query) ?? (await this.#refetch(query));
    if (fetched instanceof Refusal) return fetched;
    if (fetched instanceof Unavailable) return this.#refuse(fetched);
    const keys = fetched.set.candidates(query);
    return keys.length > 0 ? keys : this.#refuseAbsent(query);
  }

  #refetch(query: KeyQuery): MaybePromise<FetchedKeys | Unavailable | Refusal> {
    const known = this.#refreshing.pending ?? this.#refreshing.backingOff();
    if (known !== undefined) return known;
    // After a failure the back-off alone decides: fetches without an answer must not use up the allowance.
    if (this.#refreshing.failure === undefined && this.#allowance.isEmpty) return this.#refuseByLimit(query);
    return this.#refreshing.refresh('unknown-kid');
  }

  /** Refuses a token if no fetch can bring its key. */
  #refuseIfAbsent(query: KeyQuery): Refusal | undefined {
    // Only asked about a set that there is.
    const { value, fetchedAt } = this.#refreshing.last as { readonly value: FetchedKeys; readonly fetchedAt: number };
    // If the clock was set back, `fetchedAt` was too.
    const requestedAt = Math.min(value.requestedAt, fetchedAt);
    const why = this.#absent.findWhyAbsent(query, requestedAt);
    return why && this.#refuseUnknown(query, why);
  }

  #refuseAbsent(query: KeyQuery): Refusal {
    this.#absent.add(query);
    return this.#refuseUnknown(query, undefined);
  }

  /** Nobody can tell whether a token that is younger than the set is good, so it is not the token's fault. */
  #refuseByLimit(query: KeyQuery): Refusal {
    const unknown = this.#refuseUnknown(query, 'limit');
    if (query.issuedAt === undefined) return unknown;

    const retryAfterSeconds = this.#allowance.secondsUntilNext;
    const detail = `${unknown.detail}: a newer key perhaps, but too many unknown ones were looked up lately`;
    return refuseUnavailable(this.#options.signal, 'keys_unavailable', detail, { retryAfterSeconds });
  }

  #refuseUnknown(query: KeyQuery, notAskedBecause: NotAskedBecause): Refusal {
    const { issuer } = this.#options;
    publish('scopegate:unknown-kid', () => {
      return { issuer, kid: query.kid && escapeControls(query.kid.slice(0, MAX_KID_LENGTH)), notAskedBecause };
    });
    return refuseUnknown(query, { set: this.#refreshing.last?.value.set, from: this.#endpoint.url });
  }

  #toRefusal(loaded: FetchedKeys | Unavailable): Refusal | undefined {
    return loaded instanceof Unavailable ? this.#refuse(loaded) : undefined;
  }

  #refuse({ cause: error }: Unavailable): Refusal {
    const { reason, message, cause } = JwksFailure.from(error);
    const { retryAfterSeconds } = this.#refreshing;
    return refuseUnavailable(this.#options.signal, reason, message, { retryAfterSeconds, cause });
  }

  /** @throws {JwksFailure} */
  async #fetch(cause: RefreshCause): Promise<Fetched<FetchedKeys>> {
    const { issuer, clock, signal } = this.#options;
    publish('scopegate:refresh', () => ({ issuer, cause }));
    const requestedAt = clock();
    const last = this.#refreshing.last?.value;
    try {
      // A new kid is ordinary rotation at the same place, and clients choose when: it costs one request, not three.
      const response = await this.#endpoint.fetch(cause !== 'unknown-kid', last?.version);
      if (cause === 'unknown-kid') this.#allowance.take();

      const { members, version, number: order } = response;
      const maxAgeSeconds = this.#boundMaxAge(response.maxAgeSeconds);
      const previous = this.#refreshing.last?.value.set;
      const set =
        members === undefined ? (last as FetchedKeys).set : await KeySet.import(members, clock(), { previous, signal });
      this.#reportSkipped(set);
      if (set.keys.length > 0) return { value: { set, version, maxAgeSeconds, requestedAt }, maxAgeSeconds, order };
      throw new Error(`the key set has no key that can be used: ${describeSkipped(set.skipped)}`);
    } catch (error) {
      throw JwksFailure.from(error);
    }
  }

  /** `Cache-Control` may shorten the configured age, down to a minute, and never lengthen it. */
  #boundMaxAge(offered: number | undefined): number {
    const { maxAgeSeconds: max } = this.#options.limits;
    return Math.min(max, Math.max(offered ?? max, MIN_MAX_AGE_SECONDS));
  }

  #publishStaleUse(now: number): void {
    if (this.#refreshing.failure === undefined || this.#refreshing.isFresh(now)) return;
    const { issuer } = this.#options;
    publish('scopegate:stale-use', () => ({ issuer, ageSeconds: this.#refreshing.ageSeconds(now) as number }));
  }

  #publishFailure(cause: unknown): void {
    const { message: error } = JwksFailure.from(cause);
    if (!this.#options.signal.aborted) this.#outage.failed(error);
    publish('scopegate:back-off', () => ({
      issuer: this.#options.issuer,
      failures: this.#refreshing.failures,
      seconds: this.#refreshing.retryAfterSeconds,
      error,
    }));
  }

  /** Publishes each member that cannot be used once, for as long as it is there. */
  #reportSkipped({ skipped }: KeySet): void {
    const { issuer } = this.#options;
    const reported = new Set(this.#skipped.map(({ digest }) => digest));
    this.#skipped = skipped;
    for (const { index, why, digest } of skipped) {
      if (!reported.has(digest)) publish('scopegate:skipped-key', () => ({ issuer, index, why }));
    }
  }

  #publishSuccess(now: KeySet): void {
    const { issuer } = this.#options;
    this.#outage.recovered();
    const before = this.#refreshing.last?.value.set;
    if (before === undefined || before === now) return;
    const added = now.keys.filter((key) => !before.has(key)).map(kidOf);
    const removed = before.keys.filter((key) => !now.has(key)).map(kidOf);
    if (added.length + removed.length > 0) publish('scopegate:rotation', () => ({ issuer, added, removed }));
  }

  /**
   * The keys count as old, so that the first request starts a fetch and need not wait for it. They are used no longer
   * than by the process that fetched them.
   */
  #startWith(snapshot: KeySnapshot): void {
    const { clock, limits } = this.#options;
    const { fetchedAt, keys } = snapshot;
    const maxAgeSeconds = Math.min(limits.maxAgeSeconds, snapshot.maxAgeSeconds ?? limits.maxAgeSeconds);
    const usableSeconds = Math.min(limits.snapshotMaxAgeSeconds, maxAgeSeconds + limits.staleIfErrorSeconds);
    if (clock() - fetchedAt >= usableSeconds * 1000) return;

    const dates = { fetchedAt, maxAgeSeconds: 0, staleIfErrorSeconds: usableSeconds };
    const importing = KeySet.import(keys, fetchedAt).then((set) => {
      this.#reportSkipped(set);
      if (set.keys.length === 0) return undefined;
      return { value: { set, version: undefined, maxAgeSeconds, requestedAt: fetchedAt }, ...dates };
    });
    this.#refreshing.startWith(importing);
  }
}

/** As it may be printed. */
function kidOf({ kid }: VerificationKey): string | undefined {
  return kid && escapeControls(kid);
}
