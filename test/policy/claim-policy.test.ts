import { describe, expect, it } from 'vitest';
import { checkClaim } from '../../src/policy/claim-policy.js';
import { type ClaimPolicy, type ClaimTest, claim } from '../../src/policy/policy.js';
import { covers } from '../support/covers.js';
import { watchUnhandledRejections } from '../support/rejections.js';

type Claims = { readonly [name: string]: unknown };

const check = (policy: unknown, claims: Claims) => checkClaim(policy as ClaimPolicy, claims);
const isMet = (policy: unknown, claims: Claims) => check(policy, claims) === undefined;

describe('checkClaim, equals', () => {
  it.each([
    ['a', 'A'],
    ['a', 'a '],
    ['a', ['a']],
    ['caf\u00e9', 'cafe\u0301'],
    [1, '1'],
    [0, false],
    [0, ''],
    [true, 'true'],
    [true, 1],
    [null, undefined],
    [null, 0],
    ['[object Object]', {}],
  ])('%j is not %j, and nothing is converted', (wanted, other) => {
    covers('D12');
    const policy = claim('tenant').equals(wanted);
    expect(isMet(policy, { tenant: wanted })).toBe(true);
    expect(check(policy, { tenant: other })?.reason).toBe('claim_rule_failed');
  });

  it('is not met by a token that lacks the claim', () => {
    const policy = claim('tenant').equals('a');
    expect(isMet(policy, { tenant: 'a' })).toBe(true);
    expect(check(policy, {})?.reason).toBe('claim_rule_failed');
  });
});

describe('checkClaim, includes', () => {
  it.each<[what: string, groups: unknown]>([
    ['an empty list', []],
    ['null', null],
    ['a string that has it as a part', 'administrator'],
    ['a string that has it at its end', 'superadmin'],
    ['a string of several, separated by spaces', 'user admin'],
    ['a list in a list', [['admin']]],
    ['a value that differs by case', ['Admin']],
    ['an object with the value as a name', { admin: true }],
    ['an object that looks like a list', { 0: 'admin', length: 1 }],
    ['an object with a method includes', { includes: () => true }],
  ])('CVE-2026-23990: is not met by %s', (_, groups) => {
    covers('E11');
    const policy = claim('groups').includes('admin');
    expect(isMet(policy, { groups: ['user', 'admin'] })).toBe(true);
    expect(check(policy, { groups })?.reason).toBe('claim_rule_failed');
  });

  it.each<['admin' | 7 | true]>([['admin'], [7], [true]])(
    'is met by the very value %s, since issuers write one of them without an array',
    (value) => {
      covers('E11');
      const policy = claim('groups').includes(value);
      expect(isMet(policy, { groups: value })).toBe(true);
      expect(check(policy, { groups: [String(value).repeat(2)] })?.reason).toBe('claim_rule_failed');
      expect(check(policy, { groups: `${value}` === value ? `${value}s` : String(value) })?.reason).toBe(
        'claim_rule_failed',
      );
      expect(check(policy, {})?.reason).toBe('claim_rule_failed');
    },
  );

  it('compares without conversion', () => {
    const policy = claim('levels').includes(1);
    expect(isMet(policy, { levels: [1] })).toBe(true);
    expect(check(policy, { levels: ['1', true] })?.reason).toBe('claim_rule_failed');
  });
});

describe('checkClaim, satisfies', () => {
  it('gives the function the value and all claims', () => {
    const seen: unknown[] = [];
    const claims = { role: { name: 'admin' }, tenant: 'a' };
    const policy = claim('role', 'name').satisfies((...given) => seen.push(...given) > 0);
    expect(isMet(policy, claims)).toBe(true);
    expect(seen).toEqual(['admin', claims]);
  });

  it('gives the function undefined for a claim that the token lacks', () => {
    const isAbsent = claim('role').satisfies((value) => value === undefined);
    expect(isMet(isAbsent, {})).toBe(true);
    expect(check(isAbsent, { role: 'admin' })?.reason).toBe('claim_rule_failed');
  });

  it.each<[what: string, answer: unknown]>([
    ['false', false],
    ['undefined', undefined],
    ['a promise of true', Promise.resolve(true)],
    ['a text', 'true'],
    ['a number', 1],
    ['an object', {}],
  ])('fails closed: takes %s for a no', (_, answer) => {
    covers('J20');
    const answering = (value: unknown) => claim('role').satisfies((() => value) as ClaimTest);
    expect(isMet(answering(true), { role: 'admin' })).toBe(true);
    expect(check(answering(answer), { role: 'admin' })?.reason).toBe('claim_rule_failed');
  });

  it('fails closed: takes a promise that rejects for a no, and lets it end no process', async () => {
    covers('J20');
    const unhandled = watchUnhandledRejections();
    const policy = claim('role').satisfies((() => Promise.reject(new Error('a bug'))) as never);
    const refusal = check(policy, { role: 'admin' });
    await new Promise((resolve) => setImmediate(resolve));
    unhandled.restore();
    expect({ reason: refusal?.reason, unhandled: unhandled.reasons }).toEqual({
      reason: 'claim_rule_failed',
      unhandled: [],
    });
  });

  it('fails closed: refuses when the function throws, and keeps what it threw', () => {
    covers('J20');
    const policy = claim('role').satisfies((value) => (value as string).startsWith('admin'));
    expect(isMet(policy, { role: 'admin' })).toBe(true);
    const refusal = check(policy, {});
    expect(refusal?.reason).toBe('claim_rule_threw');
    expect(refusal?.cause).toBeInstanceOf(TypeError);
  });
});

describe('checkClaim, the path', () => {
  it('follows names into objects', () => {
    const policy = claim('realm_access', 'roles').includes('admin');
    expect(isMet(policy, { realm_access: { roles: ['admin'] } })).toBe(true);
    expect(check(policy, { realm_access: { groups: ['admin'] } })?.reason).toBe('claim_rule_failed');
    expect(check(policy, { roles: ['admin'] })?.reason).toBe('claim_rule_failed');
  });

  it('takes a name whole, dots and slashes included', () => {
    expect(isMet(claim('a.b/c').equals(1), { 'a.b/c': 1 })).toBe(true);
    expect(check(claim('a.b/c').equals(1), { a: { 'b/c': 1 } })?.reason).toBe('claim_rule_failed');
  });

  it.each<[what: string, path: [string, ...string[]], claims: Claims, control: Claims, value: unknown]>([
    ['a list', ['a', '0'], { a: ['x'] }, { a: { 0: 'x' } }, 'x'],
    ['the length of a list', ['a', 'length'], { a: ['x'] }, { a: { length: 1 } }, 1],
    ['a string', ['a', 'length'], { a: 'x' }, { a: { length: 1 } }, 1],
    ['null', ['a', 'b'], { a: null }, { a: { b: 1 } }, 1],
    ['an inherited object', ['a'], Object.create({ a: 1 }), { a: 1 }, 1],
  ])('does not go into %s', (_, path, claims, control, value) => {
    covers('D2');
    expect(isMet(claim(...path).equals(value as string), control)).toBe(true);
    expect(check(claim(...path).equals(value as string), claims)?.reason).toBe('claim_rule_failed');
  });

  it.each([['constructor'], ['toString'], ['__proto__']])(
    'a token that lacks the claim %s has it from nowhere else',
    (name) => {
      covers('D2');
      const exists = claim(name).satisfies((value) => value !== undefined);
      const own = Object.defineProperty({}, name, { value: 'x', enumerable: true }) as Claims;
      expect(isMet(exists, own)).toBe(true);
      expect(check(exists, {})?.reason).toBe('claim_rule_failed');
    },
  );
});

describe('checkClaim, the refusal', () => {
  it('names the claim for the server’s log and keeps its value out of it', () => {
    const details = [
      check(claim('a', 'b').equals('x'), { a: { b: 'secret' } }),
      check(claim('a', 'b').includes('x'), { a: { b: ['secret'] } }),
      check(
        claim('a', 'b').satisfies(() => false),
        { a: { b: 'secret' } },
      ),
    ].map((refusal) => refusal?.detail);
    for (const detail of details) {
      expect(detail).toMatch(/^a > b /);
      expect(detail).not.toContain('secret');
    }
    expect(new Set(details).size).toBe(3);
  });
});
