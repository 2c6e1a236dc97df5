import type { IssuerRegistry } from '../issuer/issuer-registry.js';
import type { Clock } from '../platform/clock.js';
import { after, type MaybePromise } from '../platform/maybe-promise.js';
import type { AccessToken } from '../protocol/access-token.js';
import { parseBearerToken } from '../protocol/bearer-token.js';
import type { HttpRequest } from '../protocol/http-request.js';
import { Refusal } from '../protocol/refusal.js';
import type { StandardSchema } from '../protocol/standard-schema.js';
import { type AcceptanceRules, checkAcceptance } from '../token/acceptance.js';
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
  readonly closed: AbortSignal;
  /** Every access token that came out of this verifier. */
  readonly issued: WeakSet<AccessToken>;
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
  const bearer = parseBearerToken(request, demands.extraTokenLocations);
  if (bearer instanceof Refusal) return bearer;
  const verified = verifyToken(context, bearer.token, demands.audience);
  return after(verified, (token) => authorize(token, demands.policy));
}

/** Verifies a token that was taken out of its request already. */
export function verifyToken(
  context: VerifierContext,
  token: string,
  audience: Demands['audience'],
): MaybePromise<AccessToken | Refusal> {
  if (context.closed.aborted) return new Refusal('verifier_closed', 'close() was called');
  if (typeof token !== 'string') return new Refusal('token_malformed', 'it is not a string');
  const { clock, clockToleranceSeconds } = context;
  const acceptance = { audience, now: clock() / 1000, clockToleranceSeconds };
  const known = context.cache?.get(token);
  if (known === undefined) return verifyNewToken(context, token, acceptance);
  return checkAcceptance(known.facts, known.issuer, acceptance) ?? known.accessToken;
}

async function verifyNewToken(
  context: VerifierContext,
  token: string,
  acceptance: AcceptanceRules,
): Promise<AccessToken | Refusal> {
  const verified = await verifyJwt(token, context, acceptance);
  if (verified instanceof Refusal) return verified;
  const refusal = checkAcceptance(verified.facts, verified.issuer, acceptance);
  if (refusal !== undefined) return refusal;
  const accessToken = await toAccessToken(token, verified, context.schema);
  if (accessToken instanceof Refusal) return accessToken;
  context.issued.add(accessToken);
  if (!context.closed.aborted) context.cache?.set(token, { ...verified, accessToken });
  return accessToken;
}
