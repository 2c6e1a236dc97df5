import { ignoreRejection } from '../platform/maybe-promise.js';
import type { JsonObject } from '../protocol/json-object.js';
import { Refusal } from '../protocol/refusal.js';
import type { ClaimPolicy } from './policy.js';

/** Checks one rule about a claim. */
export function checkClaim(policy: ClaimPolicy, claims: JsonObject): Refusal | undefined {
  const value = findClaim(claims, policy.claim);
  const name = policy.claim.join(' > ');
  if ('equals' in policy) return value === policy.equals ? undefined : refuse(`${name} is another value`);

  if ('includes' in policy) {
    // One role is a text at many issuers, several are an array.
    const hasValue = Array.isArray(value) ? value.includes(policy.includes) : value === policy.includes;
    return hasValue ? undefined : refuse(`${name} lacks the value`);
  }

  try {
    const result: unknown = policy.satisfies(value, claims);
    ignoreRejection(result);
    return result === true ? undefined : refuse(`${name} does not satisfy the test`);
  } catch (cause) {
    return new Refusal('claim_rule_threw', name, { cause });
  }
}

function refuse(detail: string): Refusal {
  return new Refusal('claim_rule_failed', detail);
}

/** Reads own members only: `constructor` is no claim. */
function findClaim(claims: JsonObject, path: readonly string[]): unknown {
  let value: unknown = claims;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, name))
      return undefined;
    value = (value as JsonObject)[name];
  }
  return value;
}
