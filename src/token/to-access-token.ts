import { after, type MaybePromise } from '../platform/maybe-promise.js';
import { type AccessToken, createAccessToken } from '../protocol/access-token.js';
import type { UntypedClaims } from '../protocol/claims.js';
import { Refusal } from '../protocol/refusal.js';
import type { StandardSchema } from '../protocol/standard-schema.js';
import { applyClaimsSchema } from './claims-schema.js';
import type { ScopeCache } from './scope-cache.js';
import { parseTokenScopes } from './token-scopes.js';
import type { VerifiedToken } from './verify-jwt.js';

/** What handlers see, and whether every request with this token can be given the same. */
export interface HandlerToken {
  readonly accessToken: AccessToken;
  readonly isFrozen: boolean;
}

/**
 * Makes of a verified token what handlers see. The user's schema and scope functions run here. The access
 * token is known to come from `verifier`.
 */
export function toAccessToken(
  token: string,
  { issuer, payload, validated: facts, introspected: asked }: VerifiedToken,
  verifier: { readonly schema: StandardSchema | undefined; readonly scopes?: ScopeCache },
): MaybePromise<HandlerToken | Refusal> {
  const scopes = parseTokenScopes(payload, issuer.rules.scopesFrom, verifier.scopes);
  if (scopes instanceof Refusal) return scopes;
  return after(applyClaimsSchema(payload, verifier.schema), (shaped) => {
    if (shaped instanceof Refusal) return shaped;
    const { subject, clientId, audience } = facts;
    // Where the issuer does not say when the token ends, its word holds until it is asked again.
    const isTold = Number.isFinite(facts.expiresAt) || asked === undefined;
    const expiresAt = isTold ? facts.expiresAt : Math.floor(asked.validUntil / 1000);
    const claims = shaped.claims as UntypedClaims;
    const fields = { token, claims, issuer: issuer.issuer, subject, clientId, scopes, audience, expiresAt };
    return { accessToken: createAccessToken(fields, verifier), isFrozen: shaped.isFrozen };
  });
}
