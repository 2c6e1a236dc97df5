import { constants, createHash, type KeyObject, privateEncrypt } from 'node:crypto';
import { toSegment } from '../support/raw-token.js';

/** The order of the group of P-256 (SP 800-186 §3.2.1.3). */
export const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
/** The order of the group of Ed25519 (RFC 8032 §5.1). */
export const ED25519_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

/** What the modulus of the RSA keys of tests is long. */
export const MODULUS_BYTES = 256;

/** Puts other bytes in the place of the signature of a token. */
export function withSignature(token: string, change: (signature: Buffer, signingInput: Buffer) => Buffer): string {
  const dot = token.lastIndexOf('.');
  const signature = Buffer.from(token.slice(dot + 1), 'base64url');
  return `${token.slice(0, dot)}.${toSegment(change(signature, Buffer.from(token.slice(0, dot))))}`;
}

/** Reads a big-endian number. */
export function toNumber(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`);
}

/** Writes a number, big-endian, with leading zeros. */
export function toBytes(value: bigint, length: number): Buffer {
  return Buffer.from(value.toString(16).padStart(2 * length, '0'), 'hex');
}

/** Writes R and S, which stand side by side, as the ASN.1 sequence of RFC 3279 §2.2.3. */
export function toDer(signature: Buffer): Buffer {
  const half = signature.length / 2;
  const integers = [signature.subarray(0, half), signature.subarray(half)].map((bytes) => {
    const shortest = toBytes(toNumber(bytes), Math.ceil(toNumber(bytes).toString(16).length / 2));
    const content = shortest.readUInt8(0) < 0x80 ? shortest : Buffer.concat([Buffer.of(0), shortest]);
    return Buffer.concat([Buffer.of(0x02, content.length), content]);
  });
  const body = Buffer.concat(integers);
  return Buffer.concat([Buffer.of(0x30, body.length), body]);
}

/** Signs a block that is padded already: the private operation of RSA alone. */
export function signBlock(key: KeyObject, block: Buffer): Buffer {
  return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, block);
}

function digest(hash: string, input: Buffer): Buffer {
  return createHash(hash).update(input).digest();
}

/** What to change about a block of PKCS #1. */
export interface Pkcs1Changes {
  readonly lead?: number;
  readonly type?: number;
  /** @defaultValue as many 0xff as fit */
  readonly padding?: Buffer;
  readonly separator?: number;
  /** The DER before the hash, as hex. @defaultValue that of SHA-256 */
  readonly prefix?: string;
  /** @defaultValue SHA-256 */
  readonly hash?: string;
  /** How much of the hash is there. @defaultValue all */
  readonly hashBytes?: number;
  /** The DER after the hash, as hex. */
  readonly suffix?: string;
  /** Zeros after all that. @defaultValue 0, or what a padding of its own leaves free */
  readonly garbage?: number;
}

/** The DigestInfo of SHA-256 up to the hash (RFC 8017 §9.2, note 1). */
const SHA256_PREFIX = '3031300d060960864801650304020105000420';

/** Encodes what is signed as EMSA-PKCS1-v1_5 (RFC 8017 §9.2), with changes. */
export function pkcs1Block(input: Buffer, changes: Pkcs1Changes = {}): Buffer {
  const { lead = 0, type = 1, separator = 0, prefix = SHA256_PREFIX, hash = 'sha256', suffix = '' } = changes;
  const hashed = digest(hash, input).subarray(0, changes.hashBytes);
  const content = Buffer.concat([Buffer.from(prefix, 'hex'), hashed, Buffer.from(suffix, 'hex')]);
  const free = MODULUS_BYTES - 3 - content.length;
  const { garbage = changes.padding === undefined ? 0 : free - changes.padding.length } = changes;
  const padding = changes.padding ?? Buffer.alloc(free - garbage, 0xff);
  return Buffer.concat([Buffer.of(lead, type), padding, Buffer.of(separator), content, Buffer.alloc(garbage)]);
}

/** What to change about a block of PSS. */
export interface PssChanges {
  /** @defaultValue SHA-256 */
  readonly hash?: string;
  /** The hash of the mask. @defaultValue the hash of the block */
  readonly maskHash?: string;
  /** @defaultValue 32 */
  readonly saltLength?: number;
  /** The last octet. @defaultValue 0xbc */
  readonly trailer?: number;
  /** The octet before the salt. @defaultValue 1 */
  readonly separator?: number;
  /** The first octet of what has to be zeros. */
  readonly firstOfPadding?: number;
}

/** Encodes what is signed as EMSA-PSS (RFC 8017 §9.1.1), with changes. */
export function pssBlock(input: Buffer, changes: PssChanges = {}): Buffer {
  const { hash = 'sha256', maskHash = hash, saltLength = 32, trailer = 0xbc } = changes;
  const { separator = 1, firstOfPadding = 0 } = changes;
  const salt = Buffer.alloc(saltLength, 0x5a);
  const hashed = digest(hash, Buffer.concat([Buffer.alloc(8), digest(hash, input), salt]));
  const zeros = Buffer.alloc(MODULUS_BYTES - saltLength - hashed.length - 2);
  if (zeros.length > 0) zeros.writeUInt8(firstOfPadding, 0);
  const masked = xor(
    Buffer.concat([zeros, Buffer.of(separator), salt]),
    mask(maskHash, hashed, MODULUS_BYTES - hashed.length - 1),
  );
  // The block has one bit less than the modulus.
  masked.writeUInt8(masked.readUInt8(0) & 0x7f, 0);
  return Buffer.concat([masked, hashed, Buffer.of(trailer)]);
}

/** MGF1 (RFC 8017 §B.2.1). */
function mask(hash: string, seed: Buffer, length: number): Buffer {
  const blocks: Buffer[] = [];
  for (let size = 0; size < length; size += blocks[0]?.length ?? 0) {
    blocks.push(digest(hash, Buffer.concat([seed, toBytes(BigInt(blocks.length), 4)])));
  }
  return Buffer.concat(blocks).subarray(0, length);
}

function xor(left: Buffer, right: Buffer): Buffer {
  return Buffer.from(left.map((byte, index) => byte ^ right.readUInt8(index)));
}
