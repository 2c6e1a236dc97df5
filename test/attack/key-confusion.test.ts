import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createVerifier, type HmacAlgorithm } from '../../src/index.js';
import { ALL_ALGORITHMS, ALL_HMAC_ALGORITHMS, type SignatureAlgorithm } from '../../src/jws/algorithm.js';
import { toSignatureKey } from '../../src/jws/verification-key.js';
import { covers } from '../support/covers.js';
import { isSignedBy } from '../support/is-signed-by.js';
import { spellPublicKey } from '../support/public-key-spellings.js';
import { generateKeys, RawIssuer } from '../support/raw-issuer.js';
import { signBytes } from '../support/raw-token.js';
import { reasonOfCall } from '../support/reason-of.js';
import { isRuntimeAlgorithm } from '../support/runtime-algorithms.js';

const modern = new RawIssuer({ issuer: 'https://modern.test', algorithm: 'RS256' });
const curved = new RawIssuer({ issuer: 'https://curved.test', algorithm: 'ES256' });
const legacy = { issuer: 'urn:example:legacy', secret: Buffer.alloc(64, 7), algorithms: ALL_HMAC_ALGORITHMS };

const CASES = [modern, curved].flatMap((issuer) =>
  ALL_HMAC_ALGORITHMS.flatMap((algorithm) =>
    spellPublicKey(issuer).map(([form, key]) => ({ issuer, kty: issuer.jwk.kty, algorithm, form, key })),
  ),
);

function forge(issuer: RawIssuer, algorithm: HmacAlgorithm, key: string | Buffer, iss = issuer.issuer): string {
  return issuer.token({
    header: { alg: JSON.stringify(algorithm) },
    payload: { iss: JSON.stringify(iss) },
    key: createSecretKey(Buffer.from(key)),
    signWith: algorithm,
  });
}

describe('a token signed with a public key as if it were a secret', () => {
  const { audience, clock, fetch } = modern.verifierOptions;

  it.each(CASES)(
    'CVE-2015-9235: is refused, $algorithm keyed with the $kty key as $form',
    async ({ issuer, algorithm, key }) => {
      covers('A4');
      const verifier = createVerifier(issuer.verifierOptions);
      expect(await reasonOfCall(verifier.verify(issuer.token()))).toBe('accepted');
      expect(await reasonOfCall(verifier.verify(forge(issuer, algorithm, key)))).toBe('algorithm_not_allowed');
    },
  );

  it.each(CASES)(
    'CVE-2026-34950: is refused beside an issuer with a secret, $algorithm keyed with the $kty key as $form',
    async ({ issuer, algorithm, key }) => {
      covers('A4');
      const listed = [modern.verifierOptions.issuer, curved.verifierOptions.issuer, legacy];
      const verifier = createVerifier({ issuer: listed, audience, clock, fetch });
      expect(await reasonOfCall(verifier.verify(issuer.token()))).toBe('accepted');
      const genuine = forge(issuer, algorithm, legacy.secret, legacy.issuer);
      expect(await reasonOfCall(verifier.verify(genuine))).toBe('accepted');
      expect(await reasonOfCall(verifier.verify(forge(issuer, algorithm, key)))).toBe('algorithm_not_allowed');
      const toLegacy = forge(issuer, algorithm, key, legacy.issuer);
      expect(await reasonOfCall(verifier.verify(toLegacy))).toBe('signature_invalid');
    },
  );

  it('is refused even when the secret of the other issuer signed it', async () => {
    covers('A4');
    const verifier = createVerifier({ issuer: [modern.verifierOptions.issuer, legacy], audience, clock, fetch });
    expect(await reasonOfCall(verifier.verify(forge(modern, 'HS256', legacy.secret, legacy.issuer)))).toBe('accepted');
    expect(await reasonOfCall(verifier.verify(forge(modern, 'HS256', legacy.secret)))).toBe('algorithm_not_allowed');
  });

  it.each(['RS256', 'ES256'] as const)('%s is refused by an issuer with a secret', async (algorithm) => {
    covers('A6');
    const issuer = algorithm === 'RS256' ? modern : curved;
    const verifier = createVerifier({ issuer: { ...legacy, issuer: issuer.issuer }, audience, clock, fetch });
    expect(await reasonOfCall(verifier.verify(forge(issuer, 'HS256', legacy.secret)))).toBe('accepted');
    expect(await reasonOfCall(verifier.verify(issuer.token()))).toBe('algorithm_not_allowed');
  });
});

describe('verifySignature, an algorithm and a key of another kind', () => {
  const INPUT = Buffer.from('eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ0ZXN0LXVzZXIifQ');
  const secret = createSecretKey(Buffer.alloc(64, 7));
  const KEYS: Readonly<Record<string, { readonly privateKey: KeyObject; readonly publicKey: KeyObject }>> = {
    RSA: modern.keys,
    'RSA-PSS': generateKeyPairSync('rsa-pss', { modulusLength: 2048 }),
    'P-256': curved.keys,
    'P-384': generateKeys('ES384'),
    'P-521': generateKeys('ES512'),
    secp256k1: generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
    Ed25519: generateKeys('EdDSA'),
    Ed448: generateKeyPairSync('ed448'),
    secret: { privateKey: secret, publicKey: secret },
    ...(isRuntimeAlgorithm('ML-DSA-44') && { 'ML-DSA-44': generateKeys('ML-DSA-44') }),
    ...(isRuntimeAlgorithm('ML-DSA-65') && { 'ML-DSA-65': generateKeys('ML-DSA-65') }),
  };

  function keyNameOf(algorithm: SignatureAlgorithm): string {
    const curves: Record<string, string> = {
      ES256: 'P-256',
      ES384: 'P-384',
      ES512: 'P-521',
      EdDSA: 'Ed25519',
      ES256K: 'secp256k1',
    };
    if (/^[RP]S/.test(algorithm)) return 'RSA';
    return algorithm.startsWith('HS') ? 'secret' : (curves[algorithm] ?? algorithm);
  }

  /** Signs as well as such a key can, so that a wrong key does not fail for want of a signature. */
  function signAnyhow(algorithm: SignatureAlgorithm, key: KeyObject): Buffer {
    try {
      return signBytes(algorithm, key, INPUT);
    } catch {
      return signBytes('EdDSA', key, INPUT);
    }
  }

  const algorithms = [...ALL_ALGORITHMS.filter(isRuntimeAlgorithm), ...ALL_HMAC_ALGORITHMS];
  const pairs = algorithms.flatMap((algorithm) =>
    Object.entries(KEYS)
      .filter(([name]) => name !== keyNameOf(algorithm) && name in KEYS && keyNameOf(algorithm) in KEYS)
      .map(([name, keys]) => ({ algorithm, name, keys })),
  );

  it.each(pairs)('RFC 8725 §3.1: $algorithm does not meet a $name key', async (pair) => {
    covers('A8', 'A9');
    const { algorithm, keys, name } = pair;
    const own = KEYS[keyNameOf(algorithm)] as typeof keys;
    expect(
      await isSignedBy(algorithm, toSignatureKey(own.publicKey), INPUT, signBytes(algorithm, own.privateKey, INPUT)),
    ).toBe(true);
    const signed = name === 'secret' ? signBytes('HS256', secret, INPUT) : signAnyhow(algorithm, keys.privateKey);
    expect(await isSignedBy(algorithm, toSignatureKey(keys.publicKey), INPUT, signed)).toBe(false);
  });

  it.each(['RS256', 'ES256', 'EdDSA'] as const)('%s does not meet a private key', async (algorithm) => {
    const { privateKey, publicKey } = KEYS[keyNameOf(algorithm)] as (typeof KEYS)[string];
    const signature = signBytes(algorithm, privateKey, INPUT);
    expect(await isSignedBy(algorithm, toSignatureKey(publicKey), INPUT, signature)).toBe(true);
    expect(await isSignedBy(algorithm, toSignatureKey(privateKey), INPUT, signature)).toBe(false);
  });
});
