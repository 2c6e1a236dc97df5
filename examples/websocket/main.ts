import assert from 'node:assert/strict';
import { type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createVerifier } from 'scopegate';
import { createTestIssuer } from 'scopegate/testing';
import { createEventServer } from './server.js';

const issuer = await createTestIssuer({ network: true });
const verifier = createVerifier({ ...issuer.verifierOptions });
const server = createEventServer(verifier);
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

interface Answer {
  readonly status: number | undefined;
  readonly challenge: string | undefined;
  readonly accept: string | undefined;
  /** The body, or the text of the first frame. */
  readonly text: string;
}

/** Asks for an upgrade, and gives what came of it. */
function connect(token?: string): Promise<Answer> {
  const { port } = server.address() as AddressInfo;
  const headers = {
    // The key of RFC 6455 §1.3, which also gives the answer to it.
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    ...(token !== undefined && { Authorization: `Bearer ${token}` }),
  };
  const toAnswer = (res: IncomingMessage, bytes: Buffer) => ({
    status: res.statusCode,
    challenge: res.headers['www-authenticate'],
    accept: res.headers['sec-websocket-accept'],
    text: bytes.toString(),
  });
  return new Promise((resolve, reject) => {
    const upgrade = request({ host: '127.0.0.1', port, headers, agent: false });
    upgrade.on('error', reject);
    upgrade.on('response', async (res) => resolve(toAnswer(res, Buffer.concat(await res.toArray()))));
    upgrade.on('upgrade', async (res, socket, head) => {
      resolve(toAnswer(res, Buffer.concat([head, ...(await socket.toArray())]).subarray(2)));
    });
    upgrade.end();
  });
}

try {
  const token = await issuer.token({ scope: 'events:read', subject: 'alice' });
  const greeting = { accept: 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=', challenge: undefined, text: 'hello alice' };
  assert.deepEqual(await connect(token), { status: 101, ...greeting });

  const challenge = 'Bearer realm="https://api.test"';
  assert.deepEqual(await connect(), { status: 401, accept: undefined, challenge, text: '{}' });

  const other = await connect(await issuer.token({ scope: 'orders:read' }));
  assert.equal(other.status, 403);
  assert.match(other.challenge ?? '', /error="insufficient_scope".*scope="events:read"/);

  issuer.advance(7200);
  const expired = await connect(token);
  assert.equal(expired.status, 401);
  assert.match(expired.challenge ?? '', /error="invalid_token"/);
  console.log('websocket: every answer was as expected');
} finally {
  verifier.close();
  server.close();
  await issuer.close();
}
