import { after, type MaybePromise } from '../platform/maybe-promise.js';
import { type AccessToken, createAccessToken } from '../protocol/access-token.js';
import type { UntypedClaims } from '../protocol/claims.js';
import { Refusal } from '../protocol/refusal.js';
import type { StandardSchema } from '../protocol/standard-schema.js';
import { applyClaimsSchema } from './claims-schema.js';
import { parseTokenScopes } from './token-scopes.js';
import type { VerifiedToken } from './verify-jwt.js';

/**
 * Makes of a verified token what handlers see. The user's schema and scope functions run here, once a token.
 * The access token is known to come from `verifier`.
 */
export function toAccessToken(
  token: string,
  { issuer, payload, facts }: VerifiedToken,
  verifier: { readonly schema: StandardSchema | undefined },
): MaybePromise<AccessToken | Refusal> {
  const scopes = parseTokenScopes(payload, issuer.rules.scopesFrom);
  if (scopes instanceof Refusal) return scopes;
  return after(applyClaimsSchema(payload, verifier.schema), (claims) => {
    if (claims instanceof Refusal) return claims;
    const { subject, clientId, audience, expiresAt } = facts;
    return createAccessToken(
      { token, claims: claims as UntypedClaims, issuer: issuer.issuer, subject, clientId, scopes, audience, expiresAt },
      verifier,
    );
  });
}
