import type { IssuerRules } from '../issuer/shared-rules.js';
import type { CompactJws } from '../jws/compact-jws.js';
import { type JoseHeader, parseJoseHeader } from '../jws/jose-header.js';
import { type JwsFault, JwsProblem } from '../jws/malformed.js';
import { Refusal, type RefusalReason } from '../protocol/refusal.js';
import { parseValidatedClaims, type ValidatedClaims } from './claim-rules.js';
import { checkKind, checkType } from './token-kind.js';

const REASONS: Readonly<Record<JwsFault, RefusalReason>> = {
  too_large: 'token_too_large',
  not_compact: 'token_opaque',
  encrypted: 'token_encrypted',
  malformed: 'token_malformed',
  critical_header: 'critical_header_unsupported',
  algorithm_not_allowed: 'algorithm_not_allowed',
  kid_missing: 'kid_missing',
};

/** Maps the problem of a JWS to the refusal of an access token. */
export function refuseJws({ fault, why }: JwsProblem): Refusal {
  return new Refusal(REASONS[fault], why);
}

/**
 * Parses the header of a JWT access token, and checks all that needs no key.
 *
 * @see RFC 9068 §4, RFC 8725 §3.1, §3.11
 */
export function parseJwtHeader({ header }: CompactJws, rules: IssuerRules): JoseHeader | Refusal {
  const parsed = parseJoseHeader(header, rules);
  if (parsed instanceof JwsProblem) return refuseJws(parsed);
  return checkType(header, rules) ?? parsed;
}

/** Parses the claims of a JWT whose signature is verified: it must be an access token, with claims of the right form. */
export function parseJwtClaims({ header, payload }: CompactJws, rules: IssuerRules): ValidatedClaims | Refusal {
  return checkKind(header, payload, rules) ?? parseValidatedClaims(payload);
}
