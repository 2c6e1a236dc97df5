import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createVerifier, type Verifier } from '../../../src/index.js';
import { both, Clients, EVERLASTING, verdictOf } from '../../support/clients.js';
import { covers } from '../../support/covers.js';
import { until } from '../../support/key-server.js';
import { LoopbackKeyServer } from '../../support/loopback-key-server.js';
import { type Answering, answerWell, LoopbackServer } from '../../support/loopback-server.js';

const DEADLINE_MS = 5000;
const MIB = Buffer.alloc(1_048_576, ' ');
const SMALL_GZIP_OF_64_MIB = gzipSync(Buffer.concat(Array(64).fill(MIB)));

let server: LoopbackKeyServer;
let decoy: LoopbackServer;
const verifiers: Verifier[] = [];

beforeEach(async () => {
  // Deadlines pass when a test says so. Sockets have timers of their own.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  server = await LoopbackKeyServer.start();
  decoy = await LoopbackServer.start();
  decoy.answer = (_, res) => answerWell(res, JSON.stringify(server.issuer.jwks), _);
});
afterEach(async () => {
  for (const verifier of verifiers.splice(0)) verifier.close();
  await server.close();
  await decoy.close();
  vi.useRealTimers();
});

function open(): Verifier {
  const verifier = createVerifier(server.verifierOptions);
  verifiers.push(verifier);
  return verifier;
}

/** Lets the deadline pass, once the server was asked so often. */
async function passDeadline(jwksHits: number): Promise<void> {
  await until(() => server.jwksHits === jwksHits);
  await vi.advanceTimersByTimeAsync(DEADLINE_MS);
}

const OUTAGES: readonly (readonly [name: string, answer: Answering, hangs: boolean])[] = [
  ['the connection is reset before the headers', (res) => res.destroy(), false],
  [
    'the connection is reset in the middle of the body',
    (res, body) => {
      res.writeHead(200, { 'content-length': body.length });
      res.write(body.slice(0, body.length / 2), () => res.destroy());
    },
    false,
  ],
  ['the headers never come', () => {}, true],
  [
    'the body stops in the middle',
    (res, body) => {
      res.writeHead(200, { 'content-length': body.length }).write(body.slice(0, body.length / 2));
    },
    true,
  ],
  ['the body drips without end', dripWithoutEnd, true],
  ['the body has 64 MiB', (res) => sendManyMib(res, 64), false],
  [
    'a body of 64 MiB is sent as 64 KiB of gzip',
    (res) => {
      res.writeHead(200, { 'content-encoding': 'gzip' }).end(SMALL_GZIP_OF_64_MIB);
    },
    false,
  ],
  ['the answer is no HTTP', (res) => res.socket?.end('what do you want?\n'), false],
  ['the answer redirects to another server', (res) => redirect(res, `${decoy.origin}/jwks`), false],
  ['the answer redirects to itself', (res) => redirect(res, '/jwks'), false],
];

describe('a real connection', () => {
  it.each(OUTAGES)(
    '%s: 503 with nothing cached, known keys answer, and then it recovers',
    async (name, answer, hangs) => {
      // Where a connection ends before an answer, the request is sent a second time.
      const tries = name === 'the connection is reset before the headers' ? 2 : 1;
      covers('H8', 'H9');
      server.answerJwks = answer;
      const asked = verdictOf(open().verify(await server.issuer.token(EVERLASTING)));
      if (hangs) await passDeadline(1);
      expect(await asked).toBe('keys_unavailable');
      expect(server.jwksHits).toBe(tries);

      server.answerJwks = answerWell;
      const verifier = open();
      const clients = await Clients.create(server.issuer, verifier);
      server.answerJwks = answer;
      server.issuer.advance(600);
      expect(await clients.ask()).toEqual(both('accepted'));
      if (hangs) await passDeadline(2 + tries);
      await until(() => verifier.status().issuers[0]?.state === 'failing');
      expect(await clients.ask()).toEqual(both('accepted'));
      expect(server.jwksHits).toBe(1 + 2 * tries);
      expect(decoy.paths).toEqual([]);

      server.answerJwks = answerWell;
      server.issuer.advance(1);
      expect(await clients.ask()).toEqual(both('accepted'));
      await until(() => verifier.status().issuers[0]?.state === 'fresh');
      expect(server.jwksHits).toBe(2 + 2 * tries);
    },
  );

  it('refused connections: known keys answer, and recovery is noticed', async () => {
    covers('H18');
    const verifier = open();
    const clients = await Clients.create(server.issuer, verifier);
    await server.close();
    server.issuer.advance(600);
    expect(await clients.ask()).toEqual(both('accepted'));
    await until(() => verifier.status().issuers[0]?.state === 'failing');
    expect(verifier.status().issuers[0]?.lastError).toMatch(
      /^http:.*\/.well-known\/openid-configuration could not be fetched: /,
    );
    expect(await verdictOf(open().verify(await server.issuer.token()))).toBe('metadata_unavailable');

    await server.server.open();
    server.issuer.advance(1);
    expect(await clients.ask()).toEqual(both('accepted'));
    await until(() => verifier.status().issuers[0]?.state === 'fresh');
  });

  it('a connection whose answer is an error is not kept for a body that never ends', async () => {
    covers('H8');
    let isClosed = false;
    server.answerJwks = (res) => {
      res.on('close', () => {
        isClosed = true;
      });
      res.writeHead(500).write('{');
    };
    expect(await verdictOf(open().verify(await server.issuer.token()))).toBe('keys_unavailable');
    await until(() => isClosed);
  });

  it('a connection whose answer is given up is closed', async () => {
    covers('H8');
    let isClosed = false;
    server.answerJwks = (res) => {
      res.on('close', () => {
        isClosed = true;
      });
      res.writeHead(200).write('{');
    };
    const asked = verdictOf(open().verify(await server.issuer.token()));
    await passDeadline(1);
    expect(await asked).toBe('keys_unavailable');
    await until(() => isClosed);
  });

  it('close() ends a fetch that hangs, and who waits for it gets 503', async () => {
    let isAsked = false;
    let isClosed = false;
    server.answerJwks = (res) => {
      isAsked = true;
      res.on('close', () => {
        isClosed = true;
      });
    };
    const verifier = open();
    const asked = verdictOf(verifier.verify(await server.issuer.token()));
    await until(() => isAsked);
    verifier.close();
    expect(await asked).toBe('verifier_closed');
    await until(() => isClosed);
    expect(await verdictOf(verifier.refresh())).toBe('verifier_closed');
    expect(server.jwksHits).toBe(1);
  });
});

function redirect(res: Parameters<Answering>[0], location: string): void {
  res.writeHead(302, { location }).end();
}

function dripWithoutEnd(res: Parameters<Answering>[0]): void {
  res.writeHead(200).flushHeaders();
  const drip = setInterval(() => res.write(' '), 10);
  res.on('close', () => clearInterval(drip));
}

function sendManyMib(res: Parameters<Answering>[0], count: number): void {
  res.writeHead(200);
  let left = count;
  const send = () => {
    if (left === 0) res.end();
    left -= 1;
    if (left >= 0) res.write(MIB, (error) => error ?? send());
  };
  res.on('error', () => {});
  send();
}
