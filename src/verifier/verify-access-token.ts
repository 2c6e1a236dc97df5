import type { Introspector } from '../introspection/introspector.js';
import { type IntrospectedIssuer, type Issuer, isIntrospected } from '../issuer/issuer.js';
import type { IssuerRegistry } from '../issuer/issuer-registry.js';
import { isHmacAlgorithm } from '../jws/algorithm.js';
import { type CompactJws, parseCompactJws } from '../jws/compact-jws.js';
import type { HeaderCache } from '../jws/header-cache.js';
import type { JoseHeader } from '../jws/jose-header.js';
import { JwsProblem } from '../jws/malformed.js';
import { verifySignature } from '../jws/signature.js';
import type { SignatureQueue } from '../jws/signature-queue.js';
import type { MaybePromise } from '../platform/maybe-promise.js';
import { type BearerToken, checkBearerToken, describeNoValue, isBearerToken } from '../protocol/bearer-token.js';
import type { HttpRequest } from '../protocol/http-request.js';
import { Refusal, type RefusalReason } from '../protocol/refusal.js';
import type { Deadline } from '../resilience/deadline.js';
import { checkNotBound, checkTime, findIssuedAt, parseValidatedClaims } from '../token/claim-rules.js';
import { parseJwtClaims, parseJwtHeader, refuseJws } from '../token/jwt-access-token.js';
import { parseOwnClaims } from '../token/own-claims.js';
import { checkRequestRules, type RequestRules } from '../token/request-rules.js';
import type { VerifiedToken } from '../token/verified-token.js';

/** A token of a request, unchecked. */
export interface PresentedToken {
  readonly token: string;
  /** Undefined if it came without an HTTP request. */
  readonly location?: BearerToken['location'];
}

/** A parsed token. Nothing of it is verified yet. */
export type UnverifiedToken = UnverifiedJwt | OpaqueToken;

interface UnverifiedJwt {
  readonly token: string;
  readonly jws: CompactJws;
  /** A promise if a resolver has to find it. */
  readonly issuer: MaybePromise<Issuer | Refusal>;
  /** Undefined if the issuer is not known yet, or introspects JWTs. */
  readonly header: JoseHeader | undefined;
}

interface OpaqueToken {
  readonly token: string;
  readonly jws: undefined;
  /** An opaque token names no issuer: the issuer that introspects. */
  readonly issuer: IntrospectedIssuer;
}

/** What belongs to one call of the verifier. */
export interface Call {
  /** For all that a JWT waits for. Introspection has one of its own. */
  readonly deadline: Deadline;
  /** Undefined if the token came without an HTTP request. */
  readonly request: HttpRequest | undefined;
}

export interface AccessTokenDependencies {
  readonly issuers: IssuerRegistry;
  readonly maxTokenBytes: number;
  readonly introspector: Introspector;
  readonly headers: HeaderCache;
  readonly signatures: SignatureQueue;
}

/** Parses a token. Refuses it if that needs no key and no request to an issuer. */
export function parseAccessToken(
  presented: PresentedToken,
  dependencies: AccessTokenDependencies,
): UnverifiedToken | Refusal {
  const { token } = presented;
  const { issuers, maxTokenBytes, headers } = dependencies;
  const jws = parseCompactJws(token, maxTokenBytes, headers);
  if (jws instanceof JwsProblem) return parseOpaqueToken(presented, jws, issuers);

  const issuer = findIssuer(jws, issuers);
  if (issuer instanceof Refusal) return issuer;
  // `verifyAccessToken` checks the header if a resolver has to find the issuer.
  if (issuer instanceof Promise || introspectsJwts(issuer)) return { token, jws, issuer, header: undefined };

  const header = refuseJwt(issuer) ?? parseJwtHeader(jws, issuer.rules);
  return header instanceof Refusal ? header : { token, jws, issuer, header };
}

/**
 * Verifies an access token by its form: a JWT with the keys of its issuer, an opaque token by introspection. A token that
 * fails one of them is never tried with the other.
 */
export async function verifyAccessToken(
  unverified: UnverifiedToken,
  { introspector, headers, signatures }: AccessTokenDependencies,
  rules: RequestRules,
  { deadline, request }: Call,
): Promise<VerifiedToken | Refusal> {
  const { token, jws } = unverified;
  if (jws === undefined) return introspector.introspect(token, unverified.issuer, { request });

  const issuer = await deadline.wait(unverified.issuer, refuseLate('issuer_resolver_failed'));
  if (issuer instanceof Refusal) return issuer;
  if (introspectsJwts(issuer)) {
    const own = parseOwnClaims(jws, issuer);
    if (own instanceof Refusal) return own;
    const refused =
      checkTime(own.validated, { ...rules, maxTokenAgeSeconds: undefined }) ?? checkNotBound(own.validated);
    return refused ?? introspector.introspect(token, issuer, { own, request });
  }

  const header = unverified.header ?? refuseJwt(issuer) ?? parseJwtHeader(jws, issuer.rules);
  if (header instanceof Refusal) return header;

  const named = { ...header, issuedAt: findIssuedAt(jws.payload), text: token };
  const finding = issuer.keys.find({ ...named, isPlausible: () => isPlausible(jws, issuer, rules) });
  const reason = isHmacAlgorithm(header.algorithm) ? 'secret_unavailable' : 'keys_unavailable';
  const keys = await deadline.wait(finding, refuseLate(reason));
  if (keys instanceof Refusal) return keys;

  const key = await verifySignature(keys, header.algorithm, jws, signatures);
  if (key === undefined) return new Refusal('signature_invalid', `${keys.length} keys tried`);
  if (jws.newHeader !== undefined) headers.add(jws.newHeader, jws.header);

  const validated = parseJwtClaims(jws, issuer.rules);
  if (validated instanceof Refusal) return validated;
  return { issuer, key, header, introspected: undefined, payload: jws.payload, validated };
}

/** The next request waits for what is under way, or starts anew: nothing holds it back. */
function refuseLate(reason: RefusalReason): (seconds: number) => Refusal {
  return (seconds) => new Refusal(reason, `the request waited for ${seconds} s in all`, { retryAfterSeconds: 1 });
}

/** Whether a token would be accepted if its signature were valid. Only then an unknown key is worth a fetch. */
function isPlausible({ payload }: CompactJws, issuer: Issuer, rules: RequestRules): boolean {
  const claims = parseValidatedClaims(payload);
  return !(claims instanceof Refusal) && checkRequestRules(claims, issuer, rules) === undefined;
}

function introspectsJwts(issuer: Issuer): issuer is IntrospectedIssuer {
  return isIntrospected(issuer) && issuer.introspection.jwt === true;
}

/** Trust comes before the network: no request goes to an issuer that is not trusted. */
function findIssuer({ header, payload }: CompactJws, issuers: IssuerRegistry): MaybePromise<Issuer | Refusal> {
  const { iss } = payload;
  if (iss === undefined) return findWithoutIss(issuers) ?? new Refusal('claim_missing', 'iss');
  if (typeof iss !== 'string') return new Refusal('claim_malformed', 'iss is not a string');
  return issuers.find(iss, { header, claims: payload });
}

/** Where the access tokens of an issuer are opaque, its JWTs are ID tokens and the like. */
function refuseJwt(issuer: Issuer): Refusal | undefined {
  if (!isIntrospected(issuer) || issuer.introspection.jwt !== 'refuse') return undefined;
  return new Refusal('token_type_not_allowed', "a JWT, and introspection.jwt of the issuer is 'refuse'");
}

/** Some servers leave `iss` out of their JWTs: Django OAuth Toolkit with a generator of oauthlib's. */
function findWithoutIss(issuers: IssuerRegistry): IntrospectedIssuer | undefined {
  const issuer = issuers.introspectedIssuer();
  return issuer?.introspection.jwt === true ? issuer : undefined;
}

/** A parsed JWT holds only base64url and dots, so the character check of RFC 6750 is for other tokens alone. */
function parseOpaqueToken(
  { token, location }: PresentedToken,
  problem: JwsProblem,
  issuers: IssuerRegistry,
): UnverifiedToken | Refusal {
  if (problem.fault === 'too_large') return refuseJws(problem);
  const malformed = location === undefined ? undefined : checkBearerToken({ token, location });
  if (malformed !== undefined) return malformed;

  const issuer = issuers.introspectedIssuer();
  const noValue = describeNoValue(token);
  if (noValue !== undefined) return new Refusal(issuer === undefined ? 'token_opaque' : 'token_malformed', noValue);
  if (issuer === undefined || looksLikeJwt(token)) return refuseJws(problem);
  if (!isBearerToken(token)) return new Refusal('token_malformed', 'characters that no bearer token has');
  return { token, jws: undefined, issuer };
}

/** A broken or encrypted JWT begins with a JSON object. An opaque token with dots does not. */
function looksLikeJwt(token: string): boolean {
  const dot = token.indexOf('.');
  return dot !== -1 && Buffer.from(token.slice(0, dot), 'base64url').toString('latin1').trimStart().startsWith('{');
}
