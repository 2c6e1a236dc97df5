import type { AccessToken } from '../protocol/access-token.js';
import { Refusal } from '../protocol/refusal.js';
import { checkClaim } from './claim-policy.js';
import type { Policy } from './policy.js';

/** Checks a token against the policy of a route. */
export type PolicyCheck = (token: AccessToken) => Refusal | undefined;

type Predicate = (token: AccessToken) => boolean;

/** Compiles a policy, once, when its route is declared. */
export function compilePolicy(policy: Policy): PolicyCheck {
  const isMet = compilePredicate(policy);
  return (token) => (isMet(token) ? undefined : refuse(policy, token));
}

function compilePredicate(policy: Policy): Predicate {
  if ('scope' in policy) {
    const { scope } = policy;
    return (token) => token.scopes.includes(scope);
  }
  if ('all' in policy) {
    const predicates = policy.all.map(compilePredicate);
    return (token) => predicates.every((isMet) => isMet(token));
  }
  if ('any' in policy) {
    const predicates = policy.any.map(compilePredicate);
    return (token) => predicates.some((isMet) => isMet(token));
  }
  return (token) => checkClaim(policy, token.claims) === undefined;
}

/** What a token would need: the scopes of the cheapest way to meet a policy, and how many of them it lacks. */
interface ScopeNeed {
  readonly scopes: readonly string[];
  readonly missing: number;
}

function refuse(policy: Policy, token: AccessToken): Refusal {
  const need = findNeed(policy, token);
  if (need instanceof Refusal) return need;
  const lacked = need.scopes.filter((scope) => !token.scopes.includes(scope));
  if (lacked.length === 0) return new Refusal('claim_rule_failed', 'a claim test gave different answers');
  return new Refusal('scope_insufficient', `lacks ${lacked.join(' ')}`, { scopes: need.scopes });
}

/**
 * Finds the way to meet a policy that asks for the fewest scopes more. A claim rule that is not met cannot
 * be mended by scopes, so it decides wherever there is no way around it.
 */
function findNeed(policy: Policy, token: AccessToken): ScopeNeed | Refusal {
  if ('scope' in policy) {
    return { scopes: [policy.scope], missing: token.scopes.includes(policy.scope) ? 0 : 1 };
  }
  if ('all' in policy) {
    const needs = policy.all.map((part) => findNeed(part, token));
    const blocked = needs.find((need) => need instanceof Refusal);
    if (blocked !== undefined) return blocked;
    return joinNeeds(needs as readonly ScopeNeed[], token);
  }
  if ('any' in policy) {
    const needs = policy.any.map((part) => findNeed(part, token));
    const open = needs.filter((need): need is ScopeNeed => !(need instanceof Refusal));
    if (open.length === 0) return needs[0] as Refusal;
    return open.reduce((best, need) => (need.missing < best.missing ? need : best));
  }
  return checkClaim(policy, token.claims) ?? { scopes: [], missing: 0 };
}

function joinNeeds(needs: readonly ScopeNeed[], token: AccessToken): ScopeNeed {
  const scopes = [...new Set(needs.flatMap((need) => need.scopes))];
  return { scopes, missing: scopes.filter((scope) => !token.scopes.includes(scope)).length };
}
