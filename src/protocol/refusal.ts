/** The error codes that a challenge may carry (RFC 6750 §3.1). */
export type OAuthErrorCode = 'invalid_request' | 'invalid_token' | 'insufficient_scope';

/** A row of `REFUSALS`. */
export interface RefusalEntry {
  readonly status: 400 | 401 | 403 | 500 | 503;
  /** Absent if the request had no credentials (RFC 6750 §3.1), or if the client is not at fault. */
  readonly error?: OAuthErrorCode;
  /** The text for the client: fixed, in the character set of RFC 6750 §3. */
  readonly description: string;
  /** The text for the operator: the usual cause, and what to do. Never sent. */
  readonly help: string;
}

/**
 * Every reason for a refusal. Errors, HTTP answers, documentation and tests read this table alone.
 */
export const REFUSALS = {
  token_missing: {
    status: 401,
    description: 'Send an access token in the Authorization header, with the Bearer scheme.',
    help: 'The request carried no Authorization header, an empty one, or one of another scheme such as Basic.',
  },

  bearer_malformed: {
    status: 400,
    error: 'invalid_request',
    description: 'The request does not hold exactly one well-formed bearer token.',
    help: 'After Bearer and one or more spaces exactly one token must follow, in the characters that RFC 6750 §2.1 allows: no tab, comma, quote or second word.',
  },
  authorization_repeated: {
    status: 400,
    error: 'invalid_request',
    description: 'The request has more than one Authorization header.',
    help: 'Servers and proxies differ in which of two headers they keep, so neither is used. Look for a proxy or client that adds a second one.',
  },
  multiple_tokens: {
    status: 400,
    error: 'invalid_request',
    description: 'The request carries access tokens in more than one place.',
    help: 'RFC 6750 §2: a request carries its token once. An access_token in the query or form counts even where only the header is read.',
  },

  token_too_large: {
    status: 401,
    error: 'invalid_token',
    description: 'The access token is larger than this server accepts.',
    help: 'The token is longer than maxTokenBytes. Ask the issuer for fewer claims, or raise the option.',
  },
  token_opaque: {
    status: 401,
    error: 'invalid_token',
    description: 'The access token is not a JSON Web Token.',
    help: 'The token has no dots, so it is an opaque one, and no issuer has the option introspection, which such tokens need. Many providers issue a JWT once the client asks for an audience or resource.',
  },
  token_encrypted: {
    status: 401,
    error: 'invalid_token',
    description: 'Encrypted access tokens are not accepted.',
    help: 'The token has five parts, so it is a JWE. Switch encryption of access tokens off at the issuer.',
  },
  token_malformed: {
    status: 401,
    error: 'invalid_token',
    description: 'The access token is malformed.',
    help: 'The token is no compact JWS in canonical base64url with JSON objects free of duplicate members (RFC 7515 §5.2, RFC 8725 §3.7). The detail says which part.',
  },
  critical_header_unsupported: {
    status: 401,
    error: 'invalid_token',
    description: 'The access token demands an extension that this server does not support.',
    help: 'The header has a crit or b64 member (RFC 7515 §4.1.11, RFC 7797); no extension is supported.',
  },
  algorithm_not_allowed: {
    status: 401,
    error: 'invalid_token',
    description: 'The access token is signed with an algorithm that is not accepted.',
    help: 'The alg of the token is not among the algorithms option of the verifier or of the issuer.',
  },
  token_type_not_allowed: {
    status: 401,
    error: 'invalid_token',
    description: 'The token is not an access token.',
    help: 'The token bears the mark of another kind: an ID token, a refresh token, a logout token, a proof. Send the access_token of the token response. If the issuer makes access tokens that look so, set dangerouslyAcceptAnyTokenKind on it.',
  },
  issuer_not_trusted: {
    status: 401,
    error: 'invalid_token',
    description: 'The access token comes from an issuer that is not trusted.',
    help: 'The iss claim must equal the issuer option to the letter: a trailing slash or another case makes it another issuer.',
  },
  kid_missing: {
    status: 401,
    error: 'invalid_token',
    description: 'The access token does not name the key that it is signed with.',
    help: 'The header has no kid, and requireKid is set.',
  },
  unknown_key: {
    status: 401,
    error: 'invalid_token',
    description: 'The access token is signed with a key that is not known.',
    help: 'The key set of the issuer has no usable key with the kid and alg of the token. The key may have been withdrawn, or the token may come from another environment of the same issuer.',
  },
  signature_invalid: {
    status: 401,
    error: 'invalid_token',
    description: 'The signature of the access token is not valid.',
    help: 'The token was changed on its way, or was signed by somebody else.',
  },
  claim_missing: {
    status: 401,
    error: 'invalid_token',
    description: 'The access token lacks a claim that is required.',
    help: 'The detail names the claim. exp and iss are always required; profile rfc9068 and maxTokenAgeSeconds require more.',
  },
  claim_malformed: {
    status: 401,
    error: 'invalid_token',
    description: 'The access token has a claim of the wrong form.',
    help: 'The detail names the claim. Types are those of RFC 7519 §4.1, RFC 9068 §2.2 and RFC 6749 §3.3.',
  },
  token_expired: {
    status: 401,
    error: 'invalid_token',
    description: 'The access token expired.',
    help: 'exp lies in the past by more than clockToleranceSeconds. The client has to get a new token. Where introspection called the token active, exp may be in local time, or that of the ID token: see introspection.ignoreExp.',
  },
  token_not_yet_valid: {
    status: 401,
    error: 'invalid_token',
    description: 'The access token is not valid yet.',
    help: 'nbf lies in the future by more than clockToleranceSeconds, or iat by more than 60 seconds. Compare the clocks of issuer and server.',
  },
  token_too_old: {
    status: 401,
    error: 'invalid_token',
    description: 'The access token was issued too long ago.',
    help: 'More than maxTokenAgeSeconds passed since iat.',
  },
  audience_mismatch: {
    status: 401,
    error: 'invalid_token',
    description: 'The access token is meant for another audience.',
    help: 'None of the aud values of the token equals an audience of this server or route. Ask the issuer for a token with the right audience or resource. Where its tokens or answers name no audience, or that of the client, set audience: false and clientIds on the issuer; a client id as the audience lets ID tokens in.',
  },
  client_not_allowed: {
    status: 401,
    error: 'invalid_token',
    description: 'The access token was issued to a client that is not accepted.',
    help: 'The client of the token (client_id, azp, cid or appid) is not among the clientIds option.',
  },
  token_inactive: {
    status: 401,
    error: 'invalid_token',
    description: 'The access token is not active.',
    help: 'The introspection endpoint of the issuer did not say active: true (RFC 7662 §2.2). The token is unknown to it, expired or revoked, or the endpoint does not tell this client about it. If every token is inactive, look at the credentials of this server and at its right to introspect: some servers answer active: false when they are wrong.',
  },
  binding_not_proven: {
    status: 401,
    error: 'invalid_token',
    description: 'The access token is bound to a key and cannot be used as a bearer token.',
    help: 'The token has a cnf claim (RFC 7800): whoever sends it must prove possession of a key, which the Bearer scheme does not.',
  },
  claims_rejected: {
    status: 401,
    error: 'invalid_token',
    description: 'The claims of the access token do not have the form that this server requires.',
    help: 'The claims schema found issues; the detail lists them.',
  },
  claims_schema_failed: {
    status: 401,
    error: 'invalid_token',
    description: 'The claims of the access token could not be validated.',
    help: 'The claims schema threw, or gave no object. The cause holds what it threw.',
  },
  scopes_source_failed: {
    status: 401,
    error: 'invalid_token',
    description: 'The scopes of the access token could not be read.',
    help: 'A function in scopesFrom threw, or gave something else than an array of strings. The cause holds what it threw.',
  },

  scope_insufficient: {
    status: 403,
    error: 'insufficient_scope',
    description: 'The access token lacks a scope that this resource requires.',
    help: 'The scope parameter of the challenge lists what the client should ask for. If no token has scopes, look whether the issuer puts them elsewhere (scopesFrom), or leaves them out until it is told.',
  },
  claim_rule_failed: {
    status: 403,
    error: 'insufficient_scope',
    description: 'The access token does not give access to this resource.',
    help: 'A claim(...) rule of the policy of the route was not met; the detail names the claim. More scopes would not help.',
  },
  claim_rule_threw: {
    status: 403,
    error: 'insufficient_scope',
    description: 'Access to this resource could not be granted.',
    help: 'A function given to claim(...).satisfies threw. The cause holds what it threw.',
  },

  userinfo_refused: {
    status: 403,
    error: 'insufficient_scope',
    description: 'The access token gives no access to information about a user.',
    help: 'The token stands for no user, or the UserInfo endpoint answered 403. The client has to ask for the scope openid, for a user. Trying again does not help.',
  },

  metadata_unavailable: {
    status: 503,
    description: 'The access token cannot be verified at the moment.',
    help: 'The metadata document of the issuer could not be fetched or used; the detail says why.',
  },
  keys_unavailable: {
    status: 503,
    description: 'The access token cannot be verified at the moment.',
    help: 'The key set of the issuer could not be fetched or used, and no keys good enough are cached; or the token is younger than the key set, and too many unknown keys were looked up lately. The detail says why.',
  },
  introspection_unavailable: {
    status: 503,
    description: 'The access token cannot be verified at the moment.',
    help: 'The introspection endpoint of the issuer could not be asked, or gave no answer that can be used; the detail says why. Wrong credentials of this server are a frequent cause; a clientSecret with characters that Basic has to encode is one: set authMethod: client_secret_post, since some servers do not decode it.',
  },
  secret_unavailable: {
    status: 503,
    description: 'The access token cannot be verified at the moment.',
    help: 'The function given as secret failed, and no secret good enough is kept. The cause holds what it threw.',
  },
  userinfo_unavailable: {
    status: 503,
    description: 'Information about the user cannot be had at the moment.',
    help: 'The UserInfo endpoint of the issuer could not be asked, or gave no answer that can be used; the detail says why.',
  },
  issuer_resolver_failed: {
    status: 503,
    description: 'The access token cannot be verified at the moment.',
    help: 'The issuer resolver threw, or gave options that are not valid. The cause holds what it threw.',
  },
  verifier_closed: {
    status: 503,
    description: 'The server is shutting down.',
    help: 'verifier.close() was called before this request.',
  },

  route_unguarded: {
    status: 500,
    description: 'The server is not ready to answer this request.',
    help: 'denyUnguarded is on, and a request came to a handler of a route before a guard or guard.public() had let it through. The detail names the route. Put the guard in front of every handler of it.',
  },
} as const satisfies Record<string, RefusalEntry>;

/** A machine-readable reason: a row of the table of refusals. */
export type RefusalReason = keyof typeof REFUSALS;

/** The details of a refusal. Only `scopes` and `retryAfterSeconds` reach a client. */
export interface RefusalContext {
  /** The scopes that would satisfy the policy of the route. */
  readonly scopes?: readonly string[];
  /** When to retry. */
  readonly retryAfterSeconds?: number;
  /** The error that a function of the user threw. */
  readonly cause?: unknown;
}

/**
 * The outcome of a rule that failed. A value, not an `Error`: a hostile request should not cost a stack trace.
 * `toError` maps it to an error.
 */
export class Refusal {
  readonly reason: RefusalReason;
  /** Expected and actual values, for the server's log. Untrusted text in it is quoted and cut. */
  readonly detail: string;
  readonly scopes: readonly string[] | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly cause: unknown;

  constructor(reason: RefusalReason, detail: string, context: RefusalContext = {}) {
    this.reason = reason;
    this.detail = detail;
    this.scopes = context.scopes;
    this.retryAfterSeconds = context.retryAfterSeconds;
    this.cause = context.cause;
  }

  get entry(): RefusalEntry {
    return REFUSALS[this.reason];
  }
}

// In characters: enough for an issuer or an audience, too little for a whole token.
const MAX_QUOTE_LENGTH = 100;

/**
 * Escapes what could break a line, steer a terminal, or turn the order of characters: control and format characters, line
 * separators, lone surrogates.
 */
export function escapeControls(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, toEscape);
}

/** Formats an untrusted value for a log line: as JSON in printable ASCII, cut to 100 characters. */
export function quoteUntrusted(value: unknown): string {
  const text = JSON.stringify(typeof value === 'string' ? value.slice(0, MAX_QUOTE_LENGTH) : value) ?? String(value);
  const printable = text.replace(/[^\x20-\x7e]/g, toEscape);
  return printable.length > MAX_QUOTE_LENGTH ? `${printable.slice(0, MAX_QUOTE_LENGTH)}...` : printable;
}

function toEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
