import type { Clock } from '../platform/clock.js';

// A deadline is kept to some milliseconds, unless the whole process stood still.
const SLACK_SECONDS = 1;

/**
 * Whether something that ends within `timeoutSeconds` by itself began so long ago that the process must have been suspended
 * meanwhile. `startedAt` is in milliseconds since the epoch.
 */
export function wasSuspended(options: {
  readonly clock: Clock;
  readonly startedAt: number;
  readonly timeoutSeconds: number;
}): boolean {
  return options.clock() - options.startedAt > (options.timeoutSeconds + SLACK_SECONDS) * 1000;
}
