import { describe, expect, it } from 'vitest';
import {
  ALL_ALGORITHMS,
  ALL_HMAC_ALGORITHMS,
  algorithmsOfKey,
  DEFAULT_ALGORITHMS,
  isAlgorithm,
  isHmacAlgorithm,
} from '../../src/jws/algorithm.js';
import { covers } from '../support/covers.js';

const RSA = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const ML_DSA = ['ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87'];
const HMAC = ['HS256', 'HS384', 'HS512'];

describe('the supported algorithms', () => {
  it('RFC 8725 §3.2: are the asymmetric signatures of RFC 7518, RFC 8037, RFC 8812, RFC 9864 and RFC 9964', () => {
    const curves = ['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];
    expect([...ALL_ALGORITHMS].sort()).toEqual([...RSA, ...curves, 'ES256K', 'Ed448', ...ML_DSA].sort());
    expect([...DEFAULT_ALGORITHMS].sort()).toEqual([...RSA, ...curves, ...ML_DSA].sort());
  });

  it('cannot be added to', () => {
    expect(() => (ALL_ALGORITHMS as string[]).push('none')).toThrow(TypeError);
    expect(ALL_ALGORITHMS).not.toContain('none');
  });
});

describe('isAlgorithm', () => {
  it.each(ALL_ALGORITHMS)('RFC 7518 §3.1: knows %s', (name) => {
    expect(isAlgorithm(name)).toBe(true);
  });

  it.each([
    ['none'],
    ['nOnE'],
    [''],
    ['es256'],
    ['ES256 '],
    ['ES521'],
    ['ES256k'],
    ['ES521K'],
    ['HS256'],
    ['RSA-OAEP'],
    ['__proto__'],
    ['constructor'],
    ['toString'],
    [undefined],
    [null],
    [1],
    [['ES256']],
  ])('RFC 7515 §4.1.1: does not know %j', (name) => {
    covers('A1', 'A2', 'A5', 'A10');
    expect(isAlgorithm('ES256')).toBe(true);
    expect(isAlgorithm(name)).toBe(false);
  });
});

describe('isHmacAlgorithm', () => {
  it.each(HMAC)('RFC 7518 §3.2: knows %s', (name) => {
    expect(isHmacAlgorithm(name)).toBe(true);
  });

  it.each([['none'], ['hs256'], ['HS1'], ['HS256 '], ['ES256'], ['__proto__'], ['toString'], [undefined], [['HS256']]])(
    'RFC 7515 §4.1.1: does not know %j',
    (name) => {
      covers('A2', 'A10');
      expect(isHmacAlgorithm('HS256')).toBe(true);
      expect(isHmacAlgorithm(name)).toBe(false);
    },
  );

  it('RFC 8725 §3.1 (CVE-2015-9235): has nothing in common with the algorithms of public keys', () => {
    expect(ALL_HMAC_ALGORITHMS).toEqual(HMAC);
    expect(ALL_HMAC_ALGORITHMS.filter(isAlgorithm)).toEqual([]);
    expect(ALL_ALGORITHMS.filter(isHmacAlgorithm)).toEqual([]);
    expect(() => (ALL_HMAC_ALGORITHMS as string[]).push('ES256')).toThrow(TypeError);
  });
});

describe('algorithmsOfKey', () => {
  it.each<[kty: unknown, crv: unknown, algorithms: string[]]>([
    ['RSA', undefined, RSA],
    ['RSA', 'P-256', RSA],
    ['EC', 'P-256', ['ES256']],
    ['EC', 'P-384', ['ES384']],
    ['EC', 'P-521', ['ES512']],
    ['EC', 'secp256k1', ['ES256K']],
    ['OKP', 'Ed448', ['Ed448']],
    ['EC', 'secp224k1', []],
    ['EC', 'Ed25519', []],
    ['EC', undefined, []],
    ['OKP', 'Ed25519', ['EdDSA', 'Ed25519']],
    ['OKP', 'X25519', []],
    ['OKP', 'P-256', []],
    ['AKP', undefined, ML_DSA],
    ['oct', undefined, []],
    [undefined, undefined, []],
  ])('RFC 8725 §3.1: a key with kty %s and crv %s is good for %j', (kty, crv, algorithms) => {
    covers('A8', 'A9');
    expect(algorithmsOfKey(kty, crv)).toEqual(algorithms);
  });
});
