import type { Introspector } from '../introspection/introspector.js';
import type { IssuerRegistry } from '../issuer/issuer-registry.js';
import type { HeaderCache } from '../jws/header-cache.js';
import type { SignatureQueue } from '../jws/signature-queue.js';
import type { Clock } from '../platform/clock.js';
import { isObserved, publish } from '../platform/diagnostics.js';
import { after, type MaybePromise } from '../platform/maybe-promise.js';
import { scopesThatMeet } from '../policy/check-policy.js';
import type { AccessToken } from '../protocol/access-token.js';
import { type BearerToken, checkBearerToken, findBearerToken } from '../protocol/bearer-token.js';
import type { HttpRequest } from '../protocol/http-request.js';
import { Refusal } from '../protocol/refusal.js';
import type { StandardSchema } from '../protocol/standard-schema.js';
import { checkRequestRules, type RequestRules } from '../token/request-rules.js';
import type { ScopeCache } from '../token/scope-cache.js';
import { type HandlerToken, toAccessToken } from '../token/to-access-token.js';
import type { VerifiedTokenCache } from '../token/verified-token-cache.js';
import { checkStillTrusted, type VerifiedToken } from '../token/verify-jwt.js';
import { authorize } from './authorize.js';
import type { Requirements } from './requirements.js';
import { verifyAccessToken } from './verify-access-token.js';

/** What every request to one verifier shares. */
export interface VerifierContext {
  readonly issuers: IssuerRegistry;
  readonly cache: VerifiedTokenCache | undefined;
  readonly schema: StandardSchema | undefined;
  readonly maxTokenBytes: number;
  readonly clockToleranceSeconds: number;
  readonly clock: Clock;
  /** Aborted by `close()`. */
  readonly signal: AbortSignal;
  readonly headers: HeaderCache;
  readonly introspector: Introspector;
  readonly scopes: ScopeCache;
  readonly signatures: SignatureQueue;
}

/**
 * The way of a request, from its bytes to an access token or a refusal. With a token that was seen before
 * the answer is there at once. Never throws or rejects on account of what a request holds.
 */
export function authenticate(
  context: VerifierContext,
  request: HttpRequest,
  demands: Requirements,
): MaybePromise<AccessToken | Refusal> {
  const outcome = judge(context, request, demands);
  return isObserved('scopegate:decision') ? after(outcome, (known) => tell(known, demands)) : outcome;
}

function tell(outcome: AccessToken | Refusal, { policy }: Requirements): AccessToken | Refusal {
  publish('scopegate:decision', () => {
    if (outcome instanceof Refusal) return { ...NOBODY, reason: outcome.reason };
    const { issuer, clientId, scopes: granted } = outcome;
    const needed = policy === undefined ? [] : scopesThatMeet(policy, outcome);
    return { reason: undefined, issuer, clientId, granted, needed };
  });
  return outcome;
}

const NOBODY = { issuer: undefined, clientId: undefined, granted: [], needed: [] };

function judge(
  context: VerifierContext,
  request: HttpRequest,
  demands: Requirements,
): MaybePromise<AccessToken | Refusal> {
  const bearer = findBearerToken(request, demands.extraTokenLocations);
  if (bearer instanceof Refusal) return bearer;
  const { policy } = demands;
  const verified = verifyToken(context, bearer.token, demands.audience);
  // Whatever has the form of a JWT is made of the right characters, so only what was refused is looked at.
  if (verified instanceof Refusal) return refuseToken(verified, bearer);
  if (!(verified instanceof Promise)) return authorize(verified, policy);
  return verified.then((outcome) => authorize(outcome, policy));
}

/** What is not even a bearer token is answered as such. One that is too large is not worth reading. */
function refuseToken(refusal: Refusal, bearer: BearerToken): Refusal {
  return refusal.reason === 'token_too_large' ? refusal : (checkBearerToken(bearer) ?? refusal);
}

/** Verifies a token that was taken out of its request already. */
export function verifyToken(
  context: VerifierContext,
  token: string,
  audience: Requirements['audience'],
): MaybePromise<AccessToken | Refusal> {
  if (typeof token !== 'string') return new Refusal('token_malformed', 'it is not a string');
  return recognizeToken(context, token, audience) ?? verifyNewToken(context, { token, audience, isKnown: false });
}

/** A token, and what is demanded of it. */
interface PresentedToken {
  readonly token: string;
  readonly audience: Requirements['audience'];
  /** Whether the cache has it, so that it need not be told of it again. */
  readonly isKnown: boolean;
}

/** Judges a token that was verified before; undefined for any other. */
function recognizeToken(
  context: VerifierContext,
  token: string,
  audience: Requirements['audience'],
): MaybePromise<AccessToken | Refusal> | undefined {
  if (context.signal.aborted) return new Refusal('verifier_closed', 'close() was called');
  // What is too long was never accepted, and is not worth its hash.
  const known = token.length <= context.maxTokenBytes ? context.cache?.get(token) : undefined;
  if (known === undefined) return undefined;
  if (known.accessToken === undefined) return admitToken(context, { token, audience, isKnown: true }, known);
  return checkRequestRules(known.validated, known.issuer, acceptanceNow(context, audience)) ?? known.accessToken;
}

/** Where issuers or keys changed while they were being used, the token is verified once more. */
function verifyNewToken(
  context: VerifierContext,
  presented: PresentedToken,
  isRetry = false,
): MaybePromise<AccessToken | Refusal> {
  const { token, audience } = presented;
  return after(verifyAccessToken(token, context, acceptanceNow(context, audience)), (verified) => {
    if (verified instanceof Refusal) return verified;
    const changed = checkStillTrusted(verified, context.issuers, context.clock());
    if (changed === undefined) return admitToken(context, presented, verified);
    return isRetry ? changed : verifyNewToken(context, presented, true);
  });
}

/** Lets a genuine token in, here and now, and remembers it. The claims schema sees none that is not let in. */
function admitToken(
  context: VerifierContext,
  presented: PresentedToken,
  verified: VerifiedToken,
): MaybePromise<AccessToken | Refusal> {
  const { token, audience } = presented;
  const { validated: facts, issuer } = verified;
  const refusal = checkRequestRules(facts, issuer, acceptanceNow(context, audience));
  if (refusal !== undefined) return refusal;
  const shaped = toAccessToken(token, verified, context);
  if (!(shaped instanceof Promise)) return rememberToken(context, presented, verified, shaped);
  // The world went on while the schema was at work.
  return shaped.then(
    (late) =>
      checkStillTrusted(verified, context.issuers, context.clock()) ??
      checkRequestRules(facts, issuer, acceptanceNow(context, audience)) ??
      rememberToken(context, presented, verified, late),
  );
}

function rememberToken(
  { cache, signal }: VerifierContext,
  { token, isKnown }: PresentedToken,
  verified: VerifiedToken,
  shaped: HandlerToken | Refusal,
): AccessToken | Refusal {
  if (shaped instanceof Refusal) return shaped;
  const { accessToken, isFrozen } = shaped;
  if (!isKnown && !signal.aborted) cache?.set(token, verified, isFrozen ? accessToken : undefined);
  return accessToken;
}

function acceptanceNow(
  { clock, clockToleranceSeconds }: VerifierContext,
  audience: Requirements['audience'],
): RequestRules {
  return { audience, now: clock() / 1000, clockToleranceSeconds };
}
