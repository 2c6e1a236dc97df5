import type { Issuer } from '../issuer/issuer.js';
import type { IssuerRegistry } from '../issuer/issuer-registry.js';
import type { VerificationKey } from '../issuer/verification-key.js';
import { after, type MaybePromise } from '../platform/maybe-promise.js';
import type { SignatureAlgorithm } from '../protocol/algorithm.js';
import { Refusal } from '../protocol/refusal.js';
import type { JsonObject } from '../protocol/strict-json.js';
import { type AcceptanceRules, checkAcceptance } from './acceptance.js';
import { parseTokenFacts, type TokenFacts } from './claim-rules.js';
import { type CompactJws, parseCompactJws } from './compact-jws.js';
import { type JoseHeader, parseJoseHeader } from './jose-header.js';
import type { KnownHeaders } from './known-headers.js';
import { verifySignature } from './signature.js';
import type { SignatureJobs } from './signature-jobs.js';
import { checkKind, checkType } from './token-kind.js';

/** A genuine access token of a trusted issuer. Whether it is good here and now is for `checkAcceptance` to say. */
export interface VerifiedToken {
  readonly issuer: Issuer;
  /** The key that verified it: the token is genuine for as long as the issuer holds this key. */
  readonly key: VerificationKey;
  /** How the token names that key. */
  readonly header: JoseHeader;
  readonly payload: JsonObject;
  readonly facts: TokenFacts;
}

export interface JwtRules {
  readonly issuers: IssuerRegistry;
  readonly maxTokenBytes: number;
  readonly headers: KnownHeaders;
  readonly signatures: SignatureJobs;
}

/**
 * Verifies that a string is a JWT access token of a trusted issuer: trust before network, signature before
 * claims. `acceptance` is asked before a fetch is spent on an unknown key, and does not decide otherwise.
 * What can be refused without a key is refused at once.
 *
 * @see RFC 9068 §4, RFC 8725 §3
 */
export function verifyJwt(
  token: string,
  rules: JwtRules,
  acceptance: AcceptanceRules,
): MaybePromise<VerifiedToken | Refusal> {
  const jws = parseCompactJws(token, rules.maxTokenBytes, rules.headers);
  if (jws instanceof Refusal) return jws;
  return after(findIssuer(jws.payload['iss'], rules.issuers), (issuer) => {
    if (issuer instanceof Refusal) return issuer;
    const header = parseJoseHeader(jws.header, issuer.rules);
    if (header instanceof Refusal) return header;
    const foreignType = checkType(jws.header, issuer.rules.profile);
    if (foreignType !== undefined) return foreignType;
    return after(issuer.keys.find({ ...header, isPlausible: () => isPlausible(jws, issuer, acceptance) }), (keys) =>
      keys instanceof Refusal ? keys : verifyWith(keys, header, jws, issuer, rules),
    );
  });
}

/** Trust before network: whoever is not trusted is asked nothing. */
function findIssuer(iss: unknown, issuers: IssuerRegistry): MaybePromise<Issuer | Refusal> {
  if (iss === undefined) return new Refusal('claim_missing', 'iss');
  if (typeof iss !== 'string') return new Refusal('claim_malformed', 'iss is not a string');
  return issuers.find(iss);
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
    headers.add(jws.headerSegment, jws.header);
    return checkClaims(jws, { issuer, key, header });
  });
}

function checkClaims(
  jws: CompactJws,
  { issuer, key, header }: Pick<VerifiedToken, 'issuer' | 'key' | 'header'>,
): VerifiedToken | Refusal {
  const foreignKind = checkKind(jws.header, jws.payload, issuer.rules.profile);
  if (foreignKind !== undefined) return foreignKind;
  const facts = parseTokenFacts(jws.payload);
  return facts instanceof Refusal ? facts : { issuer, key, header, payload: jws.payload, facts };
}

/** Checks that what made a token genuine did not change since: its issuer is trusted, and has this key. */
export function checkStanding({ issuer, key, header }: VerifiedToken, issuers: IssuerRegistry): Refusal | undefined {
  if (!issuers.holds(issuer)) return new Refusal('issuer_not_trusted', 'it is not trusted any more');
  return issuer.keys.holds(key, header) ? undefined : new Refusal('unknown_key', 'it was withdrawn');
}

function findSigner(
  keys: readonly VerificationKey[],
  algorithm: SignatureAlgorithm,
  jws: CompactJws,
  signatures: SignatureJobs,
): MaybePromise<VerificationKey | undefined> {
  const [key, ...others] = keys;
  if (key === undefined) return undefined;
  return after(verifySignature(algorithm, key.keyObject, jws.signingInput, jws.signature, signatures), (isValid) =>
    isValid ? key : findSigner(others, algorithm, jws, signatures),
  );
}
