import { channel } from 'node:diagnostics_channel';
import { describe, expect, it, vi } from 'vitest';
import { createVerifier, type DiagnosticsChannel } from '../../src/index.js';
import { publish } from '../../src/platform/diagnostics.js';
import { Clients, EVERLASTING, verdictOf, withHeader } from '../support/clients.js';
import { KeyServer, until } from '../support/key-server.js';
import { messagesDuring } from '../support/listening.js';
import { OwnKey } from '../support/own-key.js';

const ISSUER = 'https://issuer.test';
const METADATA = 'https://issuer.test/.well-known/openid-configuration';
const JWKS = 'https://issuer.test/jwks';
const noAnswer = () => new Response(null, { status: 503 });

const CHANNELS: readonly DiagnosticsChannel[] = [
  'scopegate:fetch',
  'scopegate:refresh',
  'scopegate:rotation',
  'scopegate:skipped-key',
  'scopegate:stale-use',
  'scopegate:back-off',
  'scopegate:unknown-kid',
  'scopegate:introspection',
  'scopegate:decision',
];

async function open(options = {}) {
  const server = await KeyServer.create();
  const verifier = createVerifier({ ...server.verifierOptions, ...options });
  const ask = async (header: object = {}) =>
    verdictOf(verifier.verify(withHeader(await server.issuer.token(EVERLASTING), header)));
  return { server, verifier, ask };
}

describe('publish', () => {
  it.each(CHANNELS)('%s: builds no message when nobody listens', (name) => {
    const build = vi.fn();
    expect(channel(name).hasSubscribers).toBe(false);
    publish(name, build);
    expect(build).not.toHaveBeenCalled();
  });

  it.each(CHANNELS)('%s: builds one message, however many listen', async (name) => {
    const message = { issuer: ISSUER };
    const build = vi.fn(() => message as never);
    const heard = await messagesDuring(name, async () => {
      const alsoHeard = await messagesDuring(name, async () => publish(name, build));
      expect(alsoHeard).toEqual([message]);
    });
    expect(heard).toEqual([message]);
    expect(build).toHaveBeenCalledTimes(1);
  });
});

describe('scopegate:fetch', () => {
  it('tells of each document that was asked for, and that it came', async () => {
    const { verifier } = await open();
    expect(await messagesDuring('scopegate:fetch', () => verifier.ready())).toEqual([
      { issuer: ISSUER, document: 'metadata', url: METADATA, outcome: 'ok', error: undefined },
      { issuer: ISSUER, document: 'jwks', url: JWKS, outcome: 'ok', error: undefined },
    ]);
  });

  it('tells of a key set that did not change', async () => {
    const { server, verifier } = await open();
    server.jwksHeaders = { etag: '"1"' };
    await verifier.ready();
    server.answer('jwks', () => new Response(null, { status: 304 }));
    expect(await messagesDuring('scopegate:fetch', () => verifier.refresh())).toEqual([
      { issuer: ISSUER, document: 'metadata', url: METADATA, outcome: 'ok', error: undefined },
      { issuer: ISSUER, document: 'jwks', url: JWKS, outcome: 'not-modified', error: undefined },
    ]);
  });

  it('tells of a failure, and why', async () => {
    const { server, verifier } = await open();
    server.answer('metadata', () => Promise.reject(new TypeError('fetch failed', { cause: new Error('no route') })));
    expect(await messagesDuring('scopegate:fetch', () => verdictOf(verifier.ready()))).toEqual([
      {
        issuer: ISSUER,
        document: 'metadata',
        url: METADATA,
        outcome: 'failed',
        error: `${METADATA} could not be fetched: no route`,
      },
    ]);
  });

  it('tells of both places of the metadata', async () => {
    const { server, verifier } = await open();
    server.metadataUrls = [];
    const messages = await messagesDuring('scopegate:fetch', () => verdictOf(verifier.ready()));
    expect(messages.map(({ document, url, error }) => [document, url, error])).toEqual([
      ['metadata', METADATA, `${METADATA} answered 404`],
      [
        'metadata',
        'https://issuer.test/.well-known/oauth-authorization-server',
        'https://issuer.test/.well-known/oauth-authorization-server answered 404',
      ],
    ]);
  });
});

describe('scopegate:refresh', () => {
  it('tells why a refresh begins, once for all requests that share it', async () => {
    const { server, verifier } = await open();
    const tokens = await Promise.all(Array.from({ length: 50 }, () => server.issuer.token(EVERLASTING)));
    const askAll = (header: object = {}) =>
      Promise.all(tokens.map((token) => verdictOf(verifier.verify(withHeader(token, header)))));
    const causes = (go: () => Promise<unknown>) => messagesDuring('scopegate:refresh', go);
    expect(await causes(() => askAll())).toEqual([{ issuer: ISSUER, cause: 'empty' }]);
    expect(await causes(() => askAll())).toEqual([]);
    expect(await causes(() => askAll({ kid: 'made-up' }))).toEqual([{ issuer: ISSUER, cause: 'unknown-kid' }]);
    expect(await causes(() => verifier.refresh())).toEqual([{ issuer: ISSUER, cause: 'asked' }]);
    server.issuer.advance(600);
    expect(await causes(() => askAll())).toEqual([{ issuer: ISSUER, cause: 'age' }]);
    await until(() => verifier.status().issuers[0]?.state === 'fresh');
  });
});

describe('scopegate:rotation', () => {
  it('tells which keys came and went, and nothing where none did', async () => {
    const { server, verifier } = await open();
    const changes = () => messagesDuring('scopegate:rotation', () => verifier.refresh());
    expect(await messagesDuring('scopegate:rotation', () => verifier.ready())).toEqual([]);
    expect(await changes()).toEqual([]);
    await server.issuer.rotate();
    expect(await changes()).toEqual([{ issuer: ISSUER, added: ['es256-2'], removed: [] }]);
    await server.issuer.rotate();
    server.issuer.withdraw('es256-1');
    expect(await changes()).toEqual([{ issuer: ISSUER, added: ['es256-3'], removed: ['es256-1'] }]);
    server.extraKeys = [new OwnKey('ES256', undefined).jwk];
    expect(await changes()).toEqual([{ issuer: ISSUER, added: [undefined], removed: [] }]);
    expect(await changes()).toEqual([]);
  });
});

describe('scopegate:skipped-key', () => {
  it('tells of a member once, for as long as it is there', async () => {
    const { server, verifier } = await open();
    server.extraKeys = [null, { kty: 'oct' }];
    const skipped = () => messagesDuring('scopegate:skipped-key', () => verifier.refresh());
    expect(await skipped()).toEqual([
      { issuer: ISSUER, index: 0, why: 'is not an object' },
      { issuer: ISSUER, index: 1, why: 'has a kty that is not RSA, EC, OKP or AKP' },
    ]);
    expect(await skipped()).toEqual([]);
  });
});

describe('scopegate:stale-use', () => {
  it('tells of each request that old keys answer in an outage, whether its token was verified before or not', async () => {
    const { server, verifier } = await open();
    const clients = await Clients.create(server.issuer, verifier);
    const uses = (go: () => Promise<unknown>) => messagesDuring('scopegate:stale-use', go);
    expect(await uses(() => clients.ask())).toEqual([]);
    server.answer('jwks', noAnswer);
    await verdictOf(verifier.refresh());
    // The keys are not too old yet, though the last refresh failed.
    expect(await uses(() => clients.ask())).toEqual([]);
    server.issuer.advance(700);
    expect(await uses(() => clients.askWithNew())).toEqual([{ issuer: ISSUER, ageSeconds: 700 }]);
    await until(() => (verifier.status().issuers[0]?.nextAttemptInSeconds ?? 0) > 0);
    server.issuer.advance(0.1);
    expect(await uses(() => clients.askWithOld())).toEqual([{ issuer: ISSUER, ageSeconds: 700.1 }]);
  });

  it('tells of none while the issuer answers, nor of a request that is refused', async () => {
    const { server, verifier, ask } = await open();
    const clients = await Clients.create(server.issuer, verifier);
    server.issuer.advance(600);
    expect(await messagesDuring('scopegate:stale-use', () => clients.ask())).toEqual([]);
    await until(() => verifier.status().issuers[0]?.state === 'fresh');

    server.issuer.advance(600);
    server.answer('jwks', noAnswer);
    await verdictOf(verifier.refresh());
    const messages = await messagesDuring('scopegate:stale-use', async () => {
      expect(await ask({ kid: 'made-up' })).toBe('keys_unavailable');
    });
    expect(messages).toEqual([]);
  });
});

describe('scopegate:back-off', () => {
  it('tells of each failure once: how many there were, how long it waits, and why', async () => {
    const { server, verifier, ask } = await open();
    server.answer('jwks', noAnswer);
    for (let failures = 1; failures <= 3; failures += 1) {
      const messages = await messagesDuring('scopegate:back-off', async () => {
        for (let i = 0; i < 5; i += 1) expect(await ask()).toBe('keys_unavailable');
      });
      expect(messages).toEqual([
        { issuer: ISSUER, failures, seconds: expect.any(Number), error: `${JWKS} answered 503` },
      ]);
      expect(messages[0]?.seconds).toBe(verifier.status().issuers[0]?.nextAttemptInSeconds);
      server.issuer.advance(60);
    }
    server.recover();
    expect(await messagesDuring('scopegate:back-off', () => ask())).toEqual([]);
  });
});

describe('scopegate:unknown-kid', () => {
  it('tells which kid is not there, and why the issuer was not asked for it', async () => {
    const { server, ask } = await open({ keys: { refetchBurst: 1 } });
    expect(await ask()).toBe('accepted');
    const tell = (header: object) =>
      messagesDuring('scopegate:unknown-kid', async () => {
        expect(await ask(header)).toBe('unknown_key');
      });
    expect(await tell({ kid: 'a' })).toEqual([{ issuer: ISSUER, kid: 'a', notAskedBecause: undefined }]);
    expect(await tell({ kid: 'a' })).toEqual([{ issuer: ISSUER, kid: 'a', notAskedBecause: 'asked-before' }]);
    expect(await tell({ kid: 'b' })).toEqual([{ issuer: ISSUER, kid: 'b', notAskedBecause: 'limit' }]);
    server.issuer.advance(31);
    expect(await tell({ kid: undefined, alg: 'RS256' })).toEqual([
      { issuer: ISSUER, kid: undefined, notAskedBecause: undefined },
    ]);
  });

  it('tells of a token that could not be good anyway', async () => {
    const { server, verifier, ask } = await open();
    expect(await ask()).toBe('accepted');
    const expired = withHeader(await server.issuer.token({ claims: { exp: 1 } }), { kid: 'a' });
    const messages = await messagesDuring('scopegate:unknown-kid', () => verdictOf(verifier.verify(expired)));
    expect(messages).toEqual([{ issuer: ISSUER, kid: 'a', notAskedBecause: 'implausible' }]);
  });

  it('tells nothing of a key that is there', async () => {
    const { server, ask } = await open();
    expect(await messagesDuring('scopegate:unknown-kid', () => ask())).toEqual([]);
    await server.issuer.rotate();
    expect(await messagesDuring('scopegate:unknown-kid', () => ask())).toEqual([]);
  });
});

describe('every channel', () => {
  it('RFC 9700 §4.9.3: says nothing that a token could be made of', async () => {
    const { server, verifier } = await open();
    server.extraKeys = [null];
    const token = await server.issuer.token(EVERLASTING);
    const heard: unknown[] = [];
    const introspection = {
      endpoint: 'https://other.test/introspect',
      clientId: 'api',
      clientSecret: 'made-of-secrets',
    };
    const asking = createVerifier({
      issuer: { issuer: 'https://other.test', introspection },
      audience: 'https://api.test',
      fetch: async () => Response.json({ active: true, aud: 'https://api.test', sub: 'test-user' }),
    });
    let go = async () => {
      expect(await verdictOf(asking.verify('an-opaque-token'))).toBe('accepted');
      await verdictOf(verifier.authenticate({ headers: { authorization: `Bearer ${token}` } }));
      await verdictOf(verifier.verify(token));
      await verdictOf(verifier.verify(withHeader(token, { kid: 'made-up' })));
      await server.issuer.rotate();
      await verifier.refresh();
      server.answer('jwks', noAnswer);
      server.issuer.advance(700);
      await verdictOf(verifier.refresh());
      await verdictOf(verifier.verify(token));
    };
    for (const name of CHANNELS) {
      const inner = go;
      go = async () => {
        const messages = await messagesDuring(name, inner);
        expect(messages.length).toBeGreaterThan(0);
        heard.push(...messages);
      };
    }
    await go();
    const all = JSON.stringify(heard);
    for (const part of [...token.split('.'), 'an-opaque', 'made-of-secrets']) expect(all).not.toContain(part);
    expect(all).not.toContain('test-user');
  });
});
