import type { AccessToken } from '../protocol/access-token.js';
import { quoteUntrusted, Refusal } from '../protocol/refusal.js';
import { checkClaim } from './claim-policy.js';
import type { Policy } from './policy.js';

/** Checks a token against the policy of a route. */
export function checkPolicy(policy: Policy, token: AccessToken): Refusal | undefined {
  return isMet(policy, token) ? undefined : refuse(policy, token);
}

// The policy is not compiled to functions: those of a thousand routes would not fit into the caches of the processor.
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

// An `anyOf` in an `allOf` multiplies the sets. Beyond this many, only those with the fewest missing scopes remain.
const MAX_SCOPE_SETS = 64;

/** Returns the scopes by which a token meets a policy. @param token a token that meets it */
export function scopesThatMeet(policy: Policy, token: AccessToken): readonly string[] {
  const sets = findScopeSets(policy, token);
  return sets instanceof Refusal ? [] : (fewestMissing(sets, token)[0] as ScopeSet);
}

function refuse(policy: Policy, token: AccessToken): Refusal {
  const sets = findScopeSets(policy, token);
  if (sets instanceof Refusal) return sets;
  const scopes = fewestMissing(sets, token)[0] as ScopeSet;
  const missing = missingScopes(token, scopes);
  if (missing.length === 0) return new Refusal('claim_rule_failed', 'a claim test gave different answers');
  const granted = token.scopes.length === 0 ? 'no scope was' : `${quoteUntrusted(token.scopes.join(' '))} was`;
  return new Refusal('scope_insufficient', `lacks ${missing.join(' ')}; ${granted} granted`, { scopes });
}

/**
 * Finds the sets of scopes that meet a policy. No scope can fix a failed claim rule, so it is the refusal unless another
 * alternative avoids it.
 */
function findScopeSets(policy: Policy, token: AccessToken): readonly ScopeSet[] | Refusal {
  if ('scope' in policy) return [[policy.scope]];
  if ('all' in policy) return findScopeSetsOfAll(policy.all, token);
  if ('any' in policy) {
    const found = policy.any.map((part) => findScopeSets(part, token));
    const possible = found.flatMap((sets) => (sets instanceof Refusal ? [] : sets));
    return possible.length === 0 ? (found[0] as Refusal) : possible;
  }
  return checkClaim(policy, token.claims) ?? [[]];
}

function findScopeSetsOfAll(parts: readonly Policy[], token: AccessToken): readonly ScopeSet[] | Refusal {
  let sets: readonly ScopeSet[] = [[]];
  for (const part of parts) {
    const more = findScopeSets(part, token);
    if (more instanceof Refusal) return more;
    sets = fewestMissing(
      sets.flatMap((scopes) => more.map((others) => [...new Set([...scopes, ...others])])),
      token,
    );
  }
  return sets;
}

/** Sorts sets by the number of missing scopes, then by the order of the policy. */
function fewestMissing(sets: readonly ScopeSet[], token: AccessToken): readonly ScopeSet[] {
  const byCost = sets
    .map((scopes) => ({ scopes, cost: missingScopes(token, scopes).length }))
    .sort((a, b) => a.cost - b.cost);
  return byCost.slice(0, MAX_SCOPE_SETS).map(({ scopes }) => scopes);
}

function missingScopes(token: AccessToken, scopes: ScopeSet): readonly string[] {
  return scopes.filter((scope) => !token.scopes.includes(scope));
}
