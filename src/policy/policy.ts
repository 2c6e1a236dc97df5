import { describeValue } from '../options/option-reader.js';
import { ConfigurationError } from '../protocol/errors.js';
import { parseScope } from '../protocol/scope.js';

/** What a claim can be compared with. */
export type ClaimValue = string | number | boolean | null;

/**
 * Judges the value of a claim; undefined when the token lacks it. Anything but `true` is a no, a promise
 * included. Must not have effects: it may run more than once for a request.
 */
export type ClaimTest = (value: unknown, claims: { readonly [name: string]: unknown }) => boolean;

/** The token was granted this scope. */
export interface ScopePolicy {
  readonly scope: string;
}

/** A claim, found by its path, has a property. */
export type ClaimPolicy =
  | { readonly claim: readonly string[]; readonly equals: ClaimValue }
  | { readonly claim: readonly string[]; readonly includes: ClaimValue }
  | { readonly claim: readonly string[]; readonly satisfies: ClaimTest };

/**
 * What a route demands of a verified token, as data: it can be listed, documented and audited. Made by
 * `allOf`, `anyOf` and `claim`, or written by hand.
 */
export type Policy =
  | ScopePolicy
  | ClaimPolicy
  | { readonly all: readonly Policy[] }
  | { readonly any: readonly Policy[] };

/** A policy, or a scope string; one with spaces means all of its scopes. */
export type PolicyInput = string | Policy;

/**
 * Demands every one of the policies.
 *
 * @example
 * ```ts
 * guard(allOf('report:read', claim('role').equals('manager')));
 * ```
 *
 * @throws {ConfigurationError} there is none, or one is no policy
 */
export function allOf(...policies: readonly PolicyInput[]): Policy {
  return Object.freeze({ all: parsePolicies(policies, 'allOf') });
}

/**
 * Demands at least one of the policies.
 *
 * @example
 * ```ts
 * guard(anyOf('report:read', 'admin'));
 * ```
 *
 * @throws {ConfigurationError} there is none, or one is no policy
 */
export function anyOf(...policies: readonly PolicyInput[]): Policy {
  return Object.freeze({ any: parsePolicies(policies, 'anyOf') });
}

/** What can be demanded of a claim. */
export interface ClaimRules {
  /** The claim is this very value. No conversion: `1` is not `'1'`. */
  equals(value: ClaimValue): Policy;
  /** The claim is an array that has this very value. A string never includes anything. */
  includes(value: ClaimValue): Policy;
  /** The function gives `true` for the claim. */
  satisfies(test: ClaimTest): Policy;
}

/**
 * Starts a rule about a claim. Several names are a path: `claim('realm_access', 'roles')`. A name is taken
 * whole, dots and slashes included.
 *
 * @example
 * ```ts
 * guard(claim('realm_access', 'roles').includes('staff'));
 * guard(claim('age').satisfies((age) => typeof age === 'number' && age >= 18));
 * ```
 *
 * @throws {ConfigurationError}
 */
export function claim(name: string, ...path: readonly string[]): ClaimRules {
  const claimPath = [name, ...path];
  return {
    equals: (value) => parsePolicy({ claim: claimPath, equals: value }, 'claim'),
    includes: (value) => parsePolicy({ claim: claimPath, includes: value }, 'claim'),
    satisfies: (test) => parsePolicy({ claim: claimPath, satisfies: test }, 'claim'),
  };
}

const FIX = "Give a scope string such as 'orders:read', or a policy made by allOf, anyOf or claim.";

/** Checks a policy and freezes it. @throws {ConfigurationError} */
export function parsePolicy(given: unknown, where: string): Policy {
  if (typeof given === 'string') return parseScopePolicy(given, where);
  if (typeof given !== 'object' || given === null) {
    throw new ConfigurationError(where, `is ${describeValue(given)}.`, FIX);
  }
  const names = Object.keys(given).sort().join(' ');
  const { scope, all, any, claim: path, ...rule } = given as Record<string, unknown>;
  switch (names) {
    case 'scope':
      if (typeof scope !== 'string') throw new ConfigurationError(`${where}.scope`, `is ${describeValue(scope)}.`, FIX);
      return parseScopePolicy(scope, `${where}.scope`);
    case 'all':
      return Object.freeze({ all: parsePolicies(all, `${where}.all`) });
    case 'any':
      return Object.freeze({ any: parsePolicies(any, `${where}.any`) });
    case 'claim equals':
    case 'claim includes':
    case 'claim satisfies':
      return parseClaimPolicy(path, rule, where);
    default:
      throw new ConfigurationError(where, `is an object with the members ${names === '' ? 'none' : names}.`, FIX);
  }
}

function parseScopePolicy(text: string, where: string): Policy {
  const scopes = parseScope(text);
  if (scopes === undefined) {
    throw new ConfigurationError(
      where,
      `${describeValue(text)} is not a scope string (RFC 6749 §3.3).`,
      'Separate scopes by one space each, without quotes, backslashes or other characters than printable ASCII.',
    );
  }
  const [first, ...others] = scopes.map((scope) => Object.freeze({ scope }));
  if (first === undefined) {
    throw new ConfigurationError(
      where,
      'is an empty scope string.',
      'Leave the policy out to demand a valid token and no scope.',
    );
  }
  return others.length === 0 ? first : Object.freeze({ all: Object.freeze([first, ...others]) });
}

function parsePolicies(given: unknown, where: string): readonly Policy[] {
  if (!Array.isArray(given)) throw new ConfigurationError(where, `is ${describeValue(given)}.`, FIX);
  if (given.length === 0) throw new ConfigurationError(where, 'has no policies in it.', FIX);
  return Object.freeze(Array.from(given, (policy, index) => parsePolicy(policy, `${where}[${index}]`)));
}

function parseClaimPolicy(path: unknown, rule: Record<string, unknown>, where: string): Policy {
  // Array.from fills the holes of a literal such as [, 'roles'], which every() would pass over.
  const names: readonly unknown[] = Array.isArray(path) ? Array.from(path) : [];
  const isPath = names.length > 0 && names.every((name) => typeof name === 'string' && name !== '');
  if (!isPath) throw new ConfigurationError(where, 'names a claim that is not a string with characters.', FIX);
  const [operator, operand] = Object.entries(rule)[0] as [string, unknown];
  if (operator === 'satisfies') {
    if (typeof operand !== 'function') {
      throw new ConfigurationError(
        `${where}.satisfies`,
        `is ${describeValue(operand)}.`,
        'Give a function that returns true or false.',
      );
    }
  } else if (operand !== null && !['string', 'number', 'boolean'].includes(typeof operand)) {
    throw new ConfigurationError(
      `${where}.${operator}`,
      `is ${describeValue(operand)}.`,
      'Give a string, number, boolean or null.',
    );
  }
  return Object.freeze({ claim: Object.freeze(names), ...rule }) as Policy;
}
