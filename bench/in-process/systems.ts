import { createPublicKey } from 'node:crypto';
import { JwtVerifier } from 'aws-jwt-verify';
import { createVerifier as createFastVerifier } from 'fast-jwt';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { createVerifier, type Verifier, type VerifierOptions } from '../../dist/index.js';
import { AUDIENCE, ISSUER, type SigningKey } from '../lib/tokens.js';

/** Verifies a token and throws or rejects when it is not good. */
export type VerifyToken = (token: string) => unknown;

/** Each peer with its keys at hand, so that nothing is fetched. */
export function createPeers(key: SigningKey): Readonly<Record<string, VerifyToken>> {
  const jwks = { keys: [key.publicJwk] };
  const keySet = createLocalJWKSet(jwks as Parameters<typeof createLocalJWKSet>[0]);
  const rules = { issuer: ISSUER, audience: AUDIENCE };
  const aws = JwtVerifier.create({ ...rules, jwksUri: 'https://login.bench.test/jwks' });
  aws.cacheJwks(jwks);
  const pem = createPublicKey({ key: key.publicJwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString();
  const fast = { key: pem, algorithms: [key.algorithm], allowedIss: ISSUER, allowedAud: AUDIENCE };
  return {
    'jose.jwtVerify': (token) => jwtVerify(token, keySet, rules),
    'aws-jwt-verify': (token) => aws.verify(token),
    'fast-jwt': createFastVerifier(fast),
    'fast-jwt, cache': createFastVerifier({ ...fast, cache: true }),
  };
}

/** A verifier with its keys at hand. */
export async function createReadyVerifier(key: SigningKey, options: Partial<VerifierOptions> = {}): Promise<Verifier> {
  const jwks = { keys: [key.publicJwk] } as never;
  const verifier = createVerifier({ issuer: { issuer: ISSUER, jwks }, audience: AUDIENCE, ...options });
  await verifier.ready();
  return verifier;
}
