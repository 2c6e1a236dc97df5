import type { AccessToken } from '../protocol/access-token.js';
import { Refusal } from '../protocol/refusal.js';
import { checkClaim } from './claim-policy.js';
import type { Policy } from './policy.js';

/** Checks a token against the policy of a route. */
export function checkPolicy(policy: Policy, token: AccessToken): Refusal | undefined {
  return isMet(policy, token) ? undefined : refuse(policy, token);
}

// No functions made of the policy beforehand: a thousand routes with theirs would not stay in the processor's caches.
function isMet(policy: Policy, token: AccessToken): boolean {
  if ('scope' in policy) return token.scopes.includes(policy.scope);
  if ('all' in policy) {
    for (const part of policy.all) if (!isMet(part, token)) return false;
    return true;
  }
  if ('any' in policy) {
    for (const part of policy.any) if (isMet(part, token)) return true;
    return false;
  }
  return checkClaim(policy, token.claims) === undefined;
}

/** Scopes that together would meet a policy. */
type ScopeSet = readonly string[];

// Ways multiply where `anyOf` stands in `allOf`. Beyond this many, those that lack the fewest scopes go on.
const MAX_SCOPE_SETS = 64;

/** Gives the scopes by which a token meets a policy. @param token one that meets it */
export function scopesThatMeet(policy: Policy, token: AccessToken): readonly string[] {
  const ways = findScopeSets(policy, token);
  return ways instanceof Refusal ? [] : (fewestMissing(ways, token)[0] as ScopeSet);
}

function refuse(policy: Policy, token: AccessToken): Refusal {
  const ways = findScopeSets(policy, token);
  if (ways instanceof Refusal) return ways;
  const scopes = fewestMissing(ways, token)[0] as ScopeSet;
  const lacked = missingScopes(token, scopes);
  if (lacked.length === 0) return new Refusal('claim_rule_failed', 'a claim test gave different answers');
  return new Refusal('scope_insufficient', `lacks ${lacked.join(' ')}`, { scopes });
}

/**
 * Finds the ways to meet a policy. A claim rule that is not met cannot be mended by scopes, so it decides
 * wherever there is no way around it.
 */
function findScopeSets(policy: Policy, token: AccessToken): readonly ScopeSet[] | Refusal {
  if ('scope' in policy) return [[policy.scope]];
  if ('all' in policy) return findScopeSetsOfAll(policy.all, token);
  if ('any' in policy) {
    const found = policy.any.map((part) => findScopeSets(part, token));
    const open = found.flatMap((ways) => (ways instanceof Refusal ? [] : ways));
    return open.length === 0 ? (found[0] as Refusal) : open;
  }
  return checkClaim(policy, token.claims) ?? [[]];
}

function findScopeSetsOfAll(parts: readonly Policy[], token: AccessToken): readonly ScopeSet[] | Refusal {
  let ways: readonly ScopeSet[] = [[]];
  for (const part of parts) {
    const more = findScopeSets(part, token);
    if (more instanceof Refusal) return more;
    ways = fewestMissing(
      ways.flatMap((way) => more.map((scopes) => [...new Set([...way, ...scopes])])),
      token,
    );
  }
  return ways;
}

/** Sorts by the number of scopes that are lacking; those that lack as many stay in the order of the policy. */
function fewestMissing(ways: readonly ScopeSet[], token: AccessToken): readonly ScopeSet[] {
  const byCost = ways.map((way) => ({ way, cost: missingScopes(token, way).length })).sort((a, b) => a.cost - b.cost);
  return byCost.slice(0, MAX_SCOPE_SETS).map(({ way }) => way);
}

function missingScopes(token: AccessToken, scopes: ScopeSet): readonly string[] {
  return scopes.filter((scope) => !token.scopes.includes(scope));
}
