import type { Policy } from '../../policy/policy.js';

/** What a middleware of a guard stands for, so that routes can be listed. */
export interface GuardMetadata {
  readonly access: 'guarded' | 'optional' | 'public';
  readonly policy: Policy | undefined;
  readonly audience: readonly string[] | false;
  /** Whether the handlers that it guards were given to it. */
  readonly hasHandlers: boolean;
}

// Registered: the command line lists the routes of an app that may have another copy of this package.
const GUARDED = Symbol.for('scopegate.guarded');

/** Writes on a middleware what it stands for. */
export function markGuarded<T extends object>(middleware: T, guarded: GuardMetadata): T {
  return Object.defineProperty(middleware, GUARDED, { value: Object.freeze(guarded) });
}

/** Reads what a middleware stands for; undefined for one that no guard made. */
export function guardMetadataOf(middleware: unknown): GuardMetadata | undefined {
  return typeof middleware === 'function' ? (middleware as { [GUARDED]?: GuardMetadata })[GUARDED] : undefined;
}
