import { checkPolicy } from '../policy/check-policy.js';
import type { Policy } from '../policy/policy.js';
import type { AccessToken } from '../protocol/access-token.js';
import { Refusal } from '../protocol/refusal.js';

/** Lets a verified token through to what its policy allows; a refusal from before stays one. */
export function authorize(token: AccessToken | Refusal, policy: Policy | undefined): AccessToken | Refusal {
  if (token instanceof Refusal || policy === undefined) return token;
  return checkPolicy(policy, token) ?? token;
}
