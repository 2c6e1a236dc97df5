import { beforeEach, describe, expect, it } from 'vitest';
import { allOf, anyOf, claim, type Policy, type ScopeSource } from '../../src/index.js';
import {
  type AttackApi,
  expectAttackRefused,
  expectTokenAccepted,
  mutated,
  startAttackApi,
} from '../support/attack-api.js';
import { covers } from '../support/covers.js';
import { type Answer, insufficientScope, invalidToken } from '../support/expect-answer.js';
import type { DeclareRoutes } from '../support/guarded-api.js';
import type { JsonTexts } from '../support/raw-token.js';

const ruleFailed: Answer = { reason: 'claim_rule_failed', status: 403, error: 'insufficient_scope' };
const ruleThrew: Answer = { reason: 'claim_rule_threw', status: 403, error: 'insufficient_scope' };

const isAdmin = (role: unknown) => role === 'admin';

const POLICIES: Readonly<Record<string, string | Policy>> = {
  '/both': 'read admin',
  '/all': allOf('admin', 'read'),
  '/any': anyOf('admin', 'audit'),
  '/nested': allOf('read', anyOf('admin', 'audit')),
  '/all-of': 'read:all',
  '/constructor': 'constructor',
  '/group': claim('groups').includes('admin'),
  '/groups': allOf(claim('groups').includes('admin'), claim('groups').includes('staff')),
  '/either-group': anyOf(claim('groups').includes('admin'), claim('groups').includes('staff')),
  '/roles': claim('realm_access', 'roles').includes('admin'),
  '/some-role': claim('roles').satisfies((roles) => (roles as readonly unknown[]).some(isAdmin)),
  '/only-role': claim('roles').satisfies((roles) => Array.isArray(roles) && roles.length > 0 && roles.every(isAdmin)),
  '/tier': claim('tier').equals('gold'),
  '/no-tier': claim('tier').equals(null),
  '/truthy': claim('roles').satisfies((roles) => roles as boolean),
  '/promised': claim('roles').satisfies((async () => true) as never),
};

const declareRoutes: DeclareRoutes = (app, { guard, handler }) => {
  for (const [path, policy] of Object.entries(POLICIES)) app.get(path, guard(policy), handler);
};

describe('E: the scopes of a token', () => {
  let api: AttackApi;
  beforeEach(async () => {
    api = await startAttackApi({ routes: declareRoutes });
  });

  async function restart(...scopesFrom: readonly ScopeSource[]): Promise<void> {
    api = await startAttackApi({ routes: declareRoutes, verifier: { scopesFrom } });
  }

  /** Both tokens are good; what differs is one claim. */
  async function expectForbidden(
    target: string,
    hostile: JsonTexts,
    control: JsonTexts,
    answer: Answer,
  ): Promise<void> {
    const [token, good] = [mutated({ payload: hostile }), mutated({ payload: control })];
    await expectAttackRefused(api, { token, control: good, target, answer });
  }

  it.each<[string, string]>([
    ['a number', '1'],
    ['true', 'true'],
    ['an object', '{}'],
    ['an object that is like an array', '{"0":"read","length":1}'],
    ['an array with a number', '["read",1]'],
    ['an array with null', '["read",null]'],
    ['an array in an array', '[["read"]]'],
    ['an array with a space in a member', '["read admin"]'],
    ['an array with a quotation mark in a member', '["read\\""]'],
    ['parted by a tab', '"read\\tadmin"'],
    ['parted by a line feed', '"read\\nadmin"'],
    ['parted by a no-break space', '"read\u00a0admin"'],
    ['parted by an ideographic space', '"read\u3000admin"'],
    ['quoted', '"\\"read\\""'],
    ['with a backslash', '"read\\\\"'],
  ])('RFC 6749 §3.3: a scope of another form is refused with its token: %s', async (_, scope) => {
    covers('E5', 'K6');
    const exchanges = await expectAttackRefused(api, {
      token: mutated({ payload: { scope } }),
      answer: invalidToken('claim_malformed'),
    });
    for (const { refusals } of exchanges) expect(refusals[0]?.detail).toBe('scope');
  });

  it.each<[string, string]>([
    ['empty', '""'],
    ['a space alone', '" "'],
    ['an empty string in an array', '[""]'],
    ['an empty array', '[]'],
    ['null', 'null'],
    ['in another case', '"READ"'],
    ['with a capital letter', '"Read"'],
    ['parted by a comma', '"read,admin"'],
    ['parted by a semicolon', '"read;admin"'],
    ['parted by a plus', '"read+admin"'],
    ['parted by an encoded space', '"read%20admin"'],
    ['longer', '"read-only"'],
    ['longer at its beginning', '"xread"'],
    ['shorter', '"rea"'],
    ['with a prefix', '"api/read api:read https://api.test/read"'],
    ['with a suffix', '"read:orders read.all read/orders"'],
    ['a wildcard', '"*"'],
    ['a wildcard at its end', '"r* read*"'],
    ['a pattern', '".* .+ (read)"'],
    ['JSON in a string', '"[read]"'],
    ['a wildcard in an array', '["*","read*"]'],
    ['another case in an array', '["READ"]'],
  ])('RFC 6749 §3.3: no other text grants the scope read: %s', async (_, scope) => {
    covers('E5');
    await expectForbidden('/orders', { scope }, {}, insufficientScope('read'));
  });

  it.each([
    ['two spaces between', '"read  admin"'],
    ['spaces around', '"  admin read "'],
    ['an empty string in an array', '["","read"]'],
  ])('a scope claim with %s grants what it names: no attacker gains by a space', async (_, scope) => {
    covers('E5');
    await expectTokenAccepted(api, api.issuer.token({ payload: { scope } }));
  });

  it('RFC 6749 §3.3: a token without scope grants none', async () => {
    covers('E5');
    await expectForbidden('/orders', { scope: undefined }, {}, insufficientScope('read'));
  });

  it.each(['read:*', 'read', 'read:', 'read:al', 'read:all:more', 'READ:ALL'])(
    '%s does not grant read:all',
    async (scope) => {
      covers('E5');
      const [hostile, control] = [{ scope: JSON.stringify(scope) }, { scope: '"read:all"' }];
      await expectForbidden('/all-of', hostile, control, insufficientScope('read:all'));
    },
  );

  it('a scope that is named like a member of objects has to be granted as any other', async () => {
    covers('E5', 'D2');
    const answer = insufficientScope('constructor');
    await expectForbidden('/constructor', { scope: '"read"' }, { scope: '"constructor"' }, answer);
  });

  it.each<[string, string]>([
    ['a scope twice', '"read read"'],
    ['first of several', '"read admin"'],
    ['last of several', '"admin read"'],
    ['an array', '["admin","read"]'],
    ['escapes', '"\\u0072ead"'],
  ])('RFC 6749 §3.3: grants read to the letter: %s', async (_, scope) => {
    covers('E5');
    const claims = await expectTokenAccepted(api, api.issuer.token({ payload: { scope } }));
    expect(claims['scope']).toEqual(JSON.parse(scope));
  });

  describe('where scp and scope differ', () => {
    const differing = { scope: '"read"', scp: '["admin"]' };
    const swapped = { scope: '"admin"', scp: '["read"]' };

    it('scp counts alone where it alone is configured', async () => {
      covers('E6');
      await restart('scp');
      await expectForbidden('/orders', differing, swapped, insufficientScope('read'));
    });

    it('scope counts alone where it alone is configured', async () => {
      covers('E6');
      await restart('scope');
      await expectForbidden('/orders', swapped, differing, insufficientScope('read'));
    });

    it.each(['1', '{}', '["read admin"]'])('a claim that is not configured is not judged either: %s', async (scp) => {
      covers('E6');
      await restart('scope');
      const claims = await expectTokenAccepted(api, api.issuer.token({ payload: { scp } }));
      expect(claims['scp']).toEqual(JSON.parse(scp));
    });

    it('without configuration both count, as docs/options.md says', async () => {
      covers('E6');
      for (const payload of [differing, swapped]) {
        await expectTokenAccepted(api, api.issuer.token({ payload }), '/both');
      }
    });

    it.each(['scopes', 'permissions', 'roles', 'scope_', 'https://api.test/scope', 'authorities', 'groups'])(
      '%s grants no scope unless it is configured',
      async (name) => {
        covers('E6');
        const claims = { scope: undefined, [name]: '["read"]' };
        await expectForbidden('/orders', claims, {}, insufficientScope('read'));
        await restart(name);
        await expectTokenAccepted(api, api.issuer.token({ payload: claims }));
      },
    );
  });

  it.each<[string, string, string, string, string]>([
    ['one of two', '/both', 'read', 'read admin', 'read admin'],
    ['the other of two', '/both', 'admin', 'admin read', 'read admin'],
    ['none of two', '/both', '', 'read admin', 'read admin'],
    ['one of two, in allOf', '/all', 'read', 'admin read', 'admin read'],
    ['none of those of anyOf', '/any', 'read', 'audit', 'admin'],
    ['one of the two sides', '/nested', 'read', 'read audit', 'read admin'],
    ['the other of the two sides', '/nested', 'audit', 'audit read', 'read audit'],
    ['another case of one of two', '/both', 'read ADMIN', 'read admin', 'read admin'],
  ])('RFC 6750 §3: %s is not enough, and the challenge tells what is', async (_, target, has, needs, told) => {
    covers('E7');
    const [hostile, control] = [{ scope: JSON.stringify(has) }, { scope: JSON.stringify(needs) }];
    await expectForbidden(target, hostile, control, insufficientScope(told));
  });

  it('what one route let through does not open another', async () => {
    covers('E7');
    const token = api.issuer.token();
    await expectTokenAccepted(api, token);
    for (const target of ['/both', '/all', '/nested']) {
      const { response, handlerRuns } = await api.send({ token, target });
      expect({ status: response.status, handlerRuns }).toEqual({ status: 403, handlerRuns: 0 });
    }
    await expectTokenAccepted(api, token);
  });

  const ADMIN = '["staff","admin"]';

  it.each<[string, string, string, string | undefined]>([
    ['an empty list', '/group', 'groups', '[]'],
    ['an empty list', '/groups', 'groups', '[]'],
    ['an empty list', '/either-group', 'groups', '[]'],
    ['half of the list', '/groups', 'groups', '["admin"]'],
    ['null', '/group', 'groups', 'null'],
    ['no claim', '/group', 'groups', undefined],
    ['no claim', '/groups', 'groups', undefined],
    ['an empty object', '/group', 'groups', '{}'],
    ['an object', '/group', 'groups', '{"0":"admin","length":1}'],
    ['an object with the name', '/group', 'groups', '{"admin":true}'],
    ['a string with more', '/group', 'groups', '"superadmin"'],
    ['a longer string', '/group', 'groups', '"staff admin"'],
    ['true', '/group', 'groups', 'true'],
    ['a nested list', '/group', 'groups', '[["admin"]]'],
    ['another case', '/group', 'groups', '["Admin"]'],
    ['a longer name', '/group', 'groups', '["admins"]'],
    ['null in the list', '/group', 'groups', '[null]'],
    ['an empty list', '/some-role', 'roles', '[]'],
    ['an empty list', '/only-role', 'roles', '[]'],
    ['null', '/only-role', 'roles', 'null'],
    ['no claim', '/only-role', 'roles', undefined],
    ['a list that is truthy', '/truthy', 'roles', '[]'],
    ['a text that is truthy', '/truthy', 'roles', '"true"'],
    ['a number that is truthy', '/truthy', 'roles', '1'],
  ])('CVE-2026-23990: %s does not open %s as %s', async (_, target, name, hostile) => {
    covers('E11');
    const good: Readonly<Record<string, string>> = { '/truthy': 'true', '/only-role': '["admin"]' };
    await expectForbidden(target, { [name]: hostile }, { [name]: good[target] ?? ADMIN }, ruleFailed);
  });

  it.each<[string, string | undefined]>([
    ['null', 'null'],
    ['no claim', undefined],
    ['a string', '"admin"'],
    ['an object', '{}'],
  ])('CVE-2026-23990: a test that throws on %s gives nothing', async (_, roles) => {
    covers('E11');
    await expectForbidden('/some-role', { roles }, { roles: ADMIN }, ruleThrew);
  });

  it.each<[string, string | undefined]>([
    ['no claim', undefined],
    ['null', 'null'],
    ['an empty object', '{}'],
    ['a list in place of the object', '[{"roles":["admin"]}]'],
    ['an empty list further down', '{"roles":[]}'],
    ['null further down', '{"roles":null}'],
    ['the path as one name', '{"realm_access.roles":["admin"]}'],
  ])('a rule about a path of claims is not met by %s', async (_, access) => {
    covers('E11');
    const control = { realm_access: `{"roles":${ADMIN}}` };
    await expectForbidden('/roles', { realm_access: access }, control, ruleFailed);
  });

  it.each<[string, string, string, string | undefined]>([
    ['null is not gold', '/tier', '"gold"', 'null'],
    ['a list with gold is not gold', '/tier', '"gold"', '["gold"]'],
    ['an empty string is not gold', '/tier', '"gold"', '""'],
    ['a claim that is left out is not null', '/no-tier', 'null', undefined],
    ['an empty string is not null', '/no-tier', 'null', '""'],
    ['0 is not null', '/no-tier', 'null', '0'],
  ])('%s', async (_, target, control, tier) => {
    covers('E11');
    await expectForbidden(target, { tier }, { tier: control }, ruleFailed);
  });

  it('a promise is no yes', async () => {
    covers('E11');
    const token = api.issuer.token();
    for (const roles of ['[]', ADMIN]) {
      const sent = api.issuer.token({ payload: { roles } });
      const { refusals, handlerRuns } = await api.send({ token: sent, target: '/promised' });
      expect({ reasons: refusals.map(({ reason }) => reason), handlerRuns }).toEqual({
        reasons: ['claim_rule_failed'],
        handlerRuns: 0,
      });
    }
    await expectTokenAccepted(api, token);
  });

  it('no policy is made of an empty list, of which every one would be met', () => {
    covers('E11');
    expect(() => allOf('read')).not.toThrow();
    expect(() => allOf()).toThrow('allOf: has no policies in it.');
    expect(() => anyOf()).toThrow('anyOf: has no policies in it.');
    expect(() => allOf({ all: [] })).toThrow('has no policies in it.');
    expect(() => allOf('')).toThrow('is an empty scope string.');
  });

  it.each<[string, ScopeSource, string | undefined, Answer]>([
    ['an empty list', ({ roles }) => roles as string[], '[]', insufficientScope('read')],
    ['null', ({ roles }) => roles as string[], 'null', invalidToken('scopes_source_failed')],
    ['no claim', ({ roles }) => roles as string[], undefined, invalidToken('scopes_source_failed')],
    [
      'null that is mapped',
      ({ roles }) => (roles as string[]).map(String),
      'null',
      invalidToken('scopes_source_failed'),
    ],
  ])('a function that takes scopes from %s finds none', async (_, source, roles, answer) => {
    covers('E11');
    await restart(source);
    await expectForbidden('/orders', { roles }, { roles: '["read"]' }, answer);
  });
});
