import { timingSafeEqual } from 'node:crypto';
import type { HmacAlgorithm } from '../jws/algorithm.js';
import type { VerificationKey } from '../jws/verification-key.js';
import type { Clock } from '../platform/clock.js';
import { chain, type MaybePromise } from '../platform/maybe-promise.js';
import { OutageWarnings } from '../platform/outage-warnings.js';
import type { Refusal } from '../protocol/refusal.js';
import { refuseUnavailable } from '../protocol/refuse-unavailable.js';
import { untilAborted, withinSeconds } from '../resilience/deadline.js';
import { type Fetched, Refreshing, Unavailable } from '../resilience/refreshing.js';
import type { KeyLimits, KeyQuery, KeySource, KeySourceStatus } from './key-source.js';
import { SharedSecrets } from './shared-secrets.js';

/** Fetches the secrets of an issuer, and checks them. Rejects with what is wrong, or what the user's function throws. */
export type FetchSecrets = () => Promise<readonly Uint8Array[]>;

export interface FetchedSecretsOptions {
  readonly issuer: string;
  readonly fetch: FetchSecrets;
  readonly algorithms: readonly HmacAlgorithm[];
  readonly limits: KeyLimits;
  readonly clock: Clock;
  /** Ends fetches that are under way, and lets no more begin. */
  readonly signal: AbortSignal;
}

interface LoadedSecrets {
  readonly bytes: readonly Uint8Array[];
  readonly secrets: SharedSecrets;
}

const PROBLEM = 'the function given as secret failed';

/** Shared secrets that a function of the user's fetches. They are refreshed as key sets are. */
export class FetchedSecrets implements KeySource {
  readonly #options: FetchedSecretsOptions;
  readonly #refreshing: Refreshing<LoadedSecrets>;

  constructor(options: FetchedSecretsOptions) {
    const { issuer, clock, limits, signal } = options;
    const outage = new OutageWarnings('secret', issuer);
    this.#options = options;
    this.#refreshing = new Refreshing({
      clock,
      staleIfErrorSeconds: limits.staleIfErrorSeconds,
      timeoutSeconds: limits.fetchTimeoutSeconds,
      fetch: () => this.#fetch(),
      onSuccess: () => outage.recovered(),
      onFailure: () => (signal.aborted ? undefined : outage.failed(PROBLEM)),
    });
  }

  find(query: KeyQuery): MaybePromise<readonly VerificationKey[] | Refusal> {
    const now = this.#options.clock();
    const current = this.#refreshing.current(now);
    if (current === undefined) return chain(this.#refreshing.load(), (loaded) => this.#findIn(loaded, query));
    this.refreshIfDue(now);
    return current.secrets.find(query);
  }

  stillHas(key: VerificationKey, _selector: unknown, now: number): boolean {
    return this.#refreshing.current(now)?.secrets.stillHas(key) ?? false;
  }

  refreshIfDue(now: number): void {
    this.#refreshing.refreshIfDue(now);
  }

  ready(): MaybePromise<Refusal | undefined> {
    if (this.#refreshing.current() !== undefined) return undefined;
    return chain(this.#refreshing.underWay ?? this.#refreshing.load(), (loaded) => this.#toRefusal(loaded));
  }

  async refresh(): Promise<Refusal | undefined> {
    return this.#toRefusal(await this.#refreshing.refresh('asked'));
  }

  status(): KeySourceStatus {
    const { failure } = this.#refreshing;
    return {
      state: this.#refreshing.state,
      keys: this.#refreshing.current()?.secrets.status().keys ?? [],
      skippedKeys: [],
      ageSeconds: this.#refreshing.ageSeconds(),
      fetches: { metadata: 0, jwks: 0 },
      metadata: [],
      lastError: failure && PROBLEM,
      nextAttemptInSeconds: failure && this.#refreshing.retryAfterSeconds,
    };
  }

  /** Secrets leave the process by no snapshot. */
  snapshot(): undefined {}

  #findIn(loaded: LoadedSecrets | Unavailable, query: KeyQuery): readonly VerificationKey[] | Refusal {
    return loaded instanceof Unavailable ? this.#refuse(loaded) : loaded.secrets.find(query);
  }

  #toRefusal(loaded: LoadedSecrets | Unavailable): Refusal | undefined {
    return loaded instanceof Unavailable ? this.#refuse(loaded) : undefined;
  }

  #refuse({ cause }: Unavailable): Refusal {
    const { retryAfterSeconds } = this.#refreshing;
    return refuseUnavailable(this.#options.signal, 'secret_unavailable', PROBLEM, { cause, retryAfterSeconds });
  }

  async #fetch(): Promise<Fetched<LoadedSecrets>> {
    const { fetch, algorithms, limits, clock, signal } = this.#options;
    signal.throwIfAborted();
    const bytes = await untilAborted(signal, withinSeconds(limits.fetchTimeoutSeconds, fetch()));

    const { maxAgeSeconds } = limits;
    const last = this.#refreshing.last?.value;
    // The same secrets keep their keys, and with them the tokens that were verified.
    if (last !== undefined && areSame(last.bytes, bytes)) return { value: last, maxAgeSeconds };
    return { value: { bytes, secrets: new SharedSecrets(bytes, algorithms, clock) }, maxAgeSeconds };
  }
}

function areSame(before: readonly Uint8Array[], now: readonly Uint8Array[]): boolean {
  if (before.length !== now.length) return false;
  return before.every((secret, index) => {
    const other = now[index] as Uint8Array;
    return secret.byteLength === other.byteLength && timingSafeEqual(secret, other);
  });
}
