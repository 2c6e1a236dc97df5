import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium } from 'playwright-core';
import { CompanyWorld } from '../../../../../test/support/company-world.js';
import { listen, type TestServer } from '../../../../../test/support/listen.js';
import { createDashboardServer } from '../../../dashboard-server.js';
import { buildDashboard } from '../../build.js';
import { CHROMIUM } from './chromium.js';
import { Visitor } from './visitor.js';

/** The whole company in this process, on free ports, and a browser before it. */
export class DashboardWorld {
  company!: CompanyWorld;
  /** The folder of the built pages. */
  pages!: string;
  /** Everybody who came since this list was emptied. */
  readonly visitors: Visitor[] = [];
  #server!: TestServer;
  #browser!: Browser;

  async start(): Promise<void> {
    this.pages = await mkdtemp(join(tmpdir(), 'dashboard-test-'));
    await buildDashboard(this.pages);
    let company: CompanyWorld | undefined;
    const origins = () =>
      company && {
        issuer: company.authorizationServer.issuer,
        ordersApi: company.ordersApi,
        managerServer: company.managerServer,
      };
    this.#server = await listen(createServer(createDashboardServer({ pages: this.pages, origins })));
    company = await CompanyWorld.start(`http://127.0.0.1:${this.#server.port}`);
    this.company = company;
    // Its sandbox does not work for root.
    const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    this.#browser = await chromium.launch({ executablePath: CHROMIUM as string, args });
  }

  get origin(): string {
    return this.company.dashboardOrigin;
  }

  /** Somebody with a browser of their own: no cookie and nothing kept from before. */
  async visit(options: BrowserContextOptions = {}): Promise<Visitor> {
    const context = await this.#browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    const visitor = new Visitor(await context.newPage(), this);
    this.visitors.push(visitor);
    return visitor;
  }

  /** Starts the authorization server anew where it was. Its sessions and grants are gone; keys and passwords stay. */
  async restartAuthorizationServer(): Promise<void> {
    const { port } = new URL(this.company.authorizationServer.issuer);
    await this.company.authorizationServer.close().catch(() => {});
    this.company.authorizationServer = await this.company.startAuthorizationServer(Number(port));
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.#server.close();
    await this.company.close();
    await rm(this.pages, { recursive: true });
  }
}
