import { createPrivateKey, createSecretKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { createVerifier, type Verifier } from '../../src/index.js';
import { isHmacAlgorithm, type SignatureAlgorithm } from '../../src/jws/algorithm.js';
import { RawIssuer } from '../support/raw-issuer.js';
import { signBytes, toJsonText, toSegment } from '../support/raw-token.js';
import { type JoseGroup, keysOf } from '../support/wycheproof.js';
import { ISSUER, issuerOptionsOf } from './jws-step.js';

/** An issuer with a good key of its own, and the claims that tokens get in place of `foo`. */
export const base = new RawIssuer({ issuer: ISSUER, algorithm: 'RS256', kid: 'good-key' });

/** Our claims. Their length leaves unused bits in the last character of the segment. */
export const PAYLOAD = padTo(toJsonText(base.payload), 1);

function padTo(json: string, remainder: number): string {
  return json.length % 3 === remainder ? json : padTo(`${json} `, remainder);
}

/** A verifier that trusts the keys of a group; `keys` takes their place. */
export function createVerifierOf(group: JoseGroup, keys?: readonly object[]): Verifier {
  const issuer = keys === undefined ? issuerOptionsOf(group) : { issuer: ISSUER, jwks: { keys } };
  return createVerifier({ ...base.verifierOptions, issuer: issuer as never, tokenCache: false });
}

/** Signs a segment of a header and one of a payload with a private key of the group. */
export function signWith(group: JoseGroup, algorithm: SignatureAlgorithm, header: string, payload: string): string {
  const signature = signBytes(algorithm, privateKeyOf(group, algorithm), Buffer.from(`${header}.${payload}`));
  return `${header}.${payload}.${toSegment(signature)}`;
}

/** Signs our claims under the header of a vector, to the byte. */
export function remint(group: JoseGroup, token: string, algorithm: SignatureAlgorithm): string {
  return signWith(group, algorithm, token.slice(0, token.indexOf('.')), toSegment(PAYLOAD));
}

function privateKeyOf(group: JoseGroup, algorithm: SignatureAlgorithm): KeyObject {
  const [key = {}] = keysOf(group.private);
  if (isHmacAlgorithm(algorithm)) return createSecretKey(Buffer.from(String(key['k']), 'base64url'));
  return createPrivateKey({ key: key as JsonWebKey, format: 'jwk' });
}

/** Reads the alg of a header. */
export function algorithmOf(token: string): SignatureAlgorithm {
  const header = JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString());
  return header.alg as SignatureAlgorithm;
}
