import { chain, type MaybePromise } from '../platform/maybe-promise.js';
import { type AccessToken, createAccessToken } from '../protocol/access-token.js';
import type { UntypedClaims } from '../protocol/claims.js';
import { Refusal } from '../protocol/refusal.js';
import type { StandardSchema } from '../protocol/standard-schema.js';
import { applyClaimsSchema } from './claims-schema.js';
import type { ScopeCache } from './scope-cache.js';
import { parseTokenScopes } from './token-scopes.js';
import type { VerifiedToken } from './verified-token.js';

/** The access token for handlers, and whether requests can share it. */
export interface HandlerToken {
  readonly accessToken: AccessToken;
  readonly isFrozen: boolean;
}

/**
 * Maps a verified token to the access token for handlers. Runs the user's schema and scope functions. `verifier` is the
 * origin that `isAccessTokenFrom` compares.
 */
export function toAccessToken(
  token: string,
  { issuer, payload, validated, introspected }: VerifiedToken,
  verifier: { readonly schema: StandardSchema | undefined; readonly scopes?: ScopeCache },
): MaybePromise<HandlerToken | Refusal> {
  const scopes = parseTokenScopes(payload, issuer.rules.scopesFrom, verifier.scopes);
  if (scopes instanceof Refusal) return scopes;

  return chain(applyClaimsSchema(payload, verifier.schema), (handlerClaims) => {
    if (handlerClaims instanceof Refusal) return handlerClaims;

    const { subject, clientId, audience } = validated;

    // An introspected token may have no `exp`: its answer is then valid until the token is introspected again.
    const hasExpiry = Number.isFinite(validated.expiresAt) || introspected === undefined;
    const expiresAt = hasExpiry ? validated.expiresAt : Math.ceil(introspected.validUntil / 1000);

    const claims = handlerClaims.claims as UntypedClaims;
    const fields = { token, claims, issuer: issuer.issuer, subject, clientId, scopes, audience, expiresAt };
    return { accessToken: createAccessToken(fields, verifier), isFrozen: handlerClaims.isFrozen };
  });
}
