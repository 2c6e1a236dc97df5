import { describe, expect, it } from 'vitest';
import { JwksEndpoint, JwksFailure } from '../../src/keys/jwks-endpoint.js';
import { KeyServer } from '../support/key-server.js';

const ISSUER = 'https://issuer.test';
const JWKS = `${ISSUER}/jwks`;
const METADATA = `${ISSUER}/.well-known/openid-configuration`;
const MOVED = 'https://keys.issuer.test/moved';

async function open(location?: { readonly jwksUri: string }) {
  const server = await KeyServer.create();
  const closing = new AbortController();
  const endpoint = new JwksEndpoint({
    issuer: ISSUER,
    location: location ?? { issuer: ISSUER, urls: [METADATA], allowInsecureHttp: false },
    fetchOptions: { fetch: server.fetch, timeoutSeconds: 5, maxBytes: 100_000, signal: closing.signal },
    clock: server.issuer.now,
    maxAgeSeconds: 600,
  });
  const urls = async (go: () => Promise<unknown>) => {
    const from = server.requests.length;
    await go();
    return server.requests.slice(from).map(({ url }) => url);
  };
  const fails = async (renewLocation: boolean) => {
    const failure = await endpoint.fetch(renewLocation, undefined).catch((error) => error);
    expect(failure).toBeInstanceOf(JwksFailure);
    return `${failure.reason}: ${failure.message}`;
  };
  return { server, closing, endpoint, urls, fails };
}

describe('JwksEndpoint', () => {
  it('asks the metadata the first time in any case, and then where it is told to', async () => {
    const { endpoint, urls } = await open();
    expect(await urls(() => endpoint.fetch(false, undefined))).toEqual([METADATA, JWKS]);
    expect(await urls(() => endpoint.fetch(false, undefined))).toEqual([JWKS]);
    expect(await urls(() => endpoint.fetch(true, undefined))).toEqual([METADATA, JWKS]);
    expect(endpoint.counts).toEqual({ metadata: 2, jwks: 3 });
  });

  it('asks no metadata where the place is given', async () => {
    const { endpoint, urls } = await open({ jwksUri: JWKS });
    expect(await urls(() => endpoint.fetch(true, undefined))).toEqual([JWKS]);
    expect(endpoint.counts).toEqual({ metadata: 0, jwks: 1 });
  });

  it('gives the members, their version and how long they are good', async () => {
    const { server, endpoint } = await open();
    server.jwksHeaders = { etag: '"1"', 'cache-control': 'max-age=77' };
    expect(await endpoint.fetch(true, undefined)).toEqual({
      number: 1,
      members: server.issuer.jwks.keys,
      version: { url: JWKS, etag: '"1"' },
      maxAgeSeconds: 77,
    });
    server.jwksHeaders = {};
    expect(await endpoint.fetch(true, undefined)).toMatchObject({
      number: 2,
      version: undefined,
      maxAgeSeconds: undefined,
    });
  });

  it('RFC 9110 §15.4.5: gives no members for the version that was named, and a new ETag where there is one', async () => {
    const { server, endpoint } = await open();
    const known = { url: JWKS, etag: '"1"' };
    server.answer('jwks', () => new Response(null, { status: 304 }));
    expect(await endpoint.fetch(true, known)).toMatchObject({ members: undefined, version: known });
    server.answer('jwks', () => new Response(null, { status: 304, headers: { etag: 'W/"1"' } }));
    expect(await endpoint.fetch(true, known)).toMatchObject({ version: { url: JWKS, etag: 'W/"1"' } });
  });

  it('looks for a new place where the old one gives an error, but not where it gives no answer', async () => {
    const { server, endpoint, urls, fails } = await open();
    await endpoint.fetch(true, undefined);
    server.jwksUri = MOVED;
    expect(await urls(() => endpoint.fetch(false, undefined))).toEqual([JWKS, METADATA, MOVED]);
    server.answer('jwks', () => Promise.reject(new TypeError('fetch failed')));
    expect(await urls(() => fails(false))).toEqual([MOVED]);
  });

  it('does not look for it twice in one fetch', async () => {
    const { server, urls, fails } = await open();
    server.answer('jwks', () => new Response(null, { status: 410 }));
    expect(await urls(() => fails(true))).toEqual([METADATA, JWKS]);
  });

  it('says which document is to blame', async () => {
    const { server, fails } = await open();
    server.answer('metadata', () => new Response(null, { status: 500 }));
    expect(await fails(false)).toBe(`metadata_unavailable: ${METADATA} answered 500`);
    server.recover();
    server.answer('jwks', () => new Response(null, { status: 500 }));
    expect(await fails(false)).toBe(`keys_unavailable: ${JWKS} answered 500`);
    expect(await fails(true)).toBe(`keys_unavailable: ${JWKS} answered 500`);
  });

  it('blames the metadata where the key set failed and the search for its new place fails', async () => {
    const { server, endpoint, fails } = await open();
    await endpoint.fetch(true, undefined);
    server.answer('jwks', () => new Response(null, { status: 404 }));
    server.answer('metadata', () => new Response(null, { status: 500 }));
    expect(await fails(false)).toBe(`metadata_unavailable: ${METADATA} answered 500`);
  });

  it('blames the new place where that fails too', async () => {
    const { server, endpoint, fails } = await open();
    await endpoint.fetch(true, undefined);
    server.jwksUri = MOVED;
    server.answer('jwks', () => new Response(null, { status: 500 }));
    expect(await fails(false)).toBe(`keys_unavailable: ${MOVED} answered 500`);
  });

  it('keeps a failure that says already who is to blame', () => {
    const failure = new JwksFailure('metadata_unavailable', new Error('no route'));
    expect(JwksFailure.from(failure)).toBe(failure);
    expect(JwksFailure.from(failure.cause)).toMatchObject({ reason: 'keys_unavailable', message: 'no route' });
  });

  it('keeps the cause, and holds up against one that is no error', async () => {
    expect(new JwksFailure('keys_unavailable', 'a string')).toMatchObject({
      message: 'an unknown failure',
      cause: 'a string',
    });
    const { server, endpoint } = await open();
    server.answer('jwks', () => new Response(null, { status: 500 }));
    const failure = await endpoint.fetch(true, undefined).catch((error) => error);
    expect(failure.cause).toMatchObject({ name: 'FetchFailure', status: 500 });
  });

  it('fetches nothing once its owner is closed', async () => {
    const { server, closing, fails } = await open();
    closing.abort();
    expect(await fails(true)).toBe(`metadata_unavailable: ${METADATA} was given up, since the verifier was closed`);
    expect(server.requests).toEqual([]);
  });
});
