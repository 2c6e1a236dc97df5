import type { RefusalReason } from '../../src/index.js';

/** When all of these tokens were issued: seconds since the epoch. */
export const ISSUED_AT = 1_800_000_000;
/** When all of these tokens expire. */
export const EXPIRES_AT = ISSUED_AT + 3600;

type Members = { readonly [name: string]: unknown };

/** The header and the claims of a token, without `alg`, `kid`, `iss`, `iat` and `exp`, which all of them have. */
export interface TokenShape {
  readonly header: Members;
  readonly claims: Members;
}

/** A token that is not an access token, though the same key signs it. */
export interface ForeignToken {
  readonly kind: string;
  readonly shape: TokenShape;
  /** What tells it from an access token; each member does so alone. */
  readonly marks: TokenShape;
}

/** What a provider really issues. Names and forms are the provider's, values are made up. */
export interface ProviderTokens {
  readonly provider: string;
  readonly issuer: string;
  /** What a server behind this provider configures. False where access tokens have no `aud`; the client is asked for then. */
  readonly audience: string | false;
  readonly access: TokenShape;
  /** What a handler has to see of the access token. */
  readonly seen: {
    readonly subject: string | undefined;
    readonly clientId: string | undefined;
    readonly scopes: readonly string[];
    readonly audience: readonly string[];
  };
  /** What `profile: 'rfc9068'` makes of the access token. */
  readonly rfc9068: RefusalReason | 'accepted';
  readonly foreign: readonly ForeignToken[];
}

/** A token of the type that says nothing. */
export function jwt(claims: Members, header: Members = { typ: 'JWT' }): TokenShape {
  return { header, claims };
}

/** A token whose header has no type. */
export function untyped(claims: Members): TokenShape {
  return { header: {}, claims };
}

export function atJwt(claims: Members): TokenShape {
  return { header: { typ: 'at+jwt' }, claims };
}

/** A foreign token whose marks are claims. */
export function foreign(kind: string, shape: TokenShape, marks: Members): ForeignToken {
  return { kind, shape: { ...shape, claims: { ...shape.claims, ...marks } }, marks: { header: {}, claims: marks } };
}

const LOGOUT_EVENT = { 'http://schemas.openid.net/event/backchannel-logout': {} };

/** A logout token (OpenID Connect Back-Channel Logout 1.0 §2.4), with the marks that a provider adds. */
export function logoutToken(claims: Members, typ: string, marks: Members = {}): ForeignToken {
  const all = { events: LOGOUT_EVENT, ...marks };
  const header = typ === 'JWT' ? {} : { typ };
  return {
    kind: 'logout token',
    shape: jwt({ jti: 'logout-1', sid: 'session-1', ...claims, ...all }, { typ }),
    marks: { header, claims: all },
  };
}

export const NONCE = 'n-0S6_WzA2Mj';
export const AT_HASH = '77QmUPtjPfzWtF2AnpK9RQ';
