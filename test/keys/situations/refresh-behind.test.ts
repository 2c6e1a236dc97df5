import { describe, expect, it } from 'vitest';
import { createVerifier } from '../../../src/index.js';
import { both, Clients, TOKEN_CACHES } from '../../support/clients.js';
import { covers } from '../../support/covers.js';
import { KeyServer, until } from '../../support/key-server.js';

describe.each(TOKEN_CACHES)('keys older than maxAgeSeconds, %s', (_, tokenCache) => {
  async function open(keys = {}) {
    const server = await KeyServer.create();
    const verifier = createVerifier({ ...server.verifierOptions, tokenCache, keys });
    const clients = await Clients.create(server.issuer, verifier);
    expect(server.hits).toEqual({ metadata: 1, jwks: 1, elsewhere: 0 });
    return { server, verifier, clients };
  }

  it('asks for nothing before they are due, and for both documents once they are', async () => {
    const { server, clients } = await open();
    server.issuer.advance(599);
    expect(await clients.ask()).toEqual(both('accepted'));
    expect(server.hits.jwks).toBe(1);
    server.issuer.advance(1);
    expect(await clients.ask()).toEqual(both('accepted'));
    await until(() => server.hits.jwks === 2);
    expect(server.hits).toEqual({ metadata: 2, jwks: 2, elsewhere: 0 });
  });

  it('answers at once while one refresh goes on behind, however many requests come', async () => {
    covers('H18');
    const { server, verifier, clients } = await open();
    server.issuer.advance(600);
    // No request that waited for the refresh could be answered.
    const held = server.hold('metadata');
    const verdicts = await Promise.all(Array.from({ length: 50 }, () => clients.ask()));
    expect(new Set(verdicts.map((verdict) => JSON.stringify(verdict)))).toEqual(
      new Set([JSON.stringify(both('accepted'))]),
    );
    expect(held).toHaveLength(1);
    expect(verifier.status().issuers[0]?.state).toBe('stale');

    held[0]?.release();
    await until(() => verifier.status().issuers[0]?.state === 'fresh');
    expect(await clients.ask()).toEqual(both('accepted'));
    expect(server.hits).toEqual({ metadata: 2, jwks: 2, elsewhere: 0 });
  });

  it.each([
    ['a token never seen', 'askWithNew'],
    ['a token verified before', 'askWithOld'],
  ] as const)('a request with %s sets the refresh going', async (_, ask) => {
    covers('H17');
    const { server, clients } = await open();
    server.issuer.advance(600);
    expect(await clients[ask]()).toBe('accepted');
    await until(() => server.hits.jwks === 2);
  });

  it('takes another age from the option', async () => {
    const { server, clients } = await open({ maxAgeSeconds: 20 });
    server.issuer.advance(19);
    expect(await clients.ask()).toEqual(both('accepted'));
    expect(server.hits.jwks).toBe(1);
    server.issuer.advance(1);
    expect(await clients.ask()).toEqual(both('accepted'));
    await until(() => server.hits.jwks === 2);
  });

  it('refreshes by nobody but requests: no timer runs', async () => {
    const { server } = await open();
    server.issuer.advance(1_000_000);
    for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
    expect(server.hits.jwks).toBe(1);
  });

  it('asks anew after the clock was set back behind the time of the fetch', async () => {
    const { server, clients } = await open();
    server.issuer.advance(-3600);
    expect(await clients.ask()).toEqual(both('accepted'));
    await until(() => server.hits.jwks === 2);
    expect(await clients.ask()).toEqual(both('accepted'));
    expect(server.hits.jwks).toBe(2);
  });

  it('a clock that was set back does not prolong the life of keys in an outage beyond staleIfErrorSeconds', async () => {
    covers('H18');
    const { server, clients } = await open();
    server.answer('jwks', () => new Response(null, { status: 500 }));
    server.issuer.advance(-1_000_000);
    expect(await clients.ask()).toEqual(both('accepted'));
    server.issuer.advance(3599);
    expect(await clients.ask()).toEqual(both('accepted'));
    server.issuer.advance(1);
    expect(await clients.ask()).toEqual(both('keys_unavailable'));
  });
});
