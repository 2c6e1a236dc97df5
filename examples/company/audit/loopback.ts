import { createServer, type ServerResponse } from 'node:http';
import { listen } from '../../quickstart/listen.js';
import { html } from '../sign-in/pages.js';

/** A browser that has come back from the authorization server, and waits for what to show. */
export interface Visit {
  readonly parameters: URLSearchParams;
  /** Settles when it has been sent. */
  show(title: string, message: string): Promise<void>;
  /** Sends it on, to ask the person for something else. */
  sendTo(url: string): void;
}

const PATH = '/callback';

/** Nothing is loaded, nothing runs, no frame shows it, and nobody keeps the URL, which has had a code in it. */
const HEADERS = {
  'Content-Security-Policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Content-Type': 'text/html; charset=utf-8',
  'Cache-Control': 'no-store',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  Connection: 'close',
};

/** Where a browser comes back to: a free port of the loopback address (RFC 8252 §7.3). */
export class Loopback {
  readonly redirectUri: string;
  readonly #close: () => Promise<void>;
  #waiting: ((visit: Visit) => void) | undefined;

  private constructor(origin: string, close: () => Promise<void>) {
    this.redirectUri = origin + PATH;
    this.#close = close;
  }

  static async open(): Promise<Loopback> {
    const server = createServer();
    const { origin, close } = await listen(server, 0);
    const loopback = new Loopback(origin, close);
    server.on('request', ({ method, url = '/' }, res) => {
      // A target such as `//` is no URL.
      const target = URL.canParse(url, origin) ? new URL(url, origin) : undefined;
      if (target === undefined) return void show(res, 404, 'Nothing is here', '');
      const { pathname, searchParams } = target;
      if (method !== 'GET' || pathname !== PATH) return void show(res, 404, 'Nothing is here', '');
      loopback.#take(searchParams, res);
    });
    return loopback;
  }

  /** Waits for the next visit. Rejects with the reason of the signal. */
  next(signal: AbortSignal): Promise<Visit> {
    return new Promise((resolve, reject) => {
      this.#waiting = resolve;
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      if (signal.aborted) reject(signal.reason);
    });
  }

  close(): Promise<void> {
    return this.#close();
  }

  #take(parameters: URLSearchParams, res: ServerResponse): void {
    const take = this.#waiting;
    this.#waiting = undefined;
    // A page that was loaded again: its code is used.
    if (take === undefined) return void show(res, 400, 'This page is over', 'You can close this page.');
    take({
      parameters,
      show: (title, message) => show(res, 200, title, `${message} You can close this page.`),
      sendTo: (url) => void res.writeHead(303, { ...HEADERS, Location: url }).end(),
    });
  }
}

function show(res: ServerResponse, status: number, title: string, message: string): Promise<void> {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
</head>
<body>
<main>
<h1>${title}</h1>
<p>${message}</p>
</main>
</body>
</html>
`;
  return new Promise((resolve) => {
    res.once('close', resolve).writeHead(status, HEADERS).end(page.toString());
  });
}
