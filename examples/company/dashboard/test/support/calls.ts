import type { Page, Request } from 'playwright-core';
import type { DashboardWorld } from './dashboard-world.js';

/** What a page asks of the authorization server and the APIs, from now on. */
export class Calls {
  readonly #requests: Request[] = [];
  readonly #world: DashboardWorld;

  constructor(page: Page, world: DashboardWorld) {
    this.#world = world;
    page.on('request', (request) => {
      // With an interception, the driver answers what a browser asks before a call (CORS).
      if (request.method() !== 'OPTIONS') this.#requests.push(request);
    });
  }

  /** The forms that went to the token endpoint. */
  get tokenForms(): readonly Readonly<Record<string, string>>[] {
    const { issuer } = this.#world.company.authorizationServer;
    return this.#requests
      .filter((request) => request.url() === `${issuer}/token`)
      .map((request) => Object.fromEntries(new URLSearchParams(request.postData() ?? '')));
  }

  /** What people were sent to the authorization server with. */
  get authorizationRequests(): readonly URLSearchParams[] {
    const { issuer } = this.#world.company.authorizationServer;
    return this.#requests
      .map((request) => new URL(request.url()))
      .filter(({ origin, pathname }) => origin === issuer && pathname === '/auth')
      .map(({ searchParams }) => searchParams);
  }

  /** Calls of both APIs, such as `POST /orders`. */
  get apiCalls(): readonly string[] {
    const { ordersApi, managerServer } = this.#world.company;
    return this.#requests
      .map((request) => ({ method: request.method(), url: new URL(request.url()) }))
      .filter(({ url }) => [ordersApi, managerServer].includes(url.origin))
      .map(({ method, url }) => `${method} ${url.pathname}`);
  }

  /** The tokens that went to both APIs, oldest first, each once. */
  async tokens(): Promise<readonly string[]> {
    const headers = await Promise.all(this.#requests.map((request) => request.allHeaders()));
    return [...new Set(headers.flatMap(({ authorization }) => authorization?.replace('Bearer ', '') ?? []))];
  }
}
