import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createVerifier } from 'scopegate';
import { createTestIssuer } from 'scopegate/testing';
import { createEventApp } from './app.js';

const issuer = await createTestIssuer({ network: true });
// Time is real here, since a stream waits for the end of its token.
const verifier = createVerifier({ ...issuer.verifierOptions, clock: Date.now, clockToleranceSeconds: 0 });
const server = createServer(createEventApp(verifier));
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

const { port } = server.address() as AddressInfo;
const listen = (token: string) =>
  fetch(`http://127.0.0.1:${port}/events`, { headers: { Authorization: `Bearer ${token}` } });

try {
  const token = await issuer.token({ scope: 'events:read', subject: 'alice', expiresInSeconds: 3 });
  const stream = await listen(token);
  assert.equal(stream.status, 200);
  // It ends by itself, when the token has expired.
  assert.equal(await stream.text(), 'data: hello alice\n\nevent: end\ndata: token_expired\n\n');

  assert.equal((await listen(token)).status, 401);
  assert.equal((await listen(await issuer.token({ scope: 'orders:read' }))).status, 403);
  console.log('server-sent-events: every answer was as expected');
} finally {
  verifier.close();
  server.close();
  await issuer.close();
}
