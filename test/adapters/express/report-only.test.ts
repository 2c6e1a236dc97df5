import { createServer } from 'node:http';
import type { Express, RequestHandler } from 'express';
import { describe, expect, it, vi } from 'vitest';
import { createGuard, createVerifier, denyUnguarded, listGuards, type RefusalError } from '../../../src/index.js';
import { createTestIssuer } from '../../../src/testing/index.js';
import { closeAfterTest } from '../../support/close-after-test.js';
import { expectMisuse } from '../../support/configuration-error.js';
import { EXPRESS_VERSIONS } from '../../support/express-versions.js';
import { listen } from '../../support/listen.js';
import { sendRaw } from '../../support/raw-http.js';

async function createGuards() {
  const issuer = await createTestIssuer();
  closeAfterTest(() => issuer.close());
  const verifier = createVerifier({ ...issuer.verifierOptions });
  closeAfterTest(() => verifier.close());
  const reasons: string[] = [];
  const onRefusal = (error: RefusalError) => void reasons.push(error.reason);
  return { issuer, verifier, reasons, guard: createGuard(verifier, { onRefusal }) };
}

async function startApp(app: Express) {
  const server = await listen(createServer(app));
  closeAfterTest(() => server.close());
  return (...lines: string[]) => sendRaw(server.port, { target: '/orders', lines });
}

describe.each(EXPRESS_VERSIONS)('guard.reportOnly on %s', (_, express) => {
  it('lets everything through untouched, and tells what a guard would refuse', async () => {
    const { issuer, guard, reasons } = await createGuards();
    const authenticate: RequestHandler = (req, _res, next) => {
      Object.assign(req, { auth: 'what another package found' });
      next();
    };
    const app = express();
    app.get('/orders', authenticate, guard.reportOnly('orders:read'), (req, res) => {
      res.json({ auth: (req as { auth?: unknown }).auth });
    });
    const call = await startApp(app);

    const good = await issuer.token({ scope: 'orders:read' });
    const lacking = await issuer.token({ scope: 'orders:list' });
    const foreign = await issuer.token({ scope: 'orders:read', audience: 'https://other.test' });
    const requests = [
      [`Authorization: Bearer ${good}`],
      [],
      ['Authorization: Bearer'],
      [`Authorization: Bearer ${lacking}`],
    ];
    for (const lines of [...requests, [`Authorization: Bearer ${foreign}`]]) {
      const { status, body, headers } = await call(...lines);
      expect([status, body]).toEqual([200, '{"auth":"what another package found"}']);
      expect(headers.has('www-authenticate')).toBe(false);
    }
    const expected = ['token_missing', 'bearer_malformed', 'scope_insufficient', 'audience_mismatch'];
    await vi.waitFor(() => expect(reasons).toEqual(expected));
  });

  it('waits for no key, and tells of an outage later', async () => {
    const { issuer, guard, reasons } = await createGuards();
    await issuer.outage('refuse');
    const app = express();
    app.get('/orders', guard.reportOnly(), (_req, res) => void res.json({ told: [...reasons] }));
    const call = await startApp(app);
    const { status, body } = await call(`Authorization: Bearer ${await issuer.token()}`);
    expect([status, body]).toEqual([200, '{"told":[]}']);
    await vi.waitFor(() => expect(reasons).toEqual(['metadata_unavailable']));
  });

  it('counts as unguarded: in lists, and for denyUnguarded', async () => {
    const { guard } = await createGuards();
    const app = express();
    denyUnguarded(app);
    app.get('/orders', guard.reportOnly('orders:read'), (_req, res) => void res.end());
    app.get('/guarded', guard('orders:read'), (_req, res) => void res.end());
    expect(listGuards(app).map(({ path, access }) => [path, access])).toEqual([
      ['/orders', 'unguarded'],
      ['/guarded', 'guarded'],
    ]);
    const call = await startApp(app);
    expect((await call()).status).toBe(500);
  });
});

describe('guard.reportOnly', () => {
  it('publishes no decision, since there is none', async () => {
    const { verifier, guard } = await createGuards();
    expect(guard.reportOnly.length + guard.optional.length).toBe(0);
    const { subscribe, unsubscribe } = await import('node:diagnostics_channel');
    const decisions: unknown[] = [];
    const note = (message: unknown) => void decisions.push(message);
    subscribe('scopegate:decision', note);
    closeAfterTest(() => void unsubscribe('scopegate:decision', note));
    const next = vi.fn();
    guard.reportOnly()({ method: 'GET', url: '/', headers: {} } as never, {} as never, next);
    expect(next).toHaveBeenCalledWith();
    expect(decisions).toEqual([]);
    await verifier.authenticate({ method: 'GET', url: '/', headers: {} }).catch(() => {});
    expect(decisions).toHaveLength(1);
  });

  it('is refused where it would tell nobody, or report on a policy that is undefined', async () => {
    const { verifier, guard } = await createGuards();
    const silent = createGuard(verifier);
    const nobody = { option: 'onRefusal', told: 'would tell nobody', fix: 'Call createGuard(verifier, { onRefusal' };
    await expectMisuse(() => silent.reportOnly('orders:read'), nobody);
    const misspelt = { option: 'policy', told: 'is undefined.', fix: 'Call guard()' };
    await expectMisuse(() => guard.reportOnly(undefined as never), misspelt);
    const handlers = { option: 'handlers', told: 'are given.', fix: 'Give a policy alone' };
    await expectMisuse(() => Reflect.apply(guard.reportOnly, undefined, ['orders:read', () => {}]), handlers);
  });
});
