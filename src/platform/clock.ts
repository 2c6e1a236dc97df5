/** Gives milliseconds since the epoch, as `Date.now` does. */
export type Clock = () => number;

/** From when to when something is valid: milliseconds since the epoch. */
export interface Period {
  readonly at: number;
  readonly validUntil: number;
}

/** A time before `at` means that the clock was set back: the age is not known, so the period counts as over. */
export function isWithin({ at, validUntil }: Period, now: number): boolean {
  return now >= at && now < validUntil;
}
