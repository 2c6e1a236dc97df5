import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createVerifier, type IssuerResolver, type IssuerUnavailableError } from '../../../src/index.js';
import { both, Clients, EVERLASTING, TOKEN_CACHES, type Verdict, verdictOf } from '../../support/clients.js';
import { covers } from '../../support/covers.js';
import { KeyServer, until } from '../../support/key-server.js';
import { rejectionsDuring } from '../../support/rejections.js';

const DEADLINE_MS = 5000;
const BOOM = new Error('the database is gone');

beforeEach(() => {
  // Deadlines pass when a test says so.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe.each(TOKEN_CACHES)('a resolver of issuers, %s', (_, tokenCache) => {
  async function open() {
    const server = await KeyServer.create();
    const trust: IssuerResolver = (iss) => (iss === server.issuer.issuer ? { issuer: iss } : undefined);
    const asked: string[] = [];
    let resolver = trust;
    const issuer: IssuerResolver = (iss, token) => {
      asked.push(iss);
      return resolver(iss, token);
    };
    const verifier = createVerifier({ ...server.verifierOptions, issuer, tokenCache });
    const ask = async () => verdictOf(verifier.verify(await server.issuer.token(EVERLASTING)));
    const resolveBy = (other: unknown = trust) => {
      resolver = other as IssuerResolver;
    };
    return { server, verifier, asked, ask, resolveBy };
  }

  const FAILURES: readonly (readonly [name: string, resolver: unknown])[] = [
    [
      'throws',
      () => {
        throw BOOM;
      },
    ],
    ['rejects', () => Promise.reject(BOOM)],
    ['rejects with undefined', () => Promise.reject()],
    ['gives null', () => null],
    ['gives false', () => false],
    ['gives a number', () => Promise.resolve(42)],
    ['gives an empty object', () => ({})],
    ['gives a list', (iss: string) => [{ issuer: iss }]],
    ['gives another issuer', () => ({ issuer: 'https://other.test' })],
    ['gives the issuer with a slash', (iss: string) => ({ issuer: `${iss}/` })],
    ['gives an option that there is not', (iss: string) => ({ issuer: iss, jwksUrl: 'https://issuer.test/jwks' })],
    ['gives keys at an http URL', (iss: string) => ({ issuer: iss, jwksUri: 'http://issuer.test/jwks' })],
    ['gives keys none of which can be used', (iss: string) => ({ issuer: iss, jwks: { keys: [{ kty: 'oct' }] } })],
  ];

  it.each(FAILURES)('that %s is answered with 503, and asked again by the next request', async (_, failing) => {
    const { server, asked, ask, resolveBy } = await open();
    const rejections = await rejectionsDuring(async () => {
      resolveBy(failing);
      expect(await ask()).toBe('issuer_resolver_failed');
      expect(server.requests).toEqual([]);
      resolveBy();
      expect(await ask()).toBe('accepted');
    });
    expect(rejections).toEqual([]);
    expect(asked).toHaveLength(2);
  });

  it('that throws leaves its error in the cause, and nothing of it in what the client reads', async () => {
    const { server, verifier, resolveBy } = await open();
    resolveBy(() => Promise.reject(BOOM));
    const error: IssuerUnavailableError = await verifier.verify(await server.issuer.token()).catch((reason) => reason);
    expect(error).toMatchObject({
      reason: 'issuer_resolver_failed',
      cause: BOOM,
      detail: 'for iss "https://issuer.test"',
    });
    expect(`${error.message} ${error.body} ${JSON.stringify(error.headers)}`).not.toContain('database');
  });

  it.each([
    ['never settles', () => new Promise(() => {})],
    ['answers too late', (iss: string) => new Promise((resolve) => setTimeout(resolve, 6000, { issuer: iss }))],
    ['fails too late', () => new Promise((_, reject) => setTimeout(reject, 6000, BOOM))],
  ])('that %s is cut off after fetchTimeoutSeconds', async (_, slow) => {
    covers('J20');
    const { server, verifier, asked, ask, resolveBy } = await open();
    resolveBy(slow);
    const tokens = await Promise.all([1, 2, 3].map(() => server.issuer.token(EVERLASTING)));
    const rejections = await rejectionsDuring(async () => {
      const calls = tokens.map((token) => verdictOf(verifier.verify(token)));
      await until(() => asked.length > 0);
      await vi.advanceTimersByTimeAsync(DEADLINE_MS);
      const verdicts = await Promise.all(calls);
      expect(verdicts).toEqual(Array.from({ length: 3 }, () => 'issuer_resolver_failed'));
      await vi.advanceTimersByTimeAsync(10_000);
    });
    expect(rejections).toEqual([]);
    expect(asked).toHaveLength(1);
    expect(server.requests).toEqual([]);
    resolveBy();
    expect(await ask()).toBe('accepted');
  });

  it('that takes its time, but no more than there is, is waited for', async () => {
    covers('J20');
    const { asked, ask, resolveBy } = await open();
    resolveBy((iss: string) => new Promise((resolve) => setTimeout(resolve, DEADLINE_MS - 1, { issuer: iss })));
    const call = ask();
    await until(() => asked.length > 0);
    await vi.advanceTimersByTimeAsync(DEADLINE_MS - 1);
    expect(await call).toBe('accepted');
  });

  it('is asked once for 500 requests at once, and not again for what it said', async () => {
    covers('H20');
    const { asked, ask } = await open();
    const verdicts = await Promise.all(Array.from({ length: 500 }, ask));
    expect(new Set(verdicts)).toEqual(new Set(['accepted']));
    expect(await ask()).toBe('accepted');
    expect(asked).toEqual(['https://issuer.test']);
  });

  it('is asked by nothing but the iss of a token that can be read', async () => {
    const { verifier, asked, ask } = await open();
    expect(await verdictOf(verifier.verify('a.b'))).toBe('token_malformed');
    expect(asked).toEqual([]);
    expect(await ask()).toBe('accepted');
    expect(asked).toHaveLength(1);
  });

  describe('later on', () => {
    async function openWarm() {
      const opened = await open();
      const clients = await Clients.create(opened.server.issuer, opened.verifier);
      return { ...opened, clients };
    }

    /** The resolver answers before a signature is verified; a token that is remembered is answered sooner. */
    const atFirst = (verdict: Verdict): Verdict => (tokenCache === false ? verdict : 'accepted');

    it('is asked again after maxAgeSeconds, behind the requests', async () => {
      const { server, asked, clients, resolveBy } = await openWarm();
      server.issuer.advance(599);
      expect(await clients.ask()).toEqual(both('accepted'));
      expect(asked).toHaveLength(1);
      server.issuer.advance(1);
      // No request that waited for it could be answered.
      resolveBy(() => new Promise(() => {}));
      for (let i = 0; i < 5; i += 1) expect(await clients.ask()).toEqual(both('accepted'));
      expect(asked).toHaveLength(2);
      await vi.advanceTimersByTimeAsync(DEADLINE_MS);
    });

    it('refuses an issuer that it stops trusting, once a request made it be asked', async () => {
      const { server, asked, clients, resolveBy } = await openWarm();
      resolveBy(() => undefined);
      server.issuer.advance(600);
      expect(await clients.askWithOld()).toBe(atFirst('issuer_not_trusted'));
      await until(() => asked.length === 2);
      expect(await clients.ask()).toEqual(both('issuer_not_trusted'));
    });

    it('refuses an issuer that it stops trusting while a token of it is being verified', async () => {
      const { server, clients, resolveBy } = await openWarm();
      resolveBy(() => undefined);
      server.issuer.advance(600);
      expect(await clients.askWithNew()).toBe('issuer_not_trusted');
    });

    it('trusts an issuer again within a minute of its trusting it again', async () => {
      const { server, asked, clients, resolveBy } = await openWarm();
      resolveBy(() => undefined);
      server.issuer.advance(600);
      await clients.ask();
      expect(await clients.ask()).toEqual(both('issuer_not_trusted'));
      resolveBy();
      server.issuer.advance(59);
      expect(await clients.ask()).toEqual(both('issuer_not_trusted'));
      expect(asked).toHaveLength(2);
      server.issuer.advance(2);
      expect(await clients.ask()).toEqual(both('accepted'));
    });

    it('keeps what it said for staleIfErrorSeconds while it fails, and is left alone for five seconds each time', async () => {
      const { server, asked, clients, resolveBy } = await openWarm();
      resolveBy(() => Promise.reject(BOOM));
      server.issuer.advance(600);
      for (let second = 0; second < 60; second += 1) {
        expect(await clients.ask()).toEqual(both('accepted'));
        server.issuer.advance(1);
      }
      expect(asked.length - 1).toBe(60 / 5);
      server.issuer.advance(3600 - 61);
      expect(await clients.ask()).toEqual(both('accepted'));
      server.issuer.advance(1);
      expect(await clients.ask()).toEqual(both('issuer_resolver_failed'));
      resolveBy();
      expect(await clients.ask()).toEqual(both('accepted'));
    });

    it('bounds that also when the clock was set back', async () => {
      const { server, asked, clients, resolveBy } = await openWarm();
      resolveBy(() => Promise.reject(BOOM));
      server.issuer.advance(-1_000_000);
      expect(await clients.ask()).toEqual(both('accepted'));
      await until(() => asked.length === 2);
      for (let i = 0; i < 10; i += 1) expect(await clients.ask()).toEqual(both('accepted'));
      expect(asked).toHaveLength(2);
      server.issuer.advance(3599);
      expect(await clients.ask()).toEqual(both('accepted'));
      server.issuer.advance(1);
      expect(await clients.ask()).toEqual(both('issuer_resolver_failed'));
    });

    it('keeps keys and verified tokens where it says the same as before', async () => {
      const { server, verifier, asked, clients } = await openWarm();
      server.issuer.advance(300);
      await verifier.refresh();
      server.issuer.advance(300);
      expect(await clients.ask()).toEqual(both('accepted'));
      await until(() => asked.length === 2);
      expect(await clients.ask()).toEqual(both('accepted'));
      expect(server.hits).toEqual({ metadata: 2, jwks: 2, elsewhere: 0 });
    });

    it('changes the rules of an issuer, for tokens verified earlier too', async () => {
      const { server, asked, clients, resolveBy } = await openWarm();
      resolveBy((iss: string) => ({ issuer: iss, clientIds: ['another-client'] }));
      server.issuer.advance(600);
      expect(await clients.askWithOld()).toBe(atFirst('client_not_allowed'));
      await until(() => asked.length === 2);
      expect(await clients.ask()).toEqual(both('client_not_allowed'));
    });

    it('changes where the keys of an issuer are', async () => {
      const { server, asked, clients, resolveBy } = await openWarm();
      const other = await KeyServer.create();
      resolveBy((iss: string) => ({ issuer: iss, jwks: other.issuer.jwks }));
      server.issuer.advance(600);
      expect(await clients.askWithOld()).toBe(atFirst('signature_invalid'));
      await until(() => asked.length === 2);
      expect(await clients.ask()).toEqual(both('signature_invalid'));
    });
  });

  it('close() while it is being asked: the request gets 503, and nothing is fetched', async () => {
    const { server, verifier, asked, ask, resolveBy } = await open();
    let answer = () => {};
    resolveBy((iss: string) => new Promise((resolve) => (answer = () => resolve({ issuer: iss }))));
    const call = ask();
    await until(() => asked.length === 1);
    verifier.close();
    answer();
    expect(await call).toBe('verifier_closed');
    expect(server.requests).toEqual([]);
  });
});
