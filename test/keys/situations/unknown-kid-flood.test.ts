import { describe, expect, it } from 'vitest';
import { createVerifier, type Verifier } from '../../../src/index.js';
import {
  both,
  Clients,
  EVERLASTING,
  TOKEN_CACHES,
  type Verdict,
  verdictOf,
  withHeader,
} from '../../support/clients.js';
import { covers } from '../../support/covers.js';
import { usedHeapBytes } from '../../support/heap.js';
import { KeyServer, until } from '../../support/key-server.js';
import { messagesDuring } from '../../support/listening.js';
import { THOROUGH, thorough } from '../../support/thorough.js';

const MANY = thorough(10_000, 1000);
const MINUTE_SECONDS = 60;

/** Sends tokens with made-up kids, so many at once, and gives every verdict there was. */
async function flood(
  verifier: Verifier,
  token: string,
  {
    kids,
    atOnce = 1,
    between = async () => {},
  }: { kids: readonly string[]; atOnce?: number; between?: () => Promise<void> },
): Promise<ReadonlySet<Verdict>> {
  const verdicts = new Set<Verdict>();
  for (let i = 0; i < kids.length; i += atOnce) {
    const wave = kids.slice(i, i + atOnce).map((kid) => verdictOf(verifier.verify(withHeader(token, { kid }))));
    for (const verdict of await Promise.all(wave)) verdicts.add(verdict);
    await between();
  }
  return verdicts;
}

const madeUp = (count: number, prefix = 'kid') => Array.from({ length: count }, (_, i) => `${prefix}-${i}`);

describe.each(TOKEN_CACHES)('a flood of made-up kids, %s', (_, tokenCache) => {
  async function open(keys = {}) {
    const server = await KeyServer.create();
    const verifier = createVerifier({ ...server.verifierOptions, tokenCache, keys });
    const clients = await Clients.create(server.issuer, verifier);
    return { server, verifier, clients, token: await server.issuer.token(EVERLASTING) };
  }

  it.each([
    [MANY, 'the defaults', {}, 3 + MINUTE_SECONDS / 30],
    [1000, 'a limit of one', { refetchBurst: 1, refetchEverySeconds: 45 }, 1 + 1],
    [1000, 'a generous limit', { refetchBurst: 10, refetchEverySeconds: 5 }, 10 + MINUTE_SECONDS / 5],
  ])(
    '%i within a minute cost no more fetches than %s allow, and known keys all succeed',
    async (count, _, keys, most) => {
      covers('H15');
      const { server, verifier, clients, token } = await open(keys);
      const known: Promise<unknown>[] = [];
      const verdicts = await flood(verifier, token, {
        kids: madeUp(count),
        atOnce: 20,
        between: async () => {
          known.push(clients.ask());
          server.issuer.advance((MINUTE_SECONDS * 20) / count);
        },
      });
      expect(verdicts).toEqual(new Set(['unknown_key']));
      expect(new Set((await Promise.all(known)).map((verdict) => JSON.stringify(verdict)))).toEqual(
        new Set([JSON.stringify(both('accepted'))]),
      );
      expect(server.hits.jwks - 1).toBeGreaterThan(1);
      expect(server.hits.jwks - 1).toBeLessThanOrEqual(most);
      expect(server.hits.metadata).toBe(1);
    },
  );

  it('10,000 at once cost one fetch', async () => {
    covers('H15');
    const { server, verifier, token } = await open();
    expect(await flood(verifier, token, { kids: madeUp(MANY), atOnce: MANY })).toEqual(new Set(['unknown_key']));
    expect(server.hits).toEqual({ metadata: 1, jwks: 2, elsewhere: 0 });
  });

  it('known keys answer while the fetch for a made-up kid goes on', async () => {
    covers('H15');
    const { server, verifier, clients, token } = await open();
    const held = server.hold('jwks');
    const asked = flood(verifier, token, { kids: madeUp(100), atOnce: 100 });
    for (let i = 0; i < 20; i += 1) expect(await clients.ask()).toEqual(both('accepted'));
    expect(held).toHaveLength(1);
    held[0]?.release();
    expect(await asked).toEqual(new Set(['unknown_key']));
  });

  it('while the endpoint fails it costs one fetch for each back-off, and known keys all succeed', async () => {
    covers('H16');
    const { server, verifier, clients, token } = await open();
    server.answer('jwks', () => new Response(null, { status: 500 }));
    const verdicts = await flood(verifier, token, {
      kids: madeUp(1000),
      atOnce: 20,
      between: async () => {
        expect(await clients.ask()).toEqual(both('accepted'));
        server.issuer.advance((MINUTE_SECONDS * 20) / 1000);
      },
    });
    expect(verdicts).toEqual(new Set(['keys_unavailable']));
    // The waits are at least 0.5, 1, 2, 4, 8, 16 and 30 s long.
    expect(server.hits.jwks - 1).toBeLessThanOrEqual(8);
    expect(server.hits.jwks - 1).toBeGreaterThan(1);
  });

  it.each([
    ['tokens of a new key', (clients: Clients) => clients.askWithNew()],
    ['a token of a known key', (clients: Clients) => clients.askWithOld()],
  ])('fetches that failed take nothing from the allowance: %s bring the issuer back', async (_, ask) => {
    covers('H15');
    const { server, verifier, clients } = await open();
    await server.issuer.rotate();
    const newToken = await server.issuer.token(EVERLASTING);
    server.answer('jwks', () => new Response(null, { status: 500 }));
    for (let quarter = 0; quarter < 4 * 5; quarter += 1) {
      expect(await verdictOf(verifier.verify(newToken))).toBe('keys_unavailable');
      server.issuer.advance(0.25);
    }
    server.recover();
    // The longest wait after four failures, which five seconds have room for.
    server.issuer.advance(8);

    expect(await ask(clients)).toBe('accepted');
    await until(() => verifier.status().issuers[0]?.state === 'fresh');
    expect(await verdictOf(verifier.verify(newToken))).toBe('accepted');
  });

  it('fetches that were answered take from the allowance, also after a failure', async () => {
    covers('H15');
    const { server, verifier, token } = await open({ refetchBurst: 1, refetchEverySeconds: 3600 });
    server.answer('jwks', () => new Response(null, { status: 500 }));
    expect(await flood(verifier, token, { kids: ['a'] })).toEqual(new Set(['keys_unavailable']));
    server.recover();
    server.issuer.advance(1);
    expect(await flood(verifier, token, { kids: madeUp(100) })).toEqual(new Set(['unknown_key']));
    // One that failed, one to try again, one for a kid.
    expect(server.hits.jwks).toBe(1 + 3);
  });

  it('a key that comes during a flood is known within refetchEverySeconds', async () => {
    const { server, verifier, token } = await open();
    const kids = madeUp(200);
    expect(await flood(verifier, token, { kids })).toEqual(new Set(['unknown_key']));
    await server.issuer.rotate();
    const newToken = await server.issuer.token(EVERLASTING);
    server.issuer.advance(30);
    expect(await verdictOf(verifier.verify(withHeader(token, { kid: 'one-more' })))).toBe('unknown_key');
    expect(await verdictOf(verifier.verify(newToken))).toBe('accepted');
  });

  it('a kid refused once is not fetched for again until it may have appeared', async () => {
    covers('H26');
    const { server, verifier, token } = await open();
    const ask = (kid: string) => verdictOf(verifier.verify(withHeader(token, { kid })));
    expect(await ask('absent')).toBe('unknown_key');
    expect(server.hits.jwks).toBe(2);
    server.issuer.advance(29);
    for (let i = 0; i < 100; i += 1) expect(await ask('absent')).toBe('unknown_key');
    expect(server.hits.jwks).toBe(2);
    expect(await ask('another')).toBe('unknown_key');
    expect(server.hits.jwks).toBe(3);
    server.issuer.advance(2);
    expect(await ask('absent')).toBe('unknown_key');
    expect(server.hits.jwks).toBe(4);
  });

  it('a kid refused before it was published is accepted as soon as any fetch brings it', async () => {
    covers('H26');
    const { server, verifier } = await open();
    const kid = await server.issuer.rotate();
    const tokenOfNewKey = await server.issuer.token(EVERLASTING);
    server.answer('jwks', async (_, good) => {
      const { keys } = (await good().json()) as { keys: { kid: string }[] };
      return Response.json({ keys: keys.filter((key) => key.kid !== kid) });
    });
    expect(await verdictOf(verifier.verify(tokenOfNewKey))).toBe('unknown_key');
    server.recover();
    expect(await verdictOf(verifier.verify(tokenOfNewKey))).toBe('unknown_key');
    await verifier.refresh();
    expect(await verdictOf(verifier.verify(tokenOfNewKey))).toBe('accepted');
  });

  it('a kid that no key could have costs no fetch', async () => {
    covers('C6');
    const { server, verifier, token } = await open();
    const ask = (kid: string) => verdictOf(verifier.verify(withHeader(token, { kid })));
    expect(await ask('k'.repeat(257))).toBe('unknown_key');
    expect(server.hits.jwks).toBe(1);
    expect(await ask('k'.repeat(256))).toBe('unknown_key');
    expect(server.hits.jwks).toBe(2);
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('the kid %s names no key', async (kid) => {
    covers('C10');
    const { server, verifier, clients, token } = await open();
    expect(await verdictOf(verifier.verify(withHeader(token, { kid })))).toBe('unknown_key');
    expect(server.hits.jwks).toBe(2);
    expect(await clients.ask()).toEqual(both('accepted'));
  });

  it.each([
    ['expired', { claims: { exp: 1 } }],
    ['of another audience', { audience: 'https://other.test' }],
    ['not valid yet', { claims: { nbf: 253_402_300_000 } }],
    ['without exp', { claims: { exp: undefined } }],
    ['bound to a key', { claims: { cnf: { jkt: 'x' } } }],
  ])('a token that is %s is not worth a fetch for its kid', async (_, change) => {
    covers('H15');
    const { server, verifier, token } = await open();
    const implausible = withHeader(await server.issuer.token(change), { kid: 'made-up' });
    const messages = await messagesDuring('scopegate:unknown-kid', async () => {
      expect(await verdictOf(verifier.verify(implausible))).toBe('unknown_key');
    });
    expect(messages).toEqual([{ issuer: server.issuer.issuer, kid: 'made-up', notAskedBecause: 'implausible' }]);
    expect(server.hits.jwks).toBe(1);
    expect(await verdictOf(verifier.verify(withHeader(token, { kid: 'made-up' })))).toBe('unknown_key');
    expect(server.hits.jwks).toBe(2);
  });

  it('says in the detail which kid is not known, quoted', async () => {
    const { verifier, token } = await open();
    const error = await verifier.verify(withHeader(token, { kid: 'x"\n' })).catch((reason) => reason);
    expect(error).toMatchObject({
      reason: 'unknown_key',
      detail: expect.stringMatching(/^kid "x\\"\\n", alg ES256; known are "es256-1" \(ES256\), from https:/),
    });
  });
});

describe('the memory of a flood of made-up kids', () => {
  it('forgets the oldest absent kid for the thousand-and-first', async () => {
    covers('H27');
    const server = await KeyServer.create();
    const verifier = createVerifier({ ...server.verifierOptions });
    const token = await server.issuer.token(EVERLASTING);
    expect(await verdictOf(verifier.verify(token))).toBe('accepted');
    const notAskedBecause = async (kid: string) => {
      const [message] = await messagesDuring('scopegate:unknown-kid', () => flood(verifier, token, { kids: [kid] }));
      return message?.notAskedBecause;
    };
    expect(await notAskedBecause('first')).toBe(undefined);
    await flood(verifier, token, { kids: madeUp(999), atOnce: 999 });
    expect(await notAskedBecause('first')).toBe('asked-before');
    // Looking it up made it the youngest; a thousand more take its place all the same.
    await flood(verifier, token, { kids: madeUp(1000, 'more'), atOnce: 1000 });
    expect(server.hits.jwks).toBe(4);
    expect(await notAskedBecause('first')).toBe('limit');
  });

  it.runIf(THOROUGH)('12,000 kids of 250 characters leave nothing behind', async () => {
    covers('H27');
    const server = await KeyServer.create();
    const verifier = createVerifier({
      ...server.verifierOptions,
      keys: { refetchBurst: 100, refetchEverySeconds: 3600 },
    });
    const token = await server.issuer.token(EVERLASTING);
    expect(await verdictOf(verifier.verify(token))).toBe('accepted');
    // Every wave costs one fetch, so that every kid is looked for and noted.
    const send = (prefix: string, count: number) =>
      flood(verifier, token, { kids: madeUp(count, prefix.repeat(120)), atOnce: 1000 });
    await send('aa', 3000);
    const before = await usedHeapBytes();
    await send('bb', 12_000);
    const grown = (await usedHeapBytes()) - before;
    expect(server.hits.jwks).toBe(1 + 15);
    // Kept, the kids alone would take 3 MB.
    expect(grown).toBeLessThan(1_500_000);
  });
});
