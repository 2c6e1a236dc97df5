import {
  createHash,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  X509Certificate,
} from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Algorithm } from '../../src/jws/algorithm.js';
import type { RowId } from '../security-matrix/catalogue.js';
import { type AuthorizationServer, NO_HITS } from '../support/authorization-server.js';
import { createSelfSignedCertificate } from '../support/certificate.js';
import { covers } from '../support/covers.js';
import { messagesDuring } from '../support/listening.js';
import { generateKeys, type KeyPair, type Mutation, toJwk } from '../support/raw-issuer.js';
import { toSegment } from '../support/raw-token.js';
import { useTestbed } from '../support/testbed.js';

type Jwk = { readonly [name: string]: unknown };

/** A key of the issuer besides its good one. */
interface OddKey extends KeyPair {
  readonly algorithm: Algorithm;
  readonly jwk: Jwk;
}

const RSA = oddKey('RS256', generateKeys('RS256'));
const EC = oddKey('ES256', generateKeys('ES256'));
const OKP = oddKey('EdDSA', generateKeys('EdDSA'));
const RSA_1024 = oddKey('RS256', generateKeyPairSync('rsa', { modulusLength: 1024 }));
const RSA_512 = oddKey('RS256', generateKeyPairSync('rsa', { modulusLength: 512 }));
const X25519 = { ...toJwk(generateKeyPairSync('x25519').publicKey), kid: 'odd' };
const SECRET = randomBytes(32);

const withMembers = (members: object) => (jwk: Jwk) => ({ ...jwk, ...members });
const without = (name: string) => (jwk: Jwk) => Object.fromEntries(Object.entries(jwk).filter(([key]) => key !== name));
const changeBytes = (name: string, change: (bytes: Buffer) => Buffer) => (jwk: Jwk) => ({
  ...jwk,
  [name]: change(Buffer.from(String(jwk[name]), 'base64url')).toString('base64url'),
});
const sign0 = (bytes: Buffer) => Buffer.concat([Buffer.of(0), bytes]);
const flipBit = (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -1), Buffer.of((bytes.at(-1) ?? 0) ^ 2)]);
const privateJwkOf = ({ privateKey }: KeyPair) => ({ ...privateKey.export({ format: 'jwk' }), kid: 'odd' });
const base64url = (hex: string) => Buffer.from(hex, 'hex').toString('base64url');

// y = 0, and one of order 8. All others are in test/issuer/verification-key.test.ts.
const NEUTRAL_POINT = base64url(`01${'00'.repeat(31)}`);
const SMALL_ORDER_POINTS = [
  NEUTRAL_POINT,
  base64url('00'.repeat(32)),
  base64url('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85'),
];
// Both primes of a ROCA modulus are powers of 65537 modulo small primes, and so is this.
const ROCA_MODULUS = base64url((65_537n ** 128n).toString(16).padStart(514, '0'));

interface Row {
  readonly id: RowId;
  readonly title: string;
  readonly key: OddKey;
  /** Makes the member that is published in place of the key; the key itself is the control. */
  readonly spoil: (jwk: Jwk) => unknown;
  /** Makes a token that anybody could make, once the member is there. */
  readonly forge?: (issuer: AuthorizationServer) => string;
}

const row = (id: RowId, title: string, key: OddKey, spoil: Row['spoil'], forge?: Row['forge']): Row => {
  return { id, title, key, spoil, ...(forge && { forge }) };
};

const ROWS: readonly Row[] = [
  row('H10', 'a private RSA key', RSA, () => privateJwkOf(RSA)),
  row('H10', 'a private EC key', EC, () => privateJwkOf(EC)),
  row('H10', 'a private OKP key', OKP, () => privateJwkOf(OKP)),
  row('H10', 'a public key with one prime', RSA, withMembers({ p: RSA.privateKey.export({ format: 'jwk' }).p })),
  row('H11', 'an oct key', EC, () => ({ kty: 'oct', k: SECRET.toString('base64url'), kid: 'odd' })),
  row('H11', 'an EC key with a k', EC, withMembers({ k: SECRET.toString('base64url') })),
  row(
    'H12',
    'RFC 7518 §3.3: an RSA key of 1024 bits',
    RSA,
    () => RSA_1024.jwk,
    (issuer) => sign(issuer, RSA_1024),
  ),
  row(
    'H12',
    'RFC 7518 §3.3: an RSA key of 512 bits',
    RSA,
    () => RSA_512.jwk,
    (issuer) => sign(issuer, RSA_512),
  ),
  row(
    'H12',
    'an RSA key of 1024 bits behind zeros',
    RSA,
    () => changeBytes('n', (n) => Buffer.concat([Buffer.alloc(128), n]))(RSA_1024.jwk),
    (issuer) => sign(issuer, RSA_1024),
  ),
  row(
    'H12',
    'an RSA key of 16384 bits',
    RSA,
    changeBytes('n', (n) => Buffer.concat([n, randomBytes(1791), Buffer.of(1)])),
  ),
  row('H12', 'Wycheproof key 9: an RSA key with e = 1', RSA, withMembers({ e: 'AQ' }), forgeForExponentOne),
  row('H12', 'an RSA key with e = 3', RSA, withMembers({ e: 'Aw' })),
  row('H12', 'an RSA key with an even e', RSA, withMembers({ e: 'AQAA' })),
  row('H12', 'an RSA key with an e as long as its n', RSA, ({ n, ...jwk }) => ({ ...jwk, n, e: n })),
  row('H12', 'CVE-2017-15361: an RSA key that can be factored', RSA, withMembers({ n: ROCA_MODULUS })),
  row('H12', 'RFC 8725 §3.4: an EC point off its curve', EC, changeBytes('y', flipBit)),
  row(
    'H12',
    'RFC 8725 §3.4: an EC point at nought',
    EC,
    withMembers({ x: base64url('00'.repeat(32)), y: base64url('00'.repeat(32)) }),
  ),
  row('H12', 'an EC point that says another curve', EC, withMembers({ crv: 'P-384' })),
  row('H12', 'an EC key of a curve that we do not use', EC, withMembers({ crv: 'P-192' })),
  row('H12', 'an OKP key for key agreement', OKP, () => X25519),
  ...SMALL_ORDER_POINTS.map((x) =>
    row('H12', `an Ed25519 point of small order, ${x}`, OKP, withMembers({ x }), (issuer) => forgeForPoint(issuer, x)),
  ),
  row('H12b', 'Wycheproof sig 353: use enc', EC, withMembers({ use: 'enc' })),
  row('H12b', 'RFC 7517 §4.3: key_ops encrypt', EC, withMembers({ key_ops: ['encrypt'] })),
  row('H12b', 'use sig with key_ops encrypt', EC, withMembers({ use: 'sig', key_ops: ['encrypt'] })),
  row('H12b', 'alg RSA-OAEP', RSA, withMembers({ alg: 'RSA-OAEP' })),
  row('H12b', 'alg ES521', EC, withMembers({ alg: 'ES521' })),
  row('H12b', 'CVE-2015-9235: alg HS256', EC, withMembers({ alg: 'HS256' })),
  row('H13', 'null', EC, () => null),
  row('H13', 'a number', EC, () => 1),
  row('H13', 'the key as a text', EC, (jwk) => JSON.stringify(jwk)),
  row('H13', 'the key in a list', EC, (jwk) => [jwk]),
  row('H13', 'an empty object', EC, () => ({})),
  row('H13', 'an unknown kty', EC, withMembers({ kty: 'ML' })),
  row('H13', 'a kty that objects have', EC, withMembers({ kty: 'constructor' })),
  row('H13', 'an RSA key without n', RSA, without('n')),
  row('H13', 'an RSA key with a number for e', RSA, withMembers({ e: 65_537 })),
  row('H13', 'an EC key without y', EC, without('y')),
  row('H13', 'an EC key with a list for x', EC, ({ x, ...jwk }) => ({ ...jwk, x: [x] })),
  row('H13', 'a kid in a list', EC, withMembers({ kid: ['odd'] })),
  row('H13', 'an alg in a list', EC, withMembers({ alg: ['ES256'] })),
];

describe('H: keys that an issuer should not publish', () => {
  const testbed = useTestbed();

  it.each(ROWS.map((one) => [one.title, one] as const))(
    '%s verifies no token, not even one that it verified before, and spoils no other key',
    async (_title, { id, key, spoil, forge }) => {
      covers(id);
      const issuer = await testbed.openIssuer();
      const [token, good] = [sign(issuer, key), issuer.token({ payload: { jti: '"good"' } })];
      issuer.published = [key.jwk, issuer.jwk];
      const warm = await testbed.startApi();
      expect([await warm.ask(token), await warm.ask(good)]).toEqual(['accepted', 'accepted']);

      issuer.published = [spoil(key.jwk), issuer.jwk];
      await warm.verifier.refresh();
      const cold = await testbed.startApi();
      for (const api of [warm, cold]) {
        for (const hostile of [token, ...(forge ? [forge(issuer)] : [])]) {
          expect(await api.ask(hostile)).toBe('unknown_key');
          expect(await api.ask(good)).toBe('accepted');
        }
        const [status] = api.verifier.status().issuers;
        expect(status?.keys.map(({ kid }) => kid)).toEqual(['key-1']);
        expect(status?.skippedKeys).toEqual([{ index: 0, why: expect.any(String) }]);
      }
      // One for each verifier, one refresh, and one for the kid that the warm one does not know any more. A forged token is
      // as young as the key set, so that each verifier may look for its key once more.
      expect(issuer.hits).toEqual({ ...NO_HITS, metadata: 3, jwks: forge ? 6 : 4 });
    },
  );

  it.each<[what: string, spell: (jwk: Jwk) => object, key?: OddKey]>([
    ['a kty in small letters', withMembers({ kty: 'ec' })],
    ['the name of its curve as OpenSSL has it', withMembers({ crv: 'prime256v1' })],
    ['a use in capitals', withMembers({ use: 'SIG' })],
    ['a list of uses', withMembers({ use: ['sig'] })],
    ['key_ops of both halves', withMembers({ key_ops: ['sign', 'verify'] })],
    ['key_ops of the private half', withMembers({ key_ops: ['sign'] })],
    ['key_ops twice', withMembers({ key_ops: ['verify', 'verify'] })],
    ['key_ops as a text', withMembers({ key_ops: 'verify' })],
    ['alg in small letters', withMembers({ alg: 'es256' })],
    ['alg as XML Signature has it', withMembers({ alg: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256' }), RSA],
    ['alg as Java has it', withMembers({ alg: 'SHA256withRSA' }), RSA],
    ['alg in capitals', withMembers({ alg: 'EDDSA' }), OKP],
    [
      'null for all that it has not',
      withMembers({ use: null, key_ops: [], alg: null, x5c: [], d: null, oth: [], k: '' }),
    ],
    ['ext that is no boolean', withMembers({ ext: 'yes' })],
    ['a sign octet before n', changeBytes('n', sign0), RSA],
    ['a sign octet before e', changeBytes('e', sign0), RSA],
    ['sign octets before x and y', (jwk) => changeBytes('x', sign0)(changeBytes('y', sign0)(jwk) as Jwk)],
    ['padding', (jwk) => ({ ...jwk, x: `${jwk['x']}=`, y: `${jwk['y']}=` })],
    ['base64 in place of base64url', (jwk) => ({ ...jwk, n: toBase64(jwk['n']) }), RSA],
    ['lines in base64', (jwk) => ({ ...jwk, n: String(jwk['n']).replace(/.{64}/g, '$&\r\n') }), RSA],
    ['its kid as x5t alone', ({ kid, ...jwk }) => ({ ...jwk, x5t: kid })],
  ])(
    'RFC 7517 §4: a key that is spelled with %s is used, since no attacker gains from that',
    async (_, spell, key = EC) => {
      covers('H13');
      const issuer = await testbed.openIssuer();
      issuer.published = [spell(key.jwk), issuer.jwk];
      const api = await testbed.startApi();
      const token = sign(issuer, key);
      expect([await api.ask(token), await api.ask(token)]).toEqual(['accepted', 'accepted']);
      expect(api.verifier.status().issuers[0]?.skippedKeys).toEqual([]);

      // The same key by the book is the same key: tokens that it verified are known.
      issuer.published = [key.jwk, issuer.jwk];
      await api.verifier.refresh();
      expect(await api.ask(token)).toBe('accepted');
    },
  );

  it('RFC 7517 §4.7: a certificate in place of a key is the key that it has', async () => {
    covers('H13');
    const { key, cert } = createSelfSignedCertificate();
    const x5c = [new X509Certificate(cert).raw.toString('base64')];
    const certified = oddKey('ES256', { privateKey: createPrivateKey(key), publicKey: createPublicKey(key) });
    const issuer = await testbed.openIssuer();
    for (const jwk of [
      { kty: 'EC', kid: 'odd', x5c },
      { kid: 'odd', x5c },
    ]) {
      issuer.published = [jwk];
      const api = await testbed.startApi();
      expect(await api.ask(sign(issuer, certified))).toBe('accepted');
      expect(await api.ask(sign(issuer, EC))).toBe('signature_invalid');
    }
    for (const jwk of [
      { kty: 'RSA', kid: 'odd', x5c },
      { kty: 'EC', kid: 'odd', x5c: ['AAAA'] },
    ]) {
      issuer.published = [jwk, issuer.jwk];
      const api = await testbed.startApi();
      expect(await api.ask(sign(issuer, certified))).toBe('unknown_key');
    }
  });

  it('RFC 7518 §6.2.1.2: a coordinate that lost its leading zero is padded', async () => {
    covers('H13');
    const issuer = await testbed.openIssuer();
    const key = keyWithLeadingZero();
    issuer.published = [changeBytes('x', (x) => x.subarray(1))(key.jwk)];
    const api = await testbed.startApi();
    expect(await api.ask(sign(issuer, key))).toBe('accepted');
  });

  it.each([
    ['x5c that is a number', { x5c: 5 }],
    ['x5c of another key', { x5c: ['AAAA'] }],
    ['x5u', { x5u: 'http://127.0.0.1:1' }],
    ['a member that nobody knows', { toString: null, x: EC.jwk['x'] }],
  ])('RFC 7517 §4: a key with %s is what its own members say', async (_, members) => {
    covers('H13');
    const issuer = await testbed.openIssuer();
    issuer.published = [{ ...EC.jwk, ...members }, issuer.jwk];
    const api = await testbed.startApi();
    const token = sign(issuer, EC);
    expect([await api.ask(token), await api.ask(token)]).toEqual(['accepted', 'accepted']);
  });

  it.each(['RS384', 'PS256'] as const)(
    'RFC 8725 §3.1: a key that says alg %s verifies such tokens, and no others from then on',
    async (alg) => {
      covers('H12b');
      const issuer = await testbed.openIssuer();
      issuer.published = [RSA.jwk];
      const [token, fitting] = [sign(issuer, RSA), sign(issuer, { ...RSA, algorithm: alg })];
      const warm = await testbed.startApi();
      expect([await warm.ask(token), await warm.ask(fitting)]).toEqual(['accepted', 'accepted']);
      issuer.published = [{ ...RSA.jwk, alg }];
      await warm.verifier.refresh();
      for (const api of [warm, await testbed.startApi()]) {
        expect([await api.ask(token), await api.ask(fitting)]).toEqual(['unknown_key', 'accepted']);
      }
    },
  );

  it('a private key is reported, and its private half is shown nowhere', async () => {
    covers('H10');
    const issuer = await testbed.openIssuer();
    issuer.published = [privateJwkOf(EC), issuer.jwk];
    const { verifier, ask } = await testbed.startApi();
    const reported = await messagesDuring('scopegate:skipped-key', async () => {
      expect(await ask(issuer.token())).toBe('accepted');
    });
    const why = 'holds private or symmetric key material';
    expect(reported).toEqual([{ issuer: issuer.issuer, index: 0, why }]);
    const shown = JSON.stringify([reported, verifier.status(), verifier.snapshot()]);
    expect(shown).toContain(why);
    expect(shown).not.toContain(String(privateJwkOf(EC).d));
  });

  it.each(['HS256', 'HS384', 'HS512'] as const)(
    'CVE-2015-9235: %s with the secret of an oct key is refused',
    async (algorithm) => {
      covers('H11');
      const issuer = await testbed.openIssuer();
      issuer.published = [{ kty: 'oct', k: SECRET.toString('base64url'), kid: 'odd', alg: algorithm }, EC.jwk];
      const api = await testbed.startApi();
      const header = { alg: JSON.stringify(algorithm), kid: '"odd"' };
      const forged = issuer.token({ header, key: createSecretKey(SECRET), signWith: algorithm });
      expect(await api.ask(forged)).toBe('algorithm_not_allowed');
      expect(await api.ask(sign(issuer, EC))).toBe('accepted');
      expect(await api.ask(forged)).toBe('algorithm_not_allowed');
      expect(issuer.hits.jwks).toBe(1);
    },
  );

  describe('very many keys in a key set', () => {
    covers('H14');
    const MANY = 100_000;

    it('100,000 keys are more than is read: 503, and cached keys go on', async () => {
      const issuer = await testbed.openIssuer();
      const token = issuer.token();
      const [warm, cold] = [await testbed.startApi(), await testbed.startApi()];
      expect(await warm.ask(token)).toBe('accepted');
      issuer.published = [issuer.jwk, ...Array(MANY).fill(EC.jwk)];
      expect(await cold.ask(token)).toBe('keys_unavailable');
      await expect(warm.verifier.refresh()).rejects.toMatchObject({ reason: 'keys_unavailable' });
      expect(await warm.ask(token)).toBe('accepted');
    });

    it('100,000 members that are no keys, in a document that is small enough, cost the good key nothing', async () => {
      const issuer = await testbed.openIssuer();
      issuer.published = [...Array(MANY).fill(0), issuer.jwk];
      const api = await testbed.startApi();
      const unknown = sign(issuer, EC);
      expect(await api.ask(unknown)).toBe('unknown_key');
      expect(await api.ask(issuer.token())).toBe('accepted');
      expect(await api.ask(unknown)).toBe('unknown_key');
      expect(api.verifier.status().issuers[0]?.skippedKeys).toHaveLength(MANY);
      expect(issuer.hits.jwks).toBe(1);
    });

    it('of a thousand keys with one kid two are tried, in the order of the document', async () => {
      const issuer = await testbed.openIssuer();
      const others = Array.from({ length: 1000 }, () => ({ ...toJwk(generateKeys('ES256').publicKey), kid: 'odd' }));
      issuer.published = [others[0], EC.jwk, ...others.slice(1)];
      const second = await testbed.startApi();
      expect(await second.ask(sign(issuer, EC))).toBe('accepted');
      issuer.published = [...others, EC.jwk];
      const last = await testbed.startApi();
      const { response, refusals } = await last.send({ token: sign(issuer, EC) });
      expect(response.status).toBe(401);
      expect(refusals.map(({ reason, detail }) => [reason, detail])).toEqual([['signature_invalid', '2 keys tried']]);
    });
  });
});

/** Of every 256 keys one is like this. */
function keyWithLeadingZero(): OddKey {
  for (;;) {
    const key = oddKey('ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' }));
    if (Buffer.from(String(key.jwk['x']), 'base64url')[0] === 0) return key;
  }
}

function toBase64(member: unknown): string {
  return Buffer.from(String(member), 'base64url').toString('base64');
}

function oddKey(algorithm: Algorithm, keys: KeyPair): OddKey {
  return { algorithm, ...keys, jwk: { ...toJwk(keys.publicKey), kid: 'odd' } };
}

function sign(issuer: AuthorizationServer, { algorithm, privateKey }: OddKey): string {
  return issuer.token({ ...odd(algorithm, privateKey), payload: { jti: '"odd"' } });
}

function odd(algorithm: Algorithm, key: KeyObject): Mutation {
  return { header: { alg: JSON.stringify(algorithm), kid: '"odd"' }, key, signWith: algorithm };
}

/** With e = 1 the signature is the padded hash itself (RFC 8017 §9.2). */
function forgeForExponentOne(issuer: AuthorizationServer): string {
  const signingInput = signingInputOf(issuer.token(odd('RS256', RSA.privateKey)));
  const digestInfo = Buffer.concat([
    Buffer.from('3031300d060960864801650304020105000420', 'hex'),
    createHash('sha256').update(signingInput).digest(),
  ]);
  const padding = Buffer.alloc(256 - 3 - digestInfo.length, 0xff);
  return `${signingInput}.${toSegment(Buffer.concat([Buffer.of(0, 1), padding, Buffer.of(0), digestInfo]))}`;
}

/** R is the point itself and S is nought: the equation of RFC 8032 §5.1.7 holds for the neutral point, and now and then for others. */
function forgeForPoint(issuer: AuthorizationServer, x: string): string {
  const signingInput = signingInputOf(issuer.token(odd('EdDSA', OKP.privateKey)));
  return `${signingInput}.${toSegment(Buffer.concat([Buffer.from(x, 'base64url'), Buffer.alloc(32)]))}`;
}

function signingInputOf(token: string): string {
  return token.slice(0, token.lastIndexOf('.'));
}
