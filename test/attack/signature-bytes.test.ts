import { verify } from 'node:crypto';
import type { JWK } from 'jose';
import { describe, expect, it } from 'vitest';
import { type AttackApi, expectAttackRefused, startAttackApi } from '../support/attack-api.js';
import { covers } from '../support/covers.js';
import { expectAccepted, invalidToken } from '../support/expect-answer.js';
import { generateKeys, RawIssuer } from '../support/raw-issuer.js';
import type { JsonTexts } from '../support/raw-token.js';
import {
  ED25519_ORDER,
  MODULUS_BYTES,
  P256_ORDER,
  type Pkcs1Changes,
  type PssChanges,
  pkcs1Block,
  pssBlock,
  signBlock,
  toBytes,
  toDer,
  toNumber,
  withSignature,
} from './signature-encoding.js';

type TokenMaker = (api: AttackApi, payload?: JsonTexts) => string;
type Change = (signature: Buffer, signingInput: Buffer) => Buffer;

const INVALID = invalidToken('signature_invalid');
const MALFORMED = invalidToken('token_malformed');
const ED25519 = generateKeys('Ed25519');

/** Publishes the RSA key for PS256 too, and a key for Ed25519. */
function withMoreKeys(keys: readonly JWK[]): readonly JWK[] {
  const pss = keys.filter(({ kty }) => kty === 'RSA').map((jwk) => ({ ...jwk, kid: 'pss', alg: 'PS256' }));
  return [...keys, ...pss, ed25519Issuer().jwk];
}

function ed25519Issuer(issuer = 'https://issuer.test'): RawIssuer {
  return new RawIssuer({ issuer, algorithm: 'Ed25519', kid: 'ed25519', keys: ED25519 });
}

const es256Token: TokenMaker = ({ issuer }, payload = {}) => issuer.token({ payload });
const rs256Token: TokenMaker = ({ rsaIssuer }, payload = {}) => rsaIssuer.token({ payload });
const ps256Token: TokenMaker = ({ rsaIssuer }, payload = {}) =>
  rsaIssuer.token({ payload, header: { alg: '"PS256"', kid: '"pss"' }, signWith: 'PS256' });
const ed25519Token: TokenMaker = ({ issuer }) => ed25519Issuer(issuer.issuer).token();

function modulusOf({ rsaIssuer }: AttackApi): bigint {
  return toNumber(Buffer.from(rsaIssuer.jwk.n ?? '', 'base64url'));
}

/** R and S of a signature of ES256. */
function halvesOf(signature: Buffer): readonly [r: bigint, s: bigint] {
  return [toNumber(signature.subarray(0, 32)), toNumber(signature.subarray(32))];
}

function sideBySide(r: bigint, s: bigint, length = 32): Buffer {
  return Buffer.concat([toBytes(r, length), toBytes(s, length)]);
}

/** The other signature of ECDSA for the same message. */
function twinOf(signature: Buffer): Buffer {
  const [r, s] = halvesOf(signature);
  return sideBySide(r, P256_ORDER - s);
}

describe('B: the bytes of a signature', () => {
  const startApi = () => startAttackApi({ jwks: withMoreKeys });

  /** Expects a token to be refused once the bytes of its signature are others, and accepted as it was. */
  async function expectForgeryRepelled(makeToken: TokenMaker, change: Change, answer = INVALID) {
    const api = await startApi();
    const good = makeToken(api);
    await expectAttackRefused(api, { token: () => withSignature(good, change), control: () => good, answer });
  }

  describe('no signature', () => {
    covers('B1');
    it.each([
      ['an empty one', (token: string) => token.replace(/[^.]*$/, '')],
      ['none and no dot', (token: string) => token.replace(/\.[^.]*$/, '')],
      ['an empty one and a dot more', (token: string) => token.replace(/[^.]*$/, '.')],
      ['one after an empty one', (token: string) => token.replace(/(?=[^.]*$)/, '.')],
      ['that of one byte, which no base64url text has', (token: string) => token.replace(/[^.]*$/, 'A')],
    ])('RFC 7515 §7.1: a token is refused with %s', async (_name, change) => {
      covers('B1');
      for (const makeToken of [es256Token, rs256Token]) {
        const api = await startApi();
        const good = makeToken(api);
        await expectAttackRefused(api, { token: () => change(good), control: () => good, answer: MALFORMED });
      }
    });

    it.each(['AA', 'AAAA'])('RFC 7518 §3.3, §3.4: a token is refused with the signature %s', async (text) => {
      covers('B1', 'B4');
      for (const makeToken of [es256Token, rs256Token]) {
        await expectForgeryRepelled(makeToken, () => Buffer.from(text, 'base64url'));
      }
    });
  });

  describe('B2 to B5: ECDSA', () => {
    const EDGES = { 0: 0n, 1: 1n, 'n-1': P256_ORDER - 1n, n: P256_ORDER };
    const pairs = Object.entries(EDGES).flatMap(([nameOfR, r]) =>
      Object.entries(EDGES).map(([nameOfS, s]) => ({ nameOfR, nameOfS, r, s })),
    );

    it.each(pairs)('CVE-2022-21449: r = $nameOfR with s = $nameOfS is refused', async ({ r, s }) => {
      covers('B2');
      await expectForgeryRepelled(es256Token, () => sideBySide(r, s));
    });

    it.each(Object.entries(EDGES))('CVE-2022-21449: a good half with %s as the other is refused', async (_n, edge) => {
      covers('B2');
      await expectForgeryRepelled(es256Token, (good) => sideBySide(halvesOf(good)[0], edge));
      await expectForgeryRepelled(es256Token, (good) => sideBySide(edge, halvesOf(good)[1]));
    });

    it('r and s that changed places are refused', async () => {
      covers('B2');
      await expectForgeryRepelled(es256Token, (good) => sideBySide(halvesOf(good)[1], halvesOf(good)[0]));
    });

    it('RFC 7518 §3.4: the right signature is refused in DER', async () => {
      covers('B3');
      const api = await startApi();
      const good = es256Token(api);
      const token = withSignature(good, (signature, signingInput) => {
        const der = toDer(signature);
        expect(verify('sha256', signingInput, { key: api.issuer.keys.publicKey, dsaEncoding: 'der' }, der)).toBe(true);
        return der;
      });
      await expectAttackRefused(api, { token: () => token, control: () => good, answer: INVALID });
    });

    it.each<[string, Change]>([
      ['63 bytes, the last one missing', (good) => good.subarray(0, 63)],
      ['63 bytes, the first one missing', (good) => good.subarray(1)],
      ['65 bytes, with a zero at the end', (good) => Buffer.concat([good, Buffer.of(0)])],
      ['65 bytes, with a zero at the start', (good) => Buffer.concat([Buffer.of(0), good])],
      ['66 bytes, r and s with a zero each', (good) => sideBySide(...halvesOf(good), 33)],
      ['96 bytes, r and s as long as those of ES384', (good) => sideBySide(...halvesOf(good), 48)],
      ['128 bytes, r and s with 32 zeros each', (good) => sideBySide(...halvesOf(good), 64)],
      ['128 bytes, itself twice', (good) => Buffer.concat([good, good])],
      ['128 bytes, with zeros at the end', (good) => Buffer.concat([good, Buffer.alloc(64)])],
      ['132 bytes, r and s as long as those of ES512', (good) => sideBySide(...halvesOf(good), 66)],
      ['32 bytes, r alone', (good) => good.subarray(0, 32)],
    ])('RFC 7518 §3.4: the right signature is refused in %s', async (_name, change) => {
      covers('B4');
      await expectForgeryRepelled(es256Token, change);
    });

    it('r + n in place of r is refused, as it does not fit', async () => {
      covers('B4');
      await expectForgeryRepelled(es256Token, (good) => {
        const [r, s] = halvesOf(good);
        return sideBySide(r + P256_ORDER, s, 33);
      });
    });

    // Nothing can be revoked yet. Once it can, it has to be by iss and jti, so that the twin goes with the token.
    it('the twin of a token is the same token to handlers, and never answered from the cache of the first', async () => {
      covers('B5', 'K2');
      const api = await startApi();
      const good = es256Token(api);
      const twin = withSignature(good, twinOf);
      expect(twin).not.toBe(good);
      const first = await expectAccepted(api, { token: good });
      expect(api.verifier.status().tokenCache).toMatchObject({ size: 1, hits: 0, misses: 1 });
      const second = await expectAccepted(api, { token: twin });
      expect(api.verifier.status().tokenCache).toMatchObject({ size: 2, hits: 0, misses: 2 });
      const again = [await expectAccepted(api, { token: twin }), await expectAccepted(api, { token: good })];
      expect(api.verifier.status().tokenCache).toMatchObject({ size: 2, hits: 2, misses: 2 });
      for (const { response } of [second, ...again]) expect(response.body).toBe(first.response.body);
      expect(JSON.parse(first.response.body)).toMatchObject({ iss: api.issuer.issuer, jti: 'token-1' });
    });

    it.each([
      ['for another audience', { aud: '"https://other.test"' }, 'audience_mismatch'],
      ['past its time', { exp: '1700000000' }, 'token_expired'],
      ['bound to a key', { cnf: '{"jkt":"x"}' }, 'binding_not_proven'],
    ] as const)('the twin of a token %s is refused like the token', async (_name, payload, reason) => {
      covers('B5', 'K2');
      const api = await startApi();
      const token = () => withSignature(es256Token(api, payload), twinOf);
      const control = () => withSignature(es256Token(api), twinOf);
      await expectAttackRefused(api, { token, control, answer: invalidToken(reason) });
    });

    it('RFC 8032 §5.1.7: a signature of Ed25519 has no twin: S + L is refused', async () => {
      covers('B5');
      await expectForgeryRepelled(ed25519Token, (good) => {
        const s = toNumber(Buffer.from(good.subarray(32)).reverse());
        return Buffer.concat([good.subarray(0, 32), toBytes(s + ED25519_ORDER, 32).reverse()]);
      });
    });
  });

  describe('RSASSA-PKCS1-v1_5', () => {
    covers('B6', 'B7');
    const makeToken = (api: AttackApi, changes: Pkcs1Changes = {}) =>
      withSignature(rs256Token(api), (_signature, input) =>
        signBlock(api.rsaIssuer.keys.privateKey, pkcs1Block(input, changes)),
      );

    // What comes before a hash of SHA-256 is 30 31 (30 0d (06 09 oid) (05 00)) (04 20 hash).
    const OID = '0609608648016503040201';
    const ff = (length: number) => Buffer.alloc(length, 0xff);
    it.each<[string, Pkcs1Changes]>([
      ['no DigestInfo', { prefix: '' }],
      ['the SHA-256 hash alone in an octet string', { prefix: '0420' }],
      ['a hash without its last byte', { prefix: `3030300d${OID}0500041f`, hashBytes: 31 }],
      ['a DigestInfo that promises a byte more', { prefix: `3031300d${OID}05000421` }],
      ['the id of SHA-1 before a hash of SHA-256', { prefix: '302d300906052b0e03021a05000420' }],
      ['the id of SHA-384 before a hash of SHA-256', { prefix: '3031300d060960864801650304020205000420' }],
      ['the id of SHA-512/256 before a hash of SHA-256', { prefix: '3031300d060960864801650304020605000420' }],
      ['the id of SHA3-256 before a hash of SHA-256', { prefix: '3031300d060960864801650304020805000420' }],
      ['id and hash of MD5', { prefix: '3020300c06082a864886f70d020505000410', hash: 'md5' }],
      ['id and hash of SHA-1', { prefix: '3021300906052b0e03021a05000414', hash: 'sha1' }],
      ['id and hash of SHA-384', { prefix: '3041300d060960864801650304020205000430', hash: 'sha384' }],
      ['id and hash of SHA-512', { prefix: '3051300d060960864801650304020305000440', hash: 'sha512' }],
      ['the id of SHA-256 before a hash of SHA-384', { prefix: `3041300d${OID}05000430`, hash: 'sha384' }],
      ['no NULL', { prefix: `302f300b${OID}0420` }],
      ['an octet string in place of NULL', { prefix: `3031300d${OID}04000420` }],
      ['a NULL with garbage in it (CVE-2021-30246)', { prefix: `30353011${OID}0504deadbeef0420` }],
      ['two NULLs', { prefix: `3033300f${OID}050005000420` }],
      ['an element after the hash', { prefix: `3033300d${OID}05000420`, suffix: '0500' }],
      ['BER: the length of the sequence in two bytes', { prefix: `308131300d${OID}05000420` }],
      ['BER: the length of the sequence in three bytes', { prefix: `30820031300d${OID}05000420` }],
      ['BER: no definite length of the sequence', { prefix: `3080300d${OID}05000420`, suffix: '0000' }],
      ['BER: the length of the algorithm in two bytes', { prefix: `303230810d${OID}05000420` }],
      ['BER: the length of NULL in two bytes', { prefix: `3032300e${OID}0581000420` }],
      ['BER: the length of the hash in two bytes', { prefix: `3032300d${OID}0500048120` }],
      ['one byte after the hash', { garbage: 1 }],
      ['100 bytes after the hash', { garbage: 100 }],
      ['8 bytes of padding, and garbage (CVE-2006-4339)', { padding: ff(8) }],
      ['7 bytes of padding, and garbage', { padding: ff(7) }],
      ['no padding, and garbage', { padding: Buffer.alloc(0) }],
      ['a padding of zeros', { padding: Buffer.alloc(202) }],
      ['a padding whose first byte is not 0xff', { padding: Buffer.concat([Buffer.of(0xfe), ff(201)]) }],
      ['a padding whose last byte is not 0xff', { padding: Buffer.concat([ff(201), Buffer.of(0xfe)]) }],
      ['block type 0', { type: 0 }],
      ['block type 0 and its zeros', { type: 0, padding: Buffer.alloc(202) }],
      ['block type 2', { type: 2 }],
      ['a first byte that is not zero', { lead: 1 }],
      ['no zero after the padding', { separator: 0xff }],
    ])('RFC 8017 §8.2.2: a token is refused whose block has %s', async (_name, changes) => {
      covers('B6');
      const api = await startApi();
      await expectAttackRefused(api, {
        token: () => makeToken(api, changes),
        control: () => makeToken(api),
        answer: INVALID,
      });
    });

    it('a block of PSS is refused under RS256', async () => {
      covers('B6', 'B8');
      const api = await startApi();
      const token = () =>
        withSignature(rs256Token(api), (_signature, input) =>
          signBlock(api.rsaIssuer.keys.privateKey, pssBlock(input)),
        );
      await expectAttackRefused(api, { token, control: (same) => rs256Token(same), answer: INVALID });
    });

    it.each<[string, (modulus: bigint) => bigint]>([
      ['0', () => 0n],
      ['1', () => 1n],
      ['n - 1', (n) => n - 1n],
      ['n', (n) => n],
      ['n + 1', (n) => n + 1n],
      ['2^2048 - 1', () => 2n ** 2048n - 1n],
    ])('RFC 8017 §5.2.2: the signature %s is refused', async (_name, numberFor) => {
      covers('B7');
      for (const makeGood of [rs256Token, ps256Token]) {
        const api = await startApi();
        const good = makeGood(api);
        const token = () => withSignature(good, () => toBytes(numberFor(modulusOf(api)), MODULUS_BYTES));
        await expectAttackRefused(api, { token, control: () => good, answer: INVALID });
      }
    });

    it.each([1, 2])('RFC 8017 §5.2.2: s + %i n is refused, though it is the same modulo n', async (times) => {
      covers('B7');
      const api = await startApi();
      const good = rs256Token(api);
      const token = withSignature(good, (signature) => {
        const value = toNumber(signature) + BigInt(times) * modulusOf(api);
        expect(value % modulusOf(api)).toBe(toNumber(signature));
        return toBytes(value, value < 2n ** 2048n ? MODULUS_BYTES : MODULUS_BYTES + 1);
      });
      await expectAttackRefused(api, { token: () => token, control: () => good, answer: INVALID });
    });

    it.each<[string, Change]>([
      ['a zero before it', (good) => Buffer.concat([Buffer.of(0), good])],
      ['256 zeros before it', (good) => Buffer.concat([Buffer.alloc(MODULUS_BYTES), good])],
      ['a zero after it', (good) => Buffer.concat([good, Buffer.of(0)])],
      ['its last byte missing', (good) => good.subarray(0, -1)],
      ['its first byte missing', (good) => good.subarray(1)],
      ['half of it missing', (good) => good.subarray(MODULUS_BYTES / 2)],
      ['its last bit changed', (good) => toBytes(toNumber(good) ^ 1n, MODULUS_BYTES)],
      ['its bytes in reverse', (good) => Buffer.from(good).reverse()],
    ])('RFC 8017 §8.1.2, §8.2.2: a signature is refused with %s', async (_name, change) => {
      covers('B7');
      await expectForgeryRepelled(rs256Token, change);
      await expectForgeryRepelled(ps256Token, change);
    });

    it.each([
      ['RS256', rs256Token],
      ['PS256', ps256Token],
    ] as const)('a signature of %s that begins with a zero is refused without it', async (_name, makeGood) => {
      covers('B7');
      const api = await startApi();
      const good = tokenWithLeadingZero(api, makeGood);
      const token = () => withSignature(good, (signature) => signature.subarray(1));
      await expectAttackRefused(api, { token, control: () => good, answer: INVALID });
    });
  });

  describe('RSASSA-PSS', () => {
    covers('B8');
    const makeToken = (api: AttackApi, changes: PssChanges = {}) =>
      withSignature(ps256Token(api), (_signature, input) =>
        signBlock(api.rsaIssuer.keys.privateKey, pssBlock(input, changes)),
      );

    it.each<[string, PssChanges]>([
      ...[0, 1, 20, 31, 33, 48, 64, 222].map((saltLength): [string, PssChanges] => [
        `a salt of ${saltLength} bytes`,
        { saltLength },
      ]),
      ['SHA-1', { hash: 'sha1' }],
      ['SHA-1 with its own salt', { hash: 'sha1', saltLength: 20 }],
      ['SHA-384', { hash: 'sha384' }],
      ['SHA-384 with its own salt', { hash: 'sha384', saltLength: 48 }],
      ['SHA-512', { hash: 'sha512' }],
      ['SHA-512/256', { hash: 'sha512-256' }],
      ['SHA3-256', { hash: 'sha3-256' }],
      ['a mask of SHA-1', { maskHash: 'sha1' }],
      ['a mask of SHA-384', { maskHash: 'sha384' }],
      ['a mask of SHA-512', { maskHash: 'sha512' }],
      ['the last byte of ANSI X9.31', { trailer: 0xcc }],
      ['a last byte of zero', { trailer: 0 }],
      ['no 1 before the salt', { separator: 0 }],
      ['a 2 before the salt', { separator: 2 }],
      ['a padding that is not all zeros', { firstOfPadding: 1 }],
    ])('RFC 7518 §3.5, RFC 8017 §9.1.2: a token is refused whose block has %s', async (_name, changes) => {
      covers('B8');
      const api = await startApi();
      await expectAttackRefused(api, {
        token: () => makeToken(api, changes),
        control: () => makeToken(api),
        answer: INVALID,
      });
    });

    it('RFC 8725 §3.1: a block of PKCS #1 is refused under PS256', async () => {
      covers('B8');
      const api = await startApi();
      const token = () =>
        withSignature(ps256Token(api), (_signature, input) =>
          signBlock(api.rsaIssuer.keys.privateKey, pkcs1Block(input)),
        );
      await expectAttackRefused(api, { token, control: (same) => ps256Token(same), answer: INVALID });
    });
  });
});

/** Makes tokens until one has a signature that begins with a zero: one in 256 does. */
function tokenWithLeadingZero(api: AttackApi, makeToken: TokenMaker): string {
  for (let attempt = 0; attempt < 10_000; attempt += 1) {
    const token = makeToken(api, { jti: `"token-${attempt}"` });
    if (Buffer.from(token.slice(token.lastIndexOf('.') + 1), 'base64url').readUInt8(0) === 0) return token;
  }
  throw new Error('none of 10,000 signatures begins with a zero');
}
