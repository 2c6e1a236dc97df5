import { createCipheriv, randomBytes } from 'node:crypto';
import { toSegment } from '../support/raw-token.js';

/** What a compact JWE is made of. */
export interface EncryptedToken {
  /** Its header; `enc` is A256GCM. */
  readonly header: object;
  /** The content encryption key, 32 bytes. */
  readonly key: Buffer;
  /** That key as the recipient gets it. @defaultValue nothing, as for `dir` */
  readonly encryptedKey?: Buffer;
  readonly plaintext: string | Buffer;
}

/** Really encrypts a text as a compact JWE (RFC 7516 §7.1, RFC 7518 §5.3). */
export function encryptToken({ header, key, encryptedKey = Buffer.alloc(0), plaintext }: EncryptedToken): string {
  const protectedHeader = toSegment(JSON.stringify({ ...header, enc: 'A256GCM' }));
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(protectedHeader));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return [protectedHeader, ...[encryptedKey, iv, ciphertext, cipher.getAuthTag()].map(toSegment)].join('.');
}
