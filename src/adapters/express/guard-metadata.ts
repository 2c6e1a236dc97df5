import type { Policy } from '../../policy/policy.js';

/** What a middleware of a guard stands for, so that routes can be listed. */
export interface GuardMetadata {
  readonly access: 'guarded' | 'optional' | 'public';
  readonly policy: Policy | undefined;
  readonly audience: readonly string[] | false;
  /** Issuers whose tokens are held to no audience. `unknown`: a function finds the issuers. */
  readonly issuersWithoutAudience: readonly string[] | 'all' | 'unknown';
  /** Whether the handlers that it guards were given to it. */
  readonly hasHandlers: boolean;
}

// One name in every copy of this package: the command line lists the routes of an app that may have another. And a name
// that can be listed: what wraps handlers (tracing, promises on Express 4) carries such members over.
const GUARDED = 'scopegate.guarded';
const PASSED = Symbol.for('scopegate.passed');

/** Writes on a middleware what it stands for. */
export function markGuarded<T extends object>(middleware: T, guarded: GuardMetadata): T {
  return Object.defineProperty(middleware, GUARDED, { value: Object.freeze(guarded), enumerable: true });
}

/** Reads what a middleware stands for; undefined for one that no guard made. */
export function guardMetadataOf(middleware: unknown): GuardMetadata | undefined {
  return typeof middleware === 'function' ? (middleware as { [GUARDED]?: GuardMetadata })[GUARDED] : undefined;
}

/** Writes on a request that a guard let it through, or `guard.public()`. */
export function markPassed(req: object): void {
  (req as { [PASSED]?: true })[PASSED] = true;
}

/** Tells whether a guard let a request through. */
export function hasPassed(req: object): boolean {
  return (req as { [PASSED]?: true })[PASSED] === true;
}
