import { constants, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import type { TestIssuer } from '../../src/testing/index.js';
import { nextRsaKeys } from './rsa-keys.js';

/** A JSON Web Key of which nothing is sure. */
export type AnyJwk = { readonly [name: string]: unknown };

export type OwnAlgorithm = 'RS256' | 'PS256' | 'ES256' | 'ES384' | 'EdDSA';

/** A key pair in the hands of a test, whose public half can be published in any shape. */
export class OwnKey {
  readonly algorithm: OwnAlgorithm;
  readonly kid: string | undefined;
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;

  constructor(algorithm: OwnAlgorithm, kid: string | undefined, bits = 2048) {
    this.algorithm = algorithm;
    this.kid = kid;
    const { privateKey, publicKey } = generate(algorithm, bits);
    this.#privateKey = privateKey;
    this.#publicKey = publicKey;
  }

  /** As an issuer would publish it. */
  get jwk(): AnyJwk {
    return { ...this.#publicKey.export({ format: 'jwk' }), ...(this.kid !== undefined && { kid: this.kid }) };
  }

  /** What no issuer should publish. */
  get privateJwk(): AnyJwk {
    return { ...this.#privateKey.export({ format: 'jwk' }), kid: this.kid };
  }

  /** Signs an access token in the name of an issuer. */
  token({ issuer, audience, now }: TestIssuer, header: object = {}): string {
    const claims = { iss: issuer, aud: audience, sub: 'test-user', exp: now() / 1000 + 3600, jti: randomUUID() };
    const signingInput = [{ alg: this.algorithm, typ: 'at+jwt', kid: this.kid, ...header }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    return `${signingInput}.${this.#sign(Buffer.from(signingInput)).toString('base64url')}`;
  }

  #sign(input: Buffer): Buffer {
    const key = this.#privateKey;
    switch (this.algorithm) {
      case 'EdDSA':
        return sign(null, input, key);
      case 'PS256':
        return sign('sha256', input, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });
      case 'RS256':
        return sign('sha256', input, key);
      default:
        return sign(`sha${this.algorithm.slice(2)}`, input, { key, dsaEncoding: 'ieee-p1363' });
    }
  }
}

function generate(algorithm: OwnAlgorithm, modulusLength: number): { privateKey: KeyObject; publicKey: KeyObject } {
  if (algorithm === 'EdDSA') return generateKeyPairSync('ed25519');
  if (algorithm === 'RS256' || algorithm === 'PS256') {
    return modulusLength === 2048 ? nextRsaKeys() : generateKeyPairSync('rsa', { modulusLength });
  }
  return generateKeyPairSync('ec', { namedCurve: algorithm === 'ES256' ? 'P-256' : 'P-384' });
}
