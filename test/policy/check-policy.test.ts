import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkPolicy, scopesThatMeet } from '../../src/policy/check-policy.js';
import { allOf, anyOf, claim, type Policy, parsePolicy } from '../../src/policy/policy.js';
import { type AccessToken, createAccessToken } from '../../src/protocol/access-token.js';
import type { UntypedClaims } from '../../src/protocol/claims.js';
import { covers } from '../support/covers.js';

function tokenWith(scope: string, claims: object = {}): AccessToken {
  return createAccessToken({
    token: 'header.payload.signature',
    claims: { iss: 'https://issuer.test', exp: 2_000_000_000, ...claims } as UntypedClaims,
    issuer: 'https://issuer.test',
    subject: 'user',
    clientId: 'client',
    scopes: scope.split(' ').filter((name) => name !== ''),
    audience: ['https://api.test'],
    expiresAt: 2_000_000_000,
  });
}

const check = (policy: string | Policy, token: AccessToken) => checkPolicy(parsePolicy(policy, 'policy'), token);

const IS_A = claim('tenant').equals('a');
const THROWS = claim('tenant').satisfies(() => {
  throw new Error('a bug');
});

describe('checkPolicy', () => {
  it.each([
    ['a scope', 'read', 'write', parsePolicy('read', '')],
    ['a scope among others', 'a read b', 'a b', parsePolicy('read', '')],
    ['all scopes of a string', 'write read', 'read', parsePolicy('read write', '')],
    ['allOf', 'read write', 'write', allOf('read', 'write')],
    ['anyOf', 'write', 'delete', anyOf('read', 'write')],
    ['anyOf in allOf', 'read b', 'a b', allOf('read', anyOf('a', 'b'))],
    ['allOf in anyOf', 'a b', 'a', anyOf('admin', allOf('a', 'b'))],
  ])('RFC 6750 §3.1: %s is met by "%s" and not by "%s"', (_, met, unmet, policy) => {
    covers('E7');
    expect(check(policy, tokenWith(met))).toBeUndefined();
    expect(check(policy, tokenWith(unmet))?.reason).toBe('scope_insufficient');
  });

  it.each([
    ['READ', 'by case'],
    ['reader', 'by an end'],
    ['rea', 'by being a beginning'],
    ['read:all', 'by a part more'],
    ['read*', 'by a star'],
    ['read,write', 'by a comma'],
    ['', 'by not being there'],
  ])('RFC 6749 §3.3: "%s" is not the scope read, from which it differs %s', (scope) => {
    covers('E5');
    expect(check('read', tokenWith('read'))).toBeUndefined();
    expect(check('read', tokenWith(scope))?.reason).toBe('scope_insufficient');
  });

  it('checks claim rules beside scopes', () => {
    const policy = allOf('read', IS_A);
    expect(check(policy, tokenWith('read', { tenant: 'a' }))).toBeUndefined();
    expect(check(policy, tokenWith('read', { tenant: 'b' }))?.reason).toBe('claim_rule_failed');
    expect(check(policy, tokenWith('', { tenant: 'a' }))?.reason).toBe('scope_insufficient');
  });
});

describe('a refusal by policy', () => {
  it.each<[what: string, policy: Policy, has: string, scopes: string[]]>([
    ['the scope of the route', parsePolicy('a', ''), '', ['a']],
    ['all scopes, those that the token has included', allOf('a', 'b'), 'a', ['a', 'b']],
    ['each scope once', allOf('a', 'b', 'a b'), '', ['a', 'b']],
    ['the first way of several that lack as many', anyOf('a', 'b'), '', ['a']],
    ['the way that lacks the fewest', anyOf('a b', 'c d e'), 'd e', ['c', 'd', 'e']],
    ['a way around a claim rule that is not met', anyOf(IS_A, 'b'), '', ['b']],
    ['a way around a rule that throws', anyOf(THROWS, 'b'), '', ['b']],
    ['the one scope that serves two rules', allOf(anyOf('a', 'b'), anyOf('c', 'b')), '', ['b']],
    ['what lies beside a way that is met', allOf(anyOf('a', 'b'), 'c'), 'b', ['b', 'c']],
  ])('RFC 6750 §3: tells the client %s', (_, policy, has, scopes) => {
    const refusal = check(policy, tokenWith(has));
    expect(refusal?.reason).toBe('scope_insufficient');
    expect(refusal?.scopes).toEqual(scopes);
  });

  it('tells the server which scopes are lacking', () => {
    expect(check(allOf('a', 'b', 'c'), tokenWith('b'))?.detail).toBe('lacks a c; "b" was granted');
  });

  it.each<[what: string, policy: Policy]>([
    ['on its own', IS_A],
    ['beside a scope that is lacking', allOf('a', IS_A)],
    ['on every way', anyOf(IS_A, allOf('a', IS_A))],
  ])('more scopes do not help where a claim rule is not met %s, so none are told', (_, policy) => {
    expect(check(policy, tokenWith('a', { tenant: 'a' }))).toBeUndefined();
    const refusal = check(policy, tokenWith('', { tenant: 'b' }));
    expect(refusal).toMatchObject({ reason: 'claim_rule_failed', scopes: undefined });
  });

  it('tells that a claim rule threw, where nothing leads around it', () => {
    expect(check(allOf('a', THROWS), tokenWith('a'))?.reason).toBe('claim_rule_threw');
    expect(check(anyOf('a', THROWS), tokenWith('a'))).toBeUndefined();
  });

  it('stays a refusal where a claim test answers yes when it is asked again', () => {
    let calls = 0;
    const fickle = claim('tenant').satisfies(() => {
      calls += 1;
      return calls > 1;
    });
    expect(check(fickle, tokenWith(''))?.reason).toBe('claim_rule_failed');
    expect(calls).toBe(2);
  });
});

describe('every policy', () => {
  const leaf = fc.oneof(
    fc.constantFrom('s1', 's2', 's3', 's4').map((scope): Policy => ({ scope })),
    fc.constantFrom('c1', 'c2').map((name) => claim(name).equals(true)),
  );
  const { policy } = fc.letrec<{ policy: Policy }>((tie) => ({
    policy: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      leaf,
      fc.array(tie('policy'), { minLength: 1, maxLength: 3 }).map((all) => ({ all })),
      fc.array(tie('policy'), { minLength: 1, maxLength: 3 }).map((any) => ({ any })),
    ),
  }));
  const scopes = fc.subarray(['s1', 's2', 's3', 's4']);
  const claims = fc.record({ c1: fc.boolean(), c2: fc.boolean() });

  /** What a policy means, without any of the code under test. */
  function means(given: Policy, has: readonly string[], values: Record<string, unknown>): boolean {
    if ('scope' in given) return has.includes(given.scope);
    if ('all' in given) return given.all.every((part) => means(part, has, values));
    if ('any' in given) return given.any.some((part) => means(part, has, values));
    return values[given.claim[0] as string] === true;
  }

  it('lets through the tokens that meet it, and no others', () => {
    fc.assert(
      fc.property(policy, scopes, claims, (given, has, values) => {
        const refusal = check(given, tokenWith(has.join(' '), values));
        expect(refusal === undefined).toBe(means(given, has, values));
      }),
      { seed: 6750, numRuns: 500 },
    );
  });

  it('RFC 6750 §3: is met by a token that was refused, once it has the scopes that the refusal tells', () => {
    fc.assert(
      fc.property(policy, scopes, claims, (given, has, values) => {
        const refusal = check(given, tokenWith(has.join(' '), values));
        fc.pre(refusal?.reason === 'scope_insufficient');
        const enough = [...new Set([...has, ...(refusal?.scopes ?? [])])];
        expect(enough.length).toBeGreaterThan(has.length);
        expect(check(given, tokenWith(enough.join(' '), values))).toBeUndefined();
      }),
      { seed: 6750, numRuns: 500 },
    );
  });

  it('RFC 6750 §3: is not met by a token that gets fewer scopes than the refusal tells', () => {
    const all = ['s1', 's2', 's3', 's4'];
    const subsets = all.reduce<string[][]>((sets, scope) => sets.flatMap((set) => [set, [...set, scope]]), [[]]);
    fc.assert(
      fc.property(policy, scopes, claims, (given, has, values) => {
        const refusal = check(given, tokenWith(has.join(' '), values));
        fc.pre(refusal?.reason === 'scope_insufficient');
        const lacked = (refusal?.scopes ?? []).filter((scope) => !has.includes(scope)).length;
        const enough = subsets.filter((added) => means(given, [...has, ...added], values));
        expect(lacked).toBe(Math.min(...enough.map((added) => added.filter((s) => !has.includes(s)).length)));
      }),
      { seed: 6750, numRuns: 500 },
    );
  });

  it('takes no longer than it should where ways multiply', () => {
    const parts = Array.from({ length: 40 }, (_, i) => anyOf(`a${i}`, `b${i}`, 'z'));
    expect(check(allOf(...parts), tokenWith(''))?.scopes).toEqual(['z']);
  });

  it('is not met with all scopes there are where the refusal is about claims', () => {
    fc.assert(
      fc.property(policy, scopes, claims, (given, has, values) => {
        const refusal = check(given, tokenWith(has.join(' '), values));
        fc.pre(refusal?.reason === 'claim_rule_failed');
        expect(check(given, tokenWith('s1 s2 s3 s4', values))?.reason).toBe('claim_rule_failed');
      }),
      { seed: 6750, numRuns: 500 },
    );
  });
});

describe('scopesThatMeet', () => {
  it.each([
    ['a scope', 'read', ['read']],
    ['all of several', 'read write', ['read', 'write']],
    ['one of several, the first that was granted', anyOf('admin', 'write', 'read'), ['write']],
    ['a claim', IS_A, []],
    ['a claim and a scope', allOf(IS_A, 'read'), ['read']],
    ['a claim that was met a moment ago and is not any more', allOf(THROWS, 'read'), []],
  ])('tells by which scopes a token met %s', (_, policy, scopes) => {
    expect(scopesThatMeet(parsePolicy(policy, 'policy'), tokenWith('read write', { tenant: 'a' }))).toEqual(scopes);
  });
});
