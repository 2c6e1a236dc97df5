import { describe, expect, it } from 'vitest';
import { createVerifier, type IssuerOptions, type VerifierOptions } from '../../../src/index.js';
import type { TestTokenOptions } from '../../../src/testing/index.js';
import { EVERLASTING, TOKEN_CACHES, verdictOf } from '../../support/clients.js';
import { covers } from '../../support/covers.js';
import { createKeyServers, fetchFrom, type KeyServer } from '../../support/key-server.js';

type Pair = readonly [KeyServer, KeyServer];

/** How the two issuers are made known. */
const REGISTRIES = [
  ['as a list', (issuers: readonly IssuerOptions[]) => issuers],
  [
    'by a resolver',
    (issuers: readonly IssuerOptions[]) => (iss: string) => issuers.find(({ issuer }) => issuer === iss),
  ],
] as const;

describe.each(REGISTRIES)('two issuers given %s', (_, register) => {
  async function open(
    own: readonly [object, object] = [{}, {}],
    shared: Omit<Partial<VerifierOptions>, 'claims'> = {},
  ) {
    const servers = (await createKeyServers(2)) as unknown as Pair;
    const [a, b] = servers;
    const strays: string[] = [];
    const verifier = createVerifier({
      ...a.verifierOptions,
      issuer: register([
        { issuer: a.issuer.issuer, ...own[0] },
        { issuer: b.issuer.issuer, ...own[1] },
      ]),
      fetch: fetchFrom(servers, strays),
      ...shared,
    });
    const ask = (token: string) => verdictOf(verifier.verify(token));
    const askFor = async (server: KeyServer, options: TestTokenOptions = {}) =>
      ask(await server.issuer.token({ ...EVERLASTING, ...options }));
    /** Another issuer's signature under the name of this one. */
    const forge = (signer: KeyServer, name: KeyServer) =>
      signer.issuer.token({ claims: { ...EVERLASTING.claims, iss: name.issuer.issuer } });
    return { a, b, verifier, strays, ask, askFor, forge };
  }

  it('both have a key of the same kid, which is not the same key', async () => {
    const { a, b } = await open();
    const [keyOfA] = a.issuer.jwks.keys;
    const [keyOfB] = b.issuer.jwks.keys;
    expect(keyOfA?.kid).toBe(keyOfB?.kid);
    expect(keyOfA?.x).not.toBe(keyOfB?.x);
  });

  describe.each(TOKEN_CACHES)('%s', (_, tokenCache) => {
    it.each([
      ['A, B, A', [0, 1, 0]],
      ['B, A, B', [1, 0, 1]],
      ['A, A, B', [0, 0, 1]],
    ])('CVE-2025-59936: the same kid in both never mixes, in the order %s', async (_, order) => {
      covers('H1');
      const { a, b, ask, askFor, forge } = await open(undefined, { tokenCache });
      const servers = [a, b];
      for (const turn of order) {
        const own = servers[turn] as KeyServer;
        const other = servers[1 - turn] as KeyServer;
        expect(await askFor(own)).toBe('accepted');
        expect(await ask(await forge(other, own))).toBe('signature_invalid');
        expect(await ask(await forge(own, other))).toBe('signature_invalid');
        expect(await askFor(own)).toBe('accepted');
      }
    });

    it('a token verified for one stays refused under the name of the other', async () => {
      covers('H1');
      const { a, b, ask, forge } = await open(undefined, { tokenCache });
      const token = await a.issuer.token(EVERLASTING);
      expect(await ask(token)).toBe('accepted');
      const [header, , signature] = token.split('.');
      const [, renamed] = (await forge(a, b)).split('.');
      expect(await ask(`${header}.${renamed}.${signature}`)).toBe('signature_invalid');
      expect(await ask(token)).toBe('accepted');
    });

    it('a key withdrawn by one is not withdrawn from the other', async () => {
      covers('H17');
      const { a, b, verifier, ask } = await open(undefined, { tokenCache });
      const [ofA, ofB] = [await a.issuer.token(EVERLASTING), await b.issuer.token(EVERLASTING)];
      expect([await ask(ofA), await ask(ofB)]).toEqual(['accepted', 'accepted']);
      const [kid = ''] = a.issuer.jwks.keys.map((key) => key.kid);
      await a.issuer.rotate();
      a.issuer.withdraw(kid);
      await verifier.refresh();
      expect([await ask(ofA), await ask(ofB)]).toEqual(['unknown_key', 'accepted']);
    });

    it('an outage of one does not touch the other', async () => {
      covers('H18');
      const { a, b, askFor } = await open(undefined, { tokenCache });
      a.answer('jwks', () => new Response(null, { status: 500 }));
      expect(await askFor(a)).toBe('keys_unavailable');
      expect(await askFor(b)).toBe('accepted');
      expect(await askFor(a)).toBe('keys_unavailable');
    });

    it('a flood of made-up kids at one does not use up the fetches of the other', async () => {
      covers('H15');
      const { a, b, askFor } = await open(undefined, { tokenCache });
      expect([await askFor(a), await askFor(b)]).toEqual(['accepted', 'accepted']);
      for (let i = 0; i < 20; i += 1) expect(await askFor(a, { header: { kid: `made-up-${i}` } })).toBe('unknown_key');
      await b.issuer.rotate();
      expect(await askFor(b)).toBe('accepted');
      expect(await askFor(b, { header: { kid: 'made-up-0' } })).toBe('unknown_key');
      expect(b.hits.jwks).toBe(3);
    });
  });

  it('CVE-2026-32301: an iss that is not trusted is refused with no request to anywhere', async () => {
    covers('H2');
    const { a, b, strays, ask, askFor } = await open();
    const [trusted] = [a.issuer.issuer];
    const names = [
      'https://evil.test',
      `${trusted}/`,
      trusted.toUpperCase(),
      `${trusted}#`,
      `${trusted}/../`,
      ` ${trusted}`,
      `${trusted}:443`,
      trusted.replace('https', 'http'),
      'http://169.254.169.254/latest/meta-data',
      'file:///etc/passwd',
      '__proto__',
      '',
    ];
    for (const iss of names) {
      const token = await a.issuer.token({ claims: { ...EVERLASTING.claims, iss } });
      expect(await ask(token)).toBe('issuer_not_trusted');
    }
    expect([...a.requests, ...b.requests, ...strays]).toEqual([]);
    expect(await askFor(a)).toBe('accepted');
  });

  it.each([
    ['missing', undefined, 'claim_missing'],
    ['a number', 7, 'claim_malformed'],
    ['a list', ['https://issuer-0.test'], 'claim_malformed'],
    ['null', null, 'claim_malformed'],
  ])('RFC 7519 §4.1.1: there is no fallback for an iss that is %s', async (_, iss, reason) => {
    const { a, ask, askFor } = await open();
    expect(await ask(await a.issuer.token({ claims: { iss } }))).toBe(reason);
    expect(a.requests).toEqual([]);
    expect(await askFor(a)).toBe('accepted');
  });

  describe('rules of one issuer take the place of those of the verifier, for its tokens alone', () => {
    it('algorithms', async () => {
      const { a, b, askFor } = await open([{ algorithms: ['RS256'] }, {}]);
      expect(await askFor(b)).toBe('accepted');
      expect(await askFor(a)).toBe('algorithm_not_allowed');
    });

    it('audience: both its own and that of the verifier must be met', async () => {
      const { a, b, askFor } = await open([{ audience: 'https://a-only.test' }, {}]);
      expect(await askFor(b)).toBe('accepted');
      expect(await askFor(a)).toBe('audience_mismatch');
      expect(await askFor(a, { audience: 'https://a-only.test' })).toBe('audience_mismatch');
      expect(await askFor(a, { audience: ['https://a-only.test', a.issuer.audience] })).toBe('accepted');
    });

    it('profile', async () => {
      const { a, b, askFor } = await open([{ profile: 'rfc9068' }, {}]);
      expect(await askFor(b, { header: { typ: 'JWT' } })).toBe('accepted');
      expect(await askFor(a, { header: { typ: 'JWT' } })).toBe('token_type_not_allowed');
      expect(await askFor(a, { claims: { exp: EVERLASTING.claims?.['exp'] } })).toBe('accepted');
    });

    it('clientIds', async () => {
      const { a, b, askFor } = await open([{ clientIds: ['batch'] }, {}], { clientIds: ['test-client'] });
      expect(await askFor(b)).toBe('accepted');
      expect(await askFor(a)).toBe('client_not_allowed');
      expect(await askFor(a, { clientId: 'batch' })).toBe('accepted');
      expect(await askFor(b, { clientId: 'batch' })).toBe('client_not_allowed');
    });

    it('maxTokenAgeSeconds', async () => {
      const { a, b, askFor } = await open([{ maxTokenAgeSeconds: 60 }, {}]);
      const old = { claims: { iat: Math.floor(a.issuer.now() / 1000) - 100 } };
      expect(await askFor(b, old)).toBe('accepted');
      expect(await askFor(a, old)).toBe('token_too_old');
      expect(await askFor(a, { claims: {} })).toBe('accepted');
    });

    it('scopesFrom', async () => {
      const { a, b, verifier } = await open([{ scopesFrom: ['roles'] }, {}]);
      const options = { scope: 'read', claims: { roles: ['admin'] } };
      expect(await verifier.verify(await a.issuer.token(options))).toMatchObject({ scopes: ['admin'] });
      expect(await verifier.verify(await b.issuer.token(options))).toMatchObject({ scopes: ['read'] });
    });
  });
});

describe('issuers given as a list', () => {
  it('says in the detail when an iss differs from a trusted one by case or a trailing slash alone', async () => {
    const [a] = (await createKeyServers(1)) as [KeyServer];
    const verifier = createVerifier(a.verifierOptions);
    const refuse = async (iss: string) =>
      verifier.verify(await a.issuer.token({ claims: { iss } })).catch((error) => error.detail);
    const hint = '; it differs from "https://issuer-0.test" only by case or a trailing slash';
    const trusted = '; trusted: "https://issuer-0.test"';
    expect(await refuse('https://issuer-0.test/')).toBe(`iss "https://issuer-0.test/"${hint}${trusted}`);
    expect(await refuse('https://ISSUER-0.test')).toBe(`iss "https://ISSUER-0.test"${hint}${trusted}`);
    expect(await refuse('https://issuer-1.test')).toBe(`iss "https://issuer-1.test"${trusted}`);
  });

  it('finds each of 1,000, and asks for the keys of no other', async () => {
    const servers = await createKeyServers(3);
    const [first, middle, last] = servers as [KeyServer, KeyServer, KeyServer];
    const others = Array.from({ length: 499 }, (_, i) => `https://other-${i}.test`);
    const names = [first, ...others.slice(0, 250), middle, ...others.slice(250), last].map((given) =>
      typeof given === 'string' ? given : given.issuer.issuer,
    );
    const strays: string[] = [];
    const verifier = createVerifier({ ...first.verifierOptions, issuer: names, fetch: fetchFrom(servers, strays) });
    for (const { issuer } of servers) expect(await verdictOf(verifier.verify(await issuer.token()))).toBe('accepted');
    expect(servers.map(({ hits }) => hits.jwks)).toEqual([1, 1, 1]);
    expect(strays).toEqual([]);
  });
});
