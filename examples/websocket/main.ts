import assert from 'node:assert/strict';
import { type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createVerifier } from 'scopegate';
import { createTestIssuer } from 'scopegate/testing';
import { createEventServer } from './server.js';

const issuer = await createTestIssuer({ network: true });
// Time is real here, since a connection waits for the end of its token.
const verifier = createVerifier({ ...issuer.verifierOptions, clock: Date.now, clockToleranceSeconds: 0 });
const server = createEventServer(verifier);
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

interface Answer {
  readonly status: number | undefined;
  readonly challenge: string | undefined;
  readonly accept: string | undefined;
  /** The body, or the text of all frames. */
  readonly text: string;
  /** The status that the server closed the connection with (RFC 6455 §7.4). */
  readonly closedWith?: number;
}

/** Reads frames of less than 126 bytes (RFC 6455 §5.2). */
function readFrames(bytes: Buffer): readonly { readonly opcode: number; readonly payload: Buffer }[] {
  if (bytes.length < 2) return [];
  const end = 2 + (bytes[1] as number);
  return [{ opcode: (bytes[0] as number) & 15, payload: bytes.subarray(2, end) }, ...readFrames(bytes.subarray(end))];
}

/** Asks for an upgrade, and gives what came of it when the connection has ended. */
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
      const frames = readFrames(Buffer.concat([head, ...(await socket.toArray())]));
      const text = frames.filter(({ opcode }) => opcode === 1).map(({ payload }) => payload.toString());
      const closing = frames.find(({ opcode }) => opcode === 8);
      const closedWith = closing === undefined ? {} : { closedWith: closing.payload.readUInt16BE() };
      resolve({ ...toAnswer(res, Buffer.from(text.join())), ...closedWith });
    });
    upgrade.end();
  });
}

try {
  // The server ends the connection when the token has expired.
  const token = await issuer.token({ scope: 'events:read', subject: 'alice', expiresInSeconds: 3 });
  const greeting = { accept: 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=', challenge: undefined, text: 'hello alice' };
  assert.deepEqual(await connect(token), { status: 101, ...greeting, closedWith: 1008 });

  const challenge = 'Bearer realm="https://api.test"';
  assert.deepEqual(await connect(), { status: 401, accept: undefined, challenge, text: '{}' });

  const other = await connect(await issuer.token({ scope: 'orders:read' }));
  assert.equal(other.status, 403);
  assert.match(other.challenge ?? '', /error="insufficient_scope".*scope="events:read"/);

  const expired = await connect(token);
  assert.equal(expired.status, 401);
  assert.match(expired.challenge ?? '', /error="invalid_token"/);
  console.log('websocket: every answer was as expected');
} finally {
  verifier.close();
  server.close();
  await issuer.close();
}
