import { createServer } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { createGuard, createVerifier, type GuardOptions, type RefusalReason, type Verifier } from '../../src/index.js';
import { createTestIssuer } from '../../src/testing/index.js';
import { covers } from '../support/covers.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { listen } from '../support/listen.js';
import { type RawResponse, sendRaw } from '../support/raw-http.js';
import { parseWwwAuthenticate } from '../support/www-authenticate.js';

const API = 'https://orders.test';
const MANAGER = 'https://manager.test';

describe.each(EXPRESS_VERSIONS)('one verifier for a company on %s', (_, express) => {
  const opened: { close(): unknown }[] = [];
  afterEach(async () => {
    for (const resource of opened.splice(0).reverse()) await resource.close();
  });

  /** Starts a server whose every path wants a token, and notes why requests are refused. */
  async function startServer(verifier: Verifier, options: GuardOptions = {}) {
    const reasons: RefusalReason[] = [];
    const app = express();
    const guard = createGuard(verifier, { ...options, onRefusal: ({ reason }) => reasons.push(reason) });
    app.use(guard('orders:read', (_req, res) => void res.json({ reached: true })));
    const server = await listen(createServer(app));
    opened.push(server);
    const send = (token: string) => sendRaw(server.port, { lines: [`Authorization: Bearer ${token}`] });
    return { send, reasons };
  }

  async function startCompany() {
    const issuer = await createTestIssuer({ network: true, audience: API });
    const verifier = createVerifier(issuer.verifierOptions);
    opened.push(issuer, verifier);
    const api = await startServer(verifier);
    const manager = await startServer(verifier, { audience: MANAGER });
    const tokenFor = (audience: string | readonly string[]) => issuer.token({ audience, scope: 'orders:read' });
    return { issuer, verifier, api, manager, tokenFor };
  }

  function realmOf({ headers }: RawResponse): string | undefined {
    return parseWwwAuthenticate(headers.get('www-authenticate')?.[0] ?? '')[0]?.params['realm'];
  }

  it('RFC 9700 §2.3: a token for the API is refused by the manager, and the other way round', async () => {
    covers('9700-1', 'E4');
    const { api, manager, tokenFor } = await startCompany();
    const forApi = await tokenFor(API);
    const forManager = await tokenFor(MANAGER);
    expect((await api.send(forApi)).status).toBe(200);
    expect((await manager.send(forManager)).status).toBe(200);

    const byManager = await manager.send(forApi);
    const byApi = await api.send(forManager);
    expect([byManager.status, byApi.status]).toEqual([401, 401]);
    expect([manager.reasons, api.reasons]).toEqual([['audience_mismatch'], ['audience_mismatch']]);
    expect([realmOf(byManager), realmOf(byApi)]).toEqual([MANAGER, API]);

    expect((await api.send(forApi)).status).toBe(200);
    expect((await manager.send(forManager)).status).toBe(200);
  });

  it('RFC 9700 §2.3: the order of requests, and so the token cache, changes no answer', async () => {
    covers('H24');
    const { api, manager, verifier, tokenFor } = await startCompany();
    const forApi = await tokenFor(API);
    const statuses: number[] = [];
    for (const server of [manager, api, manager, api]) statuses.push((await server.send(forApi)).status);
    expect(statuses).toEqual([401, 200, 401, 200]);
    expect(manager.reasons).toEqual(['audience_mismatch', 'audience_mismatch']);
    expect(verifier.status().tokenCache).toMatchObject({ size: 1, hits: 2 });
  });

  it('RFC 7519 §4.1.3: a token for both is accepted by both, and one for neither by none', async () => {
    const { api, manager, tokenFor } = await startCompany();
    const forBoth = await tokenFor([API, MANAGER]);
    expect([(await api.send(forBoth)).status, (await manager.send(forBoth)).status]).toEqual([200, 200]);
    const forNeither = await tokenFor('https://other.test');
    expect([(await api.send(forNeither)).status, (await manager.send(forNeither)).status]).toEqual([401, 401]);
    expect([...api.reasons, ...manager.reasons]).toEqual(['audience_mismatch', 'audience_mismatch']);
  });

  it('RFC 7519 §4.1.3: a guard with several audiences accepts a token for any of them', async () => {
    const { verifier, tokenFor } = await startCompany();
    const gateway = await startServer(verifier, { audience: [API, MANAGER] });
    expect((await gateway.send(await tokenFor(API))).status).toBe(200);
    expect((await gateway.send(await tokenFor(MANAGER))).status).toBe(200);
    expect((await gateway.send(await tokenFor('https://other.test'))).status).toBe(401);
    expect(gateway.reasons).toEqual(['audience_mismatch']);
  });

  it('all servers of one verifier together fetch the keys once, however many ask at once', async () => {
    covers('H20');
    const { issuer, api, manager, tokenFor } = await startCompany();
    const [forApi, forManager] = await Promise.all([tokenFor(API), tokenFor(MANAGER)]);
    const sent = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? api.send(forApi) : manager.send(forManager)));
    const statuses = (await Promise.all(sent)).map(({ status }) => status);
    expect(statuses).toEqual(Array.from({ length: 20 }, () => 200));
    expect(issuer.hits).toEqual({ metadata: 1, jwks: 1 });
  });

  it('a key that is withdrawn is gone for every server at once, with the tokens it signed', async () => {
    covers('H17');
    const { issuer, verifier, api, manager, tokenFor } = await startCompany();
    const old = await tokenFor([API, MANAGER]);
    expect([(await api.send(old)).status, (await manager.send(old)).status]).toEqual([200, 200]);
    await issuer.rotate();
    issuer.withdraw('es256-1');
    await verifier.refresh();
    expect([(await api.send(old)).status, (await manager.send(old)).status]).toEqual([401, 401]);
    expect([...api.reasons, ...manager.reasons]).toEqual(['unknown_key', 'unknown_key']);
    const fresh = await tokenFor([API, MANAGER]);
    expect([(await api.send(fresh)).status, (await manager.send(fresh)).status]).toEqual([200, 200]);
  });
});
