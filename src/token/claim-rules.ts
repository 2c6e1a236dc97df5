import type { JsonObject } from '../protocol/json-object.js';
import { quoteUntrusted, Refusal } from '../protocol/refusal.js';

/** The claims that rules are about, with their types proven. Times are seconds since the epoch. */
export interface ValidatedClaims {
  readonly subject: string | undefined;
  readonly clientId: string | undefined;
  readonly audience: readonly string[];
  readonly expiresAt: number;
  readonly notBefore: number | undefined;
  readonly issuedAt: number | undefined;
  /** A `cnf` claim, whatever is in it, binds the token to a key (RFC 7800 §3.1). */
  readonly isBound: boolean;
}

// The end of the year 9999. Milliseconds mistaken for seconds lie beyond it, and so does 1e400.
const MAX_DATE_SECONDS = 253_402_300_799;

// client_id: RFC 9068 §2.2. azp: Auth0, Entra v2, Keycloak. cid: Okta. appid: Entra v1.
const CLIENT_ID_CLAIMS = ['client_id', 'azp', 'cid', 'appid'];
const IDENTIFIER_CLAIMS = ['sub', 'jti', ...CLIENT_ID_CLAIMS];
const DATE_CLAIMS = ['exp', 'nbf', 'iat'];

/**
 * Reads the claims that rules are about. One of the wrong type refuses the token. `exp` is required, unless there is
 * a number for its absence.
 */
export function parseValidatedClaims(payload: JsonObject, endless?: number): ValidatedClaims | Refusal {
  for (const name of IDENTIFIER_CLAIMS) {
    const value = payload[name];
    if (value !== undefined && !isIdentifier(value)) return refuseForm(name);
  }
  for (const name of DATE_CLAIMS) {
    const value = payload[name];
    if (value !== undefined && !isNumericDate(value)) return refuseForm(name);
  }
  const expiresAt = (payload['exp'] as number | undefined) ?? endless;
  if (expiresAt === undefined) return new Refusal('claim_missing', 'exp');
  const audience = parseAudience(payload['aud']);
  if (audience === undefined) return refuseForm('aud');
  const clientClaim = CLIENT_ID_CLAIMS.find((name) => payload[name] !== undefined);
  return {
    subject: payload['sub'] as string | undefined,
    clientId: clientClaim === undefined ? undefined : (payload[clientClaim] as string),
    audience,
    expiresAt,
    notBefore: payload['nbf'] as number | undefined,
    issuedAt: payload['iat'] as number | undefined,
    isBound: payload['cnf'] !== undefined,
  };
}

/** The `iat` of claims of which nothing is verified yet; undefined unless it is a date. */
export function findIssuedAt({ iat }: JsonObject): number | undefined {
  return isNumericDate(iat) ? iat : undefined;
}

/** When a token is looked at, and how patiently. All in seconds. */
export interface TimeRules {
  readonly now: number;
  readonly clockToleranceSeconds: number;
  readonly maxTokenAgeSeconds: number | undefined;
}

/** @see RFC 7519 §4.1.4 to §4.1.6 */
export function checkTime(facts: ValidatedClaims, rules: TimeRules): Refusal | undefined {
  const { expiresAt, notBefore, issuedAt } = facts;
  const { now, clockToleranceSeconds: tolerance, maxTokenAgeSeconds } = rules;
  // Written so that a clock which gives no number lets nothing through.
  if (!(now < expiresAt + tolerance)) return new Refusal('token_expired', `exp ${expiresAt}, now ${now}`);
  if (notBefore !== undefined && !(notBefore <= now + tolerance)) {
    return new Refusal('token_not_yet_valid', `nbf ${notBefore}, now ${now}`);
  }
  if (issuedAt !== undefined && !(issuedAt <= now + tolerance)) {
    return new Refusal('token_not_yet_valid', `iat ${issuedAt}, now ${now}`);
  }
  if (maxTokenAgeSeconds === undefined) return undefined;
  if (issuedAt === undefined) return new Refusal('claim_missing', 'iat, which maxTokenAgeSeconds needs');
  if (now - issuedAt > maxTokenAgeSeconds + tolerance) {
    return new Refusal('token_too_old', `iat ${issuedAt}, now ${now}, ${maxTokenAgeSeconds} seconds allowed`);
  }
  return undefined;
}

/** Values compare by code point, without any normalization (RFC 7519 §4.1.3, §7.3). */
export function checkAudience(facts: ValidatedClaims, accepted: readonly string[]): Refusal | undefined {
  const { audience } = facts;
  for (const value of accepted) if (audience.includes(value)) return undefined;
  return new Refusal('audience_mismatch', `aud ${quoteUntrusted(audience)}, accepted ${quoteUntrusted(accepted)}`);
}

export function checkClient(facts: ValidatedClaims, accepted: readonly string[]): Refusal | undefined {
  if (facts.clientId !== undefined && accepted.includes(facts.clientId)) return undefined;
  return new Refusal('client_not_allowed', `client ${quoteUntrusted(facts.clientId)}`);
}

/** Under the Bearer scheme no possession is proven, so a bound token is refused (RFC 9449 §7.2, RFC 8705 §3). */
export function checkNotBound(facts: ValidatedClaims): Refusal | undefined {
  return facts.isBound ? new Refusal('binding_not_proven', 'a cnf claim') : undefined;
}

/** Gives undefined for what is no audience. */
export function parseAudience(aud: unknown): readonly string[] | undefined {
  if (aud === undefined) return NO_AUDIENCE;
  const values: unknown = typeof aud === 'string' ? Object.freeze([aud]) : aud;
  return Array.isArray(values) && values.every(isIdentifier) ? values : undefined;
}

const NO_AUDIENCE: readonly string[] = Object.freeze([]);

/** Control characters confuse logs, databases and cache keys, and no identifier needs them. */
function isIdentifier(value: unknown): value is string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return typeof value === 'string' && value !== '' && !/[\u0000-\u001f\u007f-\u009f]/.test(value);
}

function isNumericDate(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= MAX_DATE_SECONDS;
}

function refuseForm(name: string): Refusal {
  return new Refusal('claim_malformed', name);
}
