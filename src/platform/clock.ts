/** Gives milliseconds since the epoch, as `Date.now` does. */
export type Clock = () => number;
