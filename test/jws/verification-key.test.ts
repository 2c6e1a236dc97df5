import type { JWK } from 'jose';
import { describe, expect, it } from 'vitest';
import { ALL_ALGORITHMS, type Algorithm } from '../../src/jws/algorithm.js';
import { Malformed } from '../../src/jws/malformed.js';
import { checkJwk, importVerificationKey, type UsableJwk } from '../../src/jws/verification-key.js';
import { covers } from '../support/covers.js';
import { isSignedBy } from '../support/is-signed-by.js';
import { generateKeys, sharedKeys, toJwk } from '../support/raw-issuer.js';
import { signBytes } from '../support/raw-token.js';
import { why } from '../support/refused.js';
import { isRuntimeAlgorithm, LACKS_IT } from '../support/runtime-algorithms.js';

const ec: JWK = { ...toJwk(generateKeys('ES256').publicKey), kid: 'key-1', alg: 'ES256', use: 'sig' };
const rsa: JWK = { ...toJwk(generateKeys('RS256').publicKey), kid: 'key-1', alg: 'RS256', use: 'sig' };
const ed: JWK = { ...toJwk(generateKeys('EdDSA').publicKey), kid: 'key-1', alg: 'EdDSA', use: 'sig' };

const NOT_VALID = 'is not a valid key, such as a point off its curve, or this Node.js does not support it';

const NOW = 1_800_000_000_000;

type Members = { readonly [name: string]: unknown };

const without = (jwk: JWK, name: string): JWK => ({ ...jwk, [name]: undefined });

const usable = (member: unknown) => checkJwk(member) as UsableJwk;
const isUsable = (member: unknown) => !(checkJwk(member) instanceof Malformed);

/** Gives why a member cannot be used, wherever that shows, after a control that can be. */
async function findProblem(control: JWK, change: Members): Promise<string | undefined> {
  expect(await importVerificationKey(usable(control), NOW)).not.toBeInstanceOf(Malformed);
  const checked = checkJwk({ ...control, ...change });
  if (checked instanceof Malformed) return checked.why;
  const imported = await importVerificationKey(checked, NOW);
  return imported instanceof Malformed ? imported.why : undefined;
}

describe('checkJwk', () => {
  it.each<[JWK['kty'], JWK, readonly Algorithm[]]>([
    ['RSA', rsa, ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
    ['EC', ec, ['ES256']],
    ['OKP', ed, ['EdDSA', 'Ed25519']],
  ])('gives the algorithms that fit an %s key which names none', (_, jwk, algorithms) => {
    covers('8725-1');
    expect(usable(without(jwk, 'alg')).algorithms).toEqual(algorithms);
    expect(usable(jwk).algorithms).toEqual([jwk.alg]);
  });

  it('RFC 7517 §5: reads hostile members in linear time', () => {
    const hostile = { ...rsa, n: `${' '.repeat(100_000)}!` };
    const startedAt = performance.now();
    expect(why(checkJwk(hostile))).toBe('is an RSA key of less than 2048 bits');
    // 15 s, where each space is tried as the end of the text.
    expect(performance.now() - startedAt).toBeLessThan(5000);
    expect(usable({ ...rsa, n: `${rsa.n}= \n= ` }).publicJwk.n).toBe(rsa.n);
  });

  it('keeps the public members alone, and of the metadata what a snapshot needs', () => {
    const decorated = { ...rsa, x5c: ['AA=='], x5t: 1, ext: true, key_ops: ['verify'], iat: 1 };
    expect(usable(decorated)).toEqual({
      kid: 'key-1',
      algorithms: ['RS256'],
      publicJwk: { kty: 'RSA', n: rsa.n, e: 'AQAB', kid: 'key-1', alg: 'RS256' },
    });
  });

  it.each(['yes', 1, null, {}, false])('takes no notice of the ext %j, which is about another use', (ext) => {
    expect(isUsable({ ...rsa, ext })).toBe(true);
  });

  it('takes a kid that is a number for its text, one that is empty or null for none, and x5t in its place', () => {
    expect(usable({ ...ec, kid: 7 }).kid).toBe('7');
    for (const kid of ['', null, undefined]) {
      expect(usable({ ...ec, kid }).kid).toBeUndefined();
      expect(usable({ ...ec, kid, x5t: 7 }).kid).toBeUndefined();
      expect(usable({ ...ec, kid, x5t: 'thumb' }).kid).toBe('thumb');
    }
    expect(usable({ ...ec, x5t: 'thumb' }).kid).toBe('key-1');
  });

  it('takes a key without kid, use, key_ops and alg', () => {
    covers('7517-3');
    const bare = { kty: 'EC', crv: 'P-256', x: ec.x, y: ec.y };
    expect(usable(bare)).toEqual({ kid: undefined, algorithms: ['ES256'], publicJwk: bare });
  });

  it.each([null, undefined, 1, 'key', true, [], [ec]])('CVE-2026-42576: refuses the member %j', (member) => {
    covers('H13');
    expect(isUsable(ec)).toBe(true);
    expect(why(checkJwk(member))).toBe('is not an object');
  });

  it.each(['oct', 'MLWE', '', undefined, null, 1, ['EC'], '__proto__', 'constructor'])('refuses the kty %j', (kty) => {
    covers('H11', 'H13', '7517-3');
    expect(isUsable(ec)).toBe(true);
    expect(why(checkJwk({ ...ec, kty }))).toBe('has a kty that is not RSA, EC, OKP or AKP');
  });

  it.each(['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'])('refuses a key with the member %s', (name) => {
    covers('H10', 'DISC-1');
    for (const jwk of [ec, rsa, ed]) {
      expect(isUsable(jwk)).toBe(true);
      for (const value of ['AQAB', 'A', 7, {}]) {
        expect(why(checkJwk({ ...jwk, [name]: value }))).toBe('holds private or symmetric key material');
      }
    }
  });

  it.each(['enc', 'signature', 1, {}, ['enc']])('refuses the use %j', (use) => {
    covers('H12b', '7517-2');
    expect(isUsable(ec)).toBe(true);
    expect(why(checkJwk({ ...ec, use }))).toBe('has a use other than sig');
  });

  it.each([[['encrypt']], [['deriveKey', 'deriveBits']], ['wrapKey'], [7], [{ 0: 'verify', length: 1 }]])(
    'refuses the key_ops %j',
    (keyOps) => {
      covers('H12b', '7517-2');
      expect(isUsable({ ...ec, key_ops: ['verify'] })).toBe(true);
      expect(why(checkJwk({ ...ec, key_ops: keyOps }))).toBe('has key_ops other than verify');
    },
  );

  it.each([['key-1'], {}, true])('refuses the kid %j', (kid) => {
    covers('H13');
    expect(isUsable(ec)).toBe(true);
    expect(why(checkJwk({ ...ec, kid }))).toBe('has a kid that is not a string');
  });

  it.each(['RSA-OAEP', 'ECDH-ES', 'ES521', 'ES384', 'RS256', 'SHA384withECDSA', 'HS256', 'none', 1, ['ES256']])(
    'refuses the alg %j on a P-256 key',
    (alg) => {
      covers('H12b', '7517-4');
      expect(isUsable(ec)).toBe(true);
      expect(why(checkJwk({ ...ec, alg }))).toBe('has an alg that is not supported or does not fit the key');
    },
  );

  it.each<[JWK, string]>([
    [rsa, 'n'],
    [rsa, 'e'],
    [ec, 'crv'],
    [ec, 'x'],
    [ec, 'y'],
    [ed, 'crv'],
    [ed, 'x'],
  ])('refuses %j without its %s', (jwk, name) => {
    covers('H13', '7517-3');
    expect(isUsable(jwk)).toBe(true);
    for (const member of [without(jwk, name), { ...jwk, [name]: 1 }, { ...jwk, [name]: '' }]) {
      expect(why(checkJwk(member))).toBe(`lacks the member ${name}`);
    }
  });

  it.each<[JWK, string]>([
    [ec, 'P-257'],
    [ec, 'Ed25519'],
    [ed, 'X25519'],
    [ed, 'X448'],
    [ed, 'P-256'],
  ])('refuses %j on the curve %s', (jwk, crv) => {
    covers('7518-1');
    expect(isUsable(jwk)).toBe(true);
    expect(why(checkJwk({ ...jwk, crv }))).toBe('is on a curve that is not supported');
  });

  it('refuses an EC key under kty RSA', () => {
    covers('A9');
    expect(isUsable(ec)).toBe(true);
    expect(why(checkJwk({ ...ec, kty: 'RSA' }))).toBe('lacks the member n');
  });
});

describe('checkJwk, sizes of RSA keys', () => {
  const encode = (value: bigint) => {
    const hex = value.toString(16);
    return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex').toString('base64url');
  };
  const modulusOf = (bits: number) => encode((1n << BigInt(bits - 1)) + 1n);

  it.each([512, 1024, 2047])('refuses %i bits', (bits) => {
    covers('H12', '7518-1');
    expect(isUsable({ ...rsa, n: modulusOf(2048) })).toBe(true);
    expect(why(checkJwk({ ...rsa, n: modulusOf(bits) }))).toBe('is an RSA key of less than 2048 bits');
  });

  it.each([8193, 16_384, 1_000_000])('refuses %i bits', (bits) => {
    covers('H12');
    expect(isUsable({ ...rsa, n: modulusOf(8192) })).toBe(true);
    expect(why(checkJwk({ ...rsa, n: modulusOf(bits) }))).toBe('is an RSA key of more than 8192 bits');
  });

  it.each([1, 129])('measures a key without its leading zeros, and names it so: %i', (count) => {
    covers('H12');
    const pad = (member: unknown) =>
      Buffer.concat([Buffer.alloc(count), Buffer.from(String(member), 'base64url')]).toString('base64url');
    expect(usable({ ...rsa, n: pad(rsa.n), e: pad(rsa.e) })).toEqual(usable(rsa));
    expect(why(checkJwk({ ...rsa, n: pad(modulusOf(1024)) }))).toBe('is an RSA key of less than 2048 bits');
    expect(why(checkJwk({ ...rsa, e: pad('AQ') }))).toBe('is an RSA key with an unsafe exponent');
  });

  it('refuses the exponent 0, which is all zeros', () => {
    covers('H12', 'K11');
    expect(why(checkJwk({ ...rsa, e: encode(0n) }))).toBe('lacks the member e');
  });

  it('refuses a modulus that is no base64url at all', () => {
    covers('H12');
    expect(why(checkJwk({ ...rsa, n: '!!!' }))).toBe('is an RSA key of less than 2048 bits');
  });

  it.each<[string, bigint]>([
    ['1 (Wycheproof)', 1n],
    ['3', 3n],
    ['65535', 65_535n],
    ['65536', 65_536n],
    ['65538', 65_538n],
    ['2^32 + 1', 0x1_0000_0001n],
    ['one as long as the modulus', 1n << 2047n],
  ])('refuses the exponent %s', (_, e) => {
    covers('H12', 'K11');
    expect(isUsable({ ...rsa, e: encode(65_537n) })).toBe(true);
    expect(why(checkJwk({ ...rsa, e: encode(e) }))).toBe('is an RSA key with an unsafe exponent');
  });

  it.each([65_537n, 65_539n, 0xffff_ffffn])('takes the exponent %s', (e) => {
    expect(isUsable({ ...rsa, e: encode(e) })).toBe(true);
  });
});

describe('importVerificationKey', () => {
  it.for(ALL_ALGORITHMS)(
    'imports a key for %s that verifies what its private half signed',
    async (algorithm, { skip }) => {
      skip(!isRuntimeAlgorithm(algorithm), LACKS_IT);
      const { privateKey, publicKey } = sharedKeys(algorithm);
      const key = await importVerificationKey(usable({ ...toJwk(publicKey), alg: algorithm, kid: 'a' }), NOW);
      expect(key).toMatchObject({ kid: 'a', algorithms: [algorithm] });
      if (key instanceof Malformed) throw new Error(key.why);
      expect(key.keyObject.equals(publicKey)).toBe(true);
      const input = Buffer.from('signed');
      const signature = signBytes(algorithm, privateKey, input);
      expect(await isSignedBy(algorithm, key, input, signature)).toBe(true);
    },
  );

  it.each<[string, Members]>([
    ['off its curve', { x: ec.y }],
    ['of zeros', { x: Buffer.alloc(32).toString('base64url'), y: Buffer.alloc(32).toString('base64url') }],
    ['with a coordinate that is too short', { x: 'AQ' }],
    ['of another curve', { x: toJwk(generateKeys('ES384').publicKey).x }],
    ['that is no base64url', { x: '!!!' }],
  ])('refuses an EC key with a point %s', async (_, change) => {
    covers('H12', '8725-4');
    expect(await findProblem(ec, change)).toBe(NOT_VALID);
  });

  it.each(['AQ', Buffer.alloc(33, 1).toString('base64url'), '!!!'])('refuses the Ed25519 key %s', async (x) => {
    covers('H12');
    expect(await findProblem(ed, { x })).toBe(NOT_VALID);
  });

  const SMALL_ORDER_POINTS = [
    '0100000000000000000000000000000000000000000000000000000000000000',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0000000000000000000000000000000000000000000000000000000000000080',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
    // y = 0 and y = 1 once more, not reduced modulo p.
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  ];

  it.each(SMALL_ORDER_POINTS)('refuses the Ed25519 point %s, under which anybody can sign', async (hex) => {
    covers('H12');
    const problem = await findProblem(ed, { x: Buffer.from(hex, 'hex').toString('base64url') });
    expect(problem).toBeTypeOf('string');
  });

  // Made for this test the way the flawed library made them: both primes are k * M + (65537 ** a mod M), where
  // M is the product of the first 126 primes.
  // A power of 65537 leaves powers of 65537 as remainders, which is what such moduli are known by.
  const rocaModulus = (65_537n ** 128n).toString(16).padStart(514, '0');
  const ROCA_MODULUS = Buffer.from(rocaModulus, 'hex').toString('base64url');

  it('CVE-2017-15361, Wycheproof key 7: refuses an RSA key whose modulus can be factored (ROCA)', async () => {
    covers('H12');
    expect(await findProblem(rsa, { n: ROCA_MODULUS })).toBeTypeOf('string');
  });
});
