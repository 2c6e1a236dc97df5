import type { Issuer } from '../issuer/issuer.js';
import type { IssuerRegistry } from '../issuer/issuer-registry.js';
import type { CompactJws } from '../jws/compact-jws.js';
import { findVerifyingKey } from '../jws/find-verifying-key.js';
import type { HeaderCache } from '../jws/header-cache.js';
import { type JoseHeader, parseJoseHeader } from '../jws/jose-header.js';
import type { SignatureQueue } from '../jws/signature-queue.js';
import type { JsonObject } from '../jws/strict-json.js';
import type { VerificationKey } from '../jws/verification-key.js';
import type { Period } from '../platform/clock.js';
import { after, type MaybePromise } from '../platform/maybe-promise.js';
import { Refusal } from '../protocol/refusal.js';
import { parseValidatedClaims, type ValidatedClaims } from './claim-rules.js';
import { checkRequestRules, type RequestRules } from './request-rules.js';
import { checkKind, checkType } from './token-kind.js';

/** A genuine access token of a trusted issuer. Whether it is good here and now is for `checkAcceptance` to say. */
export interface VerifiedToken {
  readonly issuer: Issuer;
  /** The key that verified it: the token is genuine for as long as the issuer holds it. None: the issuer was asked. */
  readonly key: VerificationKey | undefined;
  /** How the token names that key. */
  readonly header: JoseHeader | undefined;
  /** When the token was introspected, and until when the answer counts. */
  readonly introspected: Period | undefined;
  readonly payload: JsonObject;
  readonly validated: ValidatedClaims;
}

/** What the verification of JWTs is remembered by. */
export interface JwtDependencies {
  readonly headers: HeaderCache;
  readonly signatures: SignatureQueue;
}

/**
 * Verifies that a JWS is a JWT access token of this issuer: signature before claims. `acceptance` is asked before a
 * fetch is spent on an unknown key, and does not decide otherwise. What can be refused without a key is refused at
 * once.
 *
 * @see RFC 9068 §4, RFC 8725 §3
 */
export function verifyJws(
  jws: CompactJws,
  issuer: Issuer,
  rules: JwtDependencies,
  acceptance: RequestRules,
): MaybePromise<VerifiedToken | Refusal> {
  const header = parseJoseHeader(jws.header, issuer.rules);
  if (header instanceof Refusal) return header;
  const foreignType = checkType(jws.header, issuer.rules.profile);
  if (foreignType !== undefined) return foreignType;
  return after(issuer.keys.find({ ...header, isPlausible: () => isPlausible(jws, issuer, acceptance) }), (keys) =>
    keys instanceof Refusal ? keys : verifyWith(keys, header, jws, issuer, rules),
  );
}

/** Tells whether a token could be accepted, if only its signature is good. */
function isPlausible({ payload }: CompactJws, issuer: Issuer, acceptance: RequestRules): boolean {
  const facts = parseValidatedClaims(payload);
  return !(facts instanceof Refusal) && checkRequestRules(facts, issuer, acceptance) === undefined;
}

function verifyWith(
  keys: readonly VerificationKey[],
  header: JoseHeader,
  jws: CompactJws,
  issuer: Issuer,
  { headers, signatures }: JwtDependencies,
): MaybePromise<VerifiedToken | Refusal> {
  return after(findVerifyingKey(keys, header.algorithm, jws, signatures), (key) => {
    if (key === undefined) return new Refusal('signature_invalid', `${keys.length} keys tried`);
    if (jws.newHeader !== undefined) headers.add(jws.newHeader, jws.header);
    return checkClaims(jws, issuer, key, header);
  });
}

function checkClaims(
  jws: CompactJws,
  issuer: Issuer,
  key: VerificationKey,
  header: JoseHeader,
): VerifiedToken | Refusal {
  const foreignKind = checkKind(jws.header, jws.payload, issuer.rules.profile);
  if (foreignKind !== undefined) return foreignKind;
  const facts = parseValidatedClaims(jws.payload);
  return facts instanceof Refusal
    ? facts
    : { issuer, key, header, introspected: undefined, payload: jws.payload, validated: facts };
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
