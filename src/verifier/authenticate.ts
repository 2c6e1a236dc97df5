import type { IssuerRegistry } from '../issuer/issuer-registry.js';
import type { Clock } from '../platform/clock.js';
import { after, type MaybePromise } from '../platform/maybe-promise.js';
import type { AccessToken } from '../protocol/access-token.js';
import { checkBearerToken, findBearerToken } from '../protocol/bearer-token.js';
import type { HttpRequest } from '../protocol/http-request.js';
import { Refusal } from '../protocol/refusal.js';
import type { StandardSchema } from '../protocol/standard-schema.js';
import { type AcceptanceRules, checkAcceptance } from '../token/acceptance.js';
import type { KnownHeaders } from '../token/known-headers.js';
import { toAccessToken } from '../token/to-access-token.js';
import type { VerifiedTokenCache } from '../token/verified-token-cache.js';
import { verifyJwt } from '../token/verify-jwt.js';
import { authorize } from './authorize.js';
import type { Demands } from './demands.js';

/** What every request to one verifier shares. */
export interface VerifierContext {
  readonly issuers: IssuerRegistry;
  readonly cache: VerifiedTokenCache | undefined;
  readonly schema: StandardSchema | undefined;
  readonly maxTokenBytes: number;
  readonly clockToleranceSeconds: number;
  readonly clock: Clock;
  readonly lifetime: { readonly isOver: boolean };
  readonly headers: KnownHeaders;
}

/**
 * The way of a request, from its bytes to an access token or a refusal. With a token that was seen before
 * the answer is there at once. Never throws or rejects on account of what a request holds.
 */
export function authenticate(
  context: VerifierContext,
  request: HttpRequest,
  demands: Demands,
): MaybePromise<AccessToken | Refusal> {
  const bearer = findBearerToken(request, demands.extraTokenLocations);
  if (bearer instanceof Refusal) return bearer;
  const { token } = bearer;
  const acceptance = acceptanceAt(context, demands.audience);
  // A token that is known was made of the right characters when it was seen first.
  const known = recognizeToken(context, token, acceptance);
  if (known !== undefined) return authorize(known, demands.policy);
  const malformed = checkBearerToken(bearer);
  if (malformed !== undefined) return malformed;
  return after(verifyNewToken(context, token, acceptance), (verified) => authorize(verified, demands.policy));
}

/** Verifies a token that was taken out of its request already. */
export function verifyToken(
  context: VerifierContext,
  token: string,
  audience: Demands['audience'],
): MaybePromise<AccessToken | Refusal> {
  if (typeof token !== 'string') return new Refusal('token_malformed', 'it is not a string');
  const acceptance = acceptanceAt(context, audience);
  return recognizeToken(context, token, acceptance) ?? verifyNewToken(context, token, acceptance);
}

function acceptanceAt(
  { clock, clockToleranceSeconds }: VerifierContext,
  audience: Demands['audience'],
): AcceptanceRules {
  return { audience, now: clock() / 1000, clockToleranceSeconds };
}

/** Judges a token that was verified before; undefined for any other. */
function recognizeToken(
  context: VerifierContext,
  token: string,
  acceptance: AcceptanceRules,
): AccessToken | Refusal | undefined {
  if (context.lifetime.isOver) return new Refusal('verifier_closed', 'close() was called');
  // What is too long was never accepted, and is not worth its hash.
  const known = token.length > context.maxTokenBytes ? undefined : context.cache?.get(token);
  if (known === undefined) return undefined;
  return checkAcceptance(known.facts, known.issuer, acceptance) ?? known.accessToken;
}

function verifyNewToken(
  context: VerifierContext,
  token: string,
  acceptance: AcceptanceRules,
): MaybePromise<AccessToken | Refusal> {
  return after(verifyJwt(token, context, acceptance), (verified) => {
    if (verified instanceof Refusal) return verified;
    const refusal = checkAcceptance(verified.facts, verified.issuer, acceptance);
    if (refusal !== undefined) return refusal;
    return after(toAccessToken(token, verified, context), (accessToken) => {
      if (accessToken instanceof Refusal || context.lifetime.isOver) return accessToken;
      context.cache?.set(token, { ...verified, accessToken });
      return accessToken;
    });
  });
}
