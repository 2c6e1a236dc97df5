import { generateKeyPairSync } from 'node:crypto';
import type { JWK } from 'jose';
import { nextRsaKeys } from './rsa-keys.js';

const EC: JWK = jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey);
const RSA: JWK = jwkOf(nextRsaKeys().publicKey);

/** A key set that can be used. */
export const GOOD_JWKS = { keys: [EC] };

/** Members of a key set that no token can be verified with, and what is wrong with them. */
export const BAD_KEYS: readonly (readonly [what: string, member: unknown, told: string])[] = [
  ['null', null, 'is not an object'],
  ['a PEM text', '-----BEGIN PUBLIC KEY-----', 'is not an object'],
  ['a shared secret', { kty: 'oct', k: 'c2VjcmV0' }, 'has a kty that is not RSA, EC, OKP or AKP'],
  ['a private key', { ...EC, d: 'AAAA' }, 'holds private or symmetric key material'],
  ['a key for encryption', { ...EC, use: 'enc' }, 'has a use other than sig'],
  ['a key that may only encrypt', { ...EC, key_ops: ['encrypt'] }, 'has key_ops other than verify'],
  ['a key with a kid that is no string', { ...EC, kid: {} }, 'has a kid that is not a string'],
  ['a key without a coordinate', { kty: 'EC', crv: 'P-256', x: EC.x }, 'lacks the member y'],
  ['a key on another curve', { ...EC, crv: 'P-192' }, 'is on a curve that is not supported'],
  ['a key with the alg of another', { ...EC, alg: 'RS256' }, 'has an alg that is not supported'],
  [
    'a point off its curve',
    { ...EC, x: EC.y, y: EC.x },
    'is not a valid key, such as a point off its curve, or this Node.js does not support it',
  ],
  ['an RSA key of 1024 bits', jwkOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey), 'less than 2048'],
  ['an RSA key with the exponent 1', { ...RSA, e: 'AQ' }, 'an unsafe exponent'],
];

function jwkOf(key: { export(options: { format: 'jwk' }): unknown }): JWK {
  return key.export({ format: 'jwk' }) as JWK;
}
