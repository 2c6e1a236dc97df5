// The program of each process of main.ts, which says by a message what to be, and is told where it listens.
import { createServer, type RequestListener } from 'node:http';
import { listen } from '../quickstart/listen.js';
import { AccessCounts } from './access-report.js';
import { type AuthorizationServerOptions, startAuthorizationServer } from './authorization-server.js';
import { EXIT_STATUS } from './call-api.js';
import { type CalledOrigins, createDashboardServer } from './dashboard-server.js';
import { type OpenOrdersOptions, openOrders } from './database/open-orders.js';
import { createManagerServer } from './manager-server.js';
import { type NightlyJobOptions, runNightlyJob } from './nightly-job.js';
import { createOrdersApi } from './orders-api.js';
import { createCompanyVerifier } from './verifier.js';

interface ApiRole {
  readonly port: number;
  readonly issuer: string;
  readonly dashboardOrigin: string;
}

/** What a process is to be, with all that it needs to know and nothing else: no API is told a secret but where its database is. */
export type Role =
  | ({ readonly name: 'authorization-server' } & AuthorizationServerOptions)
  | ({ readonly name: 'orders-api' } & Omit<OpenOrdersOptions, 'log'> & ApiRole)
  | ({ readonly name: 'manager-server' } & ApiRole)
  | { readonly name: 'dashboard'; readonly port: number; readonly pages: string }
  | ({ readonly name: 'nightly-job' } & NightlyJobOptions);

interface Running {
  readonly origin: string;
  close(): Promise<void>;
}

process.once('message', async (role: Role) => {
  const log = (line: string) => console.log(`[${role.name}] ${line}`);
  if (role.name === 'nightly-job') {
    const { ended, message } = await runNightlyJob(role);
    log(message);
    process.exitCode = EXIT_STATUS[ended];
    return process.disconnect();
  }
  const { origin, close } = await start(role, log);
  // Whoever started this one may end it, or be gone.
  let ending: Promise<void> | undefined;
  const end = () => {
    ending ??= close().then(() => process.exit());
    return ending;
  };
  process.once('SIGTERM', end).once('disconnect', end);
  process.send?.({ origin });
});
// Ctrl-C reaches every process of a terminal. The first one says when to end.
process.on('SIGINT', () => {});

async function start(role: Exclude<Role, { name: 'nightly-job' }>, log: (line: string) => void): Promise<Running> {
  if (role.name === 'authorization-server') {
    const { issuer, rotateKeys, close } = await startAuthorizationServer(role);
    process.on('SIGHUP', () => rotateKeys().then(() => log('signs with a new key')));
    return { origin: issuer, close };
  }
  if (role.name === 'dashboard') {
    let origins: CalledOrigins | undefined;
    // It is up before the others, which have to know where it is.
    process.once('message', (called: CalledOrigins) => {
      origins = called;
    });
    return serve(createDashboardServer({ pages: role.pages, origins: () => origins }), role.port, () => {});
  }
  const verifier = createCompanyVerifier(role.issuer);
  const counts = new AccessCounts();
  if (role.name === 'manager-server') {
    return serve(createManagerServer({ ...role, verifier, counts, log }), role.port, () => verifier.close());
  }
  const orders = await openOrders({ ...role, log });
  return serve(createOrdersApi({ ...role, verifier, counts, orders, log }), role.port, () => {
    verifier.close();
    return orders.close();
  });
}

async function serve(app: RequestListener, port: number, release: () => void | Promise<void>): Promise<Running> {
  const { origin, close } = await listen(createServer(app), port);
  return { origin, close: () => close().then(release) };
}
