/**
 * The registered claims of an access token, as on the wire. Types are those of the RFCs. scopegate checks the claims
 * that it uses; the others are `unknown`.
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
  /** No rule looks at it, so that its form is not checked. */
  readonly jti?: unknown;
  readonly client_id?: string;
  readonly scope?: unknown;
  readonly scp?: unknown;
}

/** The claims of a verified token when no schema was given: registered ones typed, all others `unknown`. */
export type UntypedClaims = RegisteredClaims & { readonly [name: string]: unknown };

/** The claims of the token, merged with the output of a schema. */
export type ClaimsOf<Output> = Readonly<Output> &
  Omit<RegisteredClaims, NamedKeys<Output>> & { readonly [name: string]: unknown };

/** The named members of a type, without the index signature of a loose schema, which would match every name. */
type NamedKeys<T> = keyof { [K in keyof T as string extends K ? never : K]: T[K] };
