import type { ServerResponse } from 'node:http';
import type { Document } from './history.js';

/** A way in which an issuer fails. `good` is what it would have answered. */
export interface IssuerFault {
  readonly name: string;
  readonly documents: readonly Document[];
  readonly mayHaveMoved?: boolean;
  /** Nobody listens at all. */
  readonly refuses?: boolean;
  readonly respond: (response: ServerResponse, good: string) => void;
}

const ALL: readonly Document[] = ['metadata', 'jwks', 'introspection'];
const DRIBBLE_MS = 50;
const HUGE_CHUNK = Buffer.alloc(65_536, 0x20);
const JSON_TYPE = { 'content-type': 'application/json' };

function send(status: number, body = '', headers: object = {}): IssuerFault['respond'] {
  return (response) => {
    response.writeHead(status, { ...JSON_TYPE, ...headers }).end(body);
  };
}

function dribble(response: ServerResponse): void {
  const timer = setInterval(() => response.write(' '), DRIBBLE_MS);
  response.on('close', () => clearInterval(timer));
}

function flood(response: ServerResponse): void {
  const more = () => {
    while (!response.destroyed && response.write(HUGE_CHUNK)) {}
  };
  response.on('drain', more);
  more();
}

const fault = (name: string, respond: IssuerFault['respond'], more: Partial<IssuerFault> = {}): IssuerFault => {
  return { name, documents: ALL, respond, ...more };
};

/** Every way. Each ends with the connection, or by the deadline of who asks. */
export const ISSUER_FAULTS = [
  fault('refuse', (response) => response.destroy(), { refuses: true }),
  fault('reset', (response) => response.destroy()),
  fault('hang before the answer', () => {}),
  fault('hang after the headers', (response) => {
    response.writeHead(200, JSON_TYPE).flushHeaders();
  }),
  fault('hang in the body', (response, good) => {
    response.writeHead(200, JSON_TYPE).write(good.slice(0, good.length / 2));
  }),
  fault('a body that never ends', (response) => {
    response.writeHead(200, JSON_TYPE);
    dribble(response);
  }),
  fault('half a body', (response, good) => {
    response.writeHead(200, { ...JSON_TYPE, 'content-length': good.length });
    response.write(good.slice(0, good.length / 2), () => response.destroy());
  }),
  fault('500', send(500, 'Internal Server Error')),
  fault('503', send(503, '{}', { 'retry-after': '120' })),
  fault('429', send(429, '{}', { 'retry-after': '3600' })),
  fault('204', send(204)),
  fault('401', send(401, '{}', { 'www-authenticate': 'Basic' })),
  fault('redirect', send(302, '', { location: 'http://127.0.0.1:9/' }), { mayHaveMoved: true }),
  fault('HTML', send(200, '<!doctype html><title>Sign in</title>', { 'content-type': 'text/html' })),
  fault('broken JSON', (response, good) => {
    response.writeHead(200, JSON_TYPE).end(good.slice(0, -2));
  }),
  fault('a JSON list', (response, good) => {
    response.writeHead(200, JSON_TYPE).end(`[${good}]`);
  }),
  fault('null', send(200, 'null')),
  fault('64 MiB', (response) => {
    response.writeHead(200, JSON_TYPE);
    flood(response);
  }),
  fault('an empty key set', send(200, '{"keys":[]}'), { documents: ['jwks'] }),
  fault('keys that cannot be used', send(200, '{"keys":[null,{"kty":"oct","k":"AAAA"}]}'), { documents: ['jwks'] }),
  fault(
    'metadata of another issuer',
    send(200, '{"issuer":"https://other.example.com","jwks_uri":"https://other.example.com/jwks"}'),
    {
      documents: ['metadata'],
    },
  ),
  fault(
    'metadata without places',
    (response, good) => {
      response.writeHead(200, JSON_TYPE).end(JSON.stringify({ issuer: JSON.parse(good).issuer }));
    },
    { documents: ['metadata'] },
  ),
] as const satisfies readonly IssuerFault[];

export function findIssuerFault(name: string): IssuerFault {
  const found = ISSUER_FAULTS.find((fault) => fault.name === name);
  if (found === undefined) throw new Error(`there is no fault ${name}`);
  return found;
}
