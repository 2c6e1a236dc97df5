import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { IssuerDocuments } from './issuer-documents.js';

/** Serves one issuer on a loopback port. */
export class IssuerServer {
  readonly #server: Server = createServer();
  #port = 0;

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  serve(site: IssuerDocuments): void {
    this.#server.on('request', createListener(site, this.origin));
  }

  /** Listens, on the same port as before where there was one. */
  async open(): Promise<void> {
    if (this.#server.listening) return;
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

/** Answers requests from a site, the ways of being down that a server has included. */
function createListener(site: IssuerDocuments, origin: string): RequestListener {
  return (req, res) => {
    const { status, type, body } = site.answer(`${origin}${req.url ?? ''}`);
    if (site.outage === 'hang') return;
    res.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
    if (site.outage === 'reset') res.write(body.slice(0, body.length / 2), () => req.socket.destroy());
    else res.end(body);
  };
}
