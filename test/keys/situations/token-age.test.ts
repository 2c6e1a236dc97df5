import { describe, expect, it } from 'vitest';
import { createVerifier } from '../../../src/index.js';
import { TOKEN_CACHES, verdictOf, withHeader } from '../../support/clients.js';
import { covers } from '../../support/covers.js';
import { KeyServer } from '../../support/key-server.js';
import { messagesDuring } from '../../support/listening.js';

const LONG = { expiresInSeconds: 86_400 };

/*
 * Whether an unknown key is worth a fetch is decided by time: a key set that was requested a minute after a token was issued has
 * its key, or nobody has.
 */
describe.each(TOKEN_CACHES)('tokens of an unknown key that say when they were issued, %s', (_, tokenCache) => {
  covers('H30');
  async function open(keys = {}) {
    const server = await KeyServer.create();
    const verifier = createVerifier({ ...server.verifierOptions, tokenCache, keys });
    const sign = () => server.issuer.token(LONG);
    const madeUp = async (kid: string) => withHeader(await sign(), { kid });
    const ask = (token: string) => verdictOf(verifier.verify(token));
    const failureOf = (token: string) => verifier.verify(token).catch((error) => error);
    return { server, verifier, sign, madeUp, ask, failureOf };
  }

  it('CVE-2026-48524: an older token costs no fetch, a younger one is looked up', async () => {
    const { server, sign, madeUp, ask } = await open();
    const older = await madeUp('of-another-environment');
    server.issuer.advance(60);
    expect(await ask(await sign())).toBe('accepted');
    expect(server.hits.jwks).toBe(1);

    const messages = await messagesDuring('scopegate:unknown-kid', async () => {
      for (let i = 0; i < 10; i += 1) expect(await ask(older)).toBe('unknown_key');
    });
    expect(messages).toHaveLength(10);
    expect(new Set(messages.map(({ notAskedBecause }) => notAskedBecause))).toEqual(new Set(['issued-before']));
    expect(server.hits.jwks).toBe(1);

    expect(await ask(await madeUp('of-another-environment'))).toBe('unknown_key');
    expect(server.hits.jwks).toBe(2);
  });

  it('an issuer that signs 59 seconds before it publishes gets its tokens accepted', async () => {
    const { server, sign, ask } = await open();
    const old = await sign();
    await server.issuer.rotate();
    const early = await sign();
    server.answer('jwks', async (_, good) => {
      const { keys } = (await good().json()) as { keys: object[] };
      return Response.json({ keys: keys.slice(0, 1) });
    });
    server.issuer.advance(59);
    expect(await ask(old)).toBe('accepted');
    server.recover();
    expect(await ask(early)).toBe('accepted');
  });

  it('an older token is refused during an outage too, while a younger one may be good', async () => {
    const { server, sign, madeUp, ask } = await open();
    const older = await madeUp('made-up');
    server.issuer.advance(60);
    expect(await ask(await sign())).toBe('accepted');
    server.answer('jwks', () => new Response(null, { status: 500 }));
    expect(await ask(older)).toBe('unknown_key');
    expect(server.hits.jwks).toBe(1);
    expect(await ask(await madeUp('made-up'))).toBe('keys_unavailable');
    expect(server.hits.jwks).toBe(2);
  });

  it('CVE-2026-48524: a kid that was guessed right before a rotation keeps no token of the new key out', async () => {
    const { server, sign, ask } = await open();
    expect(await ask(await sign())).toBe('accepted');
    const guessed = withHeader(await sign(), { kid: 'es256-2' });
    expect([await ask(guessed), await ask(guessed)]).toEqual(['unknown_key', 'unknown_key']);
    expect(server.hits.jwks).toBe(2);

    expect(await server.issuer.rotate()).toBe('es256-2');
    expect(await ask(await sign())).toBe('accepted');
    expect(server.hits.jwks).toBe(3);
  });

  it('RFC 9110 §10.2.3: beyond the allowance a younger token is 503, and accepted after Retry-After', async () => {
    const { server, sign, madeUp, ask, failureOf } = await open({ refetchBurst: 2, refetchEverySeconds: 45 });
    expect(await ask(await sign())).toBe('accepted');
    for (const kid of ['a', 'b']) expect(await ask(await madeUp(kid))).toBe('unknown_key');
    server.issuer.advance(10);
    await server.issuer.rotate();
    const good = await sign();

    const error = await failureOf(good);
    expect(error).toMatchObject({ status: 503, reason: 'keys_unavailable', retryAfterSeconds: 35 });
    expect(error.detail).toContain('kid "es256-2"');
    server.issuer.advance(34);
    expect(await failureOf(good)).toMatchObject({ status: 503, retryAfterSeconds: 1 });
    server.issuer.advance(1);
    expect(await ask(good)).toBe('accepted');
    expect(server.hits.jwks).toBe(1 + 2 + 1);
  });

  it('CVE-2026-48524: 1,000 tokens of now with made-up kids cost the allowance and nothing more', async () => {
    const { server, sign, madeUp, ask } = await open();
    expect(await ask(await sign())).toBe('accepted');
    const verdicts: string[] = [];
    for (let i = 0; i < 1000; i += 1) verdicts.push(await ask(await madeUp(`kid-${i}`)));
    expect(new Set(verdicts)).toEqual(new Set(['unknown_key', 'keys_unavailable']));
    expect(server.hits.jwks).toBe(1 + 3);
    expect(await ask(await sign())).toBe('accepted');
  });

  it('a clock that was set back makes no token older than the set', async () => {
    const { server, sign, ask } = await open();
    expect(await ask(await sign())).toBe('accepted');
    server.issuer.advance(-3600);
    await server.issuer.rotate();
    expect(await ask(await sign())).toBe('accepted');
  });
});
