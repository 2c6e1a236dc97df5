import { createServer } from 'node:http';
import { createKoaGuard } from '../../../src/adapters/koa/index.js';
import { listen } from '../../support/listen.js';
import type { StartAdapter } from '../contract.js';
import { describeFrameworkContract, loadFramework } from '../frameworks.js';

const koa = await loadFramework('koa');

const startKoa: StartAdapter = ({ verifier, onRefusal, routes }) => {
  const guard = createKoaGuard(verifier, { onRefusal });
  const app = new koa.default();
  for (const { path, access, policy, respond } of routes) {
    const respondTo = (ctx: { state: { auth?: never }; body: unknown }) => {
      ctx.body = respond(ctx.state.auth);
    };
    const middleware = access === 'unguarded' ? respondTo : guardOf(guard, access)(policy, respondTo);
    app.use((ctx: { path: string }, next: () => unknown) =>
      ctx.path === path ? middleware(ctx as never, next as never) : next(),
    );
  }
  return listen(createServer(app.callback()));
};

function guardOf(guard: ReturnType<typeof createKoaGuard>, access: 'guarded' | 'optional') {
  return access === 'guarded' ? guard : guard.optional;
}

describeFrameworkContract('Koa', koa, startKoa);
