import type { IssuerRules } from '../issuer/shared-rules.js';
import type { JsonObject } from '../protocol/json-object.js';
import { quoteUntrusted, Refusal } from '../protocol/refusal.js';
import { KIND_CLAIMS, namesAccessToken, namesOtherKind } from './kind-words.js';

// RFC 9068 §2.1; "application/" may be left out (RFC 7515 §4.1.9). Types are compared without case.
const ACCESS_TOKEN_TYPE = /^(?:application\/)?at\+jwt$/i;
// A word that is no media type, such as JWT, JWS or JOSE. RFC 8725 §3.11: a kind of its own has a media type.
const GENERIC_TYPE = /^(?:application\/jwt|[a-z0-9][a-z0-9_.-]*)$/i;

/**
 * Media types of other JWTs: those in the IANA registry, and those of drafts and of OpenIddict that are in use.
 *
 * @see https://www.iana.org/assignments/media-types
 */
const OTHER_TYPES = new Set([
  // RFC 9449, RFC 8417, OpenID Connect Back-Channel Logout, RFC 9701, RFC 9101, rfc7523bis.
  ...['dpop+jwt', 'secevent+jwt', 'logout+jwt', 'token-introspection+jwt', 'oauth-authz-req+jwt'],
  ...['client-authentication+jwt', 'authorization-grant+jwt'],
  // Token Status List, SD-JWT (RFC 9901), Verifiable Credentials, EAT (RFC 9782), PASSporT (RFC 8225).
  ...['statuslist+jwt', 'sd-jwt', 'kb+jwt', 'dc+sd-jwt', 'vc+sd-jwt', 'vc+jwt', 'vp+jwt', 'eat+jwt', 'passport'],
  // OpenID Federation.
  ...['entity-statement+jwt', 'resolve-response+jwt', 'trust-mark+jwt', 'trust-mark-delegation+jwt'],
  ...['trust-mark-status-response+jwt', 'explicit-registration-response+jwt', 'jwk-set+jwt'],
  // Attestations, proofs for credentials, transaction tokens, workload identity, identity assertions.
  ...['oauth-client-attestation+jwt', 'oauth-client-attestation-pop+jwt', 'key-attestation+jwt'],
  ...['verifier-attestation+jwt', 'openid4vci-proof+jwt', 'txntoken+jwt', 'wit+jwt', 'wimse-id+jwt', 'wpt+jwt'],
  ...['oauth-id-jag+jwt', 'provided-claims+jwt'],
  // OpenIddict: refresh token, authorization code, device code, user code, state.
  ...['oi_reft+jwt', 'oi_auc+jwt', 'oi_dvc+jwt', 'oi_usrc+jwt', 'oi_stet+jwt'],
]);

// RFC 9068 §2.2. iss and exp are required of every token, aud by the audience rule.
const RFC_9068_CLAIMS = ['aud', 'sub', 'client_id', 'iat', 'jti'];

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

/** The rules of an issuer about kinds of tokens. */
export type KindRules = Pick<IssuerRules, 'profile' | 'acceptAnyTokenKind'>;

/** Checks the `typ` header, before a key is looked up (RFC 8725 §3.11, RFC 9068 §4). */
export function checkType({ typ }: JsonObject, { profile, acceptAnyTokenKind }: KindRules): Refusal | undefined {
  if (isAccessTokenType(typ)) return undefined;
  if (profile === 'jwt' && (typ === undefined || isTypeOfAnyKind(typ, acceptAnyTokenKind))) return undefined;
  return new Refusal('token_type_not_allowed', `typ ${quoteUntrusted(typ)}`);
}

function isAccessTokenType(typ: unknown): boolean {
  return typeof typ === 'string' && ACCESS_TOKEN_TYPE.test(typ);
}

/** Whether a type is one that access tokens may have too. A media type that nobody knows is taken if any kind is. */
function isTypeOfAnyKind(typ: unknown, isAnyAccepted: boolean): boolean {
  if (typeof typ !== 'string') return false;
  const name = typ.toLowerCase().replace(/^application\//, '');
  return !OTHER_TYPES.has(name) && !namesOtherKind(name) && (isAnyAccepted || GENERIC_TYPE.test(typ));
}

/**
 * Checks that the claims of a verified JWT are those of an access token (RFC 8725 §3.12). Issuers sign all kinds of
 * tokens with one key, and many do not set `typ`. A token whose header says that it is an access token is believed.
 */
export function checkKind(header: JsonObject, payload: JsonObject, rules: KindRules): Refusal | undefined {
  if (rules.profile === 'rfc9068') {
    const missing = RFC_9068_CLAIMS.find((name) => payload[name] === undefined);
    if (missing !== undefined) return new Refusal('claim_missing', missing);
  }
  if (rules.acceptAnyTokenKind || isAccessTokenType(header['typ'])) return undefined;

  const isDeclared = KIND_CLAIMS.some((name) => namesAccessToken(name, payload[name]));
  return refuseKind(findOtherKind(payload) ?? (isDeclared ? undefined : guessOtherKind(payload)));
}

/**
 * Checks the kind of the token that an introspection answer is about. What its issuer calls active, with a scope, is an
 * access token unless a word says otherwise: refresh tokens are active and have scopes, too.
 */
export function checkAnswerKind(answer: JsonObject, rules: KindRules): Refusal | undefined {
  const { scope } = answer;
  const isDeclared = Array.isArray(scope) ? scope.length > 0 : typeof scope === 'string' && scope.trim() !== '';
  // The words count even where any kind is accepted: the issuer was asked about this very token.
  if (isDeclared || rules.acceptAnyTokenKind) return refuseKind(findOtherKind(answer));
  return checkKind({}, answer, { ...rules, profile: 'jwt' });
}

function refuseKind(indicator: string | undefined): Refusal | undefined {
  return indicator === undefined ? undefined : new Refusal('token_type_not_allowed', indicator);
}

/** Finds a word that names another kind of token, or a claim that only other kinds have. */
function findOtherKind(payload: JsonObject): string | undefined {
  const kind = KIND_CLAIMS.find((name) => payload[name] !== undefined && namesOtherKind(payload[name]));
  if (kind !== undefined) return `the claim ${kind} ${quoteUntrusted(payload[kind])}`;
  const foreign = FOREIGN_CLAIMS.find((name) => payload[name] !== undefined);
  return foreign && `${/^[aeiou]/.test(foreign) ? 'an' : 'a'} ${foreign} claim`;
}

/** Finds the form of an ID token that names its kind nowhere. */
function guessOtherKind(payload: JsonObject): string | undefined {
  const hash = ID_TOKEN_CLAIMS.find((name) => payload[name] !== undefined);
  if (hash !== undefined) return `an ${hash} claim, as in an ID token`;

  // authentik and others copy the nonce of the login into access tokens, which name a client, a scope or a role.
  const namesClient = CLIENT_CLAIMS.some((name) => payload[name] !== undefined);
  const grantsNothing = GRANT_CLAIMS.every((name) => payload[name] === undefined);
  const hasRoles = ROLE_CLAIMS.some((name) => payload[name] !== undefined);
  const isBare = !namesClient && !hasRoles && grantsNothing;
  if (payload['nonce'] !== undefined && isBare) return 'a nonce claim, as in an ID token';

  // Entra and B2C name the client in access tokens alone. Their ID tokens need not have a nonce or a hash.
  if (!namesClient && (isOfEntra(payload) || isOfB2c(payload))) return 'no azp or appid, as in an ID token of Entra';

  // OpenID Connect Core §2: an ID token is for the client, which azp names again.
  const { azp, aud } = payload;
  const isForClient = typeof azp === 'string' && (aud === azp || (Array.isArray(aud) && aud.includes(azp)));
  if (isForClient && grantsNothing) return 'azp in aud and no scopes, as in an ID token';
  const login = LOGIN_CLAIMS.find((name) => payload[name] !== undefined);
  return login === undefined || !isBare ? undefined : `${login} and no client, scope or role, as in an ID token`;
}

function isOfEntra({ tid, ver }: JsonObject): boolean {
  return typeof tid === 'string' && GUID.test(tid) && (ver === '1.0' || ver === '2.0');
}

function isOfB2c({ ver, tfp, acr }: JsonObject): boolean {
  return ver === '1.0' && (tfp !== undefined || (typeof acr === 'string' && /^b2c_1/i.test(acr)));
}
