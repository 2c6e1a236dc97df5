/** Returns milliseconds since the epoch, as `Date.now` does. */
export type Clock = () => number;

/** The time during which something is valid, in milliseconds since the epoch. */
export interface Period {
  readonly at: number;
  readonly validUntil: number;
}

/** False before `at` too: the clock was set back then, so the age is unknown. */
export function isWithin({ at, validUntil }: Period, now: number): boolean {
  return now >= at && now < validUntil;
}

/** The time of the system. `Date.now` is looked up when it is called, since fake timers may replace it. */
export const systemClock: Clock = () => Date.now();
