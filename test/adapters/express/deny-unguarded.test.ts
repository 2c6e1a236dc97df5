import type { IncomingMessage } from 'node:http';
import type { Express, NextFunction, Request, Response } from 'express';
import { describe, expect, it } from 'vitest';
import { createGuard, createVerifier, denyUnguarded, UnguardedRouteError } from '../../../src/index.js';
import { createTestIssuer } from '../../../src/testing/index.js';
import { covers } from '../../support/covers.js';
import { EXPRESS_VERSIONS } from '../../support/express-versions.js';
import { dispatch } from '../../support/random-app.js';

const verifier = createVerifier({ issuer: 'https://login.example.com', audience: 'https://orders.example.com' });
const guard = createGuard(verifier);
const answer = (_req: Request, res: Response) => void res.status(200).end();
const goOn = (_req: Request, _res: Response, next: NextFunction) => next();

describe.each(EXPRESS_VERSIONS)('denyUnguarded, %s', (_, express) => {
  function open(declare: (app: Express) => void, options?: Parameters<typeof denyUnguarded>[1]) {
    const details: string[] = [];
    const onRefusal = (error: UnguardedRouteError, _: IncomingMessage) => void details.push(error.detail);
    const app = denyUnguarded(express().set('env', 'test'), { onRefusal, ...options });
    declare(app);
    return async (method: string, url: string) => {
      const res = await dispatch(app, method, url);
      return { status: res.statusCode, details, headers: res.getHeaders() };
    };
  }

  it('refuses what reaches a handler of a route without a guard, and runs the handler behind guard.public()', async () => {
    covers('E15');
    const send = open((app) => {
      app.get('/forgotten/:id', answer);
      app.get('/open', guard.public(), answer);
    });
    expect(await send('GET', '/open')).toMatchObject({ status: 200, details: [] });
    expect(await send('GET', '/forgotten/1')).toEqual({
      status: 500,
      details: ['no guard let the request through before a handler of "GET /forgotten/:id"'],
      headers: { 'x-powered-by': 'Express', 'cache-control': 'no-store', 'content-type': 'application/json' },
    });
  });

  it('CWE-862: a middleware that deletes or redefines req.route does not switch it off', async () => {
    covers('E15');
    const tampers: readonly ((req: Request) => unknown)[] = [
      (req) => Reflect.deleteProperty(req, 'route'),
      (req) => Reflect.defineProperty(req, 'route', { value: undefined, writable: true, configurable: true }),
      (req) => {
        req.route = {} as never;
      },
    ];
    for (const tamper of tampers) {
      const send = open((app) => {
        app.use((req: Request, _res: Response, next: NextFunction) => {
          tamper(req);
          next();
        });
        app.get('/open', guard.public(), answer);
        app.get('/x', answer);
      });
      expect((await send('GET', '/open')).status).toBe(200);
      expect((await send('GET', '/x')).status).toBe(500);
    }
  });

  it.each(['router', 'app'])('of a mounted %s says nothing about the routes around it', async (kind) => {
    const inner = kind === 'app' ? express().set('env', 'test') : express.Router();
    denyUnguarded(inner as Express);
    (inner as Express).get('/inside', answer).get('/public', guard.public(), answer);
    const app = express().set('env', 'test').use(inner).get('/health', answer);
    const send = async (url: string) => (await dispatch(app, 'GET', url)).statusCode;
    expect(await send('/public')).toBe(200);
    expect(await send('/inside')).toBe(500);
    expect(await send('/health')).toBe(200);
  });

  it('of a mounted router has options of its own, and those of the app count again behind it', async () => {
    const told: string[] = [];
    const inner = denyUnguarded(express.Router(), { onRefusal: () => void told.push('inner') });
    inner.get('/inside', answer);
    const app = denyUnguarded(express().set('env', 'test'), { onRefusal: () => void told.push('outer') });
    app.use(inner).get('/behind', answer);
    for (const url of ['/inside', '/behind']) expect((await dispatch(app, 'GET', url)).statusCode).toBe(500);
    expect(told).toEqual(['inner', 'outer']);
  });

  it.each([
    ['guard.public() of the route', (app: Express) => app.get('/x', guard.public(answer))],
    ['guard.optional()', (app: Express) => app.get('/x', guard.optional(), answer)],
    ['guard.optional() of the app', (app: Express) => app.use(guard.optional()).get('/x', answer)],
    ['a guard in a route before', (app: Express) => app.all(/.*/, guard.optional()).get('/x', answer)],
    ['a middleware, which is no route', (app: Express) => app.use('/x', answer)],
    [
      'a guard outside of the app',
      (app: Express) => app.use(guard.public(), denyUnguarded(express.Router().get('/x', answer))),
    ],
    [
      'a handler of errors in the route',
      (app: Express) =>
        app.get('/x', ((_e: unknown, _q: unknown, _s: unknown, _n: unknown) => {}) as never, guard.public(answer)),
    ],
  ])('lets through: %s', async (_, declare) => {
    expect(await open(declare)('GET', '/x')).toMatchObject({ status: 200, details: [] });
  });

  it.each([
    ['a handler before the guard', (app: Express) => app.get('/x', goOn, guard.public(), answer)],
    ['a router that is mounted', (app: Express) => app.use(express.Router().get('/x', answer))],
    ['an app that is mounted', (app: Express) => app.use(express().get('/x', answer))],
    ['a router in a function', (app: Express) => app.use((...given) => express.Router().get('/x', answer)(...given))],
    ['an app in a function', (app: Express) => app.use((...given) => express().get('/x', answer)(...given))],
    ['a guard behind a path that was changed', (app: Express) => app.use('/y', guard()).use(rewrite).get('/y', answer)],
    ['methods that are left to all()', (app: Express) => app.route('/x').post(guard.public(), answer).all(answer)],
  ])('refuses: %s', async (_, declare) => {
    const { status, details } = await open(declare)('GET', '/x');
    expect([status, details.length]).toEqual([500, 1]);
  });

  it('covers routes, routers and handlers that are declared after requests came', async () => {
    const route: { current?: { post(handler: typeof answer): unknown } } = {};
    let app = undefined as unknown as Express;
    const send = open((created) => {
      app = created;
      route.current = app.route('/x').get(guard.public(), goOn);
    });
    expect(await send('GET', '/x')).toMatchObject({ status: 200 });
    route.current?.post(answer);
    app.use('/late', express.Router().get('/x', answer));
    expect(await send('POST', '/x')).toMatchObject({ status: 500 });
    expect(await send('GET', '/late/x')).toMatchObject({ status: 500 });
  });

  it('does not touch another app that has the same router', async () => {
    const router = express.Router().get('/x', answer);
    const send = open((app) => void app.use(router));
    expect(await send('GET', '/x')).toMatchObject({ status: 500 });
    expect((await dispatch(express().use(router), 'GET', '/x')).statusCode).toBe(200);
  });

  it('gives the error to the app with errors: next, and to it alone', async () => {
    const errors: unknown[] = [];
    const send = open(
      (app) => {
        app.get('/x', answer);
        app.use((error: unknown, _req: Request, res: Response, _next: NextFunction) => {
          errors.push(error);
          res.status(503).end();
        });
      },
      { errors: 'next' },
    );
    expect(await send('GET', '/x')).toMatchObject({ status: 503 });
    const [error] = errors as [UnguardedRouteError];
    expect(error).toBeInstanceOf(UnguardedRouteError);
    expect(error).toMatchObject({ reason: 'route_unguarded', status: 500, code: 'server_error' });
    expect(JSON.stringify(error)).toBe(error.body);
    expect(error.body).not.toContain('/x');
  });

  it('gives the error to the app where an answer has begun', async () => {
    const errors: unknown[] = [];
    const send = open((app) => {
      app.use((_req, res, next) => {
        res.writeHead(200);
        next();
      });
      app.get('/x', answer);
      app.use((error: unknown, _req: Request, res: Response, _next: NextFunction) => {
        errors.push((error as UnguardedRouteError).reason);
        res.end();
      });
    });
    await send('GET', '/x');
    expect(errors).toEqual(['route_unguarded']);
  });

  it('runs the handlers behind a guard for a good token, and leaves req.route as Express has it', async () => {
    const issuer = await createTestIssuer();
    const own = createGuard(createVerifier(issuer.verifierOptions));
    const app = denyUnguarded(express());
    const seen: unknown[] = [];
    app.get('/x', own(), (req: Request, res: Response) => {
      seen.push(req.route.path);
      res.end();
    });
    const authorization = `Bearer ${await issuer.token()}`;
    expect((await dispatch(app, 'GET', '/x')).statusCode).toBe(401);
    expect((await dispatch(app, 'GET', '/x', { authorization })).statusCode).toBe(200);
    expect(seen).toEqual(['/x']);
  });

  it('knows a guard that was wrapped by what keeps the members of a function', async () => {
    const wrap = (handler: (...given: never[]) => unknown) =>
      Object.assign((...given: never[]) => handler(...given), handler);
    const send = open((app) => void app.get('/x', wrap(guard.public()) as never, answer));
    expect(await send('GET', '/x')).toMatchObject({ status: 200 });
  });
});

function rewrite(req: Request, _res: Response, next: NextFunction): void {
  req.url = '/y';
  next();
}

describe('denyUnguarded, given what it cannot use', () => {
  const app = Object.assign(() => {}, { handle: () => {} });

  it.each([
    ['no app', [undefined], 'app: is undefined and no Express app or router. Call denyUnguarded(express()).'],
    ['a function', [() => {}], 'app: is a function'],
    ['a misspelt option', [app, { error: 'next' }], 'error: is not an option. Did you mean errors?'],
    ['another word', [app, { errors: 'throw' }], 'errors: is "throw".'],
    ['no function', [app, { onRefusal: 'log' }], 'onRefusal: is "log".'],
    ['no options', [app, null], 'options: must be an object'],
  ])('says so: %s', (_, given, message) => {
    expect(() => denyUnguarded(...(given as unknown as Parameters<typeof denyUnguarded>))).toThrow(message);
  });
});
