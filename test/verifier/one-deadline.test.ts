import { createSecretKey } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createVerifier, type HttpRequest, type Verifier, type VerifierOptions } from '../../src/index.js';
import { EVERLASTING, verdictOf } from '../support/clients.js';
import { covers } from '../support/covers.js';
import { KeyServer, until } from '../support/key-server.js';
import { RawIssuer } from '../support/raw-issuer.js';

const DEADLINE_MS = 5000;
const STEP_MS = 50;
/** The last moment at which an answer still comes in time. */
const LATEST_MS = DEADLINE_MS - STEP_MS;

const never = <T>() => new Promise<T>(() => {});
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

beforeEach(() => {
  // Deadlines pass when a test says so.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => vi.useRealTimers());

/** Lets time pass until a call settles. Gives what came of it, and when. */
async function timeOf(call: Promise<unknown>): Promise<{ verdict: string; ms: number }> {
  let verdict: string | undefined;
  void verdictOf(call).then((known) => {
    verdict = known;
  });
  for (let ms = 0; ms <= 10 * DEADLINE_MS; ms += STEP_MS) {
    for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
    if (verdict !== undefined) return { verdict, ms };
    await vi.advanceTimersByTimeAsync(STEP_MS);
  }
  throw new Error('it never settled');
}

describe('one deadline for all that a request waits for, with an issuer that answers at the last moment', () => {
  it('a resolver, and then the keys', async () => {
    covers('H7');
    const server = await KeyServer.create();
    const issuer: VerifierOptions['issuer'] = async (iss) => {
      await sleep(LATEST_MS);
      return { issuer: iss, jwksUri: server.jwksUri };
    };
    const verifier = createVerifier({ ...server.verifierOptions, issuer });
    server.answer('jwks', never);
    const token = await server.issuer.token(EVERLASTING);
    expect(await timeOf(verifier.verify(token))).toEqual({ verdict: 'keys_unavailable', ms: DEADLINE_MS });
  });

  it('a resolver that never settles', async () => {
    covers('H7');
    const server = await KeyServer.create();
    const verifier = createVerifier({ ...server.verifierOptions, issuer: never });
    const token = await server.issuer.token(EVERLASTING);
    expect(await timeOf(verifier.verify(token))).toEqual({ verdict: 'issuer_resolver_failed', ms: DEADLINE_MS });
  });

  it('the control: a resolver and keys that both come in time', async () => {
    covers('H7');
    const server = await KeyServer.create();
    const half = (DEADLINE_MS - STEP_MS) / 2;
    const issuer: VerifierOptions['issuer'] = async (iss) => {
      await sleep(half);
      return { issuer: iss, jwksUri: server.jwksUri };
    };
    server.answer('jwks', async (_, good) => sleep(half).then(good));
    const verifier = createVerifier({ ...server.verifierOptions, issuer });
    const { verdict, ms } = await timeOf(verifier.verify(await server.issuer.token(EVERLASTING)));
    expect(verdict).toBe('accepted');
    expect(ms).toBeLessThanOrEqual(DEADLINE_MS);
  });

  it('a secret, and the retry when it is too old at once', async () => {
    covers('H7');
    const { verifier, token, calls } = openWithAgingSecret(async (call) => {
      if (call > 1) return never();
      await sleep(LATEST_MS);
    });
    // The clock leaps by hours, as it does in a process that was suspended: the time begins anew, once, and the secret
    // is fetched anew.
    expect(await timeOf(verifier.verify(token))).toEqual({ verdict: 'secret_unavailable', ms: 2 * DEADLINE_MS });
    expect(calls()).toBe(3);
  });

  it('the control: a retry that comes in time', async () => {
    covers('H7');
    const { verifier, token, calls } = openWithAgingSecret(() => sleep(DEADLINE_MS / 2 - STEP_MS), 1);
    const { verdict, ms } = await timeOf(verifier.verify(token));
    expect([verdict, calls()]).toEqual(['accepted', 2]);
    expect(ms).toBeLessThan(DEADLINE_MS);
  });

  it('UserInfo: a resolver, and then the metadata at its two places', async () => {
    covers('J20');
    const server = await KeyServer.create();
    let pause = () => Promise.resolve();
    const issuer: VerifierOptions['issuer'] = async (iss) => {
      await pause();
      return { issuer: iss, jwksUri: server.jwksUri };
    };
    const verifier = createVerifier({ ...server.verifierOptions, issuer });
    const accessToken = await verifier.verify(await server.issuer.token(EVERLASTING));

    // The resolver is asked again.
    server.issuer.advance(86_400);
    pause = () => sleep(LATEST_MS);
    server.answer('metadata', never);
    const userInfo = verifier.userInfo(accessToken);
    expect(await timeOf(userInfo)).toEqual({ verdict: 'userinfo_unavailable', ms: DEADLINE_MS });
  });

  describe('introspection', () => {
    const credentials = { clientId: 'api', clientSecret: 'secret' };
    const opaque = (token: string): HttpRequest => ({ headers: { authorization: `Bearer ${token}` }, ip: '192.0.2.1' });

    interface Pauses {
      readonly metadata?: () => Promise<unknown>;
      readonly secret?: () => Promise<unknown>;
      readonly answer?: (token: string) => Promise<unknown>;
      readonly jwks?: () => Promise<unknown>;
    }

    /** An issuer that introspects, and takes its time for each step. */
    function open(pauses: Pauses, changes: object = {}) {
      const raw = new RawIssuer();
      const { issuer } = raw;
      const metadata = { issuer, introspection_endpoint: `${issuer}/introspect`, jwks_uri: `${issuer}/jwks` };
      const fetch = async (url: unknown, init?: RequestInit) => {
        if (String(url).endsWith('/jwks')) {
          await pauses.jwks?.();
          return Response.json({ keys: [raw.jwk] });
        }
        if (!String(url).endsWith('/introspect')) {
          await pauses.metadata?.();
          return Response.json(metadata);
        }
        await pauses.answer?.(new URLSearchParams(String(init?.body)).get('token') as string);
        const active = JSON.stringify({ active: true, aud: raw.audience, sub: 'alice' });
        const signed = raw.token({
          header: { typ: '"token-introspection+jwt"' },
          payload: { aud: '"api"', token_introspection: active },
        });
        const type = { headers: { 'content-type': 'application/token-introspection+jwt' } };
        return 'signed' in changes ? new Response(signed, type) : Response.json(JSON.parse(active));
      };
      const clientSecret = async () => {
        await pauses.secret?.();
        return 'secret';
      };
      const introspection = { ...credentials, clientSecret, ...changes };
      return createVerifier({
        issuer: { issuer, introspection } as VerifierOptions['issuer'] & object,
        audience: raw.audience,
        clock: raw.clock.now,
        fetch: fetch as typeof globalThis.fetch,
      });
    }

    const late = () => sleep(LATEST_MS);
    const signed = { signed: true };

    it.each<[string, Pauses, object]>([
      ['metadata, and an answer that never comes', { metadata: late, answer: never }, {}],
      ['metadata, and a secret that never comes', { metadata: late, secret: never }, {}],
      ['a secret, and an answer that never comes', { secret: late, answer: never }, {}],
      ['an answer, and the metadata of the keys that sign it', { answer: late, jwks: never }, signed],
      ['all of them, a little late each', { metadata: () => sleep(2000), secret: () => sleep(2000), answer: late }, {}],
    ])('%s', async (_, pauses, changes) => {
      covers('J20');
      const { ms, verdict } = await timeOf(open(pauses, changes).authenticate(opaque('a')));
      expect(ms).toBe(DEADLINE_MS);
      expect(verdict).toBe(changes === signed ? 'keys_unavailable' : 'introspection_unavailable');
    });

    it.each<[string, object]>([
      ['plain', {}],
      ['signed', signed],
    ])('the control: %s, and all in time', async (_, changes) => {
      covers('J20');
      const some = () => sleep(900);
      const { ms, verdict } = await timeOf(
        open({ metadata: some, secret: some, answer: some, jwks: some }, changes).authenticate(opaque('a')),
      );
      expect(verdict).toBe('accepted');
      expect(ms).toBeLessThan(DEADLINE_MS);
    });

    it('a place in the queue, and an answer that never comes', async () => {
      covers('J20');
      const answer = (token: string) => (token === 'first' ? sleep(2000) : never<void>());
      const verifier = open({ answer }, { maxInFlight: 1 });
      const first = verdictOf(verifier.authenticate(opaque('first')));
      const second = timeOf(verifier.authenticate(opaque('second')));
      expect(await second).toEqual({ verdict: 'introspection_unavailable', ms: DEADLINE_MS });
      expect(await first).toBe('accepted');
    });

    it('a place in the queue alone: half of the deadline', async () => {
      covers('J20');
      const verifier = open({ answer: never }, { maxInFlight: 1 });
      const first = verdictOf(verifier.authenticate(opaque('first')));
      const second = await timeOf(verifier.authenticate(opaque('second')));
      expect(second).toEqual({ verdict: 'introspection_unavailable', ms: DEADLINE_MS / 2 });
      await vi.advanceTimersByTimeAsync(DEADLINE_MS);
      expect(await first).toBe('introspection_unavailable');
    });

    /** Takes nine places in ten for a second, so that the next request from the same address waits for one. */
    function occupy(verifier: Verifier) {
      return Array.from({ length: 9 }, (_, i) => verdictOf(verifier.authenticate(opaque(`busy-${i}`))));
    }
    const elsewhere = (token: string) => ({ ...opaque(token), ip: '192.0.2.2' });

    it('a place, and then the answer that another source waits for since later', async () => {
      covers('J20');
      let asked = 0;
      const answer = async (token: string) => {
        if (token !== 'same') return sleep(1000);
        asked += 1;
        return never();
      };
      const verifier = open({ answer }, { maxInFlight: 10 });
      const busy = occupy(verifier);
      const waiting = timeOf(verifier.authenticate(opaque('same')));
      await until(() => verifier.status().issuers[0]?.introspection?.waiting === 1);
      await sleep(500);
      const later = verdictOf(verifier.authenticate(elsewhere('same')));
      expect(await waiting).toEqual({ verdict: 'introspection_unavailable', ms: DEADLINE_MS });
      await vi.advanceTimersByTimeAsync(500);
      expect([await later, asked]).toEqual(['introspection_unavailable', 1]);
      expect(new Set(await Promise.all(busy))).toEqual(new Set(['accepted']));
    });

    it('the control: a place, and another source has got the answer by then', async () => {
      covers('J20');
      let asked = 0;
      const answer = async (token: string) => {
        if (token === 'same') asked += 1;
        await sleep(token === 'same' ? 500 : 1000);
      };
      const verifier = open({ answer }, { maxInFlight: 10 });
      const busy = occupy(verifier);
      const waiting = timeOf(verifier.authenticate(opaque('same')));
      await until(() => verifier.status().issuers[0]?.introspection?.waiting === 1);
      const other = verdictOf(verifier.authenticate(elsewhere('same')));
      expect((await waiting).verdict).toBe('accepted');
      expect([await other, asked]).toEqual(['accepted', 1]);
      await Promise.all(busy);
    });
  });

  it('ready(): metadata at two places, each at the last moment', async () => {
    covers('H7');
    const server = await KeyServer.create();
    const introspection = { clientId: 'api', clientSecret: 'secret' };
    const { issuer, ...options } = server.verifierOptions;
    let requests = 0;
    const fetch = async () => {
      requests += 1;
      await sleep(LATEST_MS);
      return new Response(null, { status: 404 });
    };
    const verifier = createVerifier({ ...options, issuer: { issuer, introspection }, fetch });
    expect(await timeOf(verifier.ready())).toEqual({ verdict: 'introspection_unavailable', ms: DEADLINE_MS });
    expect(requests).toBe(2);
  });
});

/** A shared secret that is too old as soon as it came, for the first `ages` times. */
function openWithAgingSecret(pause: (call: number) => Promise<void>, ages = 2) {
  const secret = 'x'.repeat(32);
  const raw = new RawIssuer();
  let calls = 0;
  let jumps = 0;
  const verifier = createVerifier({
    issuer: {
      issuer: raw.issuer,
      algorithms: ['HS256'],
      async secret() {
        calls += 1;
        await pause(calls);
        jumps = calls <= ages ? 1 : 0;
        return secret;
      },
    },
    audience: raw.audience,
    // Each reading of the clock is three hours after the one before: longer than any secret is used.
    clock: () => {
      raw.clock.advance(jumps * 3 * 3600);
      return raw.clock.now();
    },
  });
  const key = createSecretKey(Buffer.from(secret));
  const exp = String(raw.now + 10 * 365 * 86_400);
  const token = raw.token({ header: { alg: '"HS256"' }, payload: { exp }, key, signWith: 'HS256' });
  return { verifier, token, calls: () => calls };
}
