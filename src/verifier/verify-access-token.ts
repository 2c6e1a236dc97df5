import type { Introspector } from '../introspection/introspector.js';
import { type IntrospectedIssuer, type Issuer, isIntrospected } from '../issuer/issuer.js';
import type { IssuerRegistry } from '../issuer/issuer-registry.js';
import { type CompactJws, parseCompactJws } from '../jws/compact-jws.js';
import { after, type MaybePromise } from '../platform/maybe-promise.js';
import { isBearerToken } from '../protocol/bearer-token.js';
import { Refusal } from '../protocol/refusal.js';
import type { RequestRules } from '../token/request-rules.js';
import { type JwtDependencies, type VerifiedToken, verifyJws } from '../token/verify-jwt.js';

export interface AccessTokenDependencies extends JwtDependencies {
  readonly issuers: IssuerRegistry;
  readonly maxTokenBytes: number;
  readonly introspector: Introspector;
}

/**
 * Verifies an access token in the way that its form asks for: a JWT with the keys of the issuer that it names, any
 * other by asking the issuer that introspects. What is refused in one way is not tried in the other.
 */
export function verifyAccessToken(
  token: string,
  rules: AccessTokenDependencies,
  acceptance: RequestRules,
): MaybePromise<VerifiedToken | Refusal> {
  const jws = parseCompactJws(token, rules.maxTokenBytes, rules.headers);
  if (jws instanceof Refusal) return verifyOpaque(token, jws, rules);
  return after(findIssuer(jws, rules.issuers), (issuer) => {
    if (issuer instanceof Refusal) return issuer;
    if (isIntrospected(issuer) && issuer.introspection.jwt) return rules.introspector.introspect(token, issuer);
    return verifyJws(jws, issuer, rules, acceptance);
  });
}

/** Trust before network: whoever is not trusted is asked nothing. */
function findIssuer({ payload }: CompactJws, issuers: IssuerRegistry): MaybePromise<Issuer | Refusal> {
  const { iss } = payload;
  if (iss === undefined) return findWithoutIss(issuers) ?? new Refusal('claim_missing', 'iss');
  if (typeof iss !== 'string') return new Refusal('claim_malformed', 'iss is not a string');
  return issuers.find(iss);
}

/** Some servers leave `iss` out of their JWTs: Django OAuth Toolkit with a generator of oauthlib's. */
function findWithoutIss(issuers: IssuerRegistry): IntrospectedIssuer | undefined {
  const issuer = issuers.introspectedIssuer();
  return issuer?.introspection.jwt ? issuer : undefined;
}

function verifyOpaque(
  token: string,
  refusal: Refusal,
  { issuers, introspector }: AccessTokenDependencies,
): MaybePromise<VerifiedToken | Refusal> {
  const issuer = issuers.introspectedIssuer();
  if (issuer === undefined || refusal.reason === 'token_too_large' || looksLikeJwt(token)) return refusal;
  if (!isBearerToken(token)) return new Refusal('token_malformed', 'characters that no bearer token has');
  return introspector.introspect(token, issuer);
}

/** Tells a broken or encrypted JWT from an opaque token that has dots: it begins with a JSON object. */
function looksLikeJwt(token: string): boolean {
  const dot = token.indexOf('.');
  return dot !== -1 && Buffer.from(token.slice(0, dot), 'base64url').toString('latin1').trimStart().startsWith('{');
}
