import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createVerifier, type Verifier } from '../../../src/index.js';
import {
  both,
  Clients,
  EVERLASTING,
  TOKEN_CACHES,
  type Verdict,
  type Verdicts,
  verdictOf,
  withHeader,
} from '../../support/clients.js';
import { covers } from '../../support/covers.js';
import { KEY_OUTAGES, type KeyOutage, networkFailure, stream64MiB } from '../../support/key-outages.js';
import { type DocumentName, KeyServer, until } from '../../support/key-server.js';

const DEADLINE_MS = 5000;
const CASES = KEY_OUTAGES.flatMap((outage) =>
  outage.documents.map((document) => [document, outage.name, outage] as const),
);
const reasonOf = (document: DocumentName) => (document === 'jwks' ? 'keys_unavailable' : 'metadata_unavailable');

beforeEach(() => {
  // Deadlines pass when a test says so.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe.each(TOKEN_CACHES)('the endpoint fails after the keys went stale, %s', (_, tokenCache) => {
  async function open(document: DocumentName, outage: KeyOutage) {
    const server = await KeyServer.create();
    const verifier = createVerifier({ ...server.verifierOptions, tokenCache });
    const clients = await Clients.create(server.issuer, verifier);
    server.answer(document, outage.respond);
    server.issuer.advance(600);
    return { server, verifier, clients };
  }

  /** Waits until the attempt that is under way has failed. */
  async function untilFailed(
    verifier: Verifier,
    failures: number,
    hangs: boolean,
    server: KeyServer,
    document: DocumentName,
  ) {
    await until(() => server.hits[document] > failures);
    if (hangs) await vi.advanceTimersByTimeAsync(DEADLINE_MS);
    await until(() => (verifier.status().issuers[0]?.nextAttemptInSeconds ?? 0) > 0);
  }

  it.each(CASES)(
    '%s: %s: known keys answer for staleIfErrorSeconds, then 503, then it recovers',
    async (document, _, outage) => {
      covers('H18');
      const { server, verifier, clients } = await open(document, outage);
      expect(await clients.ask()).toEqual(both('accepted'));
      await untilFailed(verifier, 1, outage.hangs, server, document);
      expect(verifier.status().issuers[0]).toMatchObject({ state: 'failing', fetches: { jwks: server.hits.jwks } });

      // Within the back-off nothing is asked for.
      const hits = server.hits;
      for (let i = 0; i < 20; i += 1) expect(await clients.ask()).toEqual(both('accepted'));
      expect(server.hits).toEqual(hits);

      // Close to the end of staleIfErrorSeconds they still answer, while an attempt goes on behind.
      server.issuer.advance(3599);
      expect(await clients.ask()).toEqual(both('accepted'));
      await untilFailed(verifier, hits[document], outage.hangs, server, document);

      server.issuer.advance(1);
      expect(await clients.ask()).toEqual(both(reasonOf(document)));

      server.recover();
      server.issuer.advance(60);
      expect(await clients.ask()).toEqual(both('accepted'));
      expect(verifier.status().issuers[0]).toMatchObject({ state: 'fresh', lastError: undefined });
    },
  );

  it.each(CASES)(
    '%s: %s: without keys it is 503, within the deadline, and then it recovers',
    async (document, _, outage) => {
      covers('H7', 'H8');
      const server = await KeyServer.create();
      const verifier = createVerifier({ ...server.verifierOptions, tokenCache });
      server.answer(document, outage.respond);
      const token = await server.issuer.token(EVERLASTING);
      let verdict = '';
      void verdictOf(verifier.verify(token)).then((known) => {
        verdict = known;
      });
      if (outage.hangs) {
        await until(() => server.hits[document] === 1);
        await vi.advanceTimersByTimeAsync(DEADLINE_MS - 1);
        expect(verdict).toBe('');
        await vi.advanceTimersByTimeAsync(1);
      }
      await until(() => verdict !== '');
      expect(verdict).toBe(reasonOf(document));

      server.recover();
      expect(await verdictOf(verifier.verify(token))).toBe(reasonOf(document));
      server.issuer.advance(1);
      expect(await verdictOf(verifier.verify(token))).toBe('accepted');
    },
  );

  it('an outage of two hours costs one attempt for each back-off, a minute apart while keys are left, and 5 s afterwards', async () => {
    covers('H18');
    const server = await KeyServer.create();
    const verifier = createVerifier({ ...server.verifierOptions, tokenCache });
    const clients = await Clients.create(server.issuer, verifier);
    server.issuer.advance(600);
    const attempts: number[] = [];
    server.answer('metadata', () => {
      attempts.push(server.issuer.now());
      throw networkFailure('ECONNREFUSED');
    });
    const verdicts: Verdicts[] = [];
    for (let second = 0; second < 7200; second += 1) {
      if (second % 6 === 0) verdicts.push(await clients.ask());
      server.issuer.advance(1);
    }
    expect(verdicts.slice(0, 600)).toEqual(Array.from({ length: 600 }, () => both('accepted')));
    expect(verdicts.slice(600)).toEqual(Array.from({ length: 600 }, () => both('metadata_unavailable')));
    const gaps = attempts.slice(1).map((at, i) => (at - (attempts[i] as number)) / 1000);
    const outageBegan = (attempts[0] as number) / 1000;
    const hadKeys = (at: number | undefined) => (at as number) / 1000 - outageBegan < 3600;
    for (const [i, gap] of gaps.entries()) {
      const longest = Math.min(60, 2 ** i);
      if (hadKeys(attempts[i + 1])) expect(gap).toBeGreaterThanOrEqual(longest / 2);
      // Requests come every six seconds, and only they set attempts going.
      expect(gap).toBeLessThanOrEqual((hadKeys(attempts[i]) ? longest : 5) + 6);
    }
    expect(attempts.length).toBeGreaterThan(3600 / 66 + 3600 / 6);
  });

  it('takes another time from staleIfErrorSeconds, none included', async () => {
    covers('H18');
    const server = await KeyServer.create();
    const keys = { maxAgeSeconds: 100, staleIfErrorSeconds: 0 };
    const verifier = createVerifier({ ...server.verifierOptions, tokenCache, keys });
    const clients = await Clients.create(server.issuer, verifier);
    server.answer('jwks', () => new Response(null, { status: 500 }));
    server.issuer.advance(99);
    expect(await clients.ask()).toEqual(both('accepted'));
    server.issuer.advance(1);
    expect(await clients.ask()).toEqual(both('keys_unavailable'));
  });

  it('reads no more of a body of 64 MiB than maxResponseBytes and a chunk', async () => {
    covers('H8');
    const server = await KeyServer.create();
    let chunks = 0;
    server.answer('jwks', () => new Response(stream64MiB(() => (chunks += 1))));
    const verifier = createVerifier({ ...server.verifierOptions, tokenCache, keys: { maxResponseBytes: 262_144 } });
    const error = await verifier.verify(await server.issuer.token()).catch((reason) => reason);
    expect(error).toMatchObject({
      reason: 'keys_unavailable',
      detail: `${server.jwksUri} answered with more than 262144 bytes`,
    });
    // Four chunks of 64 KiB fit, the fifth is too much; a stream may keep one more ready.
    expect(chunks).toBeGreaterThanOrEqual(5);
    expect(chunks).toBeLessThanOrEqual(6);
  });

  it('no redirect is followed: the other place is not asked', async () => {
    covers('H4', 'H9');
    for (const status of [301, 302, 303, 307, 308]) {
      const server = await KeyServer.create();
      const location = 'https://elsewhere.test/jwks';
      server.answer('jwks', () => new Response(null, { status, headers: { location } }));
      const verifier = createVerifier({ ...server.verifierOptions, tokenCache });
      const error = await verifier.verify(await server.issuer.token()).catch((reason) => reason);
      expect(error).toMatchObject({
        reason: 'keys_unavailable',
        detail: `${server.jwksUri} answered ${status}: a redirect, which is not followed`,
      });
      expect(server.hits).toEqual({ metadata: 1, jwks: 1, elsewhere: 0 });
    }
  });

  it('takes another deadline from fetchTimeoutSeconds', async () => {
    const server = await KeyServer.create();
    server.answer('jwks', () => new Promise(() => {}));
    const keys = { fetchTimeoutSeconds: 0.5 };
    const verifier = createVerifier({ ...server.verifierOptions, tokenCache, keys });
    const asked = verifier.verify(await server.issuer.token()).catch((reason) => reason);
    await until(() => server.hits.jwks === 1);
    await vi.advanceTimersByTimeAsync(500);
    expect(await asked).toMatchObject({
      reason: 'keys_unavailable',
      detail: `${server.jwksUri} gave no complete answer within 0.5 s`,
    });
  });

  it('ends by the deadline even with a fetch that ignores its signal', async () => {
    const server = await KeyServer.create();
    const fetch: typeof globalThis.fetch = () => new Promise(() => {});
    const verifier = createVerifier({ ...server.verifierOptions, fetch, tokenCache });
    const asked = verdictOf(verifier.verify(await server.issuer.token()));
    await until(() => vi.getTimerCount() === 2);
    await vi.advanceTimersByTimeAsync(DEADLINE_MS);
    expect(await asked).toBe('metadata_unavailable');
  });
});

describe.each(TOKEN_CACHES)('one deadline for all that a request waits for, %s', (_, tokenCache) => {
  async function open() {
    const server = await KeyServer.create();
    const verifier = createVerifier({ ...server.verifierOptions, tokenCache });
    let verdict: Verdict | undefined;
    const ask = (token: string) => {
      verdict = undefined;
      void verdictOf(verifier.verify(token)).then((known) => {
        verdict = known;
      });
    };
    return { server, verifier, ask, seen: () => verdict };
  }

  it('metadata that is slow and a key set that never comes', async () => {
    covers('H7');
    const { server, ask, seen } = await open();
    server.answer('metadata', (_, good) => new Promise((resolve) => setTimeout(resolve, DEADLINE_MS - 1, good())));
    server.answer('jwks', () => new Promise(() => {}));
    ask(await server.issuer.token(EVERLASTING));
    await until(() => server.hits.metadata === 1);
    await vi.advanceTimersByTimeAsync(DEADLINE_MS - 1);
    await until(() => server.hits.jwks === 1);
    expect(seen()).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    await until(() => seen() !== undefined);
    expect(seen()).toBe('keys_unavailable');
  });

  it('a fetch that goes on, and one of its own after it', async () => {
    covers('H7');
    const { server, verifier, ask, seen } = await open();
    await verifier.ready();
    const token = await server.issuer.token(EVERLASTING);
    const held = server.hold('jwks');
    const first = verdictOf(verifier.verify(withHeader(token, { kid: 'first' })));
    await until(() => held.length === 1);
    ask(withHeader(token, { kid: 'second' }));
    await vi.advanceTimersByTimeAsync(DEADLINE_MS - 1);
    held[0]?.release();
    expect(await first).toBe('unknown_key');
    await until(() => held.length === 2);
    expect(seen()).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    await until(() => seen() !== undefined);
    expect(seen()).toBe('keys_unavailable');
    // Its fetch goes on for others, until the deadline of the fetch itself.
    expect(vi.getTimerCount()).toBe(1);
    held[1]?.release();
    await until(() => vi.getTimerCount() === 0);
  });
});
