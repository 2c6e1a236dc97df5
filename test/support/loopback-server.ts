import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { SelfSignedCertificate } from './certificate.js';
import { closeAfterTest } from './close-after-test.js';

/** What a server does with a request for a document. */
export type Answering = (res: ServerResponse, goodBody: string, req: IncomingMessage) => void;

/** Answers as it should. */
export const answerWell: Answering = (res, goodBody) => {
  res.writeHead(200, { 'content-type': 'application/json' }).end(goodBody);
};

export interface ServedDocument {
  /** @defaultValue 200 */
  readonly status?: number;
  readonly headers?: { readonly [name: string]: string };
  /** Sent as it is if it is a string, else as JSON. */
  readonly body: unknown;
}

/** A real server on a free loopback port, which counts what comes to it. With a certificate it speaks TLS. */
export class LoopbackServer {
  /** The path of every request, in order. */
  readonly paths: string[] = [];
  /** What `answer` serves unless a test replaces it, by path. Any other path is answered 404. */
  readonly documents = new Map<string, ServedDocument>();
  answer: (req: IncomingMessage, res: ServerResponse) => void = (req, res) => this.#serve(req, res);
  readonly #server;
  readonly #scheme: string;
  #port = 0;

  private constructor(certificate?: SelfSignedCertificate) {
    const listener: RequestListener = (req, res) => {
      this.paths.push(req.url ?? '');
      this.answer(req, res);
    };
    this.#scheme = certificate === undefined ? 'http' : 'https';
    this.#server = certificate === undefined ? createServer(listener) : createTlsServer(certificate, listener);
  }

  /** Starts one. It is closed after the test that runs. */
  static async start(certificate?: SelfSignedCertificate): Promise<LoopbackServer> {
    const server = new LoopbackServer(certificate);
    await server.open();
    closeAfterTest(() => server.close());
    return server;
  }

  get origin(): string {
    return `${this.#scheme}://127.0.0.1:${this.#port}`;
  }

  /** How many requests came for a path. */
  count(path: string): number {
    return this.paths.filter((seen) => seen === path).length;
  }

  /** Listens again after `close`, on the same port. */
  async open(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen(this.#port, '127.0.0.1', resolve);
    });
    this.#server.removeAllListeners('error');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Ends every connection, and refuses new ones. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  #serve({ url = '' }: IncomingMessage, res: ServerResponse): void {
    const { status = 200, headers, body } = this.documents.get(url) ?? { status: 404, body: 'Not Found' };
    res.writeHead(status, { 'content-type': 'application/json', ...headers });
    res.end(typeof body === 'string' ? body : JSON.stringify(body));
  }
}
