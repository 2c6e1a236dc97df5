import type { Issuer } from '../issuer/issuer.js';
import type { IssuerRegistry } from '../issuer/issuer-registry.js';
import type { VerificationKey } from '../issuer/verification-key.js';
import { after, type MaybePromise } from '../platform/maybe-promise.js';
import { Refusal } from '../protocol/refusal.js';
import type { JsonObject } from '../protocol/strict-json.js';
import { type AcceptanceRules, checkAcceptance } from './acceptance.js';
import { parseTokenFacts, type TokenFacts } from './claim-rules.js';
import type { CompactJws } from './compact-jws.js';
import { findSigner } from './find-signer.js';
import { type JoseHeader, parseJoseHeader } from './jose-header.js';
import type { KnownHeaders } from './known-headers.js';
import type { SignatureJobs } from './signature-jobs.js';
import { checkKind, checkType } from './token-kind.js';

/** A genuine access token of a trusted issuer. Whether it is good here and now is for `checkAcceptance` to say. */
export interface VerifiedToken {
  readonly issuer: Issuer;
  /** The key that verified it: the token is genuine for as long as the issuer holds it. None: the issuer was asked. */
  readonly key: VerificationKey | undefined;
  /** How the token names that key. */
  readonly header: JoseHeader | undefined;
  /** When the issuer was asked, and until when its word holds: milliseconds since the epoch. */
  readonly asked: { readonly at: number; readonly goodUntil: number } | undefined;
  readonly payload: JsonObject;
  readonly facts: TokenFacts;
}

/** What the verification of JWTs is remembered by. */
export interface JwtRules {
  readonly headers: KnownHeaders;
  readonly signatures: SignatureJobs;
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
  rules: JwtRules,
  acceptance: AcceptanceRules,
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
function isPlausible({ payload }: CompactJws, issuer: Issuer, acceptance: AcceptanceRules): boolean {
  const facts = parseTokenFacts(payload);
  return !(facts instanceof Refusal) && checkAcceptance(facts, issuer, acceptance) === undefined;
}

function verifyWith(
  keys: readonly VerificationKey[],
  header: JoseHeader,
  jws: CompactJws,
  issuer: Issuer,
  { headers, signatures }: JwtRules,
): MaybePromise<VerifiedToken | Refusal> {
  return after(findSigner(keys, header.algorithm, jws, signatures), (key) => {
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
  const facts = parseTokenFacts(jws.payload);
  return facts instanceof Refusal ? facts : { issuer, key, header, asked: undefined, payload: jws.payload, facts };
}

/** Checks that what made a token genuine did not change since: its issuer is trusted, and has this key. */
export function checkStanding({ issuer, key, header }: VerifiedToken, issuers: IssuerRegistry): Refusal | undefined {
  if (!issuers.holds(issuer)) return new Refusal('issuer_not_trusted', 'it is not trusted any more');
  if (key === undefined || header === undefined || issuer.keys.holds(key, header)) return undefined;
  return new Refusal('unknown_key', 'it was withdrawn');
}
