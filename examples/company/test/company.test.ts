import { readFileSync } from 'node:fs';
import { type ListedRoute, listGuards } from 'scopegate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browseTo } from '../../../test/interop/support/browser.js';
import { CompanyWorld, DASHBOARD_ORIGIN, describeCompany } from '../../../test/support/company-world.js';
import { MANAGER_API, PEOPLE } from '../company.js';
import { createManagerServer } from '../manager-server.js';
import { runNightlyJob } from '../nightly-job.js';
import { createOrdersApi } from '../orders-api.js';

const EXAMPLE = new URL('../', import.meta.url);
const ALL_OF_ORDERS = 'orders:read orders:write orders:report';
const NASTY_TEXTS = [
  "'; DROP TABLE orders; --",
  "' OR tenant <> 'acme' OR '1'='1",
  '1); DELETE FROM orders; --',
  '<script>alert(document.cookie)</script>',
  '"><img src=x onerror=alert(1)>',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is to stay as it is
  '{{7*7}} ${7*7} %00 \\u0000 ?1 :tenant @tenant $tenant',
  'İstanbul 😀 \u202e\r\nSet-Cookie: a=b\t',
];

describeCompany('the APIs of examples/company', () => {
  let world: CompanyWorld;
  beforeAll(async () => {
    world = await CompanyWorld.start();
  });
  afterAll(() => world.close());

  /** Signs in at the dashboard for the orders API. */
  async function tokenOf(username: string, scope: string): Promise<string> {
    return (await world.signIn(username, { scope })).access_token;
  }

  async function listItems(token: string): Promise<readonly string[]> {
    const { status, body } = await world.call(token, `${world.ordersApi}/orders`);
    expect(status).toBe(200);
    return body.orders.map(({ item }: { item: string }) => item);
  }

  describe('orders belong to a tenant', () => {
    it('lists for every person and client the orders of its own company, and no others', async () => {
      const auditor = await world.signIn('cleo', { client: 'auditor', scope: 'orders:read' });
      expect(await listItems(await tokenOf('ada', 'orders:read'))).toEqual(['tea', 'cups']);
      expect(await listItems(await tokenOf('bo', 'orders:read'))).toEqual(['tea', 'cups']);
      expect(await listItems(await tokenOf('cleo', 'orders:read'))).toEqual(['copper wire']);
      expect(await listItems(auditor.access_token)).toEqual(['copper wire']);
      expect(await listItems((await world.signInJob()).access_token)).toEqual(['tea', 'cups']);
    });

    it('answers for an order of another company as for one that does not exist, read or cancelled', async () => {
      const ofAcme = await tokenOf('ada', 'orders:read orders:write');
      const ofGlobex = await tokenOf('cleo', 'orders:read orders:write');
      const { body: created } = await world.call(ofGlobex, `${world.ordersApi}/orders`, { item: 'ore', quantity: 1 });
      const url = `${world.ordersApi}/orders/${created.id}`;
      for (const other of [url, `${world.ordersApi}/orders/999999`]) {
        expect(await world.call(ofAcme, other)).toMatchObject({ status: 404, text: '{"error":"not_found"}' });
        expect(await world.call(ofAcme, `${other}/cancel`, {})).toMatchObject({ status: 404 });
      }
      expect((await world.call(ofGlobex, url)).body).toEqual({ ...created, status: 'open' });
      expect((await world.call(ofGlobex, `${url}/cancel`, {})).body).toEqual({ ...created, status: 'cancelled' });
    });

    it('takes the tenant from the token: one in the body is refused, and so is a claim that was changed', async () => {
      const token = await tokenOf('ada', 'orders:read orders:write');
      const order = { item: 'a tenant of my own', quantity: 1 };
      const refused = await world.call(token, `${world.ordersApi}/orders`, { ...order, tenant: 'globex' });
      expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
      expect((await world.call(token, `${world.ordersApi}/orders`, order)).status).toBe(201);

      const [header, payload = '', signature] = token.split('.');
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
      expect(claims.tenant).toBe('acme');
      const changed = Buffer.from(JSON.stringify({ ...claims, tenant: 'globex' })).toString('base64url');
      const tampered = await world.call([header, changed, signature].join('.'), `${world.ordersApi}/orders`);
      expect([tampered.status, world.lastReason]).toEqual([401, 'signature_invalid']);
      expect((await world.call(token, `${world.ordersApi}/orders`)).status).toBe(200);
    });
  });

  describe('scopes and roles', () => {
    it('lets nobody create with a token that may read, and names the scope to ask for (RFC 6750 §3.1)', async () => {
      const order = { item: 'pens', quantity: 2 };
      const refused = await world.call(await tokenOf('bo', 'orders:read'), `${world.ordersApi}/orders`, order);
      expect([refused.status, world.lastReason]).toEqual([403, 'scope_insufficient']);
      expect(refused.headers.get('www-authenticate')).toContain('error="insufficient_scope"');
      expect(refused.headers.get('www-authenticate')).toContain('scope="orders:write"');
      const created = await world.call(await tokenOf('bo', 'orders:write'), `${world.ordersApi}/orders`, order);
      expect(created).toMatchObject({ status: 201, body: { ...order, note: '', status: 'open', createdBy: 'bo' } });
    });

    it('shows the report to a scope and a role together, and to neither alone', async () => {
      const report = `${world.ordersApi}/report`;
      expect((await world.call(await tokenOf('ada', 'orders:report'), report)).status).toBe(200);
      const withoutRole = await world.call(await tokenOf('bo', 'orders:report'), report);
      expect([withoutRole.status, world.lastReason]).toEqual([403, 'claim_rule_failed']);
      const withoutScope = await world.call(await tokenOf('ada', 'orders:read'), report);
      expect([withoutScope.status, world.lastReason]).toEqual([403, 'scope_insufficient']);
      expect(withoutScope.headers.get('www-authenticate')).toContain('scope="orders:report"');
    });

    it('counts in the report what belongs to the company of the caller', async () => {
      const token = await tokenOf('cleo', ALL_OF_ORDERS);
      const read = async () => (await world.call(token, `${world.ordersApi}/report`)).body.report;
      const itemsOpen = (rows: { status: string; items: number }[]) => rows.find((row) => row.status === 'open')?.items;
      const before = itemsOpen(await read()) ?? 0;
      await world.call(await tokenOf('ada', 'orders:write'), `${world.ordersApi}/orders`, { item: 'x', quantity: 500 });
      await world.call(token, `${world.ordersApi}/orders`, { item: 'x', quantity: 7 });
      expect(itemsOpen(await read())).toBe(before + 7);
    });

    it('invites people by a scope and a role, for the company of the caller', async () => {
      const ofManager = { scope: 'staff:read staff:invite', resource: MANAGER_API };
      const [ada, bo, cleo] = await Promise.all(
        ['ada', 'bo', 'cleo'].map(async (name) => (await world.signIn(name, ofManager)).access_token),
      );
      const url = `${world.managerServer}/staff/invitations`;
      expect((await world.call(ada, url, { email: 'dora@acme.example' })).status).toBe(201);
      expect((await world.call(bo, url, { email: 'eve@acme.example' })).status).toBe(403);
      expect(world.lastReason).toBe('claim_rule_failed');
      expect((await world.call(bo, `${world.managerServer}/staff`)).body).toEqual({
        staff: [
          { name: 'Ada Lind', roles: ['admin'] },
          { name: 'Bo Berg', roles: ['clerk'] },
          { name: 'Otto Vik', roles: ['operator'] },
        ],
        invited: ['dora@acme.example'],
      });
      expect((await world.call(cleo, `${world.managerServer}/staff`)).body.invited).toEqual([]);
    });

    it('RFC 6749 §3.3: an app and a job are granted no scope beyond their own', async () => {
      const { url, redirectUri } = world.authorizationUrl({ client: 'auditor', scope: 'orders:write' });
      const answers = { username: 'ada', password: world.secrets.passwords['ada'] ?? '' };
      expect((await browseTo(redirectUri, url, answers)).searchParams.get('error')).toBe('invalid_scope');
      expect((await world.signIn('ada', { client: 'auditor', scope: 'orders:read' })).scope).toBe('orders:read');
      expect(await world.signInJob('orders:write')).toMatchObject({ status: 400, error: 'invalid_scope' });
      expect(await world.signInJob()).toMatchObject({ status: 200, scope: 'orders:read' });
    });
  });

  describe('audiences', () => {
    it.each([
      ['one verifier in one process', () => Promise.resolve([world.ordersApi, world.managerServer] as const)],
      [
        'a verifier each, of the same configuration',
        () =>
          Promise.all([
            world.startOrdersApi(world.createVerifier()),
            world.startManagerServer(world.createVerifier()),
          ] as const),
      ],
    ])('RFC 9068 §4: the token for one API is refused by the other, with %s', async (_, start) => {
      const [ordersApi, managerServer] = await start();
      const forOrders = await tokenOf('ada', 'orders:read');
      const forManager = (await world.signIn('ada', { scope: 'staff:read', resource: MANAGER_API })).access_token;
      expect((await world.call(forOrders, `${ordersApi}/orders`)).status).toBe(200);
      expect((await world.call(forManager, `${managerServer}/staff`)).status).toBe(200);
      const atManager = await world.call(forOrders, `${managerServer}/staff`);
      expect([atManager.status, world.lastReason]).toEqual([401, 'audience_mismatch']);
      world.log.length = 0;
      const atOrders = await world.call(forManager, `${ordersApi}/orders`);
      expect([atOrders.status, world.lastReason]).toEqual([401, 'audience_mismatch']);
    });
  });

  describe('input', () => {
    it.each(NASTY_TEXTS)('stores %j and gives it back as it is, as data', async (text) => {
      const token = await tokenOf('cleo', 'orders:read orders:write');
      const before = await listItems(token);
      const created = await world.call(token, `${world.ordersApi}/orders`, { item: text, quantity: 1, note: text });
      expect(created).toMatchObject({ status: 201, body: { item: text, note: text } });
      const read = await world.call(token, `${world.ordersApi}/orders/${created.body.id}`);
      expect(read.body).toEqual(created.body);
      expect(await listItems(token)).toEqual([...before, text]);
      expect(read.headers.get('content-type')).toBe('application/json; charset=utf-8');
      expect(read.headers.get('x-content-type-options')).toBe('nosniff');
      expect(read.headers.get('content-security-policy')).toContain("default-src 'none'");
    });

    it.each(NASTY_TEXTS)('refuses %j where a number belongs, and changes nothing', async (text) => {
      const token = await tokenOf('cleo', 'orders:read orders:write');
      const before = await listItems(token);
      const encoded = encodeURIComponent(text);
      const orders = `${world.ordersApi}/orders`;
      const refused = [
        await world.call(token, `${orders}/${encoded}`),
        await world.call(token, `${orders}/${encoded}/cancel`, {}),
        await world.call(token, `${orders}?after=${encoded}`),
        await world.call(token, `${orders}?limit=${encoded}`),
        await world.call(token, `${orders}?${encoded}=1`),
        await world.call(token, orders, { item: 'x', quantity: text }),
      ];
      for (const { status, body } of refused) expect([status, body.error]).toEqual([400, 'invalid_request']);
      expect(await listItems(token)).toEqual(before);
    });

    it.each([
      ['no item', { quantity: 1 }, 'item'],
      ['an empty item', { item: '', quantity: 1 }, 'item'],
      ['a NUL', { item: 'a\0b', quantity: 1 }, 'item'],
      ['an item that is too long', { item: 'x'.repeat(201), quantity: 1 }, 'item'],
      ['a note that is too long', { item: 'x', quantity: 1, note: 'x'.repeat(1001) }, 'note'],
      ['a quantity of nothing', { item: 'x', quantity: 0 }, 'quantity'],
      ['half a thing', { item: 'x', quantity: 0.5 }, 'quantity'],
    ])('says which field is wrong: %s', async (_, order, field) => {
      const token = await tokenOf('bo', 'orders:write');
      const { status, body } = await world.call(token, `${world.ordersApi}/orders`, order);
      expect([status, body.issues.map(({ path }: { path: string }) => path)]).toEqual([400, [field]]);
      const good = { item: 'x'.repeat(200), quantity: 1, note: 'x'.repeat(1000) };
      expect((await world.call(token, `${world.ordersApi}/orders`, good)).status).toBe(201);
    });

    it('answers a body that is no JSON, or too large, as JSON; and reads no body of one who may not write', async () => {
      const token = await tokenOf('bo', 'orders:write');
      const url = `${world.ordersApi}/orders`;
      expect(await world.call(token, url, '{"item"')).toMatchObject({
        status: 400,
        body: { error: 'invalid_request' },
      });
      expect(await world.call(token, url, `{"item":"${'x'.repeat(20_000)}"}`)).toMatchObject({
        status: 413,
        body: { error: 'invalid_request' },
      });
      expect((await world.call(await tokenOf('bo', 'orders:read'), url, '{"item"')).status).toBe(403);
    });

    it('lets the pages of the dashboard call, and those of no other origin', async () => {
      const allowed = (origin: string) =>
        world.fetch(`${world.ordersApi}/orders`, { method: 'OPTIONS', headers: { origin } });
      const ofDashboard = await allowed(DASHBOARD_ORIGIN);
      expect([ofDashboard.status, ofDashboard.headers.get('access-control-allow-origin')]).toEqual([
        204,
        DASHBOARD_ORIGIN,
      ]);
      expect((await allowed('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull();
    });
  });

  describe('the authorization server in the middle of the day', () => {
    it('is stopped and started: known keys go on answering, and new tokens come with the start', async () => {
      const token = await tokenOf('ada', 'orders:read');
      expect((await world.call(token, `${world.ordersApi}/orders`)).status).toBe(200);
      const { issuer } = world.authorizationServer;
      await world.authorizationServer.close();
      await expect(fetch(issuer)).rejects.toThrow();
      expect((await world.call(token, `${world.ordersApi}/orders`)).status).toBe(200);

      const withoutKeys = await world.startOrdersApi(world.createVerifier(issuer));
      const unavailable = await world.call(token, `${withoutKeys}/orders`);
      expect([unavailable.status, unavailable.headers.get('www-authenticate')]).toEqual([503, null]);
      expect(Number(unavailable.headers.get('retry-after'))).toBeGreaterThan(0);
      const job = { issuer, ordersApi: world.ordersApi, clientSecret: world.secrets.nightlyJob };
      expect(await runNightlyJob(job)).toEqual({
        ended: 'later',
        message: 'The authorization server cannot be reached. Run the job again later.',
      });

      world.authorizationServer = await world.startAuthorizationServer(Number(new URL(issuer).port));
      expect(world.authorizationServer.issuer).toBe(issuer);
      expect((await world.call(token, `${world.ordersApi}/orders`)).status).toBe(200);
      expect((await world.call(await tokenOf('ada', 'orders:read'), `${world.ordersApi}/orders`)).status).toBe(200);
    });

    it('changes its key: tokens of both are good, until the old one is withdrawn', async () => {
      const statusOf = async (token: string) => (await world.call(token, `${world.ordersApi}/orders`)).status;
      const kidOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid;
      const old = await tokenOf('ada', 'orders:read');
      expect(await statusOf(old)).toBe(200);
      await world.authorizationServer.rotateKeys();
      const next = await tokenOf('ada', 'orders:read');
      expect(kidOf(next)).not.toBe(kidOf(old));
      expect([await statusOf(next), await statusOf(old)]).toEqual([200, 200]);
      await world.authorizationServer.rotateKeys();
      await world.verifier.refresh();
      expect([await statusOf(next), await statusOf(old)]).toEqual([200, 401]);
      expect(world.lastReason).toBe('unknown_key');
    });
  });

  it('has no route without a guard, and its README shows the table of them all', () => {
    const options = {
      verifier: world.verifier,
      counts: world.counts,
      dashboardOrigin: DASHBOARD_ORIGIN,
      log: () => {},
    };
    // Nothing is asked of the database before a request comes.
    const routes = [
      ...listGuards(createOrdersApi({ ...options, orders: undefined as never })),
      ...listGuards(createManagerServer(options)),
    ];
    expect(routes.filter(({ access }) => access === 'unguarded' || access === 'unclear')).toEqual([]);
    expect(routes.filter(({ access }) => access === 'public').map(({ path }) => path)).toEqual(['/health', '/health']);
    const readme = readFileSync(new URL('README.md', EXAMPLE), 'utf8');
    expect(readme).toContain(routes.map(toRow).join('\n'));
  });

  it('tells no secret in any answer or log line', async () => {
    const token = await tokenOf('ada', 'orders:read');
    await world.call(token, `${world.ordersApi}/orders?access_token=${token}`);
    await world.call(token, `${world.managerServer}/staff`);
    await world.call(`${token}x`, `${world.ordersApi}/orders`);
    const browser = world.openBrowser();
    const login = await browser.open(world.authorizationUrl({ scope: 'orders:read' }).url);
    const typed = world.secrets.passwords['bo'] ?? '';
    const again = await browser.submit(login, { username: 'ada', password: typed, decision: 'allow' });
    expect(again.answer?.text).toContain('do not fit');

    const { passwords, nightlyJob, cookieKey, signingKeys } = world.secrets;
    const secrets = [...Object.values(passwords), nightlyJob, cookieKey, ...signingKeys.map(({ d }) => d)];
    expect(secrets).toHaveLength(PEOPLE.length + 3);
    expect(world.log.length).toBeGreaterThan(1);
    expect(world.said.length).toBeGreaterThan(8);
    for (const secret of secrets) expect(world.said.filter((text) => text.includes(secret as string))).toEqual([]);
    // Nor a token, of which every JWT of this server begins so.
    expect(token).toMatch(/^eyJ/);
    expect(world.said.filter((text) => text.includes('eyJ'))).toEqual([]);
  });
});

function toRow({ method, path, access, policy, audience }: ListedRoute): string {
  return `| ${method} | ${path} | ${access} | ${policy} | ${audience?.join(' ') ?? ''} |`;
}
