import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTestIssuer, type TestIssuer } from '../../src/testing/index.js';

/** What a server does with a request for its key set. */
export type Answering = (res: ServerResponse, goodBody: string, req: IncomingMessage) => void;

/** Answers as it should. */
export const answerWell: Answering = (res, goodBody) => {
  res.writeHead(200, { 'content-type': 'application/json' }).end(goodBody);
};

/** A real server on a free loopback port, which counts what comes to it. */
export class LoopbackServer {
  /** The path of every request. */
  readonly paths: string[] = [];
  answer: (req: IncomingMessage, res: ServerResponse) => void = (_, res) => {
    res.writeHead(404).end();
  };
  readonly #server = createServer((req, res) => {
    this.paths.push(req.url ?? '');
    this.answer(req, res);
  });
  #port = 0;

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Listens, on the same port as before where there was one. */
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
}

/** An authorization server on a loopback port: its key set can be broken in the ways of a real connection. */
export class LoopbackKeyServer {
  readonly server: LoopbackServer;
  readonly issuer: TestIssuer;
  answerJwks: Answering = answerWell;

  private constructor(server: LoopbackServer, issuer: TestIssuer) {
    this.server = server;
    this.issuer = issuer;
    server.answer = (req, res) => this.#answer(req, res);
  }

  static async open(): Promise<LoopbackKeyServer> {
    const server = new LoopbackServer();
    await server.open();
    return new LoopbackKeyServer(server, await createTestIssuer({ issuer: server.origin }));
  }

  get verifierOptions() {
    const { issuer, audience, clock } = this.issuer.verifierOptions;
    return { issuer, audience, clock, dangerouslyAllowInsecureHttp: true };
  }

  get jwksHits(): number {
    return this.server.paths.filter((path) => path === '/jwks').length;
  }

  close(): Promise<void> {
    return this.server.close();
  }

  #answer(req: IncomingMessage, res: ServerResponse): void {
    const metadata = { issuer: this.issuer.issuer, jwks_uri: this.issuer.jwksUri };
    if (req.url === '/jwks') this.answerJwks(res, JSON.stringify(this.issuer.jwks), req);
    else if (req.url === '/.well-known/openid-configuration') answerWell(res, JSON.stringify(metadata), req);
    else res.writeHead(404).end();
  }
}
