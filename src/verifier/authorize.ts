import type { PolicyCheck } from '../policy/check-policy.js';
import type { AccessToken } from '../protocol/access-token.js';
import { Refusal } from '../protocol/refusal.js';

/** Lets a verified token through to what its policy allows; a refusal from before stays one. */
export function authorize(token: AccessToken | Refusal, policy: PolicyCheck | undefined): AccessToken | Refusal {
  if (token instanceof Refusal || policy === undefined) return token;
  return policy(token) ?? token;
}
