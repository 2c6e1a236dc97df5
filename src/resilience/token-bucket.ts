import type { Clock } from '../platform/clock.js';

/** Allows `burst` actions at once, and one more every `everySeconds`. */
export class TokenBucket {
  readonly #burst: number;
  readonly #everyMs: number;
  readonly #clock: Clock;
  #tokens: number;
  #filledAt: number;

  constructor(options: { burst: number; everySeconds: number; clock: Clock }) {
    this.#burst = options.burst;
    this.#everyMs = options.everySeconds * 1000;
    this.#clock = options.clock;
    this.#tokens = options.burst;
    this.#filledAt = options.clock();
  }

  /** Whether there is no token left. */
  get isEmpty(): boolean {
    this.#fill();
    return this.#tokens < 1;
  }

  /** Until there is a token; 0 if there is one now. */
  get secondsUntilNext(): number {
    return this.isEmpty ? (this.#filledAt + this.#everyMs - this.#clock()) / 1000 : 0;
  }

  /** Takes one token. False: there is none left. */
  take(): boolean {
    if (this.isEmpty) return false;
    this.#tokens -= 1;
    return true;
  }

  #fill(): void {
    const now = this.#clock();
    // A clock that was set back must not stop the bucket from filling for as long as it was set back.
    if (now < this.#filledAt) this.#filledAt = now;

    const gained = Math.floor((now - this.#filledAt) / this.#everyMs);
    if (gained === 0) return;
    this.#tokens = Math.min(this.#burst, this.#tokens + gained);
    this.#filledAt += gained * this.#everyMs;
  }
}
