import { type AccessToken, createAccessToken } from '../protocol/access-token.js';
import type { UntypedClaims } from '../protocol/claims.js';
import { Refusal } from '../protocol/refusal.js';
import type { StandardSchema } from '../protocol/standard-schema.js';
import { applyClaimsSchema } from './claims-schema.js';
import { parseTokenScopes } from './token-scopes.js';
import type { VerifiedToken } from './verify-jwt.js';

/** Makes of a verified token what handlers see. The user's schema and scope functions run here, once a token. */
export async function toAccessToken(
  token: string,
  { issuer, payload, facts }: VerifiedToken,
  schema: StandardSchema | undefined,
): Promise<AccessToken | Refusal> {
  const scopes = parseTokenScopes(payload, issuer.rules.scopesFrom);
  if (scopes instanceof Refusal) return scopes;
  const claims = await applyClaimsSchema(payload, schema);
  if (claims instanceof Refusal) return claims;
  return createAccessToken({
    token,
    claims: claims as UntypedClaims,
    issuer: issuer.issuer,
    subject: facts.subject,
    clientId: facts.clientId,
    scopes,
    audience: facts.audience,
    expiresAt: facts.expiresAt,
  });
}
