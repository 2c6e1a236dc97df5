import { channel } from 'node:diagnostics_channel';
import { createServer } from 'node:http';
import { importJWK, type JWTPayload, SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { type Answer, CompanyWorld, DASHBOARD_ORIGIN, describeCompany } from '../../../test/support/company-world.js';
import { usedHeapBytes } from '../../../test/support/heap.js';
import { listen } from '../../../test/support/listen.js';
import { AccessCounts } from '../access-report.js';
import type { AccessReport } from '../access-shapes.js';
import { createSigningKey, MANAGER_API, ORDERS_API, PEOPLE } from '../company.js';
import { createManagerServer } from '../manager-server.js';

const SPANS = 30;
const SPAN_MILLISECONDS = 10_000;
const APIS = [
  ['the orders API', ORDERS_API, MANAGER_API],
  ['the manager server', MANAGER_API, ORDERS_API],
] as const;

describeCompany('GET /access of examples/company', () => {
  let world: CompanyWorld;
  beforeAll(async () => {
    world = await CompanyWorld.start();
  });
  afterAll(() => world.close());
  beforeEach(() => {
    world.log.length = 0;
  });

  const originOf = (api: string) => (api === ORDERS_API ? world.ordersApi : world.managerServer);

  async function tokenOf(username: string, scope: string, resource: string): Promise<string> {
    return (await world.signIn(username, { scope, resource })).access_token;
  }

  /** Signs what a good token says anew, with one thing changed. */
  async function resign(token: string, claims: JWTPayload, key = world.secrets.signingKeys[0]): Promise<string> {
    const [header, payload] = token.split('.', 2).map((part) => JSON.parse(`${Buffer.from(part, 'base64url')}`));
    const kid = key?.['kid'] ?? '';
    return new SignJWT({ ...payload, ...claims })
      .setProtectedHeader({ ...header, kid })
      .sign(await importJWK(key as never, 'ES256'));
  }

  it.each(APIS)(
    'is for a scope and a role together at %s, and says to nobody else how it is',
    async (_, api, other) => {
      const url = `${originOf(api)}/access`;
      const good = await tokenOf('otto', 'access:read', api);
      const [header, payload, signature = ''] = good.split('.');
      const turned = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
      const wrongWays: readonly (readonly [reason: string, status: number, token: string | undefined])[] = [
        ['token_missing', 401, undefined],
        ['bearer_malformed', 400, `${good} ${good}`],
        ['signature_invalid', 401, [header, payload, turned].join('.')],
        ['token_expired', 401, await resign(good, { exp: Math.floor(Date.now() / 1000) - 60 })],
        ['unknown_key', 401, await resign(good, {}, createSigningKey())],
        ['issuer_not_trusted', 401, await resign(good, { iss: 'https://evil.example' })],
        ['claims_rejected', 401, await resign(good, { tenant: 'initech' })],
        ['audience_mismatch', 401, await tokenOf('otto', 'access:read', other)],
        ['scope_insufficient', 403, await tokenOf('otto', api === ORDERS_API ? 'orders:read' : 'staff:read', api)],
        ['claim_rule_failed', 403, await tokenOf('ada', 'access:read', api)],
        ['claim_rule_failed', 403, await resign(good, { roles: ['operators'] })],
      ];
      for (const [reason, status, token] of wrongWays) {
        const refused = await world.call(token, url);
        expect([refused.status, world.lastReason], reason).toEqual([status, reason]);
        expect(
          Object.keys(refused.body).filter((key) => !key.startsWith('error')),
          reason,
        ).toEqual([]);
        expect((await world.call(good, url)).status, `control of ${reason}`).toBe(200);
      }
      expect((await world.call(await resign(good, {}), url)).status, 'what is signed anew is good').toBe(200);
    },
  );

  it.each(APIS)('RFC 6750 §3.1: %s asks for the scope that lacks, and for none where the role does', async (_, api) => {
    const url = `${originOf(api)}/access`;
    const challengeOf = ({ headers }: Answer) => headers.get('www-authenticate');
    const ofScope = api === ORDERS_API ? 'orders:read' : 'staff:read';
    const withoutScope = await world.call(await tokenOf('otto', ofScope, api), url);
    expect(challengeOf(withoutScope)).toContain('scope="access:read"');
    const withoutRole = await world.call(await tokenOf('ada', 'access:read', api), url);
    expect(challengeOf(withoutRole)).toContain('error="insufficient_scope"');
    expect(challengeOf(withoutRole)).not.toContain('scope="');
  });

  it('lets no job read it: the nightly job has no role', async () => {
    const job = await world.signInJob();
    expect((await world.call(job.access_token, `${world.ordersApi}/access`)).status).toBe(403);
    expect(world.lastReason).toBe('claim_rule_failed');
    expect((await world.call(job.access_token, `${world.ordersApi}/orders`)).status).toBe(200);
  });

  it('counts what was let in and what was refused, by reason, exactly', async () => {
    const { counts, read, url } = await startCounting();
    const good = await tokenOf('otto', 'access:read', MANAGER_API);
    for (let count = 0; count < 3; count += 1) await world.call(undefined, url);
    for (let count = 0; count < 2; count += 1) await world.call('nonsense', url);
    await world.call(await tokenOf('otto', 'access:read', ORDERS_API), url);
    // What no guard judges is not counted: a public route, and a path that is not there.
    await world.call(undefined, url.replace('/access', '/health'));
    await world.call(undefined, url.replace('/access', '/nowhere'));
    const refused = { token_missing: 3, token_opaque: 2, audience_mismatch: 1 };
    // The request that asks is let in before it is answered.
    expect(await read(good)).toMatchObject({ accepted: 1, refused });
    expect(await read(good)).toMatchObject({ accepted: 2, refused });
    const { accepted, spans } = counts.report(world.verifier);
    expect(spans.reduce((sum, span) => sum + span.accepted, 0)).toBe(accepted);
    expect(spans.reduce((sum, span) => sum + span.refused, 0)).toBe(6);
  });

  it('shows the last five minutes in spans of ten seconds, with zeros where nothing came', async () => {
    let now = 1_000_000 * SPAN_MILLISECONDS;
    const { counts, url } = await startCounting(() => now);
    const spans = () => counts.report(world.verifier).spans.map(({ accepted, refused }) => [accepted, refused]);
    const zeros = (count: number) => Array.from({ length: count }, () => [0, 0]);
    const good = await tokenOf('otto', 'access:read', MANAGER_API);
    expect(spans()).toEqual(zeros(SPANS));

    await world.call(good, url);
    await world.call(undefined, url);
    now += SPAN_MILLISECONDS - 1;
    await world.call(undefined, url);
    expect(spans()).toEqual([...zeros(SPANS - 1), [1, 2]]);
    now += 1;
    await world.call(good, url);
    expect(spans()).toEqual([...zeros(SPANS - 2), [1, 2], [1, 0]]);
    now += 5 * SPAN_MILLISECONDS;
    await world.call(undefined, url);
    expect(spans()).toEqual([...zeros(SPANS - 7), [1, 2], [1, 0], ...zeros(4), [0, 1]]);
    now += (SPANS - 7) * SPAN_MILLISECONDS;
    expect(spans()).toEqual([[1, 2], [1, 0], ...zeros(4), [0, 1], ...zeros(SPANS - 7)]);
    now += SPAN_MILLISECONDS;
    expect(spans()).toEqual([[1, 0], ...zeros(4), [0, 1], ...zeros(SPANS - 6)]);
    now += SPANS * SPAN_MILLISECONDS;
    expect(spans()).toEqual(zeros(SPANS));
    expect(counts.report(world.verifier)).toMatchObject({
      accepted: 2,
      refused: { token_missing: 3 },
      spanSeconds: 10,
    });
  });

  it('goes on counting when the clock is set back, and shows nothing of before when that time comes again', async () => {
    let now = 1_000_000 * SPAN_MILLISECONDS;
    const { counts, url } = await startCounting(() => now);
    const refused = () => counts.report(world.verifier).spans.map((span) => span.refused);
    const zeros = (count: number) => Array.from({ length: count }, () => 0);
    await world.call(undefined, url);
    await world.call(undefined, url);
    expect(refused()).toEqual([...zeros(SPANS - 1), 2]);

    now -= 3600_000;
    expect(refused()).toEqual(zeros(SPANS));
    await world.call(undefined, url);
    expect(refused()).toEqual([...zeros(SPANS - 1), 1]);
    now += 3600_000;
    expect(refused(), 'the two of before').toEqual(zeros(SPANS));
    // A clock that is put right by a little loses nothing.
    await world.call(undefined, url);
    now -= SPAN_MILLISECONDS;
    await world.call(undefined, url);
    now += SPAN_MILLISECONDS;
    expect(refused()).toEqual([...zeros(SPANS - 2), 1, 1]);
    expect(counts.report(world.verifier).refused).toEqual({ token_missing: 5 });
  });

  it('keeps a bounded memory, however long it runs and wherever its clock goes', async () => {
    const MANY = 200_000;
    const MOST_BYTES = 2_000_000;
    const before = await usedHeapBytes();
    const control = new Map(Array.from({ length: MANY }, (_, index) => [index, { accepted: 0, refused: index }]));
    expect((await usedHeapBytes()) - before, 'a control that forgets nothing').toBeGreaterThan(MOST_BYTES);
    control.clear();

    let now = 0;
    const counts = new AccessCounts(() => now);
    onTestFinished(() => counts.close());
    const start = await usedHeapBytes();
    const decisions = channel('scopegate:decision');
    for (const step of [1, -1]) {
      for (let count = 0; count < MANY; count += 1) {
        now += step * SPAN_MILLISECONDS;
        decisions.publish({ reason: 'token_missing', issuer: undefined, clientId: undefined, granted: [], needed: [] });
      }
    }
    expect((await usedHeapBytes()) - start).toBeLessThan(MOST_BYTES);
    expect(counts.report(world.verifier)).toMatchObject({ accepted: 0, refused: { token_missing: 2 * MANY } });
  });

  it('counts nothing more once it is closed', async () => {
    const { counts, url } = await startCounting();
    const other = await startCounting();
    await world.call(undefined, url);
    const refusals = () => [counts, other.counts].map((one) => one.report(world.verifier).refused['token_missing']);
    expect(refusals()).toEqual([1, 1]);
    counts.close();
    counts.close();
    await world.call(undefined, url);
    expect(refusals()).toEqual([1, 2]);
  });

  it('agrees with verifier.status(): states, ages of keys, cache hits', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const verifier = world.createVerifier();
    const manager = await world.startManagerServer(verifier);
    const read = async (token: string): Promise<AccessReport> => (await world.call(token, `${manager}/access`)).body;
    const asJson = (value: unknown) => JSON.parse(JSON.stringify(value));
    const token = await tokenOf('otto', 'access:read', MANAGER_API);

    const { status: first } = await read(token);
    expect(first).toEqual(asJson(verifier.status()));
    expect(first.tokenCache).toMatchObject({ size: 1, hits: 0, misses: 1 });
    expect(first.issuers).toMatchObject([{ issuer: world.authorizationServer.issuer, state: 'fresh', ageSeconds: 0 }]);
    vi.setSystemTime(Date.now() + 90_000);
    const { status: second } = await read(token);
    expect(second).toEqual(asJson(verifier.status()));
    expect(second.tokenCache).toMatchObject({ size: 1, hits: 1, misses: 1 });
    const key = { kid: world.secrets.signingKeys[0]?.['kid'], algorithms: ['ES256'], ageSeconds: 90 };
    expect(second.issuers).toMatchObject([{ state: 'fresh', ageSeconds: 90, keys: [key] }]);

    const { port } = new URL(world.authorizationServer.issuer);
    await world.authorizationServer.close();
    onTestFinished(async () => {
      world.authorizationServer = await world.startAuthorizationServer(Number(port));
    });
    await expect(verifier.refresh()).rejects.toMatchObject({ reason: 'metadata_unavailable' });
    const { status: third } = await read(token);
    expect(third).toEqual(asJson(verifier.status()));
    expect(third.issuers).toMatchObject([{ state: 'failing', ageSeconds: 90, keys: [key] }]);
    expect(third.issuers[0]?.lastError).toContain('could not be fetched');
  });

  it('holds no token, no secret, and nothing of a person', async () => {
    const token = await tokenOf('otto', 'access:read', ORDERS_API);
    await world.call(await tokenOf('ada', 'orders:read', ORDERS_API), `${world.ordersApi}/orders`);
    const { text, headers, status } = await world.call(token, `${world.ordersApi}/access`);
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
    const claims = JSON.parse(`${Buffer.from(token.split('.')[1] ?? '', 'base64url')}`);
    expect(claims).toMatchObject({ sub: 'otto', tenant: 'acme', client_id: 'dashboard' });
    const { passwords, nightlyJob, cookieKey, signingKeys } = world.secrets;
    const tellTales = [
      ...['eyJ', ...token.split('.'), claims.jti, 'tenant', 'acme', 'operator', 'dashboard', 'access:read'],
      ...PEOPLE.flatMap(({ username, name }) => [`"${username}"`, name]),
      ...[...Object.values(passwords), nightlyJob, cookieKey, ...signingKeys.map(({ d }) => d as string)],
    ];
    expect(tellTales.filter((telling) => text.includes(telling))).toEqual([]);
    // A control: what it does say is found so.
    expect(text).toContain(signingKeys[0]?.['kid']);
  });

  /** A manager server beside that of the world, whose counts begin at nothing. */
  async function startCounting(now?: () => number) {
    const counts = new AccessCounts(now);
    const { verifier } = world;
    const app = createManagerServer({ verifier, counts, dashboardOrigin: DASHBOARD_ORIGIN, log: () => {} });
    const server = await listen(createServer(app));
    onTestFinished(async () => {
      counts.close();
      await server.close();
    });
    const url = `http://127.0.0.1:${server.port}/access`;
    const read = async (token: string): Promise<AccessReport> => (await world.call(token, url)).body;
    return { counts, url, read };
  }
});
