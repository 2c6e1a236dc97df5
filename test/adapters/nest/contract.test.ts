import { expect } from 'vitest';
import { createNestGuard } from '../../../src/adapters/nest/index.js';
import type { AccessToken } from '../../../src/index.js';
import type { StartAdapter, WithoutAdditions } from '../contract.js';
import { describeFrameworkContract, loadFramework } from '../frameworks.js';

await loadFramework('reflect-metadata');
const nest = await loadFramework('@nestjs/common');
const core = await loadFramework('@nestjs/core');
const express = await loadFramework('@nestjs/platform-express');
const fastify = await loadFramework('@nestjs/platform-fastify');

/** Starts an app with a controller for each route. `createAdapter` chooses the platform. */
function startNest(createAdapter: () => unknown): StartAdapter {
  return async ({ verifier, onRefusal, routes }) => {
    const scopegate = createNestGuard(nest, verifier, { onRefusal });
    const controllers = routes.map(({ path, access, policy, respond }) => {
      class Routes {
        respond(auth: AccessToken | undefined) {
          return respond(auth);
        }
      }
      const descriptor = Object.getOwnPropertyDescriptor(Routes.prototype, 'respond') as PropertyDescriptor;
      const decorators = {
        guarded: () => [scopegate.RequirePolicy(policy as string)],
        optional: () => [scopegate.RequirePolicy(policy as string), scopegate.OptionalAuth()],
        unguarded: () => [scopegate.Public()],
      }[access]();
      for (const decorate of [...decorators, nest.Get()]) decorate(Routes.prototype, 'respond', descriptor);
      scopegate.Auth()(Routes.prototype, 'respond', 0);
      nest.Controller(path)(Routes);
      return Routes;
    });

    class App {}
    nest.Module({ controllers, imports: [scopegate.ScopegateModule] })(App);
    const app = await core.NestFactory.create(App, createAdapter(), { logger: false });
    await app.listen(0, '127.0.0.1');
    return { port: app.getHttpServer().address().port, close: () => app.close() };
  };
}

/** Both platforms say how JSON is encoded; Express adds a tag of the body. */
const withoutAdditions =
  (hasTag: boolean): WithoutAdditions =>
  (headers) => {
    expect([headers.get('content-type'), headers.has('etag')]).toEqual([['application/json; charset=utf-8'], hasTag]);
    const own = new Map([...headers].filter(([name]) => name !== 'etag'));
    return own.set('content-type', ['application/json']);
  };

describeFrameworkContract(
  'Nest, on Express',
  nest && express,
  startNest(() => new express.ExpressAdapter()),
  withoutAdditions(true),
);
describeFrameworkContract(
  'Nest, on Fastify',
  nest && fastify,
  startNest(() => new fastify.FastifyAdapter()),
  withoutAdditions(false),
);
