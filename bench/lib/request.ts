import { IncomingMessage, type ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { AccessToken } from '../../dist/index.js';
import { fresh } from './tokens.js';

export type GuardedRequest = IncomingMessage & { auth?: AccessToken };

const HEADERS = [
  ['Host', '127.0.0.1:3000'],
  ['User-Agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'],
  ['Accept', 'application/json'],
  ['Accept-Encoding', 'gzip, deflate, br'],
  ['Connection', 'keep-alive'],
] as const;
const socket = new Socket();

/**
 * Makes a request as Node's HTTP server does: strings made of the bytes of the wire, handed to
 * `_addHeaderLines`, and `headers` read once, which the server does to look for `Expect` before any handler runs.
 * (`checkRequest` compares it with a request that came over a socket.)
 */
export function createRequest(authorization: string | undefined, url = '/orders'): GuardedRequest {
  const request = new IncomingMessage(socket);
  request.httpVersionMajor = 1;
  request.httpVersionMinor = 1;
  request.httpVersion = '1.1';
  request.method = 'GET';
  request.url = fresh(url);
  const lines = HEADERS.flat().map(fresh);
  if (authorization !== undefined) lines.push(fresh('Authorization'), fresh(authorization));
  addHeaderLines.call(request, lines, lines.length);
  if (request.headers.expect !== undefined) throw new Error('no Expect header was sent');
  return request;
}

type AddHeaderLines = (this: IncomingMessage, lines: readonly string[], count: number) => void;
const addHeaderLines = (IncomingMessage.prototype as unknown as { _addHeaderLines: AddHeaderLines })._addHeaderLines;

/** The headers that `createRequest` sets, for a client that sends the same over the wire. */
export function headersOfRequests(authorization: string): readonly (readonly [string, string])[] {
  return [...HEADERS, ['Authorization', authorization]];
}

/** As much of a response as an answer of the guard needs, so that no cost of Node's is measured. */
export class SinkResponse {
  statusCode = 200;
  headersSent = false;
  readonly headers: Record<string, unknown> = {};
  setHeader(name: string, value: unknown): this {
    this.headers[name] = value;
    return this;
  }
  getHeader(name: string): unknown {
    return this.headers[name];
  }
  end(): this {
    this.headersSent = true;
    return this;
  }
}

export function createSink(): ServerResponse {
  return new SinkResponse() as unknown as ServerResponse;
}
