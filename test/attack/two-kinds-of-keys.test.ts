import { createSecretKey, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createVerifier, type IssuerOptions, type VerifierOptions } from '../../src/index.js';
import { expectMisuse } from '../support/configuration-error.js';
import { covers } from '../support/covers.js';
import { spellPublicKey } from '../support/public-key-spellings.js';
import { RawIssuer } from '../support/raw-issuer.js';
import { reasonOfCall } from '../support/reason-of.js';

const NAME = 'https://project.supabase.test/auth/v1';
const SECRET = randomBytes(32);
const OTHER_SECRET = randomBytes(32);
const TOKEN_CACHES = [
  ['with the token cache', { max: 100 }],
  ['without the token cache', false],
] as const;

const raw = new RawIssuer({ issuer: NAME, algorithm: 'ES256' });
const rsa = new RawIssuer({ issuer: NAME, algorithm: 'RS256' });

const secretEntry = { issuer: NAME, secret: SECRET, algorithms: ['HS256'] } as const satisfies IssuerOptions;
const keysEntry = { issuer: NAME, jwks: { keys: [raw.jwk] } } as const satisfies IssuerOptions;

function open(issuer: readonly IssuerOptions[], tokenCache: VerifierOptions['tokenCache'] = false) {
  const verifier = createVerifier({ ...raw.verifierOptions, issuer, tokenCache });
  return { verifier, ask: (token: string) => reasonOfCall(verifier.verify(token)) };
}

const hmac = (secret: string | Buffer, alg = 'HS256', of = raw) =>
  of.token({
    header: { alg: JSON.stringify(alg) },
    key: createSecretKey(Buffer.from(secret)),
    signWith: alg as 'HS256',
  });

describe.each(TOKEN_CACHES)('A: one name with a secret and with public keys, %s', (_, tokenCache) => {
  it.each([
    ['the secret first', [secretEntry, keysEntry]],
    ['the keys first', [keysEntry, secretEntry]],
  ] as const)('each verifies its own tokens: %s', async (_order, issuer) => {
    const { ask, verifier } = open(issuer, tokenCache);
    for (let i = 0; i < 2; i += 1)
      expect([await ask(raw.token()), await ask(hmac(SECRET))]).toEqual(Array(2).fill('accepted'));
    expect(verifier.status().issuers.map(({ issuer: name, state }) => [name, state])).toEqual([
      [NAME, 'static'],
      [NAME, 'static'],
    ]);
  });

  it('CVE-2015-9235, RFC 8725 §2.1: no spelling of a public key is the secret', async () => {
    covers('A4', 'E1');
    for (const key of [raw, rsa]) {
      const { ask } = open([secretEntry, { issuer: NAME, jwks: { keys: [key.jwk] } }], tokenCache);
      expect([await ask(hmac(SECRET)), await ask(key.token())]).toEqual(['accepted', 'accepted']);
      for (const [, spelling] of spellPublicKey(key)) {
        if (spelling.length > 0) expect(await ask(hmac(spelling))).toBe('signature_invalid');
      }
    }
  });

  it('RFC 8725 §3.1: an algorithm that neither entry has is refused, and no entry lends its own to the other', async () => {
    covers('A8', 'A12');
    const { ask } = open([secretEntry, { ...keysEntry, algorithms: ['ES256'] }], tokenCache);
    expect([await ask(hmac(SECRET)), await ask(raw.token())]).toEqual(['accepted', 'accepted']);
    expect(await ask(hmac(SECRET, 'HS384'))).toBe('algorithm_not_allowed');
    expect(await ask(rsa.token())).toBe('algorithm_not_allowed');
    for (const alg of ['"none"', '"ES256 "', '"hs256"', 'null', '["HS256","ES256"]', '{"toString":"HS256"}', '1']) {
      const reason = await ask(raw.token({ header: { alg } }));
      expect(['algorithm_not_allowed', 'token_malformed']).toContain(reason);
    }
  });

  it('a signature of one kind under the algorithm of the other is refused, cold and after a good one', async () => {
    covers('A8', 'A9');
    const { ask } = open([secretEntry, keysEntry], tokenCache);
    const [signed, mac] = [raw.token(), hmac(SECRET)];
    const swap = (header: string, of: string) => [header.split('.')[0], ...of.split('.').slice(1)].join('.');
    for (let i = 0; i < 2; i += 1) {
      expect(await ask(swap(mac, signed))).toBe('signature_invalid');
      expect(await ask(swap(signed, mac))).toBe('signature_invalid');
      expect([await ask(signed), await ask(mac)]).toEqual(['accepted', 'accepted']);
    }
    expect(await ask(hmac(OTHER_SECRET))).toBe('signature_invalid');
  });

  it('the rules of an entry are for its own tokens alone', async () => {
    covers('E1');
    const { ask } = open([{ ...secretEntry, clientIds: ['old-app'] }, keysEntry], tokenCache);
    expect(await ask(raw.token())).toBe('accepted');
    expect(await ask(hmac(SECRET))).toBe('client_not_allowed');
  });
});

describe('one name with two entries', () => {
  it('warm starts: the keys of a snapshot go to the entry that fetches keys', async () => {
    const jwks = { issuer: NAME, jwksUri: 'https://project.supabase.test/jwks' };
    const snapshot = { version: 1, issuers: { [NAME]: { fetchedAt: raw.clock.now(), keys: [raw.jwk] } } } as const;
    const verifier = createVerifier({ ...raw.verifierOptions, issuer: [secretEntry, jwks], snapshot });
    expect(await reasonOfCall(verifier.verify(raw.token()))).toBe('accepted');
  });

  it.each<[what: string, issuer: readonly IssuerOptions[]]>([
    ['two with public keys', [keysEntry, { issuer: NAME, jwksUri: 'https://a.test/jwks' }]],
    ['two with secrets of one algorithm', [secretEntry, { ...secretEntry, secret: OTHER_SECRET }]],
    [
      'two of a kind beside one of the other',
      [secretEntry, keysEntry, { issuer: NAME, publicKey: raw.keys.publicKey }],
    ],
  ])('are refused where a token would not say which: %s', async (_, issuer) => {
    expect(() => open([secretEntry, keysEntry])).not.toThrow();
    await expectMisuse(() => open(issuer), {
      option: 'issuer',
      told: 'twice.',
      fix: 'Give each issuer once. One name may stand twice with a secret and with public keys.',
    });
  });
});
