import type { MaybePromise } from '../platform/maybe-promise.js';
import type { Algorithm } from '../protocol/algorithm.js';
import { quoteUntrusted, Refusal } from '../protocol/refusal.js';
import type { KeySet } from './key-set.js';
import type { VerificationKey } from './verification-key.js';

/** What is asked for: the key that a token's header names. */
export interface KeyQuery {
  readonly kid: string | undefined;
  readonly algorithm: Algorithm;
  /** Tells, before a fetch is spent on an unknown `kid`, whether the token could be accepted at all. */
  isPlausible(): boolean;
}

/** Where the keys of one issuer come from. */
export interface KeySource {
  /** Gives one key or two to try, or why there is none. */
  find(query: KeyQuery): MaybePromise<readonly VerificationKey[] | Refusal>;
  /** Tells whether the issuer still vouches for this key. Sets a refresh going when one is due. */
  holds(key: VerificationKey): boolean;
  /** Has keys at hand when it settles, or gives why not. */
  ready(): MaybePromise<Refusal | undefined>;
  /** Asks the issuer anew, or gives why that failed. */
  refresh(): MaybePromise<Refusal | undefined>;
  status(): KeySourceStatus;
  close(): void;
}

/** How the keys of one issuer are doing. */
export interface KeySourceStatus {
  /**
   * `empty`: not fetched yet, or nothing good at hand. `fresh`: younger than `maxAgeSeconds`. `stale`: older,
   * and still in use. `static`: given in the options.
   */
  readonly state: 'empty' | 'fresh' | 'stale' | 'static';
  readonly keys: readonly { readonly kid: string | undefined; readonly algorithms: readonly Algorithm[] }[];
  /** Members of the key set that cannot be used, and why. */
  readonly skippedKeys: readonly { readonly index: number; readonly why: string }[];
  /** Since the last successful fetch. */
  readonly ageSeconds: number | undefined;
  /** Fetches of the key set, whatever came of them. */
  readonly fetches: number;
  /** Why the last fetch failed; undefined when it did not. */
  readonly lastError: string | undefined;
  /** While fetches fail: when the next one may start. */
  readonly nextAttemptInSeconds: number | undefined;
}

/** Refuses a token whose key the issuer does not have. */
export function refuseUnknown({ kid, algorithm }: KeyQuery): Refusal {
  return new Refusal('unknown_key', `kid ${quoteUntrusted(kid)}, alg ${algorithm}`);
}

/** Lists keys as a status shows them. */
export function describeKeys(set: KeySet | undefined): Pick<KeySourceStatus, 'keys' | 'skippedKeys'> {
  return {
    keys: (set?.keys ?? []).map(({ kid, algorithms }) => ({ kid, algorithms })),
    skippedKeys: set?.skipped ?? [],
  };
}

/** The limits of a key source, from the option `keys`, with every default filled in. */
export interface KeyLimits {
  readonly maxAgeSeconds: number;
  readonly staleIfErrorSeconds: number;
  readonly fetchTimeoutSeconds: number;
  readonly maxResponseBytes: number;
  readonly refetchBurst: number;
  readonly refetchEverySeconds: number;
}
