import { constants, createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { MaybePromise } from '../platform/maybe-promise.js';
import { type Algorithm, isHmacAlgorithm, type SignatureAlgorithm } from './algorithm.js';
import type { SignatureKey } from './signature-key.js';
import { SignatureQueue } from './signature-queue.js';

/** What node:crypto needs to know of an algorithm. */
interface SignatureScheme {
  /** Of the keys that it takes. */
  readonly kind: string;
  /** Null where the algorithm has its hash built in. */
  readonly hash: string | null;
  /** RSASSA-PSS uses a salt as long as its hash (RFC 7518 §3.5). */
  readonly saltLength?: number;
  /** In octets: R and S side by side (RFC 7518 §3.4, RFC 8032 §5.1.6), FIPS 204 §4. RSA signatures are as long as the modulus. */
  readonly length?: number;
}

const SCHEMES: Readonly<Record<Algorithm, SignatureScheme>> = {
  RS256: { kind: 'rsa', hash: 'sha256' },
  RS384: { kind: 'rsa', hash: 'sha384' },
  RS512: { kind: 'rsa', hash: 'sha512' },
  PS256: { kind: 'rsa', hash: 'sha256', saltLength: 32 },
  PS384: { kind: 'rsa', hash: 'sha384', saltLength: 48 },
  PS512: { kind: 'rsa', hash: 'sha512', saltLength: 64 },
  ES256: { kind: 'prime256v1', hash: 'sha256', length: 64 },
  ES384: { kind: 'secp384r1', hash: 'sha384', length: 96 },
  ES512: { kind: 'secp521r1', hash: 'sha512', length: 132 },
  EdDSA: { kind: 'ed25519', hash: null, length: 64 },
  Ed25519: { kind: 'ed25519', hash: null, length: 64 },
  'ML-DSA-44': { kind: 'ml-dsa-44', hash: null, length: 2420 },
  'ML-DSA-65': { kind: 'ml-dsa-65', hash: null, length: 3309 },
  'ML-DSA-87': { kind: 'ml-dsa-87', hash: null, length: 4627 },
};

// A signature as long as a modulus of 4096 bits, in octets.
const MAX_QUICK_RSA_OCTETS = 512;
const QUICK_KEYS = ['prime256v1', 'ed25519'];

const HMAC_HASHES = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' } as const;

/**
 * Verifies a signature, with a public key at the end of the event loop's turn. The only place where one is judged. A
 * signature that cannot even be read is not valid; there is no third answer. Those of one verifier share their `jobs`.
 */
export function verifySignature(
  algorithm: SignatureAlgorithm,
  key: SignatureKey,
  signingInput: Buffer,
  signature: Buffer,
  jobs: SignatureQueue = new SignatureQueue(),
): MaybePromise<boolean> {
  // RFC 8725 §3.1: no algorithm meets a key of another kind. They were matched before; this is the last line.
  if (isHmacAlgorithm(algorithm)) {
    return key.keyType === 'secret' && verifyHmac(HMAC_HASHES[algorithm], key.keyObject, signingInput, signature);
  }
  const { hash, saltLength, length = key.modulusLength, kind } = SCHEMES[algorithm];
  if (key.keyType !== kind) return false;
  // OpenSSL takes a PSS signature without its leading zeros, which would give one token two spellings.
  if (signature.length !== length) return false;
  // Node.js 24 takes almost twice as long for a key with options beside it, so there are some for PSS alone.
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  const { keyObject } = key;
  const keyInput = saltLength === undefined ? keyObject : { key: keyObject, padding, saltLength };
  const bytes = algorithm.startsWith('ES') ? toDer(signature) : signature;
  const isQuick = kind === 'rsa' ? length <= MAX_QUICK_RSA_OCTETS : QUICK_KEYS.includes(kind);
  return jobs.run({ hash, signingInput, key: keyInput, signature: bytes, isQuick });
}

/** Writes R and S, side by side, as OpenSSL reads them: a SEQUENCE of two INTEGERs (RFC 3279 §2.2.3). */
function toDer(signature: Buffer): Buffer {
  const half = signature.length / 2;
  const integers = Buffer.concat([toDerInteger(signature.subarray(0, half)), toDerInteger(signature.subarray(half))]);
  // X.690 §8.1.3: 128 octets and more need the long form of their number; for P-521 one octet of it suffices.
  const length = integers.length < 0x80 ? [integers.length] : [0x81, integers.length];
  return Buffer.concat([Buffer.of(0x30, ...length), integers]);
}

/** X.690 §8.3: as few octets as there can be, the first of which has no sign bit. */
function toDerInteger(unsigned: Buffer): Buffer {
  let start = 0;
  while (start < unsigned.length - 1 && unsigned[start] === 0) start += 1;
  const octets = unsigned.subarray(start);
  const sign = (octets[0] as number) >= 0x80 ? [0] : [];
  return Buffer.concat([Buffer.of(0x02, octets.length + sign.length, ...sign), octets]);
}

function verifyHmac(hash: string, key: KeyObject, signingInput: Buffer, signature: Buffer): boolean {
  const expected = createHmac(hash, key).update(signingInput).digest();
  return signature.length === expected.length && timingSafeEqual(signature, expected);
}
