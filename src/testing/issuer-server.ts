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

  serve(documents: IssuerDocuments): void {
    this.#server.on('request', createListener(documents, this.origin));
  }

  /** Listens. After a close it listens on the same port again. */
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

/** Answers requests with documents, and implements the outages of a server. */
function createListener(documents: IssuerDocuments, origin: string): RequestListener {
  return (req, res) => {
    const { status, type, body } = documents.answer(`${origin}${req.url ?? ''}`);
    if (documents.outage === 'hang') return;
    res.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
    if (documents.outage === 'reset') res.write(body.slice(0, body.length / 2), () => req.socket.destroy());
    else res.end(body);
  };
}
