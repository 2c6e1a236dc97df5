import { randomUUID } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { connect } from 'node:net';
import type { RequestHandler } from 'express';
import { describe, expect, it } from 'vitest';
import { type DiagnosticsMessages, REFUSALS, type RefusalReason } from '../../src/index.js';
import { type AuthorizationServer, NO_HITS } from '../support/authorization-server.js';
import { withHeader } from '../support/clients.js';
import { covers } from '../support/covers.js';
import type { GuardedApi } from '../support/guarded-api.js';
import { until } from '../support/key-server.js';
import { answerWell } from '../support/loopback-server.js';
import { type Mutation, nextKey, RawIssuer, unendingToken } from '../support/raw-issuer.js';
import { useTestbed } from '../support/testbed.js';
import { thorough } from '../support/thorough.js';

const MANY = thorough(10_000, 1000);
const PATIENCE_MS = 60_000;
const AT_ONCE = 100;
const MINUTE_SECONDS = 60;
/** What the defaults of the option `keys` allow in a minute: refetchBurst, and one every refetchEverySeconds. */
const MOST_FETCHES_IN_A_MINUTE = 3 + MINUTE_SECONDS / 30;
// The waits after failures are 0.5, 1, 2, 4, 8, 16 and 30 s long at least.
const MOST_FAILURES_IN_A_MINUTE = 8;
const MAX_AGE_SECONDS = 600;

describe('H: floods of kids, and keys that come and go', () => {
  const testbed = useTestbed();

  /** A token that was never seen before, issued now: nobody can tell by its age whether the issuer has its key. */
  const newToken = (issuer: RawIssuer, mutation: Mutation = {}) =>
    unendingToken(issuer, randomUUID(), { ...mutation, payload: { iat: String(issuer.now), ...mutation.payload } });

  const stateOf = (api: GuardedApi) => api.verifier.status().issuers[0]?.state;

  /** Sends tokens with a made-up kid each, a hundred at once, and counts the answers by their text. */
  async function flood(api: GuardedApi, token: string, count: number, between: () => Promise<void>) {
    const answers = new Map<string, number>();
    for (let sent = 0; sent < count; sent += AT_ONCE) {
      const tokens = Array.from({ length: AT_ONCE }, () => withHeader(token, { kid: randomUUID() }));
      const [texts] = await Promise.all([sendPipelined(api.port, tokens), between()]);
      for (const text of texts) answers.set(text, (answers.get(text) ?? 0) + 1);
    }
    return answers;
  }

  const every = (count: number, status: number, reason: RefusalReason) =>
    new Map([[`${status} ${REFUSALS[reason].description}`, count]]);

  const unknownKey = every(MANY, 401, 'unknown_key');
  const unavailable = every(MANY, 503, 'keys_unavailable');

  /** A flood of one minute, with good tokens in between that always pass. */
  async function floodForAMinute(api: GuardedApi, issuers: readonly AuthorizationServer[], count: number) {
    const [issuer] = issuers as [AuthorizationServer];
    const known = newToken(issuer);
    expect(await api.ask(known)).toBe('accepted');
    return flood(api, newToken(issuer), count, async () => {
      issuer.clock.advance((MINUTE_SECONDS * AT_ONCE) / count);
      const asked = [known, ...issuers.map((one) => newToken(one))].map((token) => api.ask(token));
      expect(new Set(await Promise.all(asked))).toEqual(new Set(['accepted']));
    });
  }

  it(
    'CVE-2026-48524: 10,000 made-up kids in a minute cost what the limit allows; known keys go on, and other issuers have limits of their own',
    async () => {
      covers('H15');
      const [a, b] = [await testbed.openIssuer(), await testbed.openIssuer()];
      const api = await testbed.startApi();
      const answers = await floodForAMinute(api, [a, b], MANY);
      // Beyond the limit nobody can tell about a token that is younger than the key set.
      expect([...answers.keys()].sort()).toEqual([...unknownKey.keys(), ...unavailable.keys()]);
      expect([...answers.values()].reduce((sum, count) => sum + count)).toBe(MANY);
      expect(a.hits).toEqual({ ...NO_HITS, metadata: 1, jwks: expect.any(Number) });
      expect(a.hits.jwks - 1).toBeGreaterThan(1);
      expect(a.hits.jwks - 1).toBeLessThanOrEqual(MOST_FETCHES_IN_A_MINUTE);

      expect(b.hits).toEqual({ ...NO_HITS, metadata: 1, jwks: 1 });
      const next = nextKey(b);
      b.published = [b.jwk, next.jwk];
      expect(await api.ask(newToken(next))).toBe('accepted');
    },
    PATIENCE_MS,
  );

  it('a key that comes during a flood is known when the limit allows the next fetch', async () => {
    covers('H15');
    const { issuer, api } = await testbed.open();
    expect(await api.ask(newToken(issuer))).toBe('accepted');
    await flood(api, newToken(issuer), 500, async () => {});
    const next = nextKey(issuer);
    issuer.published = [issuer.jwk, next.jwk];
    issuer.clock.advance(31);
    expect(await api.ask(newToken(next))).toBe('accepted');
  });

  it.each<[string, Mutation]>([
    ['expired', { payload: { exp: '1' } }],
    ['for another audience', { payload: { aud: '"https://other.test"' } }],
    ['without exp', { payload: { exp: undefined } }],
    ['of another type', { header: { typ: '"logout+jwt"' } }],
    ['of an algorithm that is not allowed', { header: { alg: '"HS256"' } }],
    ['bound to a key', { payload: { cnf: '{"jkt":"x"}' } }],
    ['longer than any kid', { header: { kid: JSON.stringify('k'.repeat(257)) } }],
  ])('a made-up kid in a token that is %s costs no fetch', async (_, mutation) => {
    covers('H15');
    const { issuer, api } = await testbed.open();
    expect(await api.ask(newToken(issuer))).toBe('accepted');
    const header = { kid: '"made-up"', ...mutation.header };
    expect(await api.ask(newToken(issuer, { ...mutation, header }))).not.toBe('accepted');
    expect(issuer.hits.jwks).toBe(1);
    expect(await api.ask(newToken(issuer, { header: { kid: '"made-up"' } }))).toBe('unknown_key');
    expect(issuer.hits.jwks).toBe(2);
  });

  it(
    'CVE-2026-48524: made-up kids evict no key while the endpoint fails, cost one fetch a back-off, and are 503',
    async () => {
      covers('H16');
      const [a, b] = [await testbed.openIssuer(), await testbed.openIssuer()];
      const api = await testbed.startApi();
      expect(await api.ask(newToken(a))).toBe('accepted');
      a.answerJwks = (res) => res.writeHead(500).end();
      expect(await floodForAMinute(api, [a, b], MANY)).toEqual(every(MANY, 503, 'keys_unavailable'));
      expect(a.hits.jwks - 1).toBeGreaterThan(1);
      expect(a.hits.jwks - 1).toBeLessThanOrEqual(MOST_FAILURES_IN_A_MINUTE);

      a.recover();
      a.clock.advance(MINUTE_SECONDS + 1);
      const next = nextKey(a);
      a.published = [a.jwk, next.jwk];
      expect(await api.ask(newToken(next))).toBe('accepted');
    },
    PATIENCE_MS,
  );

  it('CVE-2026-48524: with no key at hand yet, an endpoint that fails is asked once for each back-off', async () => {
    covers('H16');
    const { issuer, api } = await testbed.open();
    issuer.answerJwks = (res) => res.writeHead(500).end();
    const token = newToken(issuer);
    for (let second = 0; second < MINUTE_SECONDS; second += 1) {
      expect(new Set(await Promise.all([api.ask(token), api.ask(newToken(issuer))]))).toEqual(
        new Set(['keys_unavailable']),
      );
      issuer.clock.advance(1);
    }
    // Waits of half a second at least, then twice as long each time, and from half of five seconds to five: 0.5, 1, 2, 2.5, ...
    expect(issuer.hits.jwks).toBeGreaterThan(MINUTE_SECONDS / 6);
    expect(issuer.hits.jwks).toBeLessThanOrEqual(4 + MINUTE_SECONDS / 2.5);
    issuer.recover();
    issuer.clock.advance(5);
    expect(await api.ask(token)).toBe('accepted');
  });

  it('CVE-2025-22149: a new kid costs one fetch; a removed one is refused after maxAgeSeconds, in cached tokens too', async () => {
    covers('H17');
    const { issuer, api } = await testbed.open();
    const [cached, unseen] = [newToken(issuer), newToken(issuer)];
    expect(await api.ask(cached)).toBe('accepted');

    const next = nextKey(issuer);
    issuer.published = [issuer.jwk, next.jwk];
    expect([await api.ask(newToken(next)), await api.ask(newToken(next))]).toEqual(['accepted', 'accepted']);
    expect(issuer.hits.jwks).toBe(2);

    issuer.published = [next.jwk];
    issuer.clock.advance(MAX_AGE_SECONDS - 1);
    expect(await api.ask(cached)).toBe('accepted');
    expect(issuer.hits.jwks).toBe(2);
    issuer.clock.advance(1);
    // Nobody sends anything but the cached token: it alone sets the refresh going.
    expect(await api.ask(cached)).toBe('accepted');
    await until(() => stateOf(api) === 'fresh');
    expect(issuer.hits.jwks).toBe(3);
    expect([await api.ask(cached), await api.ask(unseen)]).toEqual(['unknown_key', 'unknown_key']);
    expect(await api.ask(newToken(next))).toBe('accepted');
  });

  it('a key that comes back verifies again what it verified', async () => {
    covers('H17');
    const { issuer, api } = await testbed.open();
    const [token, next] = [newToken(issuer), nextKey(issuer)];
    expect(await api.ask(token)).toBe('accepted');
    issuer.published = [next.jwk];
    await api.verifier.refresh();
    expect(await api.ask(token)).toBe('unknown_key');
    issuer.published = [issuer.jwk];
    await api.verifier.refresh();
    expect([await api.ask(token), await api.ask(newToken(next))]).toEqual(['accepted', 'unknown_key']);
  });

  it('another key under the kid of one that was removed verifies nothing of what that one did', async () => {
    covers('H17');
    const { issuer, api } = await testbed.open();
    const [token, other] = [newToken(issuer), new RawIssuer({ issuer: issuer.issuer })];
    expect(await api.ask(token)).toBe('accepted');
    issuer.published = [other.jwk];
    await api.verifier.refresh();
    expect([await api.ask(token), await api.ask(newToken(other))]).toEqual(['signature_invalid', 'accepted']);
  });

  it.each([0, 3600])(
    'while the endpoint fails keys serve %i seconds longer, then all is 503 and nothing passes',
    async (staleIfErrorSeconds) => {
      covers('H18');
      const { issuer, api } = await testbed.open({ keys: { maxAgeSeconds: MAX_AGE_SECONDS, staleIfErrorSeconds } });
      const cached = newToken(issuer);
      expect(await api.ask(cached)).toBe('accepted');
      const forged = newToken(issuer, { key: nextKey(issuer).keys.privateKey });
      const madeUp = newToken(issuer, { header: { kid: '"made-up"' } });
      const ask = () => Promise.all([cached, newToken(issuer), forged, madeUp].map((token) => api.ask(token)));
      issuer.answerJwks = (res) => res.writeHead(500).end();

      issuer.clock.advance(MAX_AGE_SECONDS - 1);
      expect(await ask()).toEqual(['accepted', 'accepted', 'signature_invalid', 'keys_unavailable']);
      issuer.clock.advance(staleIfErrorSeconds);
      expect(await ask()).toEqual(['accepted', 'accepted', 'signature_invalid', 'keys_unavailable']);
      issuer.clock.advance(1);
      const nothing = Array(4).fill('keys_unavailable');
      expect(await ask()).toEqual(nothing);
      issuer.clock.advance(86_400);
      expect(await ask()).toEqual(nothing);
      issuer.recover();
      issuer.clock.advance(MINUTE_SECONDS + 1);
      // The first request finds out that the issuer is back; those that come meanwhile do not wait for it.
      expect(await api.ask(cached)).toBe('accepted');
      expect(await ask()).toEqual(['accepted', 'accepted', 'signature_invalid', 'unknown_key']);
    },
  );

  it('refresh() drops a removed key at once, and an older answer that comes later does not bring it back', async () => {
    covers('H19');
    const { issuer, api } = await testbed.open();
    const [cached, next] = [newToken(issuer), nextKey(issuer)];
    expect(await api.ask(cached)).toBe('accepted');

    const held: (() => void)[] = [];
    issuer.answerJwks = (...answering) => void held.push(() => answerWell(...answering));
    issuer.clock.advance(MAX_AGE_SECONDS);
    expect(await api.ask(cached)).toBe('accepted');
    await until(() => held.length === 1);

    issuer.published = [next.jwk];
    const refreshed = api.verifier.refresh();
    await until(() => held.length === 2);
    expect(await api.ask(cached)).toBe('accepted');
    issuer.recover();
    held[1]?.();
    await refreshed;
    expect([await api.ask(cached), await api.ask(newToken(next))]).toEqual(['unknown_key', 'accepted']);
    const { url } = await nextFetch(() => held[0]?.());
    expect(url).toBe(issuer.jwksUri);
    for (let i = 0; i < 5; i += 1) expect(await api.ask(cached)).toBe('unknown_key');
    expect([await api.ask(newToken(issuer)), await api.ask(newToken(next))]).toEqual(['unknown_key', 'accepted']);
  });

  describe('a cold start', () => {
    covers('H20');
    const COUNT = 500;

    async function open() {
      const issuer = await testbed.openIssuer();
      let arrived = 0;
      const api = await testbed.startApi({
        routes: (app, { createGuard, handler }) => {
          const count: RequestHandler = (_req, _res, next) => {
            arrived += 1;
            next();
          };
          app.get('/counted', count, createGuard()('read'), handler);
        },
      });
      const held: (() => void)[] = [];
      issuer.answerJwks = (...answering) => void held.push(() => answerWell(...answering));
      const arrive = (number: number) => until(() => arrived === number && held.length === 1);
      /** Sends a request of which nobody will read the answer. */
      const sendAndAbort = async (token: string) => {
        const before = arrived;
        const socket = connect(api.port, '127.0.0.1');
        socket.write(`GET /counted HTTP/1.1\r\nHost: api.test\r\nAuthorization: Bearer ${token}\r\n\r\n`);
        await arrive(before + 1);
        socket.destroy();
      };
      return { issuer, api, held, arrive, sendAndAbort };
    }

    it('500 requests at once cost one fetch, whoever goes away meanwhile (CVE-2025-64527)', async () => {
      const { issuer, api, held, arrive, sendAndAbort } = await open();
      // The request that set the fetch going is one of those whose client leaves.
      for (let i = 0; i < 5; i += 1) await sendAndAbort(newToken(issuer));
      const [good, forged] = [newToken(issuer), newToken(issuer, { key: nextKey(issuer).keys.privateKey })];
      const asked = Array.from({ length: COUNT }, (_unused, i) => api.ask(i % 2 === 0 ? good : forged, '/counted'));
      await arrive(5 + COUNT);
      held[0]?.();
      const answers = await Promise.all(asked);
      expect(answers).toEqual(answers.map((_unused, i) => (i % 2 === 0 ? 'accepted' : 'signature_invalid')));
      expect(issuer.hits).toEqual({ ...NO_HITS, metadata: 1, jwks: 1 });
    });

    it('500 requests at once to an endpoint that fails cost one fetch, and are all 503', async () => {
      const { issuer, api, held, arrive } = await open();
      issuer.answerJwks = (res) => void held.push(() => res.writeHead(500).end());
      const asked = Array.from({ length: COUNT }, () => api.ask(newToken(issuer), '/counted'));
      await arrive(COUNT);
      held[0]?.();
      expect(new Set(await Promise.all(asked))).toEqual(new Set(['keys_unavailable']));
      expect(issuer.hits).toEqual({ ...NO_HITS, metadata: 1, jwks: 1 });
      issuer.recover();
      issuer.clock.advance(2);
      expect(await api.ask(newToken(issuer))).toBe('accepted');
    });
  });
});

/** Sends requests on one connection without waiting in between. Gives status and text of each answer. */
async function sendPipelined(port: number, tokens: readonly string[]): Promise<readonly string[]> {
  const socket = connect(port, '127.0.0.1');
  for (const [i, token] of tokens.entries()) {
    const end = i === tokens.length - 1 ? 'Connection: close\r\n' : '';
    socket.write(`GET /orders HTTP/1.1\r\nHost: api.test\r\nAuthorization: Bearer ${token}\r\n${end}\r\n`);
  }
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  const answers = Buffer.concat(chunks).toString().split('HTTP/1.1 ').slice(1);
  return answers.map((answer) => `${answer.slice(0, 3)} ${/"error_description":"([^"]*)"/.exec(answer)?.[1]}`);
}

/** Sets something going that ends a fetch, and gives what is told of that. */
function nextFetch(go: () => void): Promise<DiagnosticsMessages['scopegate:fetch']> {
  return new Promise((resolve) => {
    const listener = (message: unknown) => {
      unsubscribe('scopegate:fetch', listener);
      resolve(message as DiagnosticsMessages['scopegate:fetch']);
    };
    subscribe('scopegate:fetch', listener);
    go();
  });
}
