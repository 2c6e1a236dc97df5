import { deepStrictEqual } from 'node:assert';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { createRequest, headersOfRequests } from './request.js';

/** Throws unless a made request has what one has that came over a socket. */
export async function checkRequest(authorization: string): Promise<void> {
  const server = createServer((_req, res) => res.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const lines = headersOfRequests(authorization).map(([name, value]) => `${name}: ${value}\r\n`);
  client.end(`GET /orders HTTP/1.1\r\n${lines.join('')}\r\n`);
  const [real] = (await once(server, 'request')) as [IncomingMessage];
  const made = createRequest(authorization);
  deepStrictEqual(visible(made), visible(real));
  client.destroy();
  server.close();
}

function visible({ method, url, httpVersion, headers, rawHeaders }: IncomingMessage): object {
  return { method, url, httpVersion, headers, rawHeaders };
}
