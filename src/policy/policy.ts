import { ConfigurationError } from '../options/configuration-error.js';
import { describeName, describeValue } from '../options/describe-value.js';
import { readRecord } from '../options/option-reader.js';
import type { JsonObject } from '../protocol/json-object.js';
import { parseScope } from '../protocol/scope.js';

/** A value to compare a claim with. */
export type ClaimValue = string | number | boolean | null;

/**
 * Tests the value of a claim; undefined if the token lacks it. Anything but `true` refuses, a promise too. It must have
 * no effects: it may run more than once for a request.
 */
export type ClaimTest = (value: unknown, claims: JsonObject) => boolean;

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
 * What a route requires of a verified token, as data: it can be listed, documented and audited. Made by `allOf`, `anyOf`
 * and `claim`, or written by hand.
 */
export type Policy =
  | ScopePolicy
  | ClaimPolicy
  | { readonly all: readonly Policy[] }
  | { readonly any: readonly Policy[] };

/** A policy, or a scope string; one with spaces means all of its scopes. */
export type PolicyInput = string | Policy;

/**
 * Requires every one of the policies.
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
 * Requires at least one of the policies.
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

/** The rules that a claim can have. */
export interface ClaimRules {
  /** The claim equals this value. No conversion: `1` is not `'1'`. */
  equals(value: ClaimValue): Policy;
  /** The claim is an array with this value, or is the very value. A part of a string does not count. */
  includes(value: ClaimValue): Policy;
  /** The function returns `true` for the claim. */
  satisfies(test: ClaimTest): Policy;
}

/**
 * Starts a rule about a claim. Several names are a path: `claim('realm_access', 'roles')`. Dots and slashes are part of
 * a name.
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

// Deeper than anybody writes a policy by hand. A policy that holds itself has no end.
const MAX_DEPTH = 32;

const FIX = "Give a scope string such as 'orders:read', or a policy made by allOf, anyOf or claim.";

/** Checks a policy and freezes it. @throws {ConfigurationError} */
export function parsePolicy(input: unknown, path: string): Policy {
  if (typeof input === 'string') {
    refuseCommas(input, path);
    return parseScopePolicy(input, path);
  }
  if (typeof input !== 'object' || input === null) {
    throw new ConfigurationError(path, `is ${describeValue(input)}.`, FIX);
  }

  // An array has no members of a policy.
  const members = Array.isArray(input) ? {} : readRecord(input);
  switch (Object.keys(members).sort().join(' ')) {
    case 'scope':
      return parseScopeMember(members['scope'], `${path}.scope`);
    case 'all':
      return Object.freeze({ all: parsePolicies(members['all'], `${path}.all`) });
    case 'any':
      return Object.freeze({ any: parsePolicies(members['any'], `${path}.any`) });
    case 'claim equals':
      return Object.freeze({ claim: parseClaimPath(members, path), equals: parseOperand(members, 'equals', path) });
    case 'claim includes':
      return Object.freeze({ claim: parseClaimPath(members, path), includes: parseOperand(members, 'includes', path) });
    case 'claim satisfies':
      return Object.freeze({ claim: parseClaimPath(members, path), satisfies: parseTest(members, path) });
    default:
      throw new ConfigurationError(path, describeMembers(Array.isArray(input) ? input : members), FIX);
  }
}

function describeMembers(members: object): string {
  const names = Object.keys(members).sort();
  return `is an object with the members ${names.length === 0 ? 'none' : names.map(describeName).join(' ')}.`;
}

/** A comma may stand in a scope (RFC 6749 §3.3), and hardly ever does: it comes from a list that was written as a text. */
function refuseCommas(text: string, path: string): void {
  if (!text.includes(',')) return;
  throw new ConfigurationError(
    path,
    `${describeValue(text)} has a comma in it.`,
    "Separate scopes by a space: 'orders:read orders:write'. A scope with a comma in it is written { scope: 'a,b' }.",
  );
}

function parseScopeMember(input: unknown, path: string): Policy {
  if (typeof input === 'string') return parseScopePolicy(input, path);
  throw new ConfigurationError(path, `is ${describeValue(input)}.`, FIX);
}

function parseScopePolicy(text: string, path: string): Policy {
  const scopes = parseScope(text);
  if (scopes === undefined) {
    throw new ConfigurationError(
      path,
      `${describeValue(text)} is not a scope string (RFC 6749 §3.3).`,
      'Separate scopes by one space each, without quotes, backslashes or other characters than printable ASCII.',
    );
  }

  const [first, ...others] = scopes.map((scope) => Object.freeze({ scope }));
  if (first === undefined) {
    throw new ConfigurationError(
      path,
      'is an empty scope string.',
      'Leave the policy out to demand a valid token and no scope.',
    );
  }
  return others.length === 0 ? first : Object.freeze({ all: Object.freeze([first, ...others]) });
}

function parsePolicies(input: unknown, path: string): readonly Policy[] {
  if (!Array.isArray(input)) throw new ConfigurationError(path, `is ${describeValue(input)}.`, FIX);
  if (depthOf(path) >= MAX_DEPTH) {
    throw new ConfigurationError(path.slice(0, path.indexOf('[')), 'is nested too deep, or holds itself.', FIX);
  }

  const policies = Array.from(input, (policy, index) => parsePolicy(policy, `${path}[${index}]`));
  if (policies.length === 0) throw new ConfigurationError(path, 'has no policies in it.', FIX);
  return Object.freeze(policies);
}

/** Each list around a policy adds an index to its path, as in 'allOf[0].any[1]'. */
function depthOf(path: string): number {
  return path.split('[').length - 1;
}

function parseClaimPath({ claim: input }: JsonObject, path: string): readonly string[] {
  // Array.from fills the holes of a literal such as [, 'roles'], which every() would skip.
  const names: readonly unknown[] = Array.isArray(input) ? Array.from(input) : [];
  if (names.length > 0 && names.every(isClaimName)) return Object.freeze(names);
  throw new ConfigurationError(path, 'names a claim that is not a string with characters.', FIX);
}

function isClaimName(name: unknown): name is string {
  return typeof name === 'string' && name !== '';
}

function parseOperand(members: JsonObject, operator: 'equals' | 'includes', path: string): ClaimValue {
  const operand = members[operator];
  if (operand === null || typeof operand === 'string' || typeof operand === 'number' || typeof operand === 'boolean') {
    return operand;
  }
  const problem = `is ${describeValue(operand)}.`;
  throw new ConfigurationError(`${path}.${operator}`, problem, 'Give a string, number, boolean or null.');
}

function parseTest({ satisfies: test }: JsonObject, path: string): ClaimTest {
  if (typeof test === 'function') return test as ClaimTest;
  const problem = `is ${describeValue(test)}.`;
  throw new ConfigurationError(`${path}.satisfies`, problem, 'Give a function that returns true or false.');
}
