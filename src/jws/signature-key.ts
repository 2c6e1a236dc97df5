import type { KeyObject } from 'node:crypto';

/** A key beside what it is, which node:crypto would work out anew each time it is asked. */
export interface SignatureKey {
  readonly keyObject: KeyObject;
  /** The curve of a public EC key and the type of any other public key, as node:crypto names them; else `secret` or `private`. */
  readonly keyType: string | undefined;
  /** The length of the modulus of an RSA key, in octets. */
  readonly modulusLength: number;
}

export function toSignatureKey(keyObject: KeyObject): SignatureKey {
  const { type, asymmetricKeyType, asymmetricKeyDetails: details } = keyObject;
  return {
    keyObject,
    keyType: type === 'public' ? (details?.namedCurve ?? asymmetricKeyType) : type,
    modulusLength: Math.ceil((details?.modulusLength ?? 0) / 8),
  };
}
