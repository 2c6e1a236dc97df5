import type { Clock } from '../platform/clock.js';
import type { DiagnosticsMessages } from '../platform/diagnostics.js';
import type { MaybePromise } from '../platform/maybe-promise.js';
import { BackOff, MAX_WAIT_WITHOUT_VALUE_SECONDS } from './back-off.js';
import { type Dated, LastGood } from './last-good.js';
import { SingleFlight } from './single-flight.js';
import { wasSuspended } from './was-suspended.js';

export type RefreshCause = DiagnosticsMessages['scopegate:refresh']['cause'];

/** The result of a fetch. */
export interface Fetched<Value> {
  readonly value: Value;
  readonly maxAgeSeconds: number;
  /** The place of its request among all that were sent. By default the order in which fetches started. */
  readonly order?: number;
}

/** Says that there is no value, since the last fetch failed. */
export class Unavailable {
  /** What the fetch threw. */
  readonly cause: unknown;

  constructor(cause: unknown) {
    this.cause = cause;
  }
}

export interface RefreshingOptions<Value> {
  readonly clock: Clock;
  /** Fetches the value. Throws when it cannot be had. */
  readonly fetch: (cause: RefreshCause) => Promise<Fetched<Value>>;
  readonly staleIfErrorSeconds: number;
  /** The deadline of `fetch`, which it keeps by itself. */
  readonly timeoutSeconds: number;
  /** @defaultValue one second, doubled each time, a minute at most */
  readonly backOff?: BackOff;
  /** Called before a fetched value takes the place of the last one. */
  readonly onSuccess?: (value: Value) => void;
  /** Called when a fetch failed, and the back-off has begun. */
  readonly onFailure?: (cause: unknown) => void;
}

interface StoredValue<Value> extends Dated {
  readonly value: Value;
}

/**
 * The last good value of something that is fetched again and again.
 *
 * Younger than its `maxAgeSeconds`, it is used as it is. Older, it is still used while one fetch goes on in the
 * background. A fetch that succeeds replaces it. One that fails leaves it in use for `staleIfErrorSeconds` more; the first
 * caller after the back-off starts the next, whatever the age. While there is none that may be used, the back-off is 5 s at
 * most. An older answer never undoes a newer one. There are no timers: callers start everything.
 *
 * A process may be suspended during a fetch: a function between two calls, a laptop. The fetch is then lost, and says nothing
 * about the other side: nobody waits for it, and it counts for no failure.
 */
export class Refreshing<Value> {
  readonly #options: RefreshingOptions<Value>;
  readonly #lastGood: LastGood<StoredValue<Value>>;
  readonly #fetches = new SingleFlight<'fetch', Value | Unavailable>();
  readonly #backOff: BackOff;
  #failure: Unavailable | undefined;
  /** The failure after which the newest fetch was started. */
  #retried: Unavailable | undefined;
  /** Fetches are numbered as they start. A failure before the last success says nothing about now. */
  #started = 0;
  #startedAt = 0;
  #succeeded = 0;
  /** The order of the value in use. */
  #order = 0;

  constructor(options: RefreshingOptions<Value>) {
    this.#options = options;
    this.#lastGood = new LastGood(options.clock);
    this.#backOff = options.backOff ?? new BackOff(options.clock);
  }

  /** The value that may be used, unless there is none. */
  current(now = this.#options.clock()): Value | undefined {
    return this.#lastGood.current(now)?.value;
  }

  /** The value that was fetched last, however old, and its dates. */
  get last(): StoredValue<Value> | undefined {
    return this.#lastGood.last;
  }

  isFresh(now?: number): boolean {
    return this.#lastGood.isFresh(now);
  }

  /** The age of the last value; undefined if there is none. */
  ageSeconds(now?: number): number | undefined {
    return this.#lastGood.last && this.#lastGood.ageSeconds(now);
  }

  get state(): 'empty' | 'fresh' | 'stale' | 'failing' {
    if (this.#failure !== undefined) return 'failing';
    if (this.current() === undefined) return 'empty';
    return this.isFresh() ? 'fresh' : 'stale';
  }

  /** Whether a fetch ever succeeded. Without one, the value is from elsewhere. */
  get hasFetched(): boolean {
    return this.#succeeded > 0;
  }

  /** Why the last fetch failed; undefined if it did not. */
  get failure(): Unavailable | undefined {
    return this.#failure;
  }

  /** How many fetches failed, one after another. */
  get failures(): number {
    return this.#backOff.failures;
  }

  /** After a failure, until the next fetch may start; 0 when it may start now. */
  get retryAfterSeconds(): number {
    return this.#backOff.remainingSeconds(this.current() === undefined ? MAX_WAIT_WITHOUT_VALUE_SECONDS : undefined);
  }

  /** The last failure, while no fetch may start on account of it. */
  backingOff(): Unavailable | undefined {
    return this.#failure !== undefined && this.retryAfterSeconds > 0 ? this.#failure : undefined;
  }

  /** The fetch that is under way, unless its deadline lies far back. */
  get underWay(): Promise<Value | Unavailable> | undefined {
    return this.#isLost(this.#startedAt) ? undefined : this.#fetches.find('fetch');
  }

  /**
   * What callers should wait for: the fetch that is under way. If it was started after a failure, that failure: only
   * the one who started it waits, since the issuer may hang.
   */
  get pending(): MaybePromise<Value | Unavailable> | undefined {
    return this.underWay && (this.#retried ?? this.underWay);
  }

  /** Whether the value in use is past its age, or the last fetch failed, and a fetch may start. */
  isDue(now = this.#options.clock()): boolean {
    if (this.#failure === undefined && this.isFresh(now)) return false;
    return this.current(now) !== undefined && this.underWay === undefined && this.backingOff() === undefined;
  }

  /** Starts a fetch in the background when one is due, and returns it. */
  refreshIfDue(now?: number): Promise<Value | Unavailable> | undefined {
    return this.isDue(now) ? this.refresh(this.isFresh(now) ? 'retry' : 'age') : undefined;
  }

  /** Waits for what is pending, or for a new fetch; during a back-off returns the last failure at once. */
  load(): MaybePromise<Value | Unavailable> {
    return this.pending ?? this.backingOff() ?? this.refresh('empty');
  }

  /**
   * Starts a fetch, which others join from now on. It joins none itself: one that is under way may have been answered
   * before the change that the caller saw. Never rejects.
   */
  refresh(cause: RefreshCause): Promise<Value | Unavailable> {
    this.#retried = this.#failure;
    return this.#fetches.restart('fetch', () => this.#fetch(cause));
  }

  /** Begins with a value from elsewhere. While it is being made, callers wait for it; without one, the first fetch starts. */
  startWith(making: Promise<StoredValue<Value> | undefined>): void {
    this.#startedAt = this.#options.clock();
    const starting = this.#fetches.run('fetch', async () => {
      const stored = await making;

      // refresh() may have been faster.
      const newer = this.current();
      if (newer !== undefined) return newer;
      if (stored !== undefined) {
        this.#lastGood.store(stored);
        return stored.value;
      }

      const other = this.underWay;
      if (other !== starting && other !== undefined) return other;
      return this.backingOff() ?? this.refresh('empty');
    });
  }

  async #fetch(cause: RefreshCause): Promise<Value | Unavailable> {
    this.#started += 1;
    const number = this.#started;
    const startedAt = this.#options.clock();
    this.#startedAt = startedAt;

    try {
      const { value, maxAgeSeconds, order = number } = await this.#options.fetch(cause);
      if (order < this.#order) return this.#overtaken();
      this.#succeeded = Math.max(number, this.#succeeded);
      this.#order = order;
      return this.#store(value, maxAgeSeconds);
    } catch (error) {
      if (number < this.#succeeded) return this.#overtaken();
      return this.#isLost(startedAt) ? this.#fetchAgain(number) : this.#fail(error);
    }
  }

  #isLost(startedAt: number): boolean {
    return wasSuspended({ ...this.#options, startedAt });
  }

  /** Whoever waits for a fetch that was lost waits for the next one, which somebody may have started already. */
  #fetchAgain(lost: number): Promise<Value | Unavailable> {
    const newer = this.#started > lost ? this.underWay : undefined;
    return newer ?? this.refresh('retry');
  }

  #store(value: Value, maxAgeSeconds: number): Value {
    const { clock, staleIfErrorSeconds, onSuccess } = this.#options;
    onSuccess?.(value);
    this.#lastGood.store({ value, fetchedAt: clock(), maxAgeSeconds, staleIfErrorSeconds });
    this.#failure = undefined;
    this.#backOff.reset();
    return value;
  }

  #fail(cause: unknown): Unavailable {
    const failure = new Unavailable(cause);
    this.#failure = failure;
    this.#backOff.fail();
    this.#options.onFailure?.(cause);
    return failure;
  }

  /** A later fetch was faster, so its outcome counts. */
  #overtaken(): Value | Unavailable {
    return this.current() ?? this.#failure ?? new Unavailable(new Error('a later fetch has overtaken it'));
  }
}
