import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { covers } from '../support/covers.js';
import {
  type Answer,
  expectAnswer,
  expectRefused,
  insufficientScope,
  invalidToken,
  noCredentials,
} from '../support/expect-answer.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import type { Call, Exchange, TestIssuerApi } from '../support/guarded-api.js';
import { ALL_SCOPES, type Ran, type RoutingSettings, ranOf, SCOPES, startRoutedApi } from './routed-api.js';

/** Under which settings a target reaches its handler; under others it reaches none. */
type Where = 'always' | 'in any case' | 'when lax' | 'in any case when lax' | 'on Express 4' | 'never';

const TARGETS: readonly (readonly [target: string, ran: Ran, where: Where])[] = [
  ['/admin', 'admin', 'always'],
  ['/ADMIN', 'admin', 'in any case'],
  ['/aDMIN?x=/public', 'admin', 'in any case'],
  ['/admin/', 'admin', 'when lax'],
  ['/Admin/', 'admin', 'in any case when lax'],
  ['/admin?', 'admin', 'always'],
  ['/admin?/../public', 'admin', 'always'],
  ['/admin?_method=DELETE&path=/public', 'admin', 'always'],
  ['/admin#/public', 'admin', 'always'],
  ['/admin/#/../public', 'admin', 'when lax'],
  ['/admin\\#', 'admin', 'when lax'],
  ['http://api.test/admin', 'admin', 'always'],
  ['http://evil.example/admin?/public', 'admin', 'always'],
  ['http://user:password@evil.example:81/ADMIN', 'admin', 'in any case'],
  ['https://public/admin/', 'admin', 'when lax'],
  ['/public', 'public', 'always'],
  ['/PUBLIC/', 'public', 'in any case when lax'],
  ['/public?/admin', 'public', 'always'],
  ['/public#/admin', 'public', 'always'],
  ['http://admin/public', 'public', 'always'],
  ['/admin/../public', 'public', 'never'],
  ['/public/../admin', 'admin', 'never'],
  ['/public/..%2fadmin', 'admin', 'never'],
  ['/public/%2e%2e/admin', 'admin', 'never'],
  ['/public\\..\\admin', 'admin', 'never'],
  ['/public/..\\admin#', 'admin', 'never'],
  ['/./admin', 'admin', 'never'],
  ['//admin', 'admin', 'never'],
  ['//evil.example/admin', 'admin', 'never'],
  ['/\\admin', 'admin', 'never'],
  ['/admin//', 'admin', 'never'],
  ['/admin/.', 'admin', 'never'],
  ['/admin%2f', 'admin', 'never'],
  ['/admin%2F..%2fpublic', 'admin', 'never'],
  ['/%61dmin', 'admin', 'never'],
  ['/admin%00', 'admin', 'never'],
  ['/admin%20', 'admin', 'never'],
  ['/admin%0a', 'admin', 'never'],
  ['/admin;x', 'admin', 'never'],
  ['/admin;/../public', 'admin', 'never'],
  ['/;/admin', 'admin', 'never'],
  ['/admin.json', 'admin', 'never'],
  ['/admin/public', 'admin', 'never'],
  ['http://evil.example/public/../admin', 'admin', 'never'],
  ['http://evil.example', 'admin', 'never'],
  ['/items/1', 'item', 'always'],
  ['/ITEMS/1', 'item', 'in any case'],
  ['/items/1/', 'item', 'when lax'],
  ['/items/..%2fadmin', 'item', 'always'],
  ['/items/%2e%2e', 'item', 'always'],
  ['/items/..', 'item', 'always'],
  ['/items/special', 'item', 'always'],
  ['/items/special%2f', 'item', 'always'],
  ['/items/a;b=/admin', 'item', 'never'],
  ['/files/a', 'file', 'always'],
  ['/files/../admin', 'file', 'always'],
  ['/files/../public', 'file', 'always'],
  ['/files//admin', 'file', 'always'],
  ['/files/%2e%2e/admin', 'file', 'always'],
  ['/files/..\\admin', 'file', 'always'],
  ['/FILES/a', 'file', 'never'],
  ['/wrapped', 'wrapped', 'always'],
  ['/WRAPPED/', 'wrapped', 'in any case when lax'],
  ['/mounted/admin', 'mounted', 'always'],
  ['/MOUNTED/admin', 'mounted', 'in any case'],
  ['/mounted/ADMIN', 'mounted', 'in any case'],
  ['/mounted/admin/', 'mounted', 'when lax'],
  ['/mounted/../admin', 'admin', 'never'],
  ['/mounted//admin', 'mounted', 'on Express 4'],
  ['/mounted%2fadmin', 'mounted', 'never'],
  ['/mounted/admin;x', 'mounted', 'never'],
];

function reaches(where: Where, { caseSensitive, strict }: RoutingSettings, version: string): boolean {
  if (where === 'never') return false;
  if (where === 'on Express 4') return version.startsWith('Express 4');
  return !(where.includes('in any case') && caseSensitive) && !(where.includes('when lax') && strict);
}

const SETTINGS: readonly RoutingSettings[] = [
  { caseSensitive: false, strict: false },
  { caseSensitive: true, strict: false },
  { caseSensitive: false, strict: true },
  { caseSensitive: true, strict: true },
];

const withScope = (scope: string): Call => ({ claims: { scope } });

function expectNothingRan(exchange: Exchange, status: number): void {
  const { response, refusals, handlerRuns } = exchange;
  const outcome = { status: response.status, ran: ranOf(exchange), refusals, handlerRuns };
  expect(outcome).toEqual({ status, ran: undefined, refusals: [], handlerRuns: 0 });
}

/** Demands that one handler runs for a request, and that its policy, and no other, says who may. */
async function expectJudgedAs(ran: Ran, api: TestIssuerApi, call: Call): Promise<void> {
  const everything = await api.send({ ...call, ...withScope(ALL_SCOPES.join(' ')) });
  expect([everything.response.status, ranOf(everything)]).toEqual([200, ran]);

  const needed = SCOPES[ran];
  if (needed === undefined) return;
  const others = ALL_SCOPES.filter((other) => other !== needed);
  const refused = await api.send({ ...call, ...withScope(others.join(' ')) });
  expectAnswer(refused, insufficientScope(needed), api.realm);
  expect(ranOf(refused)).toBeUndefined();
  expect(ranOf(await api.send({ ...call, ...withScope(needed) }))).toBe(ran);
}

describe.each(EXPRESS_VERSIONS)('E: the paths of %s', (version, express) => {
  describe.each(SETTINGS)('case sensitive: $caseSensitive, strict: $strict', (settings) => {
    let api: TestIssuerApi;
    beforeAll(async () => {
      api = await startRoutedApi(express, settings);
    });
    afterAll(() => api.close());

    it.each(TARGETS)(
      'CVE-2026-22753, CVE-2026-33494, CVE-2026-42274: %s is judged by the policy of the handler that runs, %s %s',
      async (target, ran, where) => {
        covers('E9');
        if (reaches(where, settings, version)) return expectJudgedAs(ran, api, { target });
        expectNothingRan(await api.send({ target, ...withScope(ALL_SCOPES.join(' ')) }), 404);
        expectNothingRan(await api.send({ target, lines: () => [] }), 404);
      },
    );
  });
});

describe.each(EXPRESS_VERSIONS)('E: the routes of %s', (_, express) => {
  let api: TestIssuerApi;
  beforeAll(async () => {
    api = await startRoutedApi(express);
  });
  afterAll(() => api.close());

  const refuse = async (call: Call, answer: Answer) => expectAnswer(await api.send(call), answer, api.realm);
  const headers = (...lines: readonly string[]) => ({
    lines: (token: string) => [`Authorization: Bearer ${token}`, ...lines],
  });

  it.each([
    '/item\xc5\xbf/1',
    'admin',
    './admin',
    '\\admin',
    'http:/admin',
    'http:admin',
    '/admin\x7f',
    '/admin\0',
    '/admin\t',
    '',
  ])('RFC 9112 §3.2: %j is no target, which Node answers before any guard', async (target) => {
    covers('E9');
    expectNothingRan(await api.send({ target, ...withScope(SCOPES.admin) }), 400);
  });

  it('a parameter that cannot be decoded reaches neither guard nor handler', async () => {
    covers('E9');
    for (const target of ['/items/%zz', '/items/%c0%af', '/items/%']) {
      expectNothingRan(await api.send({ target, ...withScope(SCOPES.item) }), 400);
    }
    await expectJudgedAs('item', api, { target: '/items/%c3%a9' });
  });

  it.each([
    'X-Original-URL',
    'X-Rewrite-URL',
    'X-Forwarded-Uri',
    'X-Forwarded-Path',
    'X-Forwarded-Prefix',
    'X-Envoy-Original-Path',
    'X-Accel-Redirect',
    'Referer',
    'Content-Location',
  ])('CVE-2026-33494: %s changes nothing about who judges', async (name) => {
    covers('E9');
    await expectJudgedAs('admin', api, { target: '/admin', ...headers(`${name}: /public`) });
    await expectJudgedAs('public', api, { target: '/public', ...headers(`${name}: /admin`) });
  });

  it('where the app itself gives a request another path, the policy of that path judges', async () => {
    covers('E9');
    await expectJudgedAs('admin', api, { target: '/public', ...headers('Test-Rewrite-To: /admin') });
    await expectJudgedAs('item', api, { target: '/admin', ...headers('Test-Rewrite-To: /items/1') });
  });

  it('a handler behind two routes of one path is behind the policies of both', async () => {
    covers('E9');
    const target = '/twice';
    const answers = [insufficientScope(SCOPES.read), insufficientScope(SCOPES.admin)] as const;
    const control: Call = { target, ...withScope(`${SCOPES.read} ${SCOPES.admin}`) };
    await expectRefused(api, { target, ...withScope(SCOPES.admin) }, answers[0], control);
    await expectRefused(api, { target, ...withScope(SCOPES.read) }, answers[1], control);
  });

  it.each([
    ['/prefix/secret', 200],
    ['/PREFIX/secret', 200],
    ['/prefix/SECRET/', 200],
    ['http://evil.example/prefix/secret', 200],
    ['/prefix/secret#/public', 200],
    ['/prefix//secret', 404],
    ['/prefix/./secret', 404],
    ['/prefix/x/../secret', 404],
    ['/prefix/%73ecret', 404],
    ['/prefix/secret;x', 404],
  ])('CVE-2026-22754: a guard in front of a part of the app judges %s', async (target, status) => {
    covers('E9');
    await refuse({ target, lines: () => [] }, noCredentials);
    await refuse({ target, ...withScope('other') }, insufficientScope(SCOPES.admin));
    const { response, handlerRuns } = await api.send({ target, ...withScope(SCOPES.admin) });
    expect([response.status, handlerRuns]).toEqual([status, status === 200 ? 1 : 0]);
  });

  it.each([
    '//prefix/secret',
    '/x/../prefix/secret',
    '/%70refix/secret',
    '/prefix%2fsecret',
    '/prefix;x/secret',
    '/prefix\\secret',
  ])('CVE-2026-22754: what goes past a guard in front of a part of the app reaches no handler: %s', async (target) => {
    covers('E9');
    expectNothingRan(await api.send({ target, lines: () => [] }), 404);
    expectNothingRan(await api.send({ target, ...withScope(SCOPES.admin) }), 404);
  });

  describe('a router behind one guard', () => {
    it.each([
      ['a route without a policy', '/area/forgotten', 200],
      ['a route without a policy, in a router further down', '/area/deeper/forgotten', 200],
      ['a path that has no route', '/area/none', 404],
      ['the router itself', '/area', 404],
    ])('CVE-2021-21378: denies %s to everybody without a good token', async (_, target, status) => {
      covers('E8');
      await refuse({ target, lines: () => [] }, noCredentials);
      await refuse({ target, lines: () => ['Authorization: Basic dXNlcjpwYXNz'] }, noCredentials);
      await refuse({ target, token: 'a.b.c' }, invalidToken('token_malformed'));
      await refuse({ target, claims: { expiresInSeconds: -60 } }, invalidToken('token_expired'));
      await refuse({ target, claims: { claims: { iss: 'https://evil.example' } } }, invalidToken('issuer_not_trusted'));
      const { response, handlerRuns } = await api.send({ target });
      expect([response.status, handlerRuns]).toEqual([status, status === 200 ? 1 : 0]);
    });

    it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND'])(
      'denies a route without a policy to %s too',
      async (method) => {
        covers('E8', 'E10');
        const call: Call = { method, target: '/area/forgotten' };
        await expectRefused(api, { ...call, lines: () => [] }, noCredentials, call);
      },
    );

    it('holds a route to its own policy besides', async () => {
      covers('E8');
      const target = '/area/ruled';
      const control: Call = { target, ...withScope(SCOPES.admin) };
      await expectRefused(api, { target }, insufficientScope(SCOPES.admin), control);
    });
  });

  it('CVE-2021-21378: a guard that lets nobodies in never takes a bad token for none', async () => {
    covers('E8');
    const subjectOf = ({ response }: Exchange) => JSON.parse(response.body).subject;
    const target = '/optional';
    expect(subjectOf(await api.send({ target, ...withScope(SCOPES.read) }))).toBe('test-user');
    expect(subjectOf(await api.send({ target, lines: () => [] }))).toBe('nobody');
    await refuse({ target, token: 'a.b.c' }, invalidToken('token_malformed'));
    await refuse({ target, claims: { claims: { iss: 'https://evil.example' } } }, invalidToken('issuer_not_trusted'));
    await refuse({ target, claims: { expiresInSeconds: -60 } }, invalidToken('token_expired'));
    await refuse({ target, ...withScope('other') }, insufficientScope(SCOPES.read));
  });

  it.each([
    ['a handler that asks whose token it is, with no guard before it', '/bare'],
    ['a handler behind a guard that nobody called', '/uncalled'],
  ])('%s fails, good token or not', async (_, target) => {
    covers('E8');
    for (const call of [{}, { lines: () => [] }, withScope(ALL_SCOPES.join(' '))]) {
      const exchange = await api.send({ target, ...call });
      expect([exchange.response.status, ranOf(exchange), exchange.handlerRuns]).toEqual([500, undefined, 0]);
    }
  });

  it.each<[string, string, Ran]>([
    ['GET', '/things', 'read'],
    ['HEAD', '/things', 'read'],
    ['POST', '/things', 'write'],
    ['DELETE', '/things', 'remove'],
    ['HEAD', '/headed', 'head'],
    ['GET', '/headed', 'read'],
  ])('RFC 9110 §9: %s %s is judged by the policy of the handler for %s', async (method, target, ran) => {
    covers('E10');
    await refuse({ method, target, lines: () => [] }, noCredentials);
    await expectJudgedAs(ran, api, { method, target });
  });

  it.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'REPORT', 'PURGE', 'LOCK'])(
    'a handler for every method has its policy for %s too',
    async (method) => {
      covers('E10');
      await refuse({ method, target: '/everything', lines: () => [] }, noCredentials);
      await expectJudgedAs('everything', api, { method, target: '/everything' });
    },
  );

  it.each([
    ['PUT', '/things'],
    ['PATCH', '/things'],
    ['TRACE', '/things'],
    ['PROPFIND', '/things'],
    ['HEAD', '/written'],
    ['GET', '/written'],
    ['TRACE', '/admin'],
    ['POST', '/admin'],
  ])('%s %s, which has no handler, reaches none', async (method, target) => {
    covers('E10');
    expectNothingRan(await api.send({ method, target, ...withScope(ALL_SCOPES.join(' ')) }), 404);
    expectNothingRan(await api.send({ method, target, lines: () => [] }), 404);
  });

  it.each(['/things', '/admin', '/written'])('OPTIONS %s tells the methods, and runs no handler', async (target) => {
    covers('E10');
    const exchange = await api.send({ method: 'OPTIONS', target, lines: () => [] });
    expectNothingRan(exchange, 200);
    expect(exchange.response.headers.get('allow')).toHaveLength(1);
  });

  it.each(['get', 'Get', 'GETS', 'FOO', 'GET\t', '*'])('RFC 9110 §9.1: Node knows no method %j', async (method) => {
    covers('E10');
    expectNothingRan(await api.send({ method, target: '/admin', ...withScope(SCOPES.admin) }), 400);
  });

  it.each(['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override', 'X-Original-Method', 'X-Forwarded-Method'])(
    '%s changes nothing about who judges',
    async (name) => {
      covers('E10');
      const target = '/things';
      await expectJudgedAs('read', api, { target, ...headers(`${name}: DELETE`) });
      await expectJudgedAs('write', api, { method: 'POST', target, ...headers(`${name}: GET`) });
      await expectJudgedAs('remove', api, { method: 'DELETE', target, ...headers(`${name}: GET`) });
    },
  );

  it('a method in the query or the form changes nothing about who judges', async () => {
    covers('E10');
    const form = headers('Content-Type: application/x-www-form-urlencoded');
    const body = () => '_method=GET';
    await expectJudgedAs('write', api, { method: 'POST', target: '/things', ...form, body });
    await expectJudgedAs('read', api, { target: '/things?_method=DELETE' });
  });

  it('where the app itself gives a request another method, the policy of that method judges', async () => {
    covers('E10');
    await expectJudgedAs('remove', api, { method: 'POST', target: '/things', ...headers('Test-Method-To: DELETE') });
    await expectJudgedAs('read', api, { method: 'DELETE', target: '/things', ...headers('Test-Method-To: GET') });
  });
});
