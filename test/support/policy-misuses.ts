import { allOf, anyOf, claim } from '../../src/index.js';
import type { Misuse } from './configuration-error.js';

/** A policy that cannot be meant. `option` is a path inside the policy, empty for the policy itself. */
export interface PolicyMisuse extends Misuse {
  readonly policy: unknown;
}

const FIX = "Give a scope string such as 'orders:read', or a policy made by allOf, anyOf or claim.";
const SCOPE_FIX = 'Separate scopes by one space each';
const VALUE_FIX = 'Give a string, number, boolean or null.';
const NO_SCOPES = 'is not a scope string (RFC 6749 §3.3).';

const at = (option: string, policy: unknown, told: string, fix = FIX): PolicyMisuse => ({ policy, option, told, fix });

/** Mistakes that are in the value of a policy, wherever it is given. */
export const POLICY_MISUSES: readonly (readonly [what: string, misuse: PolicyMisuse])[] = [
  ['an empty scope string', at('', '', 'is an empty scope string.', 'Leave the policy out')],
  ['a scope string with a leading space', at('', ' read', `" read" ${NO_SCOPES}`, SCOPE_FIX)],
  ['a scope string with two spaces', at('', 'a  b', `"a  b" ${NO_SCOPES}`, SCOPE_FIX)],
  ['a scope string with a tab', at('', 'a\tb', `"a\\tb" ${NO_SCOPES}`, SCOPE_FIX)],
  ['a scope string with a quotation mark', at('', 'a"b', `"a\\"b" ${NO_SCOPES}`, SCOPE_FIX)],
  ['a scope string with a letter beyond ASCII', at('', 'é', `"é" ${NO_SCOPES}`, SCOPE_FIX)],
  ['null', at('', null, 'is null.')],
  ['false', at('', false, 'is false.')],
  ['a number', at('', 1, 'is 1.')],
  ['an empty object', at('', {}, 'the members none.')],
  ['a list of scopes', at('', ['a', 'b'], 'is an object')],
  ['an unknown member', at('', { scopes: 'a' }, 'the members scopes.')],
  ['two members', at('', { all: ['a'], any: ['b'] }, 'the members all any.')],
  ['a claim rule without a comparison', at('', claim('a'), 'equals includes satisfies.')],
  ['two comparisons of a claim', at('', { claim: ['a'], equals: 1, includes: 1 }, 'claim equals includes.')],
  ['a scope that is no string', at('.scope', { scope: 1 }, 'is 1.')],
  ['a malformed scope', at('.scope', { scope: 'a,  b' }, NO_SCOPES, SCOPE_FIX)],
  ['all of nothing', at('.all', { all: [] }, 'has no policies in it.')],
  ['any of nothing', at('.any', { any: [] }, 'has no policies in it.')],
  ['all of a string', at('.all', { all: 'a' }, 'is "a".')],
  ['any of an object', at('.any', { any: {} }, 'is a value of type object.')],
  ['all of a list with a hole, which nothing would be checked for', at('.all[0]', { all: new Array(1) }, 'undefined.')],
  ['any of a list with a hole', at('.any[1]', { any: Object.assign(new Array(2), ['a']) }, 'is undefined.')],
  ['a mistake further down', at('.any[1].all[1]', { any: ['a', { all: ['b', null] }] }, 'is null.')],
  ['a claim path that is no list', at('', { claim: 'a', equals: 1 }, 'names a claim')],
  ['an empty claim path', at('', { claim: [], equals: 1 }, 'names a claim')],
  ['a claim path with an empty name', at('', { claim: ['a', ''], equals: 1 }, 'names a claim')],
  ['a claim path with a number', at('', { claim: ['a', 1], equals: 1 }, 'names a claim')],
  ['a claim path with a hole', at('', { claim: new Array(1), equals: 1 }, 'names a claim')],
  ['an object to compare with', at('.equals', { claim: ['a'], equals: {} }, 'is a value of type object.', VALUE_FIX)],
  ['nothing to compare with', at('.equals', { claim: ['a'], equals: undefined }, 'is undefined.', VALUE_FIX)],
  ['a list to look for', at('.includes', { claim: ['a'], includes: ['b'] }, 'is an array.', VALUE_FIX)],
  ['a test that is no function', at('.satisfies', { claim: ['a'], satisfies: true }, 'is true.', 'Give a function')],
];

interface PolicyCallMisuse extends Misuse {
  readonly call: () => unknown;
}

const by = (option: string, call: () => unknown, told: string, fix = FIX): PolicyCallMisuse => ({
  call,
  option,
  told,
  fix,
});

/** Mistakes in calls that make policies. */
export const POLICY_CALL_MISUSES: readonly (readonly [what: string, misuse: PolicyCallMisuse])[] = [
  ['allOf()', by('allOf', () => allOf(), 'has no policies in it.')],
  ['anyOf()', by('anyOf', () => anyOf(), 'has no policies in it.')],
  ["allOf('a', '')", by('allOf[1]', () => allOf('a', ''), 'is an empty scope string.', 'Leave the policy out')],
  ["anyOf('a', ' b')", by('anyOf[1]', () => anyOf('a', ' b'), NO_SCOPES, SCOPE_FIX)],
  ["anyOf(['a', 'b'])", by('anyOf[0]', () => anyOf(['a', 'b'] as never), 'is an object')],
  ['allOf(undefined)', by('allOf[0]', () => allOf(undefined as never), 'is undefined.')],
  ["allOf('a', claim('b'))", by('allOf[1]', () => allOf('a', claim('b') as never), 'equals includes satisfies.')],
  ["claim('').equals(1)", by('claim', () => claim('').equals(1), 'names a claim')],
  ["claim('a', '').includes(1)", by('claim', () => claim('a', '').includes(1), 'names a claim')],
  ['claim().satisfies(test)', by('claim', () => claim(undefined as never).satisfies(() => true), 'names a claim')],
  ["claim(['a']).equals(1)", by('claim', () => claim(['a'] as never).equals(1), 'names a claim')],
  ["claim('a').equals()", by('claim.equals', () => claim('a').equals(undefined as never), 'undefined.', VALUE_FIX)],
  ["claim('a').equals(/x/)", by('claim.equals', () => claim('a').equals(/x/ as never), 'type object.', VALUE_FIX)],
  ["claim('a').includes([])", by('claim.includes', () => claim('a').includes([] as never), 'an array.', VALUE_FIX)],
  [
    "claim('a').satisfies('b')",
    by('claim.satisfies', () => claim('a').satisfies('b' as never), 'is "b".', 'Give a function'),
  ],
];
