import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium } from 'playwright-core';
import { buildDashboard } from '../../../examples/company/dashboard/build.js';
import { createDashboardServer } from '../../../examples/company/dashboard-server.js';
import { CompanyWorld } from '../../support/company-world.js';
import { listen, type TestServer } from '../../support/listen.js';
import { CHROMIUM } from './chromium.js';
import { Visitor } from './visitor.js';

/** The whole company in this process, on free ports, and a browser before it. */
export class DashboardWorld {
  readonly origin: string;
  readonly company: CompanyWorld;
  /** The folder of the built pages. */
  readonly pages: string;
  readonly #server: TestServer;
  readonly #browser: Browser;

  private constructor(company: CompanyWorld, pages: string, server: TestServer, browser: Browser) {
    this.company = company;
    this.pages = pages;
    this.origin = company.dashboardOrigin;
    this.#server = server;
    this.#browser = browser;
  }

  static async start(): Promise<DashboardWorld> {
    const pages = await mkdtemp(join(tmpdir(), 'dashboard-test-'));
    await buildDashboard(pages);
    let company: CompanyWorld | undefined;
    const origins = () =>
      company && {
        issuer: company.authorizationServer.issuer,
        ordersApi: company.ordersApi,
        managerServer: company.managerServer,
      };
    const server = await listen(createServer(createDashboardServer({ pages, origins })));
    company = await CompanyWorld.start(`http://127.0.0.1:${server.port}`);
    // Its sandbox does not work for root.
    const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    const browser = await chromium.launch({ executablePath: CHROMIUM as string, args });
    return new DashboardWorld(company, pages, server, browser);
  }

  /** Somebody with a browser of their own: no cookie and nothing kept from before. */
  async visit(options: BrowserContextOptions = {}): Promise<Visitor> {
    const context = await this.#browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    return new Visitor(await context.newPage(), this);
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
