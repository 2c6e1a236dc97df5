import {
  constants,
  createHmac,
  createPrivateKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  type SignKeyObjectInput,
  sign,
} from 'node:crypto';

export const ISSUER = 'https://login.bench.test';
export const AUDIENCE = 'https://orders.bench.test';
export const SECRET = 'a shared secret of benchmarks, longer than the hash';

export type BenchAlgorithm = 'RS256' | 'PS256' | 'ES256' | 'ES512' | 'EdDSA' | 'HS256';
type AsymmetricAlgorithm = Exclude<BenchAlgorithm, 'HS256'>;

/** A private key as JSON can hold it, to hand it to other threads and later runs. */
export interface SigningKey {
  readonly algorithm: BenchAlgorithm;
  readonly kid: string;
  readonly privateJwk: JsonWebKey;
  readonly publicJwk: JsonWebKey;
}

/** Makes a signing key; RSA keys have 2048 bits. */
export function createSigningKey(algorithm: BenchAlgorithm, kid = `${algorithm}-key`): SigningKey {
  if (algorithm === 'HS256') return { algorithm, kid, privateJwk: {}, publicJwk: {} };
  const { privateKey, publicKey } = generatePair(algorithm);
  const known = { kid, alg: algorithm, use: 'sig' };
  return {
    algorithm,
    kid,
    privateJwk: privateKey.export({ format: 'jwk' }),
    publicJwk: { ...publicKey.export({ format: 'jwk' }), ...known },
  };
}

function generatePair(algorithm: AsymmetricAlgorithm): { privateKey: KeyObject; publicKey: KeyObject } {
  switch (algorithm) {
    case 'RS256':
    case 'PS256':
      return generateKeyPairSync('rsa', { modulusLength: 2048 });
    case 'ES256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' });
    case 'ES512':
      return generateKeyPairSync('ec', { namedCurve: 'P-521' });
    case 'EdDSA':
      return generateKeyPairSync('ed25519');
  }
}

/** The hash and the parameters with which node:crypto signs and verifies. */
export function schemeOf(algorithm: AsymmetricAlgorithm): readonly [hash: string | null, parameters: object] {
  switch (algorithm) {
    case 'RS256':
      return ['sha256', {}];
    case 'PS256':
      return ['sha256', { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }];
    case 'ES256':
      return ['sha256', { dsaEncoding: 'ieee-p1363' }];
    case 'ES512':
      return ['sha512', { dsaEncoding: 'ieee-p1363' }];
    case 'EdDSA':
      return [null, {}];
  }
}

/** Gives a function that signs distinct tokens of one key: all of one length, told apart by their `jti`. */
export function createSigner(key: SigningKey): (number: number, changes?: object) => string {
  const header = encode({ alg: key.algorithm, typ: 'at+jwt', kid: key.kid });
  const signInput = createSignInput(key);
  const issuedAt = 1_700_000_000;
  return (number, changes = {}) => {
    const claims = {
      iss: ISSUER,
      sub: 'auth0|5f7c8ec7c33c6c004bbafe82',
      aud: AUDIENCE,
      client_id: 'orders-dashboard',
      iat: issuedAt,
      exp: issuedAt + 1_000_000_000,
      jti: String(number).padStart(16, '0'),
      scope: 'openid orders:read orders:write',
      ...changes,
    };
    const input = `${header}.${encode(claims)}`;
    return `${input}.${signInput(input).toString('base64url')}`;
  };
}

function createSignInput({ algorithm, privateJwk }: SigningKey): (input: string) => Buffer {
  if (algorithm === 'HS256') return (input) => createHmac('sha256', SECRET).update(input).digest();
  const [hash, parameters] = schemeOf(algorithm);
  const key = createPrivateKey({ key: privateJwk, format: 'jwk' });
  const options: SignKeyObjectInput = { key, ...parameters };
  return (input) => sign(hash, Buffer.from(input), options);
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** A string of its own, as a parser makes it from bytes: flat, and without the hash that V8 keeps in a string. */
export function fresh(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
