import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { SelfSignedCertificate } from './certificate.js';
import { listen } from './listen.js';

export interface ServedDocument {
  /** @defaultValue 200 */
  readonly status?: number;
  readonly headers?: { readonly [name: string]: string };
  /** Sent as it is if it is a string, else as JSON. */
  readonly body: unknown;
}

/** A web server for the documents of authorization servers, right or wrong. */
export interface DocumentServer {
  readonly origin: string;
  /** By path. Any other path is answered 404. */
  readonly documents: Map<string, ServedDocument>;
  /** The paths that were asked for, in order. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** Serves documents on a free loopback port; with a certificate, by TLS. */
export async function startDocumentServer(certificate?: SelfSignedCertificate): Promise<DocumentServer> {
  const documents = new Map<string, ServedDocument>();
  const asked: string[] = [];
  const server = certificate === undefined ? createServer() : createTlsServer(certificate);
  server.on('request', (req, res) => {
    const path = req.url ?? '';
    asked.push(path);
    const { status = 200, headers, body } = documents.get(path) ?? { status: 404, body: 'Not Found' };
    res.writeHead(status, { 'content-type': 'application/json', ...headers });
    res.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  const { port, close } = await listen(server);
  const scheme = certificate === undefined ? 'http' : 'https';
  return { origin: `${scheme}://127.0.0.1:${port}`, documents, asked, close };
}
