import type { Clock } from '../platform/clock.js';
import { BackOff, LIMITS_WITHOUT_VALUE } from './back-off.js';

/** Where a request comes from; undefined where that is not known. */
export type Source = string | undefined;

/** A request that is sent to the other side. */
export interface Attempt {
  readonly source: Source;
  readonly number: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

// Clients choose what is sent for them, and it may be what makes the other side hang up: failures of one or two sources
// say little about the requests of others.
const SOURCES_OF_AN_OUTAGE = 3;
// A side that answered a moment ago is there.
const ANSWERED_LATELY_MS = 1000;

/**
 * Holds requests back while the other side gives no answer, so that they are refused at once and need not wait for it. After
 * a failure one request tries at a time; after a second one there are waits between them too: one second at most, doubled
 * each time, five at most, counted from the start of the attempt. One source that fails holds back its own requests, three
 * sources hold back those of all. Any answer ends it.
 */
export class CircuitBreaker {
  readonly #clock: Clock;
  readonly #backOff: BackOff;
  readonly #failedSources = new Set<Source>();
  #failures = 0;
  #started = 0;
  /** Attempts up to this one started before the last failure, and say no more than it. */
  #countedUpTo = 0;
  #probe: Attempt | undefined;
  #answeredAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#backOff = new BackOff(clock, LIMITS_WITHOUT_VALUE);
  }

  /** Until a request of this source may be sent; 0 when it may be now. */
  retryAfterSeconds(source: Source): number {
    if (!this.#holdsBack(source)) return 0;
    const remaining = this.#backOff.remainingSeconds();
    return this.#probe === undefined ? remaining : Math.max(1, remaining);
  }

  /** Starts an attempt. End it with `end`, whatever came of it. */
  start(source: Source): Attempt {
    this.#started += 1;
    const attempt = { source, number: this.#started, startedAt: this.#clock() };
    if (this.#holdsBack(source)) this.#probe = attempt;
    return attempt;
  }

  end(attempt: Attempt): void {
    if (this.#probe === attempt) this.#probe = undefined;
  }

  /** The other side answered, whatever it said. */
  answered(): void {
    this.#answeredAt = this.#clock();
    this.#failedSources.clear();
    this.#failures = 0;
    this.#backOff.reset();
    this.#probe = undefined;
  }

  /** An attempt got no answer. */
  failed(attempt: Attempt): void {
    const { source, number, startedAt } = attempt;
    this.end(attempt);
    if (this.#answeredSince(startedAt)) return;
    if (this.#failedSources.size < SOURCES_OF_AN_OUTAGE) this.#failedSources.add(source);
    if (number <= this.#countedUpTo) return;

    this.#countedUpTo = this.#started;
    this.#failures += 1;
    if (this.#failures > 1) this.#backOff.fail(startedAt);
  }

  #holdsBack(source: Source): boolean {
    return this.#failedSources.size >= SOURCES_OF_AN_OUTAGE || this.#failedSources.has(source);
  }

  /** Whether an answer came while an attempt was under way, or a moment ago. If the clock was set back, nobody can tell. */
  #answeredSince(startedAt: number): boolean {
    const sinceAnswer = this.#clock() - this.#answeredAt;
    return sinceAnswer >= 0 && (this.#answeredAt > startedAt || sinceAnswer < ANSWERED_LATELY_MS);
  }
}
