import { join } from 'node:path';
import express, { type Express, type Request, type Response } from 'express';
import { DASHBOARD, MANAGER_API, ORDERS_API, SCOPES } from './company.js';
import type { DashboardSettings } from './dashboard/settings.js';

/** Where the servers are that the pages call. */
export interface CalledOrigins {
  readonly issuer: string;
  readonly ordersApi: string;
  readonly managerServer: string;
}

export interface DashboardServerOptions {
  /** The folder that `buildDashboard` has filled. */
  readonly pages: string;
  /** Undefined until the other servers are up. */
  readonly origins: () => CalledOrigins | undefined;
}

const PAGES = ['/', '/staff', '/report', '/access', '/permissions', DASHBOARD.callbackPath];

/** Serves the files of a web app. It sees no token, and the tokens' servers see no cookie of it. */
export function createDashboardServer({ pages, origins }: DashboardServerOptions): Express {
  const app = express().disable('x-powered-by');
  app.use((_, res, next) => {
    res.set(pageHeaders(origins()));
    next();
  });
  app.get('/settings.json', (_, res) => {
    const called = origins();
    if (called === undefined) return void res.status(503).set('Retry-After', '1').json({ error: 'starting' });
    res.set('Cache-Control', 'no-store').json(toSettings(called));
  });
  app.use('/assets', express.static(join(pages, 'assets'), { immutable: true, maxAge: '1y', redirect: false }));
  const sendPage = (res: Response) =>
    res.set('Cache-Control', 'no-cache').sendFile('index.html', { root: pages, cacheControl: false });
  app.get(PAGES, (_, res) => sendPage(res));
  app.use((req: Request, res: Response) => {
    res.status(404).vary('Accept');
    // For a person, the app says that there is no such page, among the links to those that there are.
    if (req.method === 'GET' && req.accepts(['text', 'html']) === 'html') return sendPage(res);
    res.type('text').send('There is no such page.');
  });
  return app;
}

/**
 * Scripts and styles come from here alone, and no text becomes HTML or a script (Trusted Types). A token could be sent
 * to the three servers that need it, and nowhere else.
 */
function pageHeaders(called: CalledOrigins | undefined): Readonly<Record<string, string>> {
  const connect = ["'self'", ...Object.values(called ?? {})].join(' ');
  return {
    'Content-Security-Policy': [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self'",
      `connect-src ${connect}`,
      "form-action 'none'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ].join('; '),
    'Cross-Origin-Opener-Policy': 'same-origin',
    // The callback's address has a code in it.
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
  };
}

function toSettings({ issuer, ordersApi, managerServer }: CalledOrigins): DashboardSettings {
  const api = (origin: string, audience: string) => ({ origin, audience, scopes: SCOPES[audience] ?? {} });
  return {
    issuer,
    clientId: DASHBOARD.id,
    firstScope: DASHBOARD.scope,
    orders: api(ordersApi, ORDERS_API),
    manager: api(managerServer, MANAGER_API),
  };
}
