import type { Source } from './durations.js';

/** What an issuer can be asked for. */
export type Document = 'metadata' | 'jwks' | 'introspection';
export const DOCUMENTS: readonly Document[] = ['metadata', 'jwks', 'introspection'];

/** A time: milliseconds since the epoch. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** A good answer of the issuer. All times are milliseconds since the epoch. */
export interface Served {
  readonly server: string;
  readonly source: Source;
  readonly document: Document;
  readonly requestedAt: number;
  readonly finishedAt: number;
  /** The keys that it named. */
  readonly kids?: ReadonlySet<string>;
  /** The token that it was about, and what it said of it. */
  readonly token?: string;
  readonly active?: boolean;
}

/** A time in which the issuer failed. */
export interface Trouble {
  readonly from: number;
  to: number;
  readonly documents: readonly Document[];
  /** A status after which an endpoint is looked for anew: the issuer may have moved. */
  readonly mayHaveMoved: boolean;
}

export interface PublishedKey {
  readonly publishedAt: number;
  withdrawnAt: number;
}

/** All that an oracle may know of a world: what the issuer did, and when. */
export interface History {
  readonly served: readonly Served[];
  readonly troubles: readonly Trouble[];
  readonly keys: ReadonlyMap<string, PublishedKey>;
  /** When the key set moved to another place. */
  readonly moves: readonly number[];
  /** When opaque tokens ceased to be active. */
  readonly revocations: ReadonlyMap<string, number>;
  /** What the clocks of the servers are ahead of the issuer's: milliseconds, negative for behind. */
  readonly clockAheadMs: number;
  /** What everything may take besides what the documents promise: milliseconds. */
  readonly slackMs: number;
  /** When the machine was late with what no guard and no issuer delays. */
  readonly lateTimes: readonly Window[];
}

export type TokenClass =
  | 'known'
  | 'new'
  | 'withdrawn'
  | 'expired'
  | 'audience'
  | 'signature'
  | 'made-up'
  | 'made-up-old'
  | 'scope'
  | 'garbage'
  | 'inactive'
  | 'revoked'
  | 'none'
  | 'two-words'
  | 'open';

/** A request, what its token says, and the answer. Seconds are since the epoch, as in tokens. */
export interface Asked {
  readonly server: string;
  readonly source: Source;
  readonly class: TokenClass;
  readonly kid?: string;
  readonly token?: string;
  readonly issuedAt?: number;
  readonly expiresAt?: number;
  readonly sentAt: number;
  answeredAt: number;
  answer: Answer;
}

/** What a client can tell of an answer: the rows of docs/http.md. */
export type Answer =
  | 'ok'
  | 'missing'
  | 'invalid_request'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'unavailable'
  | `other: ${string}`;
