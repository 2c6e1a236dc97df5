import type { IssuerRegistry } from '../issuer/issuer-registry.js';
import type { KeyLimits } from '../keys/key-source.js';
import type { Clock } from '../platform/clock.js';
import { isObserved, publish } from '../platform/diagnostics.js';
import { chain, type MaybePromise } from '../platform/maybe-promise.js';
import { checkPolicy, scopesThatMeet } from '../policy/check-policy.js';
import type { AccessToken } from '../protocol/access-token.js';
import { findBearerToken } from '../protocol/bearer-token.js';
import type { HttpRequest } from '../protocol/http-request.js';
import { escapeControls, Refusal } from '../protocol/refusal.js';
import type { StandardSchema } from '../protocol/standard-schema.js';
import { Deadline } from '../resilience/deadline.js';
import { checkRequestRules, type RequestRules } from '../token/request-rules.js';
import type { ScopeCache } from '../token/scope-cache.js';
import { toAccessToken } from '../token/to-access-token.js';
import { checkStillTrusted, type VerifiedToken } from '../token/verified-token.js';
import type { VerifiedTokenCache } from '../token/verified-token-cache.js';
import type { Requirements } from './requirements.js';
import {
  type AccessTokenDependencies,
  type PresentedToken,
  parseAccessToken,
  type UnverifiedToken,
  verifyAccessToken,
} from './verify-access-token.js';

/** The dependencies that all requests to one verifier share. */
export interface VerifierContext extends AccessTokenDependencies {
  readonly issuers: IssuerRegistry;
  readonly cache: VerifiedTokenCache | undefined;
  readonly schema: StandardSchema | undefined;
  readonly clockToleranceSeconds: number;
  readonly keyLimits: KeyLimits;
  readonly clock: Clock;
  /** Aborted by `close()`. */
  readonly signal: AbortSignal;
  readonly scopes: ScopeCache;
}

/**
 * Authenticates a request: returns its access token, or a refusal. Cached tokens, and refusals that need no key, take no
 * promise. No request makes it throw or reject.
 */
export function authenticate(
  context: VerifierContext,
  request: HttpRequest,
  requirements: Requirements,
): MaybePromise<AccessToken | Refusal> {
  const outcome = authenticateUnobserved(context, request, requirements);
  if (!isObserved('scopegate:decision')) return outcome;
  return chain(outcome, (settled) => publishDecision(settled, requirements));
}

/** The same without a message about the decision. */
export function authenticateUnobserved(
  context: VerifierContext,
  request: HttpRequest,
  requirements: Requirements,
): MaybePromise<AccessToken | Refusal> {
  const bearer = findBearerToken(request, requirements.extraTokenLocations);
  return bearer instanceof Refusal ? bearer : authenticateToken(context, bearer, requirements, request);
}

/** Authenticates a token that was found before, or came without an HTTP request. */
export function authenticateToken(
  context: VerifierContext,
  presented: PresentedToken,
  requirements: Requirements,
  request?: HttpRequest,
): MaybePromise<AccessToken | Refusal> {
  if (context.signal.aborted) return new Refusal('verifier_closed', 'close() was called');

  const cached = context.cache?.find(presented.token);
  if (cached?.accessToken !== undefined) {
    return checkNow(context, cached, requirements) ?? authorize(cached.accessToken, requirements);
  }
  // A handler could change the output of the schema, so the schema runs for each request.
  if (cached !== undefined) return acceptToken(context, presented.token, cached, requirements);

  const unverified = parseAccessToken(presented, context);
  return unverified instanceof Refusal ? unverified : authenticateNew(context, unverified, requirements, request);
}

/** Starts again once if the issuer or the key changed during verification. One deadline for both. */
async function authenticateNew(
  context: VerifierContext,
  unverified: UnverifiedToken,
  requirements: Requirements,
  request: HttpRequest | undefined,
): Promise<AccessToken | Refusal> {
  const call = { deadline: new Deadline(context.keyLimits.fetchTimeoutSeconds, context.clock), request };
  let current = unverified;

  try {
    for (let isRetry = false; ; isRetry = true) {
      const verified = await verifyAccessToken(current, context, rulesNow(context, requirements), call);
      if (verified instanceof Refusal) return verified;

      const changed = checkStillTrusted(verified, context.issuers, context.clock());
      if (changed === undefined) return await acceptToken(context, current.token, verified, requirements);
      if (isRetry) return changed;

      const again = parseAccessToken(current, context);
      if (again instanceof Refusal) return again;
      current = again;
    }
  } finally {
    call.deadline.end();
  }
}

/** Checks the rules of this request, runs the schema, stores the token, and checks the policy of the route. */
async function acceptToken(
  context: VerifierContext,
  token: string,
  verified: VerifiedToken,
  requirements: Requirements,
): Promise<AccessToken | Refusal> {
  // The schema never sees a token that fails these rules.
  const refusal = checkNow(context, verified, requirements);
  if (refusal !== undefined) return refusal;

  const mapped = await toAccessToken(token, verified, context);
  if (mapped instanceof Refusal) return mapped;

  // Keys and time may have changed while the schema ran.
  const lateRefusal =
    context.schema === undefined
      ? undefined
      : (checkStillTrusted(verified, context.issuers, context.clock()) ?? checkNow(context, verified, requirements));
  if (lateRefusal !== undefined) return lateRefusal;

  if (!context.signal.aborted) context.cache?.store(token, verified, mapped.isFrozen ? mapped.accessToken : undefined);
  return authorize(mapped.accessToken, requirements);
}

/** Checks what every request checks, with a cached token or a new one: time, audience, client, binding. */
function checkNow(context: VerifierContext, verified: VerifiedToken, requirements: Requirements): Refusal | undefined {
  return checkRequestRules(verified.validated, verified.issuer, rulesNow(context, requirements));
}

function rulesNow({ clock, clockToleranceSeconds }: VerifierContext, { audience }: Requirements): RequestRules {
  return { audience, now: clock() / 1000, clockToleranceSeconds };
}

function authorize(accessToken: AccessToken, { policy }: Requirements): AccessToken | Refusal {
  return policy === undefined ? accessToken : (checkPolicy(policy, accessToken) ?? accessToken);
}

const REFUSED = { issuer: undefined, clientId: undefined, granted: [], needed: [] };

function publishDecision(outcome: AccessToken | Refusal, { policy }: Requirements): AccessToken | Refusal {
  publish('scopegate:decision', () => {
    if (outcome instanceof Refusal) return { ...REFUSED, reason: outcome.reason };
    const { issuer, clientId, scopes } = outcome;
    const needed = policy === undefined ? [] : scopesThatMeet(policy, outcome).map(escapeControls);
    const granted = scopes.map(escapeControls);
    return { reason: undefined, issuer, clientId: clientId && escapeControls(clientId), granted, needed };
  });
  return outcome;
}
