/**
 * The registered claims of an access token, as on the wire. Types are what the RFCs promise; only those
 * that scopegate uses are checked at run time, which is why the others are `unknown`.
 *
 * @see RFC 7519 §4.1, RFC 9068 §2.2
 */
export interface RegisteredClaims {
  /** An introspection answer may leave it out: `issuer` of the access token is always there. */
  readonly iss?: string;
  /**
   * Seconds since the epoch; may have a fraction. An introspection answer may leave it out: `expiresAt` of the access
   * token is always there.
   */
  readonly exp?: number;
  readonly sub?: string;
  readonly aud?: string | readonly string[];
  readonly nbf?: number;
  readonly iat?: number;
  readonly jti?: string;
  readonly client_id?: string;
  readonly scope?: unknown;
  readonly scp?: unknown;
}

/** The claims of a verified token when no schema was given: registered ones typed, all others `unknown`. */
export type UntypedClaims = RegisteredClaims & { readonly [name: string]: unknown };

/** The token's own claims with the output of a schema laid over them. */
export type ClaimsOf<Output> = Readonly<Output> &
  Omit<RegisteredClaims, NamedKeys<Output>> & { readonly [name: string]: unknown };

/** The members that a type names. A loose schema gives out an index signature, which would swallow all names. */
type NamedKeys<T> = keyof { [K in keyof T as string extends K ? never : K]: T[K] };
