import type { Profile } from '../issuer/shared-rules.js';
import { quoteUntrusted, Refusal } from '../protocol/refusal.js';
import type { JsonObject } from '../protocol/strict-json.js';

// RFC 9068 §2.1; "application/" may be left out (RFC 7515 §4.1.9). Types compare without case.
const ACCESS_TOKEN_TYPE = /^(?:application\/)?at\+jwt$/i;
const GENERIC_TYPE = /^(?:application\/)?jwt$/i;

// RFC 9068 §2.2. iss and exp are required of every token, aud by the audience rule.
const RFC_9068_CLAIMS = ['aud', 'sub', 'client_id', 'iat', 'jti'];

// OpenID Connect Core §2, §3.3.2.11: hashes that bind an ID token to what was issued with it.
const ID_TOKEN_CLAIMS = ['at_hash', 'c_hash', 's_hash'];

/** Judges the `typ` header, before a key is sought (RFC 8725 §3.11, RFC 9068 §4). */
export function checkType(header: JsonObject, profile: Profile): Refusal | undefined {
  const { typ } = header;
  if (typeof typ === 'string' && ACCESS_TOKEN_TYPE.test(typ)) return undefined;
  if (profile === 'jwt' && (typ === undefined || (typeof typ === 'string' && GENERIC_TYPE.test(typ)))) return undefined;
  return new Refusal('token_type_not_allowed', `typ ${quoteUntrusted(typ)}`);
}

/**
 * Looks for the marks of other kinds of tokens among the claims of a verified JWT (RFC 8725 §3.12). Issuers
 * sign them all with one key, and many do not set `typ`.
 */
export function checkKind(header: JsonObject, payload: JsonObject, profile: Profile): Refusal | undefined {
  if (profile === 'rfc9068') {
    const missing = RFC_9068_CLAIMS.find((name) => payload[name] === undefined);
    if (missing !== undefined) return new Refusal('claim_missing', missing);
  }
  const mark = findForeignMark(header, payload);
  return mark === undefined ? undefined : new Refusal('token_type_not_allowed', mark);
}

function findForeignMark(header: JsonObject, payload: JsonObject): string | undefined {
  const { token_use: tokenUse, typ: kind, events, nonce } = payload;
  // Cognito says access, id or refresh.
  if (tokenUse !== undefined && tokenUse !== 'access') return `token_use ${quoteUntrusted(tokenUse)}`;
  // Keycloak says Bearer or DPoP, ID, Refresh, Offline, Logout.
  if (kind !== undefined && kind !== 'Bearer' && kind !== 'DPoP') return `the claim typ ${quoteUntrusted(kind)}`;
  // RFC 8417 §2.2: security event tokens, logout tokens among them.
  if (events !== undefined) return 'an events claim';
  const hash = ID_TOKEN_CLAIMS.find((name) => payload[name] !== undefined);
  if (hash !== undefined) return `an ${hash} claim, as in an ID token`;
  // Keycloak before 25 copies the nonce into access tokens, which say that they are: typ Bearer.
  const isAccessToken =
    kind !== undefined || (typeof header['typ'] === 'string' && ACCESS_TOKEN_TYPE.test(header['typ']));
  if (nonce !== undefined && !isAccessToken) return 'a nonce claim, as in an ID token';
  return undefined;
}
