import type { IncomingMessage } from 'node:http';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { denyUnguarded, type GuardOptions } from 'scopegate';
import { z } from 'zod';
import type { AccessCounts } from './access-report.js';
import type { CompanyVerifier } from './verifier.js';

/** Takes one line for the log. */
export type Log = (line: string) => void;

/** What every API of the company is given besides its data. */
export interface ApiSettings {
  readonly verifier: CompanyVerifier;
  /** What the guards of this process decided. */
  readonly counts: AccessCounts;
  /** Where the dashboard is served from; the one origin whose pages may call. */
  readonly dashboardOrigin: string;
  readonly log: Log;
}

/** Answers of the APIs are data: nothing in them may be shown as a page, or kept by a cache. */
const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  Vary: 'Origin',
};

/** Creates an app that the pages of the dashboard may call. No handler of a route runs in it without a guard. */
export function createJsonApp(dashboardOrigin: string): Express {
  const app = denyUnguarded(express().disable('x-powered-by'), { errors: 'next' });
  app.use((req, res, next) => {
    res.set(HEADERS);
    if (req.headers.origin !== dashboardOrigin) return next();
    // So that a page can read which scope it lacks.
    res.set({
      'Access-Control-Allow-Origin': dashboardOrigin,
      'Access-Control-Expose-Headers': 'WWW-Authenticate, Retry-After',
    });
    if (req.method !== 'OPTIONS') return next();
    res.set({
      'Access-Control-Allow-Methods': 'GET, POST',
      'Access-Control-Allow-Headers': 'Authorization, Content-Type',
    });
    res.sendStatus(204);
  });
  return app;
}

/** Adds the answers for paths that do not exist and for errors. Call it last. */
export function addJsonErrors(app: Express, log: Log): void {
  app.use((_: Request, res: Response) => {
    res.status(404).json({ error: 'not_found' });
  });
  // Express knows an error handler by its four parameters.
  app.use((error: unknown, _: Request, res: Response, __: NextFunction) => {
    if (error instanceof z.ZodError) {
      const issues = error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
      return void res.status(400).json({ error: 'invalid_request', issues });
    }
    const status = statusOf(error);
    if (status < 500) return void res.status(status).json({ error: 'invalid_request' });
    log(JSON.stringify({ event: 'failed', error: error instanceof Error ? error.stack : 'not an error' }));
    res.status(500).json({ error: 'server_error' });
  });
}

/** The body parser's errors say which status they are. */
function statusOf(error: unknown): number {
  const { status } = (error ?? {}) as { status?: unknown };
  return typeof status === 'number' && status >= 400 ? status : 500;
}

/** Logs why a request was refused, which its client is not told: never the token, and no query. */
export function logRefusals(log: Log): NonNullable<GuardOptions['onRefusal']> {
  return ({ reason }, req: IncomingMessage) => {
    const path = req.url?.split('?')[0];
    log(JSON.stringify({ event: 'refused', reason, method: req.method, path }));
  };
}
