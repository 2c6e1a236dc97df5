import { isScopeToken } from '../protocol/scope.js';

/** Takes from a claim the roles or groups that a route can ask for as a scope; there are none where it holds no list. */
export function rolesOf(claim: unknown): readonly string[] {
  if (!Array.isArray(claim)) return [];
  return claim.filter((name): name is string => typeof name === 'string' && isScopeToken(name));
}
