import { isScopeToken } from '../protocol/scope.js';

/** Returns the roles or groups in a claim that are scope tokens; none if it holds no list. */
export function rolesOf(claim: unknown): readonly string[] {
  if (!Array.isArray(claim)) return [];
  return claim.filter((name): name is string => typeof name === 'string' && isScopeToken(name));
}
