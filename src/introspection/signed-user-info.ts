import type { Issuer } from '../issuer/issuer.js';
import { parseCompactJws } from '../jws/compact-jws.js';
import { parseJoseHeader } from '../jws/jose-header.js';
import { JwsProblem, Malformed } from '../jws/malformed.js';
import { verifySignature } from '../jws/signature.js';
import type { SignatureQueue } from '../jws/signature-queue.js';
import type { JsonObject } from '../protocol/json-object.js';
import { quoteUntrusted, Refusal } from '../protocol/refusal.js';
import { findIssuedAt } from '../token/claim-rules.js';

export interface SignedUserInfoRules {
  readonly issuer: Issuer;
  readonly maxBytes: number;
  readonly signatures: SignatureQueue;
  /** Seconds since the epoch. */
  readonly now: number;
}

/** The media type of a signed answer (OpenID Connect Core §5.3.2). */
export const SIGNED_USER_INFO_TYPE = 'application/jwt';

/**
 * Verifies a signed UserInfo answer with the keys of the issuer, and returns its claims. `aud` is not looked at: it is the
 * client that registered for signed answers, which this server need not know. A refusal says that the keys are not
 * available.
 *
 * @see OpenID Connect Core §5.3.2
 */
export async function verifySignedUserInfo(
  jwt: string,
  { issuer, maxBytes, signatures, now }: SignedUserInfoRules,
): Promise<JsonObject | Malformed | Refusal> {
  const jws = parseCompactJws(jwt, maxBytes);
  if (jws instanceof JwsProblem) return new Malformed(`is no signed JWT: ${jws.why}`);
  const header = parseJoseHeader(jws.header, issuer.rules);
  if (header instanceof JwsProblem) return new Malformed(`has a header that does not fit: ${header.why}`);

  const query = { ...header, issuedAt: findIssuedAt(jws.payload), text: jwt, isPlausible: () => true };
  const keys = await issuer.keys.find(query);
  if (keys instanceof Refusal) {
    return keys.entry.status === 503 ? keys : new Malformed(`is signed with an unknown key: ${keys.detail}`);
  }
  const key = await verifySignature(keys, header.algorithm, jws, signatures);
  if (key === undefined) return new Malformed('has a signature that is not valid');
  return checkMembers(jws.payload, issuer.issuer, now);
}

/** A signed answer should name its issuer. What is there must be right. */
function checkMembers(claims: JsonObject, issuer: string, now: number): JsonObject | Malformed {
  const { iss, exp } = claims;
  if (iss !== undefined && iss !== issuer) return new Malformed(`has the iss ${quoteUntrusted(iss)}`);
  // A recorded answer may say what was true once.
  if (typeof exp === 'number' && exp <= now) return new Malformed(`expired: exp ${exp}, now ${now}`);
  return claims;
}
