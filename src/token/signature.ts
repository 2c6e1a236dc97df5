import { constants, type KeyObject, verify } from 'node:crypto';
import type { Algorithm } from '../protocol/algorithm.js';

/** What node:crypto needs to know of an algorithm. */
interface SignatureScheme {
  /** Null where the algorithm has its hash built in. */
  readonly hash: string | null;
  /** RSASSA-PSS uses a salt as long as its hash (RFC 7518 §3.5). */
  readonly saltLength?: number;
  /** In octets: R and S side by side (RFC 7518 §3.4, RFC 8032 §5.1.6). RSA signatures are as long as the modulus. */
  readonly length?: number;
}

const SCHEMES: Readonly<Record<Algorithm, SignatureScheme>> = {
  RS256: { hash: 'sha256' },
  RS384: { hash: 'sha384' },
  RS512: { hash: 'sha512' },
  PS256: { hash: 'sha256', saltLength: 32 },
  PS384: { hash: 'sha384', saltLength: 48 },
  PS512: { hash: 'sha512', saltLength: 64 },
  ES256: { hash: 'sha256', length: 64 },
  ES384: { hash: 'sha384', length: 96 },
  ES512: { hash: 'sha512', length: 132 },
  EdDSA: { hash: null, length: 64 },
  Ed25519: { hash: null, length: 64 },
};

/**
 * Verifies a signature on libuv's thread pool. The only place where one is verified. A signature that
 * cannot even be read is not valid; there is no third answer.
 */
export function verifySignature(
  algorithm: Algorithm,
  key: KeyObject,
  signingInput: Buffer,
  signature: Buffer,
): Promise<boolean> {
  const { hash, saltLength, length = modulusLength(key) } = SCHEMES[algorithm];
  // OpenSSL takes a PSS signature without its leading zeros, which would give one token two spellings.
  if (signature.length !== length) return Promise.resolve(false);
  const padding = saltLength === undefined ? constants.RSA_PKCS1_PADDING : constants.RSA_PKCS1_PSS_PADDING;
  const input =
    key.asymmetricKeyType === 'rsa'
      ? { key, padding, ...(saltLength !== undefined && { saltLength }) }
      : { key, dsaEncoding: 'ieee-p1363' as const };
  return new Promise((resolve) => {
    verify(hash, signingInput, input, signature, (error, isValid) => resolve(error === null && isValid));
  });
}

function modulusLength(key: KeyObject): number {
  return Math.ceil((key.asymmetricKeyDetails?.modulusLength ?? 0) / 8);
}
