import { timingSafeEqual } from 'node:crypto';
import type { FetchSecrets } from '../issuer/key-location.js';
import type { HmacAlgorithm } from '../jws/algorithm.js';
import type { VerificationKey } from '../jws/verification-key.js';
import type { Clock } from '../platform/clock.js';
import { after, type MaybePromise } from '../platform/maybe-promise.js';
import { Refusal } from '../protocol/refusal.js';
import { BackOff } from '../resilience/back-off.js';
import { untilAborted, withinSeconds } from '../resilience/deadline.js';
import { type Dated, LastGood } from '../resilience/last-good.js';
import type { KeyLimits, KeyQuery, KeySource, KeySourceStatus } from './key-source.js';
import { SharedSecrets } from './shared-secrets.js';

export interface FetchedSecretsOptions {
  readonly fetch: FetchSecrets;
  readonly algorithms: readonly HmacAlgorithm[];
  readonly limits: KeyLimits;
  readonly clock: Clock;
}

interface HeldSecrets extends Dated {
  readonly secrets: SharedSecrets;
  readonly bytes: readonly Uint8Array[];
  /** Of the question that brought them: an older one that is answered later must not undo it. */
  readonly number: number;
}

/**
 * Shared secrets that a function of the user's gives. They are kept as key sets are: from `maxAgeSeconds` on they are
 * asked for anew, behind the requests; while that fails, the last good ones serve for `staleIfErrorSeconds` more.
 */
export class FetchedSecrets implements KeySource {
  readonly #options: FetchedSecretsOptions;
  readonly #backOff: BackOff;
  readonly #closing = new AbortController();
  readonly #shelf: LastGood<HeldSecrets>;
  #fetching: Promise<SharedSecrets | Refusal> | undefined;
  #failure: { readonly cause: unknown } | undefined;
  #asked = 0;

  constructor(options: FetchedSecretsOptions) {
    this.#options = options;
    this.#backOff = new BackOff(options.clock);
    this.#shelf = new LastGood(options.clock);
  }

  find(query: KeyQuery): MaybePromise<readonly VerificationKey[] | Refusal> {
    return after(this.#usable() ?? this.#load(), (secrets) =>
      secrets instanceof Refusal ? secrets : secrets.find(query),
    );
  }

  holds(key: VerificationKey): boolean {
    return this.#usable()?.holds(key) ?? false;
  }

  ready(): MaybePromise<Refusal | undefined> {
    return after(this.#usable() ?? this.#load(), toRefusal);
  }

  async refresh(): Promise<Refusal | undefined> {
    return toRefusal(await this.#fetch());
  }

  status(): KeySourceStatus {
    return {
      state: this.#state(),
      keys: this.#shelf.current()?.secrets.status().keys ?? [],
      skippedKeys: [],
      ageSeconds: this.#shelf.last && this.#shelf.ageSeconds(),
      fetches: { metadata: 0, jwks: 0 },
      lastError: this.#failure && 'the function given as secret failed',
      nextAttemptInSeconds: this.#failure && this.#backOff.remainingSeconds(),
    };
  }

  /** Secrets leave the process by no snapshot. */
  snapshot(): undefined {}

  close(): void {
    this.#closing.abort();
  }

  #state(): KeySourceStatus['state'] {
    if (this.#failure !== undefined) return 'failing';
    if (this.#shelf.current() === undefined) return 'empty';
    return this.#shelf.isFresh() ? 'fresh' : 'stale';
  }

  /** Gives the secrets at hand, and sets a refresh going when they are due. */
  #usable(): SharedSecrets | undefined {
    const ageSeconds = this.#shelf.ageSeconds();
    const held = this.#shelf.current(ageSeconds);
    if (held === undefined) return undefined;
    const isDue = !this.#shelf.isFresh(ageSeconds);
    if (isDue && this.#fetching === undefined && !this.#isBackingOff()) void this.#fetch();
    return held.secrets;
  }

  #isBackingOff(): boolean {
    return this.#failure !== undefined && this.#backOff.remainingSeconds() > 0;
  }

  #load(): MaybePromise<SharedSecrets | Refusal> {
    if (this.#failure !== undefined && this.#isBackingOff()) return this.#refuse(this.#failure.cause);
    return this.#fetching ?? this.#fetch();
  }

  #fetch(): Promise<SharedSecrets | Refusal> {
    const fetching = this.#ask().finally(() => {
      if (this.#fetching === fetching) this.#fetching = undefined;
    });
    this.#fetching = fetching;
    return fetching;
  }

  async #ask(): Promise<SharedSecrets | Refusal> {
    const { fetch, limits } = this.#options;
    const { signal } = this.#closing;
    if (signal.aborted) return this.#refuse(undefined);
    this.#asked += 1;
    const number = this.#asked;
    try {
      const bytes = await untilAborted(signal, withinSeconds(limits.fetchTimeoutSeconds, fetch()));
      return this.#newerThan(number) ?? this.#hold(bytes, number);
    } catch (cause) {
      return this.#newerThan(number) ?? this.#fail(cause);
    }
  }

  #newerThan(number: number): SharedSecrets | undefined {
    const held = this.#shelf.last;
    return held !== undefined && held.number > number ? held.secrets : undefined;
  }

  #hold(bytes: readonly Uint8Array[], number: number): SharedSecrets {
    const { algorithms, clock, limits } = this.#options;
    const { maxAgeSeconds: freshForSeconds, staleIfErrorSeconds } = limits;
    const held = this.#shelf.last;
    this.#failure = undefined;
    this.#backOff.reset();
    // The same as before keep their keys, and with them the tokens that were verified.
    const secrets =
      held !== undefined && areSame(held.bytes, bytes) ? held.secrets : new SharedSecrets(bytes, algorithms, clock);
    const usableForSeconds = freshForSeconds + staleIfErrorSeconds;
    this.#shelf.store({
      secrets,
      bytes,
      number,
      fetchedAt: clock(),
      maxAgeSeconds: freshForSeconds,
      usableSeconds: usableForSeconds,
    });
    return secrets;
  }

  #fail(cause: unknown): Refusal {
    this.#failure = { cause };
    this.#backOff.fail();
    return this.#refuse(cause);
  }

  #refuse(cause: unknown): Refusal {
    if (this.#closing.signal.aborted) return new Refusal('verifier_closed', 'while the secret was asked for');
    const retryAfterSeconds = this.#backOff.remainingSeconds();
    return new Refusal('secret_unavailable', 'the function given as secret failed', { cause, retryAfterSeconds });
  }
}

function areSame(before: readonly Uint8Array[], now: readonly Uint8Array[]): boolean {
  if (before.length !== now.length) return false;
  return before.every((secret, index) => {
    const other = now[index] as Uint8Array;
    return secret.byteLength === other.byteLength && timingSafeEqual(secret, other);
  });
}

function toRefusal(outcome: SharedSecrets | Refusal): Refusal | undefined {
  return outcome instanceof Refusal ? outcome : undefined;
}
