import { type AccessToken, isAccessToken, isAccessTokenFrom } from '../../protocol/access-token.js';
import type { RegisterClaims } from '../../protocol/register.js';
import { internalsOfGuard } from './create-guard.js';
import type { Guard } from './guard.js';

/**
 * Returns the access token of a guarded request. With the guard as second argument, its claims have the type of the
 * verifier of that guard, and the token must come from that verifier; else they have the type in `Register`. All guards
 * of one verifier count as the same.
 *
 * @example
 * ```ts
 * app.get('/orders', guard('orders:read'), (req, res) => {
 *   const { subject, claims } = authOf(req, guard);
 *   res.json({ subject, tenant: claims.tenant });
 * });
 * ```
 *
 * @throws {TypeError} no guard accepted this request, or a guard of another verifier did
 */
export function authOf(req: object): AccessToken<RegisterClaims>;
export function authOf<Claims>(req: object, guard: Guard<Claims>): AccessToken<Claims>;
export function authOf(req: object, guard?: unknown): AccessToken<RegisterClaims> {
  const { auth } = req as { auth?: unknown };
  if (!isAccessToken(auth)) {
    throw new TypeError('authOf(req): no guard let this request through. Put guard() in front of its handler.');
  }
  if (guard !== undefined && !isOfGuard(auth, guard)) {
    throw new TypeError('authOf(req, guard): the token of this request came from another verifier than the guard has.');
  }
  return auth as AccessToken<RegisterClaims>;
}

function isOfGuard(auth: AccessToken, guard: unknown): boolean {
  const internals = internalsOfGuard(guard);
  return internals !== undefined && isAccessTokenFrom(auth, internals.context);
}
