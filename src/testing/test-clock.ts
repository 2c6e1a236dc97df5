import { ConfigurationError } from '../options/configuration-error.js';
import { describeValue } from '../options/describe-value.js';

/** A clock that stands still until it is moved. */
export class TestClock {
  #now: number;

  constructor(startAt: number) {
    this.#now = startAt;
  }

  /** Milliseconds since the epoch. Bound, so that it can be handed over as an option. */
  readonly now = (): number => this.#now;

  /** Moves the clock; a negative number sets it back. */
  advance(seconds: number): void {
    if (!Number.isFinite(seconds)) {
      throw new ConfigurationError('seconds', `is ${describeValue(seconds)}.`, 'Give a number of seconds.');
    }
    this.#now += seconds * 1000;
  }
}
