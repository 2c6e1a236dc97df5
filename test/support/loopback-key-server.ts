import type { IncomingMessage, ServerResponse } from 'node:http';
import { createTestIssuer, type TestIssuer } from '../../src/testing/index.js';
import { type Answering, answerWell, LoopbackServer } from './loopback-server.js';

/** What `KeyServer` is, on a loopback port: its key set can be broken in the ways of a real connection. */
export class LoopbackKeyServer {
  readonly server: LoopbackServer;
  readonly issuer: TestIssuer;
  answerJwks: Answering = answerWell;

  private constructor(server: LoopbackServer, issuer: TestIssuer) {
    this.server = server;
    this.issuer = issuer;
    server.answer = (req, res) => this.#answer(req, res);
  }

  /** Starts one. It is closed after the test that runs. */
  static async start(): Promise<LoopbackKeyServer> {
    const server = await LoopbackServer.start();
    return new LoopbackKeyServer(server, await createTestIssuer({ issuer: server.origin }));
  }

  get verifierOptions() {
    const { issuer, audience, clock } = this.issuer.verifierOptions;
    return { issuer, audience, clock, dangerouslyAllowInsecureHttp: true };
  }

  get jwksHits(): number {
    return this.server.count('/jwks');
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
