import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createNestGuard, type NestCommon, type NestGuard } from '../../../src/adapters/nest/index.js';
import { type AccessToken, ConfigurationError, claim, createVerifier, type Verifier } from '../../../src/index.js';
import { createTestIssuer, type TestIssuer } from '../../../src/testing/index.js';
import { bearerHeaders } from '../../support/test-app.js';
import { loadFramework } from '../frameworks.js';

await loadFramework('reflect-metadata');
const nest = await loadFramework('@nestjs/common');
const core = await loadFramework('@nestjs/core');
const express = await loadFramework('@nestjs/platform-express');

let issuer: TestIssuer;
let verifier: Verifier;

beforeEach(async () => {
  issuer = await createTestIssuer();
  verifier = createVerifier(issuer.verifierOptions);
});
afterEach(() => verifier.close());

type Decorate = (guard: NestGuard) => readonly (ClassDecorator & MethodDecorator)[];

/** A controller with one handler, which shows the subject. */
function createController(guard: NestGuard, onHandler: Decorate, onClass: Decorate = () => [], Base = Object) {
  class Routes extends Base {
    show(auth: AccessToken | undefined) {
      return { subject: auth?.subject ?? 'nobody' };
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(Routes.prototype, 'show') as PropertyDescriptor;
  for (const decorate of [...onHandler(guard), nest.Get()]) decorate(Routes.prototype, 'show', descriptor);
  for (const decorate of onClass(guard)) decorate(Routes);
  guard.Auth()(Routes.prototype, 'show', 0);
  nest.Controller('orders')(Routes);
  return Routes;
}

async function start(controller: object, imports: readonly object[], useGuards: readonly object[] = []) {
  class App {}
  nest.Module({ controllers: [controller], imports })(App);
  const app = await core.NestFactory.create(App, new express.ExpressAdapter(), { logger: false });
  app.useGlobalGuards(...useGuards);
  await app.listen(0, '127.0.0.1');
  onTestFinished(() => app.close());
  return (headers: Record<string, string> = {}, query = '') =>
    fetch(`http://127.0.0.1:${app.getHttpServer().address().port}/orders${query}`, { headers });
}

const none: Decorate = () => [];
const publicly: Decorate = ({ Public }) => [Public()];
const optionally: Decorate = ({ OptionalAuth }) => [OptionalAuth()];
const read: Decorate = ({ RequireScopes }) => [RequireScopes('orders:read')];
const staff: Decorate = ({ RequirePolicy }) => [RequirePolicy(claim('role').equals('staff'))];

describe.skipIf(nest === undefined)('createNestGuard', () => {
  it.each<[string, Decorate, Decorate, string]>([
    ['nothing, and demands a good token', none, none, '401 200 200 200'],
    ['@Public()', publicly, none, '200 200 200 200'],
    ['@OptionalAuth()', optionally, none, '200 200 200 200'],
    ['@RequireScopes', read, none, '401 403 200 200'],
    ['what its controller requires', none, read, '401 403 200 200'],
    ['what both require', staff, read, '401 403 403 200'],
    ['@Public(), and its controller @RequireScopes', publicly, read, '200 200 200 200'],
    ['@OptionalAuth(), and its controller @RequireScopes', optionally, read, '200 403 200 200'],
    ['@RequireScopes, and its controller @Public()', read, publicly, '401 403 200 200'],
    ['@RequireScopes, and its controller @OptionalAuth()', read, optionally, '401 403 200 200'],
    ['two decorators', (guard) => [...read(guard), ...staff(guard)], none, '401 403 403 200'],
    [
      'two decorators, one of them optional',
      (guard) => [...read(guard), ...optionally(guard)],
      none,
      '200 403 200 200',
    ],
  ])('guards a route that says %s', async (_, onHandler, onClass, statuses) => {
    const guard = createNestGuard(nest, verifier);
    const get = await start(createController(guard, onHandler, onClass), [guard.ScopegateModule]);
    const tokens = [
      await issuer.token({ scope: 'profile' }),
      await issuer.token({ scope: 'orders:read' }),
      await issuer.token({ scope: 'orders:read', claims: { role: 'staff' } }),
    ];
    const answers = [await get(), ...(await Promise.all(tokens.map((token) => get(bearerHeaders(token)))))];
    expect(answers.map(({ status }) => status).join(' ')).toBe(statuses);
  });

  it('keeps what two controllers say of an inherited handler apart', async () => {
    const guard = createNestGuard(nest, verifier);
    const Base = createController(guard, none);
    class Strict extends Base {}
    guard.RequireScopes('orders:write')(Strict);
    nest.Controller('orders')(Strict);
    const token = bearerHeaders(await issuer.token({ scope: 'orders:read' }));
    expect((await (await start(Base, [guard.ScopegateModule]))(token)).status).toBe(200);
    expect((await (await start(Strict, [guard.ScopegateModule]))(token)).status).toBe(403);
  });

  it('guards a method that another decorator replaced, as those for tracing do, and one that is decorated by itself', async () => {
    const guard = createNestGuard(nest, verifier);
    const traced: MethodDecorator = (_target, _name, descriptor) => {
      const original = descriptor.value as unknown as (...input: unknown[]) => unknown;
      function replaced(this: unknown, ...input: unknown[]) {
        return original.apply(this, input);
      }
      Object.assign(descriptor, { value: replaced });
    };
    class Routes {
      show() {
        return 'shown';
      }
    }
    const decorate = (...decorators: readonly MethodDecorator[]) => {
      const descriptor = Object.getOwnPropertyDescriptor(Routes.prototype, 'show') as PropertyDescriptor;
      for (const decorator of decorators) decorator(Routes.prototype, 'show', descriptor);
      Object.defineProperty(Routes.prototype, 'show', descriptor);
    };
    decorate(guard.RequireScopes('orders:write'), traced, nest.Get());
    nest.Controller('orders')(Routes);
    class Alone {
      show() {
        return 'shown';
      }
    }
    guard.RequireScopes('orders:write')(Alone.prototype.show);
    nest.Get()(Alone.prototype, 'show', Object.getOwnPropertyDescriptor(Alone.prototype, 'show'));
    nest.Controller('orders')(Alone);

    for (const controller of [Routes, Alone]) {
      const get = await start(controller, [guard.ScopegateModule]);
      expect((await get(bearerHeaders(await issuer.token({ scope: 'orders:read' })))).status).toBe(403);
      expect((await get(bearerHeaders(await issuer.token({ scope: 'orders:write' })))).status).toBe(200);
    }
  });

  it('takes nothing of an overridden method for the one that overrides it', async () => {
    const guard = createNestGuard(nest, verifier);
    class Routes extends createController(guard, ({ Public }) => [Public()]) {
      override show() {
        return { subject: 'mine' };
      }
    }
    nest.Get()(Routes.prototype, 'show', Object.getOwnPropertyDescriptor(Routes.prototype, 'show'));
    nest.Controller('orders')(Routes);
    expect((await (await start(Routes, [guard.ScopegateModule]))()).status).toBe(401);
  });

  it('guards by useGlobalGuards too, and gives the handler the access token', async () => {
    const guard = createNestGuard(nest, verifier);
    const get = await start(createController(guard, read), [], [new guard.ScopegateGuard()]);
    const response = await get(bearerHeaders(await issuer.token({ scope: 'orders:read', subject: 'alice' })));
    expect(await response.json()).toEqual({ subject: 'alice' });
  });

  it('RFC 6750 §2.3: keeps a response out of shared caches if the URL may hold a token', async () => {
    const guard = createNestGuard(nest, verifier, { extraTokenLocations: ['query'] });
    const get = await start(createController(guard, read), [guard.ScopegateModule]);
    const response = await get({}, `?access_token=${await issuer.token({ scope: 'orders:read' })}`);
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'private']);
  });

  it('refuses what cannot be meant, at once', () => {
    const guard = createNestGuard(nest, verifier);
    expect(() => createNestGuard({} as NestCommon, verifier)).toThrow('nest: is not the module @nestjs/common.');
    expect(() => createNestGuard(nest, {} as Verifier)).toThrow('Call createNestGuard(createVerifier({ ... }))');
    expect(() => guard.RequirePolicy(undefined as never)).toThrow(ConfigurationError);
    expect(() => createController(guard, ({ Public }) => [Public(), ...read(guard)])).toThrow('@Public()');
  });

  it('refuses other transports than HTTP, for which it cannot find a token', async () => {
    const guard = new (createNestGuard(nest, verifier).ScopegateGuard)();
    const context = { getHandler: () => none, getClass: () => Object, getType: () => 'rpc' };
    await expect(guard.canActivate(context as never)).rejects.toThrow("For 'rpc', call verifier.authenticate");
  });
});
