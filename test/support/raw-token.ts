import { constants, createHmac, type KeyObject, sign } from 'node:crypto';
import { isHmacAlgorithm, type SignatureAlgorithm } from '../../src/jws/algorithm.js';

/** JSON texts by member name, so that a value can be `1e400`. Undefined leaves the member out. */
export type JsonTexts = { readonly [name: string]: string | undefined };

/** A compact JWS before it is signed. Nothing about it has to make sense. */
export interface RawToken {
  readonly header: string | Buffer;
  readonly payload: string | Buffer;
  readonly key: KeyObject;
  readonly algorithm: SignatureAlgorithm;
}

/** Writes a JSON object. */
export function toJsonText(members: JsonTexts): string {
  const texts = Object.entries(members).filter(([, text]) => text !== undefined);
  return `{${texts.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`;
}

/** Really signs whatever bytes header and payload are, and gives the compact JWS. */
export function signRawToken({ header, payload, key, algorithm }: RawToken): string {
  const signingInput = `${toSegment(header)}.${toSegment(payload)}`;
  return `${signingInput}.${toSegment(signBytes(algorithm, key, Buffer.from(signingInput)))}`;
}

export function toSegment(bytes: string | Buffer): string {
  return Buffer.from(bytes).toString('base64url');
}

/** Makes the signature of a JWS (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9964 §4). */
export function signBytes(algorithm: SignatureAlgorithm, key: KeyObject, input: Buffer): Buffer {
  if (algorithm.startsWith('Ed') || algorithm.startsWith('ML-DSA')) return sign(null, input, key);
  const hash = `sha${algorithm.slice(2, 5)}`;
  if (isHmacAlgorithm(algorithm)) return createHmac(hash, key).update(input).digest();
  if (algorithm.startsWith('ES')) return sign(hash, input, { key, dsaEncoding: 'ieee-p1363' });
  if (algorithm.startsWith('RS')) return sign(hash, input, { key, padding: constants.RSA_PKCS1_PADDING });
  const saltLength = constants.RSA_PSS_SALTLEN_DIGEST;
  return sign(hash, input, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
}
