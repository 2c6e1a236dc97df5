import { createServer } from 'node:http';
import type expressModule from 'express';
import type { ErrorRequestHandler, Express } from 'express';
import { listen } from './listen.js';

export interface TestAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** An app on a loopback port. */
export interface TestApp {
  /** What came to the app's error handler. */
  readonly errors: readonly unknown[];
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<TestAnswer>;
  close(): Promise<void>;
}

/**
 * Starts an app. `declare` adds all but its error handler, which answers 500; with `ownErrorHandler: false`
 * there is none but that of Express.
 */
export async function startApp(
  express: typeof expressModule,
  declare: (app: Express) => void,
  { ownErrorHandler = true } = {},
): Promise<TestApp> {
  const app = express();
  const errors: unknown[] = [];
  const collect: ErrorRequestHandler = (error, _req, res, _next) => {
    errors.push(error);
    if (!res.headersSent) res.status(500);
    res.end();
  };
  declare(app);
  if (ownErrorHandler) app.use(collect);
  const server = await listen(createServer(app));
  return {
    errors,
    async get(path, headers = {}) {
      const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { headers });
      return { status: response.status, headers: response.headers, body: await response.text() };
    },
    close: () => server.close(),
  };
}

/** The headers of a request with a token. */
export function bearerHeaders(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}
