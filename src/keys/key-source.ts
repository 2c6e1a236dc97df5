import type { SignatureAlgorithm } from '../jws/algorithm.js';
import type { Jwk } from '../jws/jwk.js';
import type { VerificationKey } from '../jws/verification-key.js';
import type { MaybePromise } from '../platform/maybe-promise.js';
import { escapeControls, quoteUntrusted, Refusal } from '../protocol/refusal.js';
import type { KeySelector, KeySet } from './key-set.js';

/** The key that the header of a token names. */
export interface KeyQuery extends KeySelector {
  /** The `iat` of the token, in seconds, which nobody has verified yet. */
  readonly issuedAt?: number | undefined;
  /** The text of the token. */
  readonly text?: string;
  /** Whether the token could be accepted at all. Evaluated before a fetch is spent on an unknown `kid`. */
  isPlausible(): boolean;
}

/** Where the keys of one issuer come from. */
export interface KeySource {
  /**
   * Finds one key or two to try, or gives why there is none. Starts a refresh in the background when one is due. It may wait for
   * two fetches in turn: the deadline of the request is the caller's.
   */
  find(query: KeyQuery): MaybePromise<readonly VerificationKey[] | Refusal>;
  /** Whether `find` would still give this key for such a token. `now` is in milliseconds since the epoch. */
  stillHas(key: VerificationKey, selector: KeySelector, now: number): boolean;
  /**
   * Starts a refresh in the background when one is due. Called for each token that was verified before, since nobody
   * calls `find` for it: otherwise a server that sees the same tokens again and again would never fetch.
   */
  refreshIfDue(now: number): void;
  /** Fetches keys unless there are some; gives why that failed. */
  ready(): MaybePromise<Refusal | undefined>;
  /** Fetches keys now, or gives why that failed. */
  refresh(): MaybePromise<Refusal | undefined>;
  status(): KeySourceStatus;
  /** What another process could start with; undefined if nothing is fetched, or nothing was. */
  snapshot(): KeySnapshot | undefined;
}

/** The key set of one issuer as plain data, public keys alone. */
export interface KeySnapshot {
  /** When it was fetched: milliseconds since the epoch. */
  readonly fetchedAt: number;
  /** From which age on the process that fetched it would have fetched it anew. Without it, that of the options. */
  readonly maxAgeSeconds?: number;
  readonly keys: readonly Jwk[];
}

/** The state of the keys of one issuer. */
export interface KeySourceStatus {
  /**
   * `empty`: nothing was fetched yet. `fresh`: younger than their maximum age. `stale`: older, and in use
   * until a refresh succeeds. `failing`: the last fetch failed; `keys` lists those that are still in use.
   * `static`: given in the options.
   */
  readonly state: 'empty' | 'fresh' | 'stale' | 'failing' | 'static';
  /** The keys in use. */
  readonly keys: readonly KeyStatus[];
  /** Members of the key set that cannot be used, and why. */
  readonly skippedKeys: readonly { readonly index: number; readonly why: string }[];
  /** Since the last successful fetch. */
  readonly ageSeconds: number | undefined;
  /** Fetches of each document, whatever came of them. */
  readonly fetches: { readonly metadata: number; readonly jwks: number };
  /**
   * What came from each place of the metadata when it was fetched last, in the order in which they were tried. `error`: why
   * that document is not used; undefined if it is. Empty if no metadata was fetched.
   */
  readonly metadata: readonly { readonly url: string; readonly error: string | undefined }[];
  /** Why the last fetch failed; undefined when it did not. */
  readonly lastError: string | undefined;
  /** While fetches fail: when the next one may start. */
  readonly nextAttemptInSeconds: number | undefined;
}

export interface KeyStatus {
  readonly kid: string | undefined;
  readonly algorithms: readonly SignatureAlgorithm[];
  /** Since the key was first seen. */
  readonly ageSeconds: number;
}

/** The keys that an issuer has, and where they are from. */
export interface KnownKeys {
  readonly set: Pick<KeySet, 'keys'> | undefined;
  readonly from: string | undefined;
}

// The detail of a refusal is one line of a log.
const MAX_KEYS_NAMED = 5;

/** Refuses a token whose key the issuer does not have. The detail names the keys that it has. */
export function refuseUnknown({ kid, algorithm }: KeyQuery, known?: KnownKeys): Refusal {
  const keys = known?.set?.keys ?? [];
  const names = keys.slice(0, MAX_KEYS_NAMED).map((key) => `${quoteUntrusted(key.kid)} (${key.algorithms.join(' ')})`);
  const more = keys.length > names.length ? ` and ${keys.length - names.length} more` : '';
  const from = known?.from === undefined ? '' : `, from ${escapeControls(known.from)}`;
  const having = names.length === 0 ? '' : `; known are ${names.join(', ')}${more}${from}`;
  return new Refusal('unknown_key', `kid ${quoteUntrusted(kid)}, alg ${algorithm}${having}`);
}

type KeyListing = Pick<KeySourceStatus, 'keys' | 'skippedKeys'>;

/** Lists keys as a status shows them. */
export function describeKeys(set: Pick<KeySet, 'keys' | 'skipped'> | undefined, now: number): KeyListing {
  const keys = (set?.keys ?? []).map(({ kid, algorithms, seenAt }) => {
    return {
      kid: kid && escapeControls(kid),
      algorithms: [...algorithms],
      ageSeconds: Math.max(0, now - seenAt) / 1000,
    };
  });
  return { keys, skippedKeys: (set?.skipped ?? []).map(({ index, why }) => ({ index, why })) };
}

/** The status of keys that are never fetched. */
export function describeStatic(listing: KeyListing): KeySourceStatus {
  return {
    state: 'static',
    ...listing,
    ageSeconds: undefined,
    fetches: { metadata: 0, jwks: 0 },
    metadata: [],
    lastError: undefined,
    nextAttemptInSeconds: undefined,
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
  readonly snapshotMaxAgeSeconds: number;
}
