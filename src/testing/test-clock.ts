import { ConfigurationError } from '../options/configuration-error.js';
import { describeValue } from '../options/describe-value.js';

/** A clock that only `advance` moves. */
export class TestClock {
  #now: number;

  constructor(startAt: number) {
    this.#now = startAt;
  }

  /** Milliseconds since the epoch. Bound, so that it works as an option. */
  readonly now = (): number => this.#now;

  /** Moves the clock; a negative number moves it back. */
  advance(seconds: number): void {
    if (!Number.isFinite(seconds)) {
      throw new ConfigurationError('seconds', `is ${describeValue(seconds)}.`, 'Give a number of seconds.');
    }
    this.#now += seconds * 1000;
  }
}
