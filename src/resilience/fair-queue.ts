import type { Source } from './circuit-breaker.js';

export interface FairQueueOptions {
  /** How many may run at a time. */
  readonly maxRunning: number;
  /** How many may wait in each of the two lines. */
  readonly maxWaiting: number;
}

interface Waiting {
  readonly source: Source;
  readonly settle: (hasPlace: boolean) => void;
}

// A source may take nine places in ten, unless it is not known. The others find one free, whatever those nine wait for.
const PLACES_FOR_OTHERS = 10;

/**
 * Bounds how many run at a time. Who has to wait is called by turns: one of each source, so that a source with many requests
 * holds up itself. Preferred ones have a line of their own, and get every second place at least while they wait.
 */
export class FairQueue {
  readonly #maxRunning: number;
  readonly #maxWaiting: number;
  readonly #running = new Map<Source, number>();
  readonly #preferred = new Line();
  readonly #others = new Line();
  #runningCount = 0;
  #lastWasPreferred = false;

  constructor({ maxRunning, maxWaiting }: FairQueueOptions) {
    this.#maxRunning = maxRunning;
    this.#maxWaiting = maxWaiting;
  }

  get waiting(): number {
    return this.#preferred.size + this.#others.size;
  }

  /**
   * Waits for a place, which `leave` gives back. False: no place was free for so many seconds, or another source needs the
   * room in the line more.
   */
  enter(source: Source, isPreferred: boolean, maxSeconds: number): Promise<boolean> {
    const line = isPreferred ? this.#preferred : this.#others;
    return new Promise((resolve) => {
      const giveUp = () => {
        line.remove(waiting);
        resolve(false);
      };
      const timer = setTimeout(giveUp, maxSeconds * 1000);
      timer.unref();

      const waiting: Waiting = {
        source,
        settle(hasPlace) {
          clearTimeout(timer);
          resolve(hasPlace);
        },
      };
      line.add(waiting);
      this.#fill();
      if (line.size > this.#maxWaiting) line.takeOfLongest().settle(false);
    });
  }

  leave(source: Source): void {
    this.#runningCount -= 1;
    const left = this.#runningOf(source) - 1;
    if (left > 0) this.#running.set(source, left);
    else this.#running.delete(source);
    this.#fill();
  }

  #fill(): void {
    while (this.#runningCount < this.#maxRunning) {
      const next = this.#takeNext();
      if (next === undefined) return;
      this.#runningCount += 1;
      this.#running.set(next.source, this.#runningOf(next.source) + 1);
      next.settle(true);
    }
  }

  #takeNext(): Waiting | undefined {
    const lines = this.#lastWasPreferred ? [this.#others, this.#preferred] : [this.#preferred, this.#others];
    for (const line of lines) {
      const next = line.takeNext((source) => source === undefined || this.#runningOf(source) < this.#maxOfSource);
      if (next === undefined) continue;
      this.#lastWasPreferred = line === this.#preferred;
      return next;
    }
    return undefined;
  }

  get #maxOfSource(): number {
    return this.#maxRunning - Math.floor(this.#maxRunning / PLACES_FOR_OTHERS);
  }

  #runningOf(source: Source): number {
    return this.#running.get(source) ?? 0;
  }
}

/** Those who wait, by source. The source whose turn it is comes first. */
class Line {
  readonly #bySource = new Map<Source, Set<Waiting>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(waiting: Waiting): void {
    const ofSource = this.#bySource.get(waiting.source) ?? new Set();
    this.#bySource.set(waiting.source, ofSource.add(waiting));
    this.#size += 1;
  }

  remove(waiting: Waiting): void {
    const ofSource = this.#bySource.get(waiting.source) as Set<Waiting>;
    ofSource.delete(waiting);
    this.#size -= 1;
    if (ofSource.size === 0) this.#bySource.delete(waiting.source);
  }

  /** Takes the first one of the first source that may have a place. It is the turn of that source again after all others. */
  takeNext(mayStart: (source: Source) => boolean): Waiting | undefined {
    for (const [source, ofSource] of this.#bySource) {
      if (!mayStart(source)) continue;
      this.#bySource.delete(source);
      this.#bySource.set(source, ofSource);
      return this.#takeFirst(ofSource);
    }
    return undefined;
  }

  /** Takes the one that has waited longest, of the source with the most. */
  takeOfLongest(): Waiting {
    const [first, ...others] = this.#bySource.values();
    const longest = others.reduce((most, next) => (next.size > most.size ? next : most), first as Set<Waiting>);
    return this.#takeFirst(longest);
  }

  #takeFirst(ofSource: Set<Waiting>): Waiting {
    const [first] = ofSource as unknown as readonly [Waiting];
    this.remove(first);
    return first;
  }
}
