import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFastifyGuard, type FastifyGuardOptions, scopegatePlugin } from '../../../src/adapters/fastify/index.js';
import { authOf, createVerifier, type Verifier } from '../../../src/index.js';
import { createTestIssuer, type TestIssuer } from '../../../src/testing/index.js';
import { bearerHeaders } from '../../support/test-app.js';
import { loadFramework } from '../frameworks.js';

const fastify = await loadFramework('fastify');

let issuer: TestIssuer;
let verifier: Verifier;
// biome-ignore lint/suspicious/noExplicitAny: fastify is no development dependency
let app: any;

beforeEach(async () => {
  issuer = await createTestIssuer();
  verifier = createVerifier(issuer.verifierOptions);
});
afterEach(async () => {
  await app.close();
  verifier.close();
});

async function start(options?: FastifyGuardOptions) {
  const guard = createFastifyGuard(verifier, options);
  app = fastify.default();
  await app.register(scopegatePlugin, { guard });
  return guard;
}

const get = (url: string, headers = {}) => app.inject({ method: 'GET', url, headers });
const token = () => issuer.token({ scope: 'orders:read' });

describe.skipIf(fastify === undefined)('scopegatePlugin', () => {
  it('is for the app that registers it, and declares request.auth', async () => {
    const guard = await start();
    expect(app.guard).toBe(guard);
    expect(app.hasRequestDecorator('auth')).toBe(true);
  });

  it('guards all routes of an app by one hook, and a route by another', async () => {
    const guard = await start();
    app.addHook('onRequest', guard());
    app.get('/me', async (request: object) => ({ subject: authOf(request).subject }));
    app.get('/orders', { onRequest: guard('orders:read') }, async () => 'ok');

    const headers = bearerHeaders(await issuer.token({ scope: 'profile' }));
    expect((await get('/me')).statusCode).toBe(401);
    expect((await get('/me', headers)).json()).toEqual({ subject: 'test-user' });
    expect((await get('/orders', headers)).statusCode).toBe(403);
    expect((await get('/orders', bearerHeaders(await token()))).body).toBe('ok');
  });

  it('RFC 6750 §2.2: reads the token of a form in preHandler, where the guard is told to', async () => {
    const guard = await start({ extraTokenLocations: ['form'] });
    const parse = (_: unknown, body: string, done: (error: null, form: object) => void) =>
      done(null, Object.fromEntries(new URLSearchParams(body)));
    app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, parse);
    app.post('/orders', { preHandler: guard('orders:read') }, async () => 'ok');

    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const post = (payload: string) => app.inject({ method: 'POST', url: '/orders', headers, payload });
    expect((await post(`access_token=${await token()}`)).body).toBe('ok');
    expect((await post('access=none')).statusCode).toBe(401);
  });

  it('RFC 6750 §2.3: keeps a response out of shared caches if the URL may hold a token', async () => {
    const guard = await start({ extraTokenLocations: ['query'] });
    const strict = async (_: unknown, reply: { header(name: string, value: string): void }) => {
      reply.header('Cache-Control', 'no-store');
    };
    app.get('/orders', { onRequest: guard('orders:read') }, async () => 'ok');
    app.get('/strict', { onRequest: [strict, guard('orders:read')] }, async () => 'ok');
    app.get('/open', { onRequest: guard.optional('orders:read') }, async () => 'ok');
    expect((await get(`/orders?access_token=${await token()}`)).headers['cache-control']).toBe('private');
    expect((await get(`/strict?access_token=${await token()}`)).headers['cache-control']).toBe('no-store');
    expect((await get('/open')).headers['cache-control']).toBe(undefined);
  });

  it("throws the error to the app's error handler where it wants to answer itself", async () => {
    const guard = await start({ errors: 'throw' });
    app.setErrorHandler((error: { reason: string; status: number }, _: unknown, reply: never) =>
      (reply as { code(status: number): { send(body: object): unknown } })
        .code(error.status)
        .send({ reason: error.reason }),
    );
    app.get('/orders', { onRequest: guard('orders:read') }, async () => 'ok');
    const response = await get('/orders');
    expect([response.statusCode, response.json()]).toEqual([401, { reason: 'token_missing' }]);
  });
});
