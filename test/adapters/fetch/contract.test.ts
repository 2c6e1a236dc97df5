import { createFetchGuard } from '../../../src/adapters/fetch/index.js';
import type { StartAdapter } from '../contract.js';
import { describeFrameworkContract, loadFramework } from '../frameworks.js';

const hono = await loadFramework('hono');
const server = await loadFramework('@hono/node-server');

const startHono: StartAdapter = ({ verifier, onRefusal, routes }) => {
  const { protect, optional } = createFetchGuard(verifier, { onRefusal });
  const app = new hono.Hono();

  for (const { path, access, policy, respond } of routes) {
    if (access === 'unguarded') {
      app.get(path, () => Response.json(respond(undefined)));
    } else {
      const handler = (access === 'guarded' ? protect : optional)(policy, (_request, { auth }) =>
        Response.json(respond(auth)),
      );
      app.get(path, (context: { req: { raw: Request } }) => handler(context.req.raw));
    }
  }

  return new Promise((resolve) => {
    const running = server.serve(
      { fetch: app.fetch, port: 0, hostname: '127.0.0.1', overrideGlobalObjects: false },
      ({ port }: { port: number }) => {
        const close = () => new Promise<void>((closed) => running.close(() => closed()));
        resolve({
          port,
          async close() {
            running.closeAllConnections();
            await close();
          },
        });
      },
    );
  });
};

describeFrameworkContract('Hono, over the Fetch API', hono && server, startHono);
