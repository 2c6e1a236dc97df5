import { type AccessToken, isAccessToken } from '../protocol/access-token.js';
import { checkPolicy } from './check-policy.js';
import { type PolicyInput, parsePolicy } from './policy.js';

/**
 * Returns whether an access token that was verified suffices for a further policy: for a field of GraphQL, a message on a
 * socket, a tool. It looks at scopes and claims, and not at the time.
 *
 * @example
 * ```ts
 * app.get('/orders', guard('orders:read'), (req, res) => {
 *   const auth = authOf(req, guard);
 *   res.json({ orders: [], canWrite: meets(auth, 'orders:write') });
 * });
 * ```
 *
 * @throws {ConfigurationError} the policy is none
 * @throws {TypeError} no verifier of this copy of scopegate returned the token
 */
export function meets(accessToken: AccessToken<unknown>, policy: PolicyInput): boolean {
  const parsed = parsePolicy(policy, 'policy');
  if (isAccessToken(accessToken)) return checkPolicy(parsed, accessToken) === undefined;
  throw new TypeError('meets(accessToken, policy): this is no access token that a verifier returned.');
}
