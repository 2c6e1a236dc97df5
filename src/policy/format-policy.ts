import type { Policy } from './policy.js';

/** Formats a policy for people: `orders:read and (admin or claim role equals "manager")`. */
export function formatPolicy(policy: Policy): string {
  return formatPart(policy, false);
}

function formatPart(policy: Policy, isInner: boolean): string {
  if ('scope' in policy) return policy.scope;
  if ('all' in policy) return joinParts(policy.all, 'and', isInner);
  if ('any' in policy) return joinParts(policy.any, 'or', isInner);
  const name = policy.claim.join('.');
  if ('equals' in policy) return `claim ${name} equals ${JSON.stringify(policy.equals)}`;
  if ('includes' in policy) return `claim ${name} includes ${JSON.stringify(policy.includes)}`;
  return `claim ${name} satisfies ${policy.satisfies.name || 'a function'}`;
}

function joinParts(parts: readonly Policy[], word: 'and' | 'or', isInner: boolean): string {
  const text = parts.map((part) => formatPart(part, parts.length > 1)).join(` ${word} `);
  return isInner && parts.length > 1 ? `(${text})` : text;
}
