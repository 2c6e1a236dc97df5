import { createECDH, createHash, randomBytes } from 'node:crypto';
import type { JWK } from 'jose';
import { toSegment } from '../support/raw-token.js';

// The order of P-256 (FIPS 186-4 §D.1.2.3).
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** Two genuine tokens of one key that have the same signature. */
export interface SameSignatureTokens {
  /** What the key set has to hold; without kid. */
  readonly jwk: JWK;
  readonly tokens: readonly [string, string];
}

/**
 * Makes a P-256 key for two signing inputs, so that one ES256 signature is good for both: with the nonces k and
 * -k the point has one x-coordinate r, and s is the same where h1 + h2 + 2rd = 0.
 */
export function createSameSignatureTokens(first: string, second: string): SameSignatureTokens {
  const k = modulo(toNumber(randomBytes(40)));
  const r = modulo(toNumber(publicPoint(k).subarray(1, 33)));
  const [h1, h2] = [first, second].map((text) => toNumber(createHash('sha256').update(text).digest())) as [
    bigint,
    bigint,
  ];
  const d = modulo(-(h1 + h2) * inverse(2n * r));
  const s = modulo((h1 + r * d) * inverse(k));
  const point = publicPoint(d);
  const signature = toSegment(Buffer.concat([toBytes(r), toBytes(s)]));
  return {
    jwk: { kty: 'EC', crv: 'P-256', x: toSegment(point.subarray(1, 33)), y: toSegment(point.subarray(33)) },
    tokens: [`${first}.${signature}`, `${second}.${signature}`],
  };
}

function publicPoint(privateKey: bigint): Buffer {
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(toBytes(privateKey));
  return ecdh.getPublicKey();
}

/** By Fermat's little theorem. */
function inverse(value: bigint): bigint {
  let [result, base] = [1n, modulo(value)];
  for (let exponent = ORDER - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % ORDER;
    base = (base * base) % ORDER;
  }
  return result;
}

function modulo(value: bigint): bigint {
  return ((value % ORDER) + ORDER) % ORDER;
}

function toNumber(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`);
}

function toBytes(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
}
