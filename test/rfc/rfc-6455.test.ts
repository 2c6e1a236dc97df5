import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import { type AuthorizationError, createVerifier } from '../../src/index.js';
import { covers } from '../support/covers.js';
import { expectRefused, noCredentials } from '../support/expect-answer.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { bearer, startTestIssuerApi } from '../support/guarded-api.js';
import { listen } from '../support/listen.js';
import { sendRaw } from '../support/raw-http.js';
import { RawIssuer } from '../support/raw-issuer.js';

const UPGRADE = [
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

describe('RFC 6455', () => {
  it.each([
    ['no token', undefined, 401, 'token_missing'],
    ['an expired token', { exp: '1700000000' }, 401, 'token_expired'],
    ['a token for another audience', { aud: '"https://other.test"' }, 401, 'audience_mismatch'],
    ['a token without the scope', { scope: '"write"' }, 403, 'scope_insufficient'],
  ] as const)('RFC 6455 §10.5: opens no connection to %s', async (_, payload, status, reason) => {
    covers('F18');
    const issuer = new RawIssuer();
    const verifier = createVerifier(issuer.verifierOptions);
    const outcomes: string[] = [];
    const server = createServer().on('upgrade', async (req, socket) => {
      try {
        await verifier.authenticate(req, { policy: 'read' });
        outcomes.push('opened');
        socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
      } catch (error) {
        const { reason, status, headers } = error as AuthorizationError;
        outcomes.push(reason);
        socket.end(`HTTP/1.1 ${status} Refused\r\nWWW-Authenticate: ${headers['WWW-Authenticate']}\r\n\r\n`);
      }
    });
    const { port, close } = await listen(server);
    const send = (token?: string) =>
      sendRaw(port, { lines: [...UPGRADE, ...(token === undefined ? [] : bearer(token))] });
    try {
      expect((await send(issuer.token())).status).toBe(101);
      const refused = await send(payload && issuer.token({ payload }));
      expect(refused.status).toBe(status);
      expect(refused.headers.get('www-authenticate')).toEqual([expect.stringMatching(/^Bearer realm=/)]);
      expect((await send(issuer.token())).status).toBe(101);
      expect(outcomes).toEqual(['opened', reason, 'opened']);
    } finally {
      await close();
      verifier.close();
    }
  });

  it.each(EXPRESS_VERSIONS)(
    'RFC 6455 §4.2.1: an upgrade that nobody listens for is a request like others to the guard on %s',
    async (_, express) => {
      covers('F18');
      const api = await startTestIssuerApi({ express });
      try {
        const lines = (token: string) => [...UPGRADE, ...bearer(token)];
        await expectRefused(api, { lines: () => UPGRADE }, noCredentials, { lines });
      } finally {
        await api.close();
      }
    },
  );
});
