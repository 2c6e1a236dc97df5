import type { JsonObject } from '../protocol/json-object.js';
import { quoteUntrusted, Refusal } from '../protocol/refusal.js';
import { describeTime } from './describe-time.js';

/** The claims that rules check, with validated types. Times are seconds since the epoch. */
export interface ValidatedClaims {
  readonly subject: string | undefined;
  readonly clientId: string | undefined;
  readonly audience: readonly string[];
  readonly expiresAt: number;
  readonly notBefore: number | undefined;
  readonly issuedAt: number | undefined;
  /** A `cnf` claim with any content binds the token to a key (RFC 7800 §3.1). */
  readonly isBound: boolean;
}

// The end of the year 9999. Milliseconds in place of seconds are later, and so is 1e400.
const MAX_DATE_SECONDS = 253_402_300_799;

// client_id: RFC 9068 §2.2. azp: Auth0, Entra v2, Keycloak. cid: Okta. appid: Entra v1.
const CLIENT_ID_CLAIMS = ['client_id', 'azp', 'cid', 'appid'];
const DATE_CLAIMS = ['exp', 'nbf', 'iat'];

/**
 * How far `iat` may lie ahead of the clock, in seconds. No RFC asks to refuse such a token, but RFC 7519 §4.1.6 makes `iat`
 * a time in the past, and `maxTokenAgeSeconds` counts from it.
 */
export const MAX_IAT_AHEAD_SECONDS = 60;

/**
 * Parses the claims that rules check. Refuses one of the wrong type; what no rule checks has no type. `exp` is required
 * unless `expiresAtIfMissing` is given (introspection).
 */
export function parseValidatedClaims(payload: JsonObject, expiresAtIfMissing?: number): ValidatedClaims | Refusal {
  const clientClaim = CLIENT_ID_CLAIMS.find((name) => !isEmpty(payload[name]));
  const malformed = findMalformed(payload, clientClaim === undefined ? ['sub'] : ['sub', clientClaim]);
  if (malformed !== undefined) return refuseForm(malformed);

  const expiresAt = findDate(payload, 'exp') ?? expiresAtIfMissing;
  if (expiresAt === undefined) return new Refusal('claim_missing', 'exp');
  const audience = parseAudience(payload['aud']);
  if (audience === undefined) return refuseForm('aud');

  return {
    subject: findIdentifier(payload, 'sub'),
    clientId: clientClaim && findIdentifier(payload, clientClaim),
    audience,
    expiresAt,
    notBefore: findDate(payload, 'nbf'),
    issuedAt: findDate(payload, 'iat'),
    isBound: payload['cnf'] !== undefined,
  };
}

function findMalformed(payload: JsonObject, identifiers: readonly string[]): string | undefined {
  const wrong = identifiers.find((name) => !isEmpty(payload[name]) && !isIdentifier(payload[name]));
  return wrong ?? DATE_CLAIMS.find((name) => payload[name] !== undefined && !isNumericDate(payload[name]));
}

function findIdentifier(payload: JsonObject, name: string): string | undefined {
  return isEmpty(payload[name]) ? undefined : (payload[name] as string);
}

function findDate(payload: JsonObject, name: string): number | undefined {
  return payload[name] as number | undefined;
}

/** The `iat` of claims of which nothing is verified yet; undefined unless it is a date. */
export function findIssuedAt({ iat }: JsonObject): number | undefined {
  return isNumericDate(iat) ? iat : undefined;
}

/** The time to compare with, and the tolerances. All in seconds. */
export interface TimeRules {
  readonly now: number;
  readonly clockToleranceSeconds: number;
  readonly maxTokenAgeSeconds: number | undefined;
}

/** @see RFC 7519 §4.1.4 to §4.1.6 */
export function checkTime(claims: ValidatedClaims, rules: TimeRules): Refusal | undefined {
  const { expiresAt, notBefore, issuedAt } = claims;
  const { now, clockToleranceSeconds: tolerance, maxTokenAgeSeconds } = rules;

  // Negated comparisons: a clock that returns NaN refuses every token.
  if (!(now < expiresAt + tolerance)) return new Refusal('token_expired', describeTime('exp', expiresAt, now));
  if (notBefore !== undefined && !(notBefore <= now + tolerance)) {
    return new Refusal('token_not_yet_valid', describeTime('nbf', notBefore, now));
  }
  if (issuedAt !== undefined && !(issuedAt <= now + Math.max(tolerance, MAX_IAT_AHEAD_SECONDS))) {
    const time = describeTime('iat', issuedAt, now);
    return new Refusal('token_not_yet_valid', `${time}: the clocks of the issuer and of this server differ`);
  }

  if (maxTokenAgeSeconds === undefined) return undefined;
  if (issuedAt === undefined) return new Refusal('claim_missing', 'iat, which maxTokenAgeSeconds needs');
  if (now - issuedAt > maxTokenAgeSeconds + tolerance) {
    const time = describeTime('iat', issuedAt, now);
    return new Refusal('token_too_old', `${time}; ${maxTokenAgeSeconds} seconds are allowed`);
  }
  return undefined;
}

/** Compares values by code point, without normalization (RFC 7519 §4.1.3, §7.3). */
export function checkAudience(
  { audience, clientId }: ValidatedClaims,
  accepted: readonly string[],
  clientIds: readonly string[] = [],
): Refusal | undefined {
  for (const value of accepted) if (audience.includes(value)) return undefined;

  // OpenID Connect Core §2: the audience of an ID token is a client.
  const client = [clientId, ...clientIds].find((id) => id !== undefined && audience.includes(id));
  const hint = client === undefined ? '' : `; ${quoteUntrusted(client)} is a client, so that it looks like an ID token`;
  return new Refusal(
    'audience_mismatch',
    `aud ${quoteUntrusted(audience)}, accepted ${quoteUntrusted(accepted)}${hint}`,
  );
}

export function checkClient(claims: ValidatedClaims, accepted: readonly string[]): Refusal | undefined {
  if (claims.clientId !== undefined && accepted.includes(claims.clientId)) return undefined;
  return new Refusal('client_not_allowed', `client ${quoteUntrusted(claims.clientId)}`);
}

/** The Bearer scheme proves no possession of a key, so it refuses bound tokens (RFC 9449 §7.2, RFC 8705 §3). */
export function checkNotBound(claims: ValidatedClaims): Refusal | undefined {
  return claims.isBound ? new Refusal('binding_not_proven', 'a cnf claim') : undefined;
}

/** Returns undefined if the claim is malformed. */
export function parseAudience(aud: unknown): readonly string[] | undefined {
  if (aud === undefined) return NO_AUDIENCE;
  const values: unknown = typeof aud === 'string' ? Object.freeze([aud]) : aud;
  return Array.isArray(values) && values.every(isIdentifier) ? values : undefined;
}

const NO_AUDIENCE: readonly string[] = Object.freeze([]);

/** Some issuers write an empty text for what they do not know: Cloudflare Access the `sub` of machines. */
function isEmpty(value: unknown): value is undefined | '' {
  return value === undefined || value === '';
}

/** Control characters confuse logs, databases and cache keys, and no identifier needs them. */
function isIdentifier(value: unknown): value is string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the test is for control characters
  return typeof value === 'string' && value !== '' && !/[\u0000-\u001f\u007f-\u009f]/.test(value);
}

function isNumericDate(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= MAX_DATE_SECONDS;
}

function refuseForm(name: string): Refusal {
  return new Refusal('claim_malformed', name);
}
