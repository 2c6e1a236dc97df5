import type { Issuer } from '../issuer/issuer.js';
import type { IssuerRegistry } from '../issuer/issuer-registry.js';
import type { JoseHeader } from '../jws/jose-header.js';
import type { VerificationKey } from '../jws/verification-key.js';
import type { Period } from '../platform/clock.js';
import type { JsonObject } from '../protocol/json-object.js';
import { Refusal } from '../protocol/refusal.js';
import type { ValidatedClaims } from './claim-rules.js';

/** A genuine access token of a trusted issuer. Whether it is good for this request is for `checkRequestRules`. */
export interface VerifiedToken {
  readonly issuer: Issuer;
  /** The key that verified it: the token is genuine for as long as the issuer has it. Undefined: it was introspected. */
  readonly key: VerificationKey | undefined;
  /** How the token names that key. */
  readonly header: JoseHeader | undefined;
  /** When it was introspected, and until when that answer holds. */
  readonly introspected: Period | undefined;
  readonly payload: JsonObject;
  readonly validated: ValidatedClaims;
}

/**
 * Checks that what made a token genuine did not change since: its issuer is trusted, and has this key. `now` is in
 * milliseconds since the epoch.
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
