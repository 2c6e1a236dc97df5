import { describe, expect, it } from 'vitest';
import { createVerifier, type IssuerUnavailableError } from '../../../src/index.js';
import { EVERLASTING, TOKEN_CACHES, verdictOf } from '../../support/clients.js';
import { covers } from '../../support/covers.js';
import { good, KeyServer, until } from '../../support/key-server.js';

const MANY = 500;
const manyTokens = (server: KeyServer) =>
  Promise.all(Array.from({ length: MANY }, () => server.issuer.token(EVERLASTING)));
const noAnswer = () => new Response('Service Unavailable', { status: 503 });

describe.each(TOKEN_CACHES)('nothing cached, %s', (_, tokenCache) => {
  it('500 requests at once cost one request for each document, and all are answered', async () => {
    covers('H20');
    const server = await KeyServer.create();
    const verifier = createVerifier({ ...server.verifierOptions, tokenCache });
    const tokens = await manyTokens(server);
    const verdicts = await Promise.all(tokens.map((token) => verdictOf(verifier.verify(token))));
    expect(new Set(verdicts)).toEqual(new Set(['accepted']));
    expect(server.hits).toEqual({ metadata: 1, jwks: 1, elsewhere: 0 });
  });

  it('500 requests with one token at once cost one request for each document', async () => {
    covers('H20');
    const server = await KeyServer.create();
    const verifier = createVerifier({ ...server.verifierOptions, tokenCache });
    const token = await server.issuer.token();
    const verdicts = await Promise.all(Array.from({ length: MANY }, () => verdictOf(verifier.verify(token))));
    expect(new Set(verdicts)).toEqual(new Set(['accepted']));
    expect(server.hits).toEqual({ metadata: 1, jwks: 1, elsewhere: 0 });
  });

  it('a request that comes while the keys are on their way waits for them and asks for nothing', async () => {
    covers('H20');
    const server = await KeyServer.create();
    const held = server.hold('jwks');
    const verifier = createVerifier({ ...server.verifierOptions, tokenCache });
    const first = verdictOf(verifier.verify(await server.issuer.token()));
    await until(() => held.length === 1);
    const second = verdictOf(verifier.verify(await server.issuer.token()));
    held[0]?.release();
    expect(await Promise.all([first, second])).toEqual(['accepted', 'accepted']);
    expect(server.hits).toEqual({ metadata: 1, jwks: 1, elsewhere: 0 });
  });

  it('the key set alone is asked for where jwksUri is given', async () => {
    covers('H20');
    const server = await KeyServer.create();
    const issuer = { issuer: server.issuer.issuer, jwksUri: server.jwksUri };
    const verifier = createVerifier({ ...server.verifierOptions, issuer, tokenCache });
    const verdicts = await Promise.all((await manyTokens(server)).map((token) => verdictOf(verifier.verify(token))));
    expect(new Set(verdicts)).toEqual(new Set(['accepted']));
    expect(server.hits).toEqual({ metadata: 0, jwks: 1, elsewhere: 0 });
  });

  it('while the endpoint fails all but the first request of a back-off interval get 503 at once', async () => {
    covers('H16');
    const server = await KeyServer.create();
    server.answer('jwks', noAnswer);
    const verifier = createVerifier({ ...server.verifierOptions, tokenCache });
    const ask = async () => verdictOf(verifier.verify(await server.issuer.token(EVERLASTING)));
    expect(await ask()).toBe('keys_unavailable');

    // A request that asked the server would never be answered from here on.
    const held = server.hold('metadata');
    for (let i = 0; i < 100; i += 1) expect(await ask()).toBe('keys_unavailable');
    expect(held).toEqual([]);
    expect(server.hits.jwks).toBe(1);

    server.recover();
    server.issuer.advance(1);
    expect(await ask()).toBe('accepted');
    expect(server.hits.jwks).toBe(2);
  });

  it('after a failure only the request that tries again waits for an issuer that hangs, at every attempt', async () => {
    covers('H16');
    const server = await KeyServer.create();
    server.answer('jwks', noAnswer);
    const verifier = createVerifier({ ...server.verifierOptions, tokenCache });
    const ask = async () => verdictOf(verifier.verify(await server.issuer.token(EVERLASTING)));
    expect(await ask()).toBe('keys_unavailable');

    for (const wait of [1, 2, 4]) {
      server.issuer.advance(wait);
      const held = server.hold('jwks');
      const trying = ask();
      await until(() => held.length === 1);
      // Nobody answers the server's request, so that whoever waits for it does so without end.
      for (let i = 0; i < 20; i += 1) expect(await ask()).toBe('keys_unavailable');
      expect(held).toHaveLength(1);
      held[0]?.release(noAnswer);
      expect(await trying).toBe('keys_unavailable');
    }

    server.issuer.advance(8);
    const held = server.hold('jwks');
    const [trying, ready] = [ask(), verifier.ready()];
    await until(() => held.length === 1);
    held[0]?.release(good);
    expect(await trying).toBe('accepted');
    await ready;
    expect(server.hits.jwks).toBe(1 + 3 + 1);
  });

  it('the same with an unknown kid, while known keys are in use', async () => {
    covers('H16');
    const server = await KeyServer.create();
    const verifier = createVerifier({ ...server.verifierOptions, tokenCache });
    await verifier.ready();
    await server.issuer.rotate();
    const ask = async () => verdictOf(verifier.verify(await server.issuer.token(EVERLASTING)));
    server.answer('jwks', noAnswer);
    expect(await ask()).toBe('keys_unavailable');
    server.issuer.advance(1);
    const held = server.hold('jwks');
    const trying = ask();
    await until(() => held.length === 1);
    for (let i = 0; i < 20; i += 1) expect(await ask()).toBe('keys_unavailable');
    held[0]?.release(good);
    expect(await trying).toBe('accepted');
    expect(await ask()).toBe('accepted');
  });

  it('requests that came at once share the failure of their one fetch', async () => {
    covers('H16');
    const server = await KeyServer.create();
    server.answer('jwks', noAnswer);
    const verifier = createVerifier({ ...server.verifierOptions, tokenCache });
    const verdicts = await Promise.all((await manyTokens(server)).map((token) => verdictOf(verifier.verify(token))));
    expect(new Set(verdicts)).toEqual(new Set(['keys_unavailable']));
    expect(server.hits.jwks).toBe(1);
  });

  it('RFC 9110 §10.2.3: Retry-After tells when the back-off ends', async () => {
    const server = await KeyServer.create();
    server.answer('jwks', noAnswer);
    const verifier = createVerifier({ ...server.verifierOptions, tokenCache });
    const token = await server.issuer.token(EVERLASTING);
    for (let failures = 1; failures <= 8; failures += 1) {
      const error: IssuerUnavailableError = await verifier.verify(token).catch((reason) => reason);
      const longest = Math.min(5, 2 ** (failures - 1));
      const seconds = error.retryAfterSeconds ?? 0;
      expect(error.reason).toBe('keys_unavailable');
      expect(seconds).toBeGreaterThanOrEqual(longest / 2);
      expect(seconds).toBeLessThanOrEqual(longest);
      expect(error.headers['Retry-After']).toBe(String(Math.max(1, Math.ceil(seconds))));

      server.issuer.advance(seconds - 0.01);
      expect(await verdictOf(verifier.verify(token))).toBe('keys_unavailable');
      expect(server.hits.jwks).toBe(failures);
      server.issuer.advance(0.02);
    }
    server.answer('jwks', good);
    expect(await verdictOf(verifier.verify(token))).toBe('accepted');
  });

  it('a clock that is set back does not prolong a back-off', async () => {
    const server = await KeyServer.create();
    server.answer('jwks', noAnswer);
    const verifier = createVerifier({ ...server.verifierOptions, tokenCache });
    const token = await server.issuer.token(EVERLASTING);
    expect(await verdictOf(verifier.verify(token))).toBe('keys_unavailable');
    server.recover();
    expect(await verdictOf(verifier.verify(token))).toBe('keys_unavailable');
    server.issuer.advance(-86_400);
    expect(await verdictOf(verifier.verify(token))).toBe('accepted');
  });

  it('a token that cannot be good costs no request to anywhere', async () => {
    covers('H2');
    const server = await KeyServer.create();
    const verifier = createVerifier({ ...server.verifierOptions, tokenCache });
    const stranger = await server.issuer.token({ claims: { iss: 'https://other.test' } });
    const badType = await server.issuer.token({ header: { typ: 'dpop+jwt' } });
    expect(await verdictOf(verifier.verify(stranger))).toBe('issuer_not_trusted');
    expect(await verdictOf(verifier.verify(badType))).toBe('token_type_not_allowed');
    expect(server.requests).toEqual([]);
    expect(await verdictOf(verifier.verify(await server.issuer.token()))).toBe('accepted');
    expect(server.hits).toEqual({ metadata: 1, jwks: 1, elsewhere: 0 });
  });
});
