import { describe, expect, it } from 'vitest';
import { createVerifier } from '../../../src/index.js';
import { both, Clients, EVERLASTING, TOKEN_CACHES, verdictOf, withHeader } from '../../support/clients.js';
import { KeyServer, until } from '../../support/key-server.js';

const NEW_PLACE = 'https://keys.issuer.test/moved';

describe.each(TOKEN_CACHES)('a key set that moves, %s', (_, tokenCache) => {
  async function open() {
    const server = await KeyServer.create();
    const verifier = createVerifier({ ...server.verifierOptions, tokenCache });
    const clients = await Clients.create(server.issuer, verifier);
    const [firstKey = ''] = server.issuer.jwks.keys.map(({ kid }) => kid);
    const oldPlace = server.jwksUri;
    return { server, verifier, clients, firstKey, oldPlace };
  }

  const urlsAfter = (server: KeyServer, from: number) => server.requests.slice(from).map(({ url }) => url);

  it('OpenID Connect Discovery §4.2: a jwks_uri that the metadata moves is followed at the next refresh', async () => {
    const { server, clients, firstKey, oldPlace } = await open();
    server.jwksUri = NEW_PLACE;
    await server.issuer.rotate();
    server.issuer.withdraw(firstKey);
    server.issuer.advance(600);
    const held = server.hold('metadata');
    expect(await clients.askWithOld()).toBe('accepted');
    await until(() => held.length === 1);
    held[0]?.release();
    await until(() => server.hits.jwks === 2);
    expect(urlsAfter(server, 2)).toEqual([server.metadataUrls[0], NEW_PLACE]);
    expect(urlsAfter(server, 2)).not.toContain(oldPlace);
    expect(await clients.ask()).toEqual({ newToken: 'accepted', oldToken: 'unknown_key' });
  });

  it('is followed by refresh() at once', async () => {
    const { server, verifier, clients } = await open();
    server.jwksUri = NEW_PLACE;
    await verifier.refresh();
    expect(urlsAfter(server, 2)).toEqual([server.metadataUrls[0], NEW_PLACE]);
    expect(await clients.ask()).toEqual(both('accepted'));
  });

  it('is followed by the first token with a new kid, where the old place answers that it is gone', async () => {
    const { server, clients, oldPlace } = await open();
    server.jwksUri = NEW_PLACE;
    await server.issuer.rotate();
    expect(await clients.askWithNew()).toBe('accepted');
    expect(urlsAfter(server, 2)).toEqual([oldPlace, server.metadataUrls[0], NEW_PLACE]);
  });

  it('the metadata is not asked for an unknown kid where the old place answers', async () => {
    const { server, clients } = await open();
    await server.issuer.rotate();
    expect(await clients.askWithNew()).toBe('accepted');
    expect(server.hits).toEqual({ metadata: 1, jwks: 2, elsewhere: 0 });
  });

  it('OpenID Connect Discovery §4.2: is followed within maxAgeSeconds, though made-up kids renew the keys again and again', async () => {
    const { server, verifier, clients, firstKey, oldPlace } = await open();
    const token = await server.issuer.token(EVERLASTING);
    server.jwksUri = NEW_PLACE;
    const oldKeys = server.issuer.jwks;
    await server.issuer.rotate();
    server.issuer.withdraw(firstKey);
    server.placeElsewhere(oldPlace, () => Response.json(oldKeys));
    for (let second = 0; second < 630; second += 30) {
      const kid = `made-up-${second}`;
      expect(await verdictOf(verifier.verify(withHeader(token, { kid })))).toBe('unknown_key');
      server.issuer.advance(30);
    }
    expect(await clients.askWithNew()).toBe('accepted');
    expect(await clients.askWithOld()).toBe('unknown_key');
    expect(server.hits.metadata).toBe(2);
  });

  it('the same place is not asked twice where it fails and did not move', async () => {
    const { server, clients } = await open();
    await server.issuer.rotate();
    server.answer('jwks', () => new Response(null, { status: 500 }));
    expect(await clients.ask()).toEqual({ newToken: 'keys_unavailable', oldToken: 'accepted' });
    expect(server.hits).toEqual({ metadata: 2, jwks: 2, elsewhere: 0 });
  });

  it('a new place that fails leaves the last good keys in use', async () => {
    const { server, verifier, clients } = await open();
    server.jwksUri = NEW_PLACE;
    server.answer('jwks', () => new Response(null, { status: 500 }));
    expect(await verdictOf(verifier.refresh())).toBe('keys_unavailable');
    expect(verifier.status().issuers[0]?.lastError).toBe(`${NEW_PLACE} answered 500`);
    expect(await clients.ask()).toEqual(both('accepted'));
  });

  it('a jwksUri of the options never moves', async () => {
    const server = await KeyServer.create();
    const { issuer } = server.issuer;
    const options = { ...server.verifierOptions, issuer: { issuer, jwksUri: server.jwksUri }, tokenCache };
    const verifier = createVerifier(options);
    const clients = await Clients.create(server.issuer, verifier);
    server.jwksUri = NEW_PLACE;
    expect(await verdictOf(verifier.refresh())).toBe('keys_unavailable');
    expect(await clients.ask()).toEqual(both('accepted'));
    expect(server.hits).toEqual({ metadata: 0, jwks: 1, elsewhere: 1 });
    expect(new Set(server.requests.map(({ url }) => url))).toEqual(new Set([options.issuer.jwksUri]));
  });
});

describe('places that are no key set', () => {
  it('says that the URL given as jwksUri is that of a metadata document', async () => {
    const server = await KeyServer.create();
    // At a place whose name does not tell: the others are refused at start.
    const jwksUri = 'https://inside.cluster.test/documents/1';
    server.metadataUrls = [jwksUri];
    const issuer = { issuer: server.issuer.issuer, jwksUri };
    const verifier = createVerifier({ ...server.verifierOptions, issuer });
    const token = await server.issuer.token(EVERLASTING);
    const detail = `${jwksUri} has no keys array; it has a jwks_uri, so it is a metadata document: give it as metadataUrl`;
    await expect(verifier.verify(token)).rejects.toMatchObject({ reason: 'keys_unavailable', detail });
    expect(verifier.status().issuers[0]?.lastError).toBe(detail);

    const fixed = createVerifier({
      ...server.verifierOptions,
      issuer: { issuer: server.issuer.issuer, metadataUrl: jwksUri },
    });
    expect(await verdictOf(fixed.verify(token))).toBe('accepted');
  });

  it('says of another JSON document that it has no keys', async () => {
    const server = await KeyServer.create();
    server.answer('jwks', () => Response.json({ hello: 'world' }));
    const verifier = createVerifier(server.verifierOptions);
    const error = await verifier.verify(await server.issuer.token()).catch((reason) => reason);
    expect(error).toMatchObject({ reason: 'keys_unavailable', detail: `${server.jwksUri} has no keys array` });
  });
});
