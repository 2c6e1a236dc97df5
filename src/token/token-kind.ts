import type { Profile } from '../issuer/shared-rules.js';
import type { JsonObject } from '../protocol/json-object.js';
import { quoteUntrusted, Refusal } from '../protocol/refusal.js';

// RFC 9068 §2.1; "application/" may be left out (RFC 7515 §4.1.9). Types are compared without case.
const ACCESS_TOKEN_TYPE = /^(?:application\/)?at\+jwt$/i;
const GENERIC_TYPE = /^(?:application\/)?jwt$/i;

// RFC 9068 §2.2. iss and exp are required of every token, aud by the audience rule.
const RFC_9068_CLAIMS = ['aud', 'sub', 'client_id', 'iat', 'jti'];

/** Claims that name the kind of a token, and their values in access tokens. Any other value is refused. */
const KIND_CLAIMS: Readonly<Record<string, readonly string[]>> = {
  // Cognito: access, id or refresh.
  token_use: ['access'],
  // Keycloak: Bearer or DPoP, ID, Refresh, Offline, Logout. Guardian: access, refresh.
  typ: ['Bearer', 'DPoP', 'access'],
};

// Claims that name the kind of a token at some issuers and mean anything at others. In this order: Simple JWT and
// OpenAM, OpenAM, Casdoor, Flask-JWT-Extended, Curity.
const LOOSE_KIND_CLAIMS = ['token_type', 'tokenName', 'tokenType', 'type', 'purpose'];
// Tokens that are made for one step are JWTs at some servers, signed with the same key: authorization codes, invitations.
const FOREIGN_KIND =
  /^(?:refresh|id|identity|logout|offline|code|(?:auth|authorization|device)[-_ ]?code|(?:password[-_ ]?)?reset|(?:email[-_ ]?)?verification|activation|invite|invitation|magic[-_ ]?link|mfa|state)(?:[-_ ]?token)?$/i;
const ACCESS_KIND = /^access[-_ ]?token$/i;

// OpenID Connect Core §2, §3.3.2.11: hashes that bind an ID token to the code or token beside it.
const ID_TOKEN_CLAIMS = ['at_hash', 'c_hash', 's_hash'];

// OpenID Connect Core §2: how the person logged in. Access tokens have these beside a client, a scope or a role.
const LOGIN_CLAIMS = ['auth_time', 'amr', 'acr'];

// RFC 8417 §2.2: security event tokens, logout tokens among them. RFC 9701 §5. UAA: the scopes of refresh tokens.
const FOREIGN_CLAIMS = ['events', 'token_introspection', 'granted_scopes'];

// Claims of an access token whose audience is the client itself: Entra, LemonLDAP::NG, authentik (uid).
const GRANT_CLAIMS = ['scope', 'scp', 'client_id', 'cid', 'roles', 'permissions', 'azpacr', 'uid'];
const ROLE_CLAIMS = ['role', 'realm_access', 'resource_access'];

// Entra v2, Entra v1, and other issuers.
const CLIENT_CLAIMS = ['azp', 'appid', 'client_id', 'cid'];
const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** By claim: the test of its value. It returns why the token is no access token, or undefined. */
const INDICATORS: ReadonlyMap<string, (value: unknown) => string | undefined> = new Map([
  ...Object.entries(KIND_CLAIMS).map(([name, accessKinds]) => [name, notOneOf(name, accessKinds)] as const),
  ...LOOSE_KIND_CLAIMS.map((name) => [name, otherKind(name)] as const),
  ...FOREIGN_CLAIMS.map((name) => [name, () => `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name} claim`] as const),
  ...ID_TOKEN_CLAIMS.map((name) => [name, () => `an ${name} claim, as in an ID token`] as const),
]);

/** Checks the `typ` header, before a key is looked up (RFC 8725 §3.11, RFC 9068 §4). */
export function checkType(header: JsonObject, profile: Profile): Refusal | undefined {
  const { typ } = header;
  if (typeof typ === 'string' && ACCESS_TOKEN_TYPE.test(typ)) return undefined;
  if (profile === 'jwt' && (typ === undefined || (typeof typ === 'string' && GENERIC_TYPE.test(typ)))) return undefined;
  return new Refusal('token_type_not_allowed', `typ ${quoteUntrusted(typ)}`);
}

/**
 * Checks that the claims of a verified JWT are those of an access token (RFC 8725 §3.12). Issuers sign all kinds of
 * tokens with one key, and many do not set `typ`.
 */
export function checkKind(header: JsonObject, payload: JsonObject, profile: Profile): Refusal | undefined {
  if (profile === 'rfc9068') {
    const missing = RFC_9068_CLAIMS.find((name) => payload[name] === undefined);
    if (missing !== undefined) return new Refusal('claim_missing', missing);
  }

  const indicator = findIndicator(payload) ?? (isDeclared(header, payload) ? undefined : findIdTokenForm(payload));
  return indicator === undefined ? undefined : new Refusal('token_type_not_allowed', indicator);
}

function findIndicator(payload: JsonObject): string | undefined {
  for (const name of Object.keys(payload)) {
    const indicator = INDICATORS.get(name)?.(payload[name]);
    if (indicator !== undefined) return indicator;
  }
  return undefined;
}

/** Whether a token says that it is an access token. Some of these have the nonce of the login. */
function isDeclared(header: JsonObject, payload: JsonObject): boolean {
  if (typeof header['typ'] === 'string' && ACCESS_TOKEN_TYPE.test(header['typ'])) return true;
  if (Object.keys(KIND_CLAIMS).some((name) => payload[name] !== undefined)) return true;
  return LOOSE_KIND_CLAIMS.some((name) => typeof payload[name] === 'string' && ACCESS_KIND.test(payload[name]));
}

/** Finds the form of an ID token that names its kind nowhere. */
function findIdTokenForm(payload: JsonObject): string | undefined {
  const { nonce, azp, scp, aud } = payload;
  // Azure AD B2C copies the nonce into access tokens. Only these have azp and scp.
  const isAccessOfB2c = isOfB2c(payload) && azp !== undefined && scp !== undefined;
  if (nonce !== undefined && !isAccessOfB2c) return 'a nonce claim, as in an ID token';

  // Entra and B2C name the client in access tokens alone. Their ID tokens need not have a nonce or a hash.
  const namesClient = CLIENT_CLAIMS.some((name) => payload[name] !== undefined);
  if (!namesClient && (isOfEntra(payload) || isOfB2c(payload))) return 'no azp or appid, as in an ID token of Entra';

  // OpenID Connect Core §2: an ID token is for the client, which azp names again.
  const isForClient = typeof azp === 'string' && (aud === azp || (Array.isArray(aud) && aud.includes(azp)));
  const grantsNothing = GRANT_CLAIMS.every((name) => payload[name] === undefined);
  if (isForClient && grantsNothing) return 'azp in aud and no scopes, as in an ID token';
  const login = LOGIN_CLAIMS.find((name) => payload[name] !== undefined);
  const hasRoles = ROLE_CLAIMS.some((name) => payload[name] !== undefined);
  if (login === undefined || namesClient || hasRoles || !grantsNothing) return undefined;
  return `${login} and no client, scope or role, as in an ID token`;
}

function isOfEntra({ tid, ver }: JsonObject): boolean {
  return typeof tid === 'string' && GUID.test(tid) && (ver === '1.0' || ver === '2.0');
}

function isOfB2c({ ver, tfp, acr }: JsonObject): boolean {
  return ver === '1.0' && (tfp !== undefined || (typeof acr === 'string' && /^b2c_1/i.test(acr)));
}

function notOneOf(name: string, accessKinds: readonly string[]): (kind: unknown) => string | undefined {
  const claim = name === 'typ' ? 'the claim typ' : name;
  return (kind) => (accessKinds.includes(kind as string) ? undefined : `${claim} ${quoteUntrusted(kind)}`);
}

function otherKind(name: string): (kind: unknown) => string | undefined {
  return (kind) =>
    typeof kind === 'string' && FOREIGN_KIND.test(kind) ? `the claim ${name} ${quoteUntrusted(kind)}` : undefined;
}
