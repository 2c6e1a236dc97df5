import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Secrets } from './company.js';
import { buildDashboard } from './dashboard/build.js';
import type { CalledOrigins } from './dashboard-server.js';
import type { Role } from './server-process.js';

const PROGRAM = fileURLToPath(new URL('server-process.ts', import.meta.url));

/** A company at work: where its servers listen, and what their processes are. */
export interface Company {
  readonly origins: CalledOrigins & { readonly dashboard: string };
  readonly authorizationServerPid: number | undefined;
  /** Settles when a server has ended that nobody told to. */
  readonly ended: Promise<unknown>;
  /** Runs the job in a process of its own, and gives its exit status. */
  runNightlyJob(): Promise<number>;
  close(): Promise<void>;
}

/**
 * Builds the dashboard and starts one process for each server.
 *
 * @param firstPort - the first of four in a row; 0 for any that are free
 * @param dashboardOrigin - where the pages come from that may sign people in here, if not from the dashboard's process
 * @param databaseUrl - of PostgreSQL, for the orders API alone; it takes a temporary file of SQLite otherwise
 */
export async function startCompany(
  secrets: Secrets,
  firstPort: number,
  dashboardOrigin?: string,
  databaseUrl?: string,
): Promise<Company> {
  const folder = await mkdtemp(join(tmpdir(), 'company-'));
  const children: ChildProcess[] = [];
  const portOf = (index: number) => (firstPort === 0 ? 0 : firstPort + index);
  const startServer = (role: Role) => {
    const child = startChild(role);
    children.push(child);
    return Promise.race([originOf(child), refuseEnd(child, role.name)]);
  };
  async function close(): Promise<void> {
    await Promise.all(children.map(endChild));
    await rm(folder, { recursive: true, force: true });
  }

  try {
    const pages = join(folder, 'pages');
    await buildDashboard(pages);
    const dashboard = await startServer({ name: 'dashboard', port: portOf(3), pages });
    const [ofDashboard] = children;
    const allowed = { dashboardOrigin: dashboardOrigin ?? dashboard };
    const issuer = await startServer({ name: 'authorization-server', port: portOf(0), ...allowed, secrets });
    const authorizationServerPid = children[1]?.pid;
    const common = { issuer, ...allowed };
    const databaseFile = join(folder, 'orders.sqlite');
    const [ordersApi, managerServer] = await Promise.all([
      startServer({ name: 'orders-api', port: portOf(1), ...common, databaseFile, databaseUrl }),
      startServer({ name: 'manager-server', port: portOf(2), ...common }),
    ]);
    const origins = { issuer, ordersApi, managerServer };
    ofDashboard?.send(origins);
    return {
      origins: { ...origins, dashboard },
      authorizationServerPid,
      ended: Promise.race(children.map((child) => once(child, 'exit'))),
      async runNightlyJob() {
        const job = startChild({ name: 'nightly-job', issuer, ordersApi, clientSecret: secrets.nightlyJob });
        const [status] = (await once(job, 'exit')) as [number];
        return status;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Tells the role by a message: arguments and environment could be read by others. */
function startChild(role: Role): ChildProcess {
  const child = fork(PROGRAM, { env: { ...process.env, DATABASE_URL: undefined } });
  child.send(role);
  return child;
}

async function originOf(child: ChildProcess): Promise<string> {
  const [{ origin }] = (await once(child, 'message')) as [{ origin: string }];
  return origin;
}

async function refuseEnd(child: ChildProcess, name: string): Promise<never> {
  const [status] = await once(child, 'exit');
  throw new Error(`${name} ended with status ${status}`);
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
