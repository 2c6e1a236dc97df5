import { createFastifyGuard, scopegatePlugin } from '../../../src/adapters/fastify/index.js';
import type { AccessToken } from '../../../src/index.js';
import type { StartAdapter } from '../contract.js';
import { describeFrameworkContract, loadFramework } from '../frameworks.js';

const fastify = await loadFramework('fastify');

const startFastify: StartAdapter = async ({ verifier, onRefusal, routes }) => {
  const guard = createFastifyGuard(verifier, { onRefusal });
  const app = fastify.default();
  await app.register(scopegatePlugin, { guard });

  for (const { path, access, policy, respond } of routes) {
    const hook = access === 'unguarded' ? undefined : (access === 'guarded' ? guard : guard.optional)(policy);
    const handler = async (request: { auth?: AccessToken }) => respond(request.auth);
    app.get(path, hook === undefined ? {} : { onRequest: hook }, handler);
  }

  await app.listen({ port: 0, host: '127.0.0.1' });
  return { port: app.server.address().port, close: () => app.close() };
};

describeFrameworkContract('Fastify', fastify, startFastify);
