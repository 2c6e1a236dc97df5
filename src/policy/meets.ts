import { type AccessToken, isAccessToken } from '../protocol/access-token.js';
import { checkPolicy } from './check-policy.js';
import { type PolicyInput, parsePolicy } from './policy.js';

/**
 * Returns whether an access token that was verified meets a further policy: for fields of GraphQL, messages of a socket,
 * parts of an answer. It looks at scopes and claims alone; time and audience were checked when the token was verified.
 *
 * @example
 * ```ts
 * app.get('/orders', guard('orders:read'), (req, res) => {
 *   const showsPrices = meets(authOf(req), anyOf('prices:read', 'admin'));
 *   res.json({ showsPrices });
 * });
 * ```
 *
 * @throws {TypeError} not an access token
 * @throws {ConfigurationError} not a policy
 */
export function meets(accessToken: AccessToken<unknown>, policy: PolicyInput): boolean {
  if (!isAccessToken(accessToken)) throw new TypeError('meets: not an access token of a verifier');
  return checkPolicy(parsePolicy(policy, 'policy'), accessToken) === undefined;
}
