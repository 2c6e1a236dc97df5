import type { UntypedClaims } from './claims.js';

/**
 * A verified access token: `req.auth` of a handler. Frozen. Enumeration, `util.inspect`, `console.log` and
 * `JSON.stringify` do not show its `token`.
 */
export interface AccessToken<Claims = UntypedClaims> {
  /** The token string itself, for calls on behalf of the client. */
  readonly token: string;
  /** The claims of the token, merged with the output of the `claims` schema. */
  readonly claims: Claims;
  /** The `iss` claim. */
  readonly issuer: string;
  /** The `sub` claim. Equal to `clientId` at some providers when no user is involved. */
  readonly subject: string | undefined;
  /** The client that the token was issued to: `client_id`, else `azp`, `cid` or `appid`. */
  readonly clientId: string | undefined;
  /** The scopes granted. */
  readonly scopes: readonly string[];
  /** The `aud` claim, always as an array. */
  readonly audience: readonly string[];
  /** The `exp` claim: seconds since the epoch. For an introspected token without it: when the token is introspected again. */
  readonly expiresAt: number;
}

class VerifiedAccessToken implements AccessToken<unknown> {
  readonly #token: string;
  readonly #origin: object | undefined;
  readonly claims: unknown;
  readonly issuer: string;
  readonly subject: string | undefined;
  readonly clientId: string | undefined;
  readonly scopes: readonly string[];
  readonly audience: readonly string[];
  readonly expiresAt: number;

  constructor(fields: AccessToken<unknown>, origin: object | undefined) {
    this.#token = fields.token;
    this.#origin = origin;
    this.claims = fields.claims;
    this.issuer = fields.issuer;
    this.subject = fields.subject;
    this.clientId = fields.clientId;
    this.scopes = fields.scopes;
    this.audience = fields.audience;
    this.expiresAt = fields.expiresAt;
    Object.freeze(this);
  }

  get token(): string {
    return this.#token;
  }

  static is(value: unknown): value is VerifiedAccessToken {
    return typeof value === 'object' && value !== null && #token in value;
  }

  static isFrom(value: unknown, origin: object): boolean {
    return VerifiedAccessToken.is(value) && value.#origin === origin;
  }
}

// `util.inspect` with `getters: true` calls the getters of classes, but not those of plain objects.
Object.defineProperty(VerifiedAccessToken.prototype, 'constructor', { value: Object });
// A member that a handler adds to the prototype would appear on the token of every request.
Object.freeze(VerifiedAccessToken.prototype);

/** Creates the frozen value of `req.auth`. `isAccessTokenFrom` compares `origin`. */
export function createAccessToken<Claims>(fields: AccessToken<Claims>, origin?: object): AccessToken<Claims> {
  return new VerifiedAccessToken(fields, origin) as AccessToken<Claims>;
}

/** Returns whether `createAccessToken` created a value. An object of the same form does not pass. */
export function isAccessToken(value: unknown): value is AccessToken {
  return VerifiedAccessToken.is(value);
}

/** Returns whether `createAccessToken` created a value for this origin. */
export function isAccessTokenFrom(value: unknown, origin: object): boolean {
  return VerifiedAccessToken.isFrom(value, origin);
}
