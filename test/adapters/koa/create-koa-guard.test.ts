import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createKoaGuard, type KoaMiddleware } from '../../../src/adapters/koa/index.js';
import { AuthorizationError, createVerifier, type Verifier } from '../../../src/index.js';
import { createTestIssuer, type TestIssuer } from '../../../src/testing/index.js';
import { listen, type TestServer } from '../../support/listen.js';
import { bearerHeaders } from '../../support/test-app.js';
import { loadFramework } from '../frameworks.js';

const koa = await loadFramework('koa');

let issuer: TestIssuer;
let verifier: Verifier;
let server: TestServer;

beforeEach(async () => {
  issuer = await createTestIssuer();
  verifier = createVerifier(issuer.verifierOptions);
});
afterEach(async () => {
  await server.close();
  verifier.close();
});

// biome-ignore lint/suspicious/noExplicitAny: koa is no development dependency, and gives its context this type
type Middleware = KoaMiddleware<any>;

async function start(...middlewares: readonly Middleware[]): Promise<void> {
  const app = new koa.default();
  app.silent = true;
  for (const middleware of middlewares) app.use(middleware);
  server = await listen(createServer(app.callback()));
}

const get = async (query = '', headers?: Record<string, string>) =>
  fetch(`http://127.0.0.1:${server.port}/orders${query}`, headers === undefined ? {} : { headers });
const token = () => issuer.token({ scope: 'orders:read' });

describe.skipIf(koa === undefined)('createKoaGuard', () => {
  it('runs its handlers in turn, and then what comes after the guard', async () => {
    const ran: string[] = [];
    const step = (name: string) => async (_: unknown, next: () => Promise<unknown>) => {
      ran.push(name);
      await next();
      ran.push(`after ${name}`);
    };
    await start(createKoaGuard(verifier)('orders:read', step('first'), step('second')), async (ctx) => {
      ctx.body = { subject: ctx.state.auth.subject };
    });
    const response = await get('', bearerHeaders(await token()));
    expect(await response.json()).toEqual({ subject: 'test-user' });
    expect(ran).toEqual(['first', 'second', 'after second', 'after first']);
  });

  it('runs nothing after a refusal', async () => {
    let runs = 0;
    await start(createKoaGuard(verifier)('orders:read'), async () => {
      runs += 1;
    });
    expect((await get('', bearerHeaders(await issuer.token({ scope: 'orders:write' })))).status).toBe(403);
    expect(runs).toBe(0);
  });

  it("throws the error to the app where it wants to answer itself, and Koa's own answer has the status", async () => {
    const reasons: unknown[] = [];
    const guard = createKoaGuard(verifier, { errors: 'throw' });
    await start(async (_, next) => {
      await next().catch((error: { reason: string }) => {
        reasons.push(error.reason);
        throw error;
      });
    }, guard('orders:read'));
    expect((await get()).status).toBe(401);
    expect(reasons).toEqual(['token_missing']);
  });

  it('answers a refusal that a handler throws by the contract, and leaves all else to Koa', async () => {
    const thrown = [new AuthorizationError('scope_insufficient', { scopes: ['orders:delete'] }), new Error('a bug')];
    await start(
      createKoaGuard(verifier)('orders:read', () => {
        throw thrown.shift();
      }),
    );
    const headers = bearerHeaders(await token());
    const refused = await get('', headers);
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
      403,
      expect.stringContaining('scope="orders:delete"'),
    ]);
    expect((await get('', headers)).status).toBe(500);
  });

  it('RFC 6750 §2.3: keeps a response out of shared caches if the URL may hold a token', async () => {
    const guard = createKoaGuard(verifier, { extraTokenLocations: ['query'] });
    await start(
      async (ctx, next) => {
        if (ctx.query.strict !== undefined) ctx.set('Cache-Control', 'no-store');
        await next();
      },
      guard('orders:read', (ctx) => {
        ctx.body = 'ok';
      }),
    );
    expect((await get(`?access_token=${await token()}`)).headers.get('cache-control')).toBe('private');
    expect((await get(`?strict&access_token=${await token()}`)).headers.get('cache-control')).toBe('no-store');
  });
});
