import { constants, createHmac, timingSafeEqual } from 'node:crypto';
import {
  type Algorithm,
  algorithmEntry,
  type HmacAlgorithm,
  isHmacAlgorithm,
  type SignatureAlgorithm,
} from './algorithm.js';
import type { SignatureJob, SignatureQueue } from './signature-queue.js';
import type { SignatureKey } from './verification-key.js';

/** Signed bytes, and their signature. */
export interface SignedBytes {
  readonly signingInput: Buffer;
  readonly signature: Buffer;
}

// In octets: the signature of a 4096 bit key. Its verification takes some 0.2 ms.
const MAX_QUICK_RSA_OCTETS = 512;
const QUICK_KEY_TYPES = ['prime256v1', 'ed25519'];

const HMAC_HASHES = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' } as const;

/**
 * Verifies a signature: tries the keys in turn, and returns the first one that fits. All signatures are verified here.
 * A signature that cannot be read is not valid.
 */
export async function verifySignature<Key extends SignatureKey>(
  keys: readonly Key[],
  algorithm: SignatureAlgorithm,
  signed: SignedBytes,
  queue: SignatureQueue,
): Promise<Key | undefined> {
  for (const key of keys) {
    if (isHmacAlgorithm(algorithm)) {
      if (hasHmac(algorithm, key, signed)) return key;
      continue;
    }

    const job = toJob(algorithm, key, signed);
    if (job !== undefined && (await queue.run(job))) return key;
  }
  return undefined;
}

/** Returns undefined for a key of another type, and for a signature of another length. */
function toJob(
  algorithm: Algorithm,
  key: SignatureKey,
  { signingInput, signature }: SignedBytes,
): SignatureJob | undefined {
  const { keyType, hash, saltLength, signatureLength = key.modulusLength } = algorithmEntry(algorithm);
  // RFC 8725 §3.1: no algorithm is used with a key of another type. Defence in depth: the key set matched them.
  if (key.keyType !== keyType) return undefined;
  // OpenSSL accepts a PSS signature without its leading zeros. One token would have two spellings.
  if (signature.length !== signatureLength) return undefined;

  // Node.js 24 takes almost twice as long for a key with options, so only PSS has them.
  const { keyObject } = key;
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  const keyInput = saltLength === undefined ? keyObject : { key: keyObject, padding, saltLength };
  const bytes = algorithm.startsWith('ES') ? toDer(signature) : signature;
  const isQuick = keyType === 'rsa' ? signatureLength <= MAX_QUICK_RSA_OCTETS : QUICK_KEY_TYPES.includes(keyType);
  return { hash, signingInput, key: keyInput, signature: bytes, isQuick };
}

/** Formats R and S for OpenSSL: a SEQUENCE of two INTEGERs (RFC 3279 §2.2.3). */
function toDer(signature: Buffer): Buffer {
  const half = signature.length / 2;
  const integers = Buffer.concat([toDerInteger(signature.subarray(0, half)), toDerInteger(signature.subarray(half))]);
  // X.690 §8.1.3: a length of 128 octets or more has the long form. P-521 needs one octet of it.
  const length = integers.length < 0x80 ? [integers.length] : [0x81, integers.length];
  return Buffer.concat([Buffer.of(0x30, ...length), integers]);
}

/** X.690 §8.3: as few octets as possible, and no sign bit in the first one. */
function toDerInteger(unsigned: Buffer): Buffer {
  let start = 0;
  while (start < unsigned.length - 1 && unsigned[start] === 0) start += 1;
  const octets = unsigned.subarray(start);
  const sign = (octets[0] as number) >= 0x80 ? [0] : [];
  return Buffer.concat([Buffer.of(0x02, octets.length + sign.length, ...sign), octets]);
}

function hasHmac(algorithm: HmacAlgorithm, key: SignatureKey, { signingInput, signature }: SignedBytes): boolean {
  if (key.keyType !== 'secret') return false;
  const expected = createHmac(HMAC_HASHES[algorithm], key.keyObject).update(signingInput).digest();
  return signature.length === expected.length && timingSafeEqual(signature, expected);
}
