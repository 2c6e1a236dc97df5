import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { listen, type RunningServer } from '../../../../quickstart/listen.js';
import { openOrders } from '../../../database/open-orders.js';
import type { Orders } from '../../../database/orders.js';
import { createOrdersApi } from '../../../orders-api.js';
import type { CompanyVerifier } from '../../../verifier.js';
import type { DashboardWorld } from './dashboard-world.js';

interface OrdersServerOptions {
  /** @defaultValue the one of the world */
  readonly verifier?: CompanyVerifier;
  /** A company that has ordered nothing. */
  readonly withoutOrdersOf?: string;
}

/** An orders API with a database of its own. The dashboard of the world calls it for as long as a test runs. */
export class OrdersServer {
  /** The database, behind the API's back. */
  readonly orders: Orders;
  readonly #world: DashboardWorld;
  readonly #verifier: CompanyVerifier;
  #running: RunningServer | undefined;

  private constructor(world: DashboardWorld, orders: Orders, verifier: CompanyVerifier) {
    this.#world = world;
    this.orders = orders;
    this.#verifier = verifier;
  }

  /** Starts it before a visitor opens a page: pages are told where it is. */
  static async start(world: DashboardWorld, options: OrdersServerOptions = {}): Promise<OrdersServer> {
    const { verifier = world.company.verifier, withoutOrdersOf } = options;
    const folder = await mkdtemp(join(tmpdir(), 'orders-test-'));
    const file = { databaseFile: join(folder, 'orders.sqlite'), log: () => {} };
    if (withoutOrdersOf !== undefined) {
      await (await openOrders(file)).close();
      removeOrdersOf(withoutOrdersOf, file.databaseFile);
    }
    const server = new OrdersServer(world, await openOrders(file), verifier);
    const { ordersApi: before } = world.company;
    world.company.ordersApi = await server.listen(0);
    onTestFinished(async () => {
      world.company.ordersApi = before;
      await server.stop();
      await Promise.resolve(server.orders.close()).catch(() => {});
      await rm(folder, { recursive: true });
    });
    return server;
  }

  /** What a company has ordered, as the database knows it. */
  async itemsOf(tenant: string): Promise<readonly string[]> {
    const orders = await this.orders.list(tenant, { after: 0, limit: 1000 });
    return orders.map(({ item }) => item);
  }

  async stop(): Promise<void> {
    await this.#running?.close();
    this.#running = undefined;
  }

  /** Listens where it did before. */
  async restart(): Promise<void> {
    const origin = await this.listen(Number(new URL(this.#world.company.ordersApi).port));
    if (origin !== this.#world.company.ordersApi) throw new Error(`another took ${this.#world.company.ordersApi}`);
  }

  private async listen(port: number): Promise<string> {
    const { counts, log } = this.#world.company;
    const settings = { counts, dashboardOrigin: this.#world.origin, log: (line: string) => void log.push(line) };
    const app = createOrdersApi({ ...settings, verifier: this.#verifier, orders: this.orders });
    this.#running = await listen(createServer(app), port);
    return this.#running.origin;
  }
}

function removeOrdersOf(tenant: string, file: string): void {
  const require = createRequire(new URL('../../../database/package.json', import.meta.url));
  const { Database } = require('node-sqlite3-wasm') as typeof import('node-sqlite3-wasm');
  const database = new Database(file);
  database.run('DELETE FROM orders WHERE tenant = ?', [tenant]);
  database.close();
}
