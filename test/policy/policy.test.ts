import { describe, expect, it } from 'vitest';
import { allOf, anyOf, claim, type Policy, parsePolicy } from '../../src/policy/policy.js';
import { expectMisuse } from '../support/configuration-error.js';
import { POLICY_CALL_MISUSES, POLICY_MISUSES } from '../support/policy-misuses.js';

const isAdmin = (value: unknown) => value === 'admin';

describe('allOf and anyOf', () => {
  it('give policies as data, in the order in which they were given', () => {
    expect(allOf('a', anyOf('b', 'c'))).toEqual({ all: [{ scope: 'a' }, { any: [{ scope: 'b' }, { scope: 'c' }] }] });
  });

  it('RFC 6749 §3.3: read a string with spaces as all of its scopes', () => {
    expect(anyOf('a b', 'c')).toEqual({ any: [{ all: [{ scope: 'a' }, { scope: 'b' }] }, { scope: 'c' }] });
  });

  it('give policies that cannot be changed', () => {
    expect(Object.isFrozen(allOf('a', 'b'))).toBe(true);
    expect(Object.isFrozen(anyOf('a', 'b'))).toBe(true);
    expect(Object.isFrozen(parsePolicy({ any: ['a', 'b'] }, 'policy'))).toBe(true);
  });

  it('take one policy', () => {
    expect(allOf('a')).toEqual({ all: [{ scope: 'a' }] });
    expect(anyOf('a')).toEqual({ any: [{ scope: 'a' }] });
  });
});

describe('claim', () => {
  it('gives rules as data', () => {
    expect(claim('tenant').equals('a')).toEqual({ claim: ['tenant'], equals: 'a' });
    expect(claim('groups').includes(7)).toEqual({ claim: ['groups'], includes: 7 });
    expect(claim('role').satisfies(isAdmin)).toEqual({ claim: ['role'], satisfies: isAdmin });
  });

  it('takes several names as a path, and each name whole', () => {
    const rule = { claim: ['realm_access', 'roles'], includes: 'admin' };
    expect(claim('realm_access', 'roles').includes('admin')).toEqual(rule);
    expect(claim('https://api.test/roles').includes('admin')).toMatchObject({ claim: ['https://api.test/roles'] });
  });

  it.each([['a'], [''], [0], [true], [false], [null]])('compares with %j', (value) => {
    expect(claim('a').equals(value)).toEqual({ claim: ['a'], equals: value });
    expect(claim('a').includes(value)).toEqual({ claim: ['a'], includes: value });
  });
});

describe('parsePolicy', () => {
  it.each<[what: string, policy: Policy]>([
    ['a scope', { scope: 'a' }],
    ['a comparison', { claim: ['tenant'], equals: 'a' }],
    ['a membership', { claim: ['a', 'b'], includes: 1 }],
    ['a test', { claim: ['role'], satisfies: isAdmin }],
    ['a tree', { any: [{ all: [{ scope: 'a' }, { claim: ['b'], equals: null }] }, { scope: 'c' }] }],
  ])('takes %s that was written by hand', (_, policy) => {
    expect(parsePolicy(policy, 'policy')).toEqual(policy);
  });

  it('takes what it gave before', () => {
    const policy = allOf('a b', claim('c').equals(1));
    expect(parsePolicy(policy, 'policy')).toEqual(policy);
  });

  it('takes an object without a prototype', () => {
    expect(parsePolicy(Object.assign(Object.create(null), { scope: 'a' }), 'policy')).toEqual({ scope: 'a' });
  });

  it('keeps a copy of its own, frozen all the way down, so that no rule can be changed after its route was declared', () => {
    const path = ['tenant'];
    const parts: Policy[] = [{ scope: 'a' }, { claim: path, equals: 'b' }];
    const policy = parsePolicy({ all: parts }, 'policy') as { all: [Policy, { claim: string[] }] };
    parts.pop();
    path[0] = 'other';
    expect(policy).toEqual({ all: [{ scope: 'a' }, { claim: ['tenant'], equals: 'b' }] });
    for (const part of [policy, policy.all, policy.all[0], policy.all[1], policy.all[1].claim]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  it('freezes the scopes of a string, too', () => {
    const policy = parsePolicy('a b', 'policy') as { all: Policy[] };
    expect(Object.isFrozen(policy)).toBe(true);
    expect(Object.isFrozen(policy.all)).toBe(true);
    expect(Object.isFrozen(policy.all[0])).toBe(true);
  });

  it.each(POLICY_MISUSES)('refuses %s', async (_, { policy, option, ...said }) => {
    await expectMisuse(() => parsePolicy(policy, 'policy'), { ...said, option: `policy${option}` });
  });
});

describe('calls that make policies', () => {
  it.each(POLICY_CALL_MISUSES)('refuse %s', async (_, { call, ...said }) => {
    await expectMisuse(call, said);
  });
});

describe('a policy without end', () => {
  it('is refused where it holds itself, or is nested deeper than anybody writes by hand', async () => {
    const circle: { all: unknown[] } = { all: [] };
    circle.all.push(circle);
    let deep: Policy = { scope: 'read' };
    for (let level = 0; level < 20_000; level += 1) deep = { all: [deep] };

    expect(parsePolicy({ all: [{ any: [{ scope: 'read' }] }] }, 'policy')).toEqual({
      all: [{ any: [{ scope: 'read' }] }],
    });
    for (const policy of [circle, deep]) {
      const fix = 'Give a scope string';
      await expectMisuse(() => parsePolicy(policy, 'policy'), { option: 'policy.all', told: 'holds itself.', fix });
    }
  });
});
