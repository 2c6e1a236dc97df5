import { describe, expect, it } from 'vitest';
import { createVerifier } from '../../../src/index.js';
import { both, Clients, TOKEN_CACHES } from '../../support/clients.js';
import { covers } from '../../support/covers.js';
import { KeyServer, until } from '../../support/key-server.js';

describe.each(TOKEN_CACHES)('what the server says about its key set, %s', (_, tokenCache) => {
  async function open(jwksHeaders: Readonly<Record<string, string>>, keys = {}) {
    const server = await KeyServer.create();
    server.jwksHeaders = jwksHeaders;
    const verifier = createVerifier({ ...server.verifierOptions, tokenCache, keys });
    const clients = await Clients.create(server.issuer, verifier);
    return { server, verifier, clients };
  }

  describe('Cache-Control', () => {
    it.each([
      ['max-age=300', 300],
      ['public, max-age=300', 300],
      ['max-age=300, must-revalidate', 300],
      ['MAX-AGE=300', 300],
      ['max-age="300"', 300],
      ['s-maxage=10, max-age=300', 300],
      // Django OAuth Toolkit repeats the name of the header.
      ['Cache-Control: max-age=300, stale-while-revalidate=300, stale-if-error=300', 300],
      // Never longer than maxAgeSeconds.
      ['max-age=86400', 600],
      ['max-age=9999999999', 600],
      // Never less than a minute.
      ['max-age=1', 60],
      ['max-age=0', 60],
      ['no-store', 60],
      ['no-cache', 60],
      ['no-cache, max-age=300', 60],
      ['no-store, no-cache, must-revalidate', 60],
      // Says nothing that can be read.
      ['', 600],
      ['max-age', 600],
      ['max-age=', 600],
      ['max-age=soon', 600],
      ['max-age=-1', 600],
      ['max-age=1.5', 600],
      ['max-age=99999999999999999999', 600],
      ['x-max-age=300', 600],
      ['public', 600],
    ])('RFC 9111 §5.2.2.1: "%s" lets keys be used for %i seconds', async (cacheControl, seconds) => {
      const { server, verifier, clients } = await open({ 'cache-control': cacheControl });
      server.issuer.advance(seconds - 1);
      expect(verifier.status().issuers[0]?.state).toBe('fresh');
      expect(await clients.ask()).toEqual(both('accepted'));
      expect(server.hits.jwks).toBe(1);
      server.issuer.advance(1);
      expect(verifier.status().issuers[0]?.state).toBe('stale');
      expect(await clients.ask()).toEqual(both('accepted'));
      await until(() => server.hits.jwks === 2);
    });

    it('is bounded by maxAgeSeconds even where that is less than a minute', async () => {
      const { server, clients } = await open({ 'cache-control': 'max-age=300' }, { maxAgeSeconds: 10 });
      server.issuer.advance(10);
      expect(await clients.ask()).toEqual(both('accepted'));
      await until(() => server.hits.jwks === 2);
    });

    it('staleIfErrorSeconds count from the end of max-age on', async () => {
      covers('H18');
      const { server, clients } = await open({ 'cache-control': 'max-age=300' });
      server.answer('jwks', () => new Response(null, { status: 500 }));
      server.issuer.advance(300 + 3599);
      expect(await clients.ask()).toEqual(both('accepted'));
      server.issuer.advance(1);
      expect(await clients.ask()).toEqual(both('keys_unavailable'));
    });
  });

  describe('ETag', () => {
    /** Answers 304 to whoever has the key set as it is. */
    function answerConditionally(server: KeyServer): void {
      server.answer('jwks', async ({ headers }, good) => {
        const body = await good().text();
        const etag = `"${Buffer.from(body).toString('base64').length}-${server.issuer.jwks.keys.length}"`;
        if (headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers: { etag } });
        return new Response(body, { headers: { etag } });
      });
    }

    async function openConditional() {
      const server = await KeyServer.create();
      answerConditionally(server);
      const verifier = createVerifier({ ...server.verifierOptions, tokenCache });
      const clients = await Clients.create(server.issuer, verifier);
      const sentEtags = () =>
        server.requests
          .filter(({ document }) => document === 'jwks')
          .map(({ headers }) => headers.get('if-none-match'));
      return { server, verifier, clients, sentEtags };
    }

    it('RFC 9110 §13.1.2: is sent back, and 304 keeps the keys and makes them fresh', async () => {
      const { server, verifier, clients, sentEtags } = await openConditional();
      for (let round = 1; round <= 3; round += 1) {
        server.issuer.advance(600);
        await verifier.refresh();
        expect(verifier.status().issuers[0]).toMatchObject({ state: 'fresh', ageSeconds: 0 });
        expect(await clients.ask()).toEqual(both('accepted'));
      }
      const [first, ...others] = sentEtags();
      expect(first).toBe(null);
      expect(new Set(others).size).toBe(1);
      expect(others[0]).toMatch(/^".+"$/);
    });

    it('RFC 9110 §15.4.5: a key rotated in is seen, since the server answers 200', async () => {
      const { server, clients, sentEtags } = await openConditional();
      await server.issuer.rotate();
      expect(await clients.ask()).toEqual(both('accepted'));
      expect(sentEtags()).toHaveLength(2);
      expect(sentEtags()[1]).not.toBe(null);
    });

    it('RFC 9110 §15.4.5: 304 keeps the ETag also where it does not repeat it', async () => {
      const { server, verifier, sentEtags } = await openConditional();
      server.answer('jwks', () => new Response(null, { status: 304 }));
      await verifier.refresh();
      await verifier.refresh();
      const [, second, third] = sentEtags();
      expect(second).not.toBe(null);
      expect(third).toBe(second);
    });

    it('RFC 9111 §4.3.4: Cache-Control of a 304 counts', async () => {
      const { server, verifier, clients } = await openConditional();
      const headers = { 'cache-control': 'max-age=100' };
      server.answer('jwks', () => new Response(null, { status: 304, headers }));
      await verifier.refresh();
      server.issuer.advance(100);
      expect(verifier.status().issuers[0]?.state).toBe('stale');
      expect(await clients.ask()).toEqual(both('accepted'));
    });

    it('is not sent to another place, where it would name another document', async () => {
      const { server, verifier, sentEtags } = await openConditional();
      server.jwksUri = 'https://keys.issuer.test/moved';
      await verifier.refresh();
      expect(sentEtags().at(-1)).toBe(null);
    });

    it('is forgotten when the server stops giving one', async () => {
      const { server, verifier, sentEtags } = await openConditional();
      server.recover();
      await verifier.refresh();
      await verifier.refresh();
      const [, second, third] = sentEtags();
      expect(second).not.toBe(null);
      expect(third).toBe(null);
    });

    it('RFC 9110 §13.1.2: keys too old to be used are good again after a 304', async () => {
      const { server, clients } = await openConditional();
      server.issuer.advance(100_000);
      expect(await clients.ask()).toEqual(both('accepted'));
      expect(server.hits.jwks).toBe(2);
    });
  });
});
