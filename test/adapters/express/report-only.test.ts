import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ConfigurationError,
  createGuard,
  createVerifier,
  denyUnguarded,
  listGuards,
  type Verifier,
} from '../../../src/index.js';
import { createTestIssuer, type TestIssuer } from '../../../src/testing/index.js';
import { catchWarnings } from '../../support/caught-warnings.js';
import { EXPRESS_VERSIONS } from '../../support/express-versions.js';
import { bearerHeaders, startApp, type TestApp } from '../../support/test-app.js';

let issuer: TestIssuer;
let verifier: Verifier;
let app: TestApp;

beforeEach(async () => {
  issuer = await createTestIssuer();
  verifier = createVerifier(issuer.verifierOptions);
});
afterEach(async () => {
  await app.close();
  verifier.close();
});

describe.each(EXPRESS_VERSIONS)('guard.reportOnly in %s', (_version, express) => {
  it('lets everything through, and tells what a guard would have refused, and only that', async () => {
    const reports: unknown[] = [];
    const refusals: unknown[] = [];
    const guard = createGuard(verifier, {
      onReport: ({ reason, status }, req) => reports.push([req.url, reason, status]),
      onRefusal: ({ reason }) => refusals.push(reason),
    });
    app = await startApp(express, (it) =>
      it.get(
        '/orders',
        guard.reportOnly('orders:read', (req, res) => void res.json({ subject: req.auth?.subject ?? 'nobody' })),
      ),
    );

    const good = bearerHeaders(await issuer.token({ scope: 'orders:read', subject: 'alice' }));
    const answers = [
      await app.get('/orders', good),
      await app.get('/orders'),
      await app.get('/orders', bearerHeaders(await issuer.token({ scope: 'orders:write' }))),
      await app.get('/orders', bearerHeaders('no token')),
    ];
    expect(answers.map(({ status, body }) => [status, JSON.parse(body)])).toEqual([
      [200, { subject: 'alice' }],
      [200, { subject: 'nobody' }],
      [200, { subject: 'nobody' }],
      [200, { subject: 'nobody' }],
    ]);
    expect(reports).toEqual([
      ['/orders', 'token_missing', 401],
      ['/orders', 'scope_insufficient', 403],
      ['/orders', 'bearer_malformed', 400],
    ]);
    expect(refusals).toEqual([]);
  });

  it('goes on whatever onReport does', async () => {
    const guard = createGuard(verifier, { onReport: () => Promise.reject(new Error('the log is full')) as never });
    const warnings = catchWarnings();
    app = await startApp(express, (it) => it.get('/orders', guard.reportOnly(), (_req, res) => void res.json({})));
    expect((await app.get('/orders')).status).toBe(200);
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings.map(String)).toEqual([expect.stringContaining('onReport threw: Error: the log is full')]);
  });

  it('counts as unguarded: in the list of routes, and for denyUnguarded', async () => {
    const guard = createGuard(verifier, { onReport: () => {} });
    app = await startApp(express, (it) => {
      it.get('/orders', guard.reportOnly('orders:read'), (_req, res) => void res.json({}));
      expect(listGuards(it).map(({ path, access }) => [path, access])).toEqual([['/orders', 'unguarded']]);
      denyUnguarded(it);
    });
    const good = bearerHeaders(await issuer.token({ scope: 'orders:read' }));
    expect((await app.get('/orders', good)).status).toBe(500);
  });

  it('refuses at once to tell nobody', async () => {
    app = await startApp(express, () => {});
    expect(() => createGuard(verifier).reportOnly('orders:read')).toThrow(ConfigurationError);
    expect(() => createGuard(verifier, { onReport: () => {} }).reportOnly(undefined as never)).toThrow('is undefined');
  });
});
