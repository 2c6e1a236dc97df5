import type { Policy } from '../../policy/policy.js';

/** The access rules of a middleware, so that routes can be listed. */
export interface GuardMetadata {
  readonly access: 'guarded' | 'optional' | 'public';
  readonly policy: Policy | undefined;
  readonly audience: readonly string[] | false;
  /** Issuers whose tokens need no audience. `unknown`: a function finds the issuers. */
  readonly issuersWithoutAudience: readonly string[] | 'all' | 'unknown';
  /** Whether the middleware runs handlers itself. */
  readonly hasHandlers: boolean;
}

// A string, which is the same in every copy of this package: the command line may list an app with another copy. The
// member is enumerable: packages that wrap handlers (tracing, promises on Express 4) copy such members.
const GUARDED = 'scopegate.guarded';
const PASSED = Symbol.for('scopegate.passed');

/** Stores the metadata of a guard on its middleware. */
export function markGuarded<T extends object>(middleware: T, metadata: GuardMetadata): T {
  return Object.defineProperty(middleware, GUARDED, { value: Object.freeze(metadata), enumerable: true });
}

/** Returns the metadata of a middleware; undefined if no guard created it. */
export function guardMetadataOf(middleware: unknown): GuardMetadata | undefined {
  return typeof middleware === 'function' ? (middleware as { [GUARDED]?: GuardMetadata })[GUARDED] : undefined;
}

/** Stores on a request that a guard or `guard.public()` accepted it. */
export function markPassed(req: object): void {
  (req as { [PASSED]?: true })[PASSED] = true;
}

/** Returns whether a guard accepted a request. */
export function hasPassed(req: object): boolean {
  return (req as { [PASSED]?: true })[PASSED] === true;
}
