import type { Issuer } from '../issuer/issuer.js';
import type { IssuerRegistry } from '../issuer/issuer-registry.js';
import type { JoseHeader } from '../jws/jose-header.js';
import type { VerificationKey } from '../jws/verification-key.js';
import type { Period } from '../platform/clock.js';
import type { JsonObject } from '../protocol/json-object.js';
import { Refusal } from '../protocol/refusal.js';
import type { ValidatedClaims } from './claim-rules.js';

/** A genuine access token of a trusted issuer. `checkRequestRules` checks whether a request may use it. */
export interface VerifiedToken {
  readonly issuer: Issuer;
  /** The key that verified it. The token is genuine while the issuer has this key. Undefined: it was introspected. */
  readonly key: VerificationKey | undefined;
  /** The header that names the key. */
  readonly header: JoseHeader | undefined;
  /** When it was introspected, and until when that answer is valid. */
  readonly introspected: Period | undefined;
  readonly payload: JsonObject;
  readonly validated: ValidatedClaims;
}

/**
 * Checks that a verified token is still genuine: its issuer is trusted, and has the key. `now` is in milliseconds since
 * the epoch.
 */
export function checkStillTrusted(
  { issuer, key, header }: VerifiedToken,
  issuers: IssuerRegistry,
  now: number,
): Refusal | undefined {
  if (!issuers.stillTrusts(issuer, now)) return new Refusal('issuer_not_trusted', 'it is not trusted any more');
  if (key === undefined || header === undefined || issuer.keys.stillHas(key, header, now)) return undefined;
  return new Refusal('unknown_key', 'it was withdrawn');
}
