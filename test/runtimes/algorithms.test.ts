import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createVerifier, type Fetch } from '../../src/index.js';
import { ALL_ALGORITHMS, ALL_HMAC_ALGORITHMS } from '../../src/jws/algorithm.js';
import { createTestIssuer } from '../../src/testing/index.js';
import { closeAfterTest } from '../support/close-after-test.js';
import { reasonOfCall } from '../support/reason-of.js';
import { isRuntimeAlgorithm } from '../support/runtime-algorithms.js';

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

it.runIf(process.env['SCOPEGATE_TEST_RUNTIME'])('runs on the runtime that it shall test', () => {
  expect(process.versions).toHaveProperty(process.env['SCOPEGATE_TEST_RUNTIME'] as string);
});

/** Changes a bit in the middle of the signature. */
function forge(token: string): string {
  const [header, payload, signature] = token.split('.') as [string, string, string];
  const bytes = Buffer.from(signature, 'base64url');
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] as number) ^ 1;
  return `${header}.${payload}.${bytes.toString('base64url')}`;
}

// jose signs with no others, so that the test kit cannot. test/attack/rare-algorithms.test.ts has them, on Node.js.
const SIGNED_BY_THE_TEST_KIT = ALL_ALGORITHMS.filter((algorithm) => algorithm !== 'ES256K' && algorithm !== 'Ed448');

describe.each(SIGNED_BY_THE_TEST_KIT)('%s on this runtime', (algorithm) => {
  const isSupported = isRuntimeAlgorithm(algorithm);

  it.runIf(isSupported)('RFC 7515 §5.2: verifies a good signature, and refuses a forged one', async () => {
    const issuer = await createTestIssuer({ algorithms: [algorithm] });
    closeAfterTest(() => issuer.close());
    const verifier = createVerifier({ ...issuer.verifierOptions, algorithms: [algorithm] });
    closeAfterTest(() => verifier.close());
    const token = await issuer.token();
    expect(await reasonOfCall(verifier.verify(token))).toBe('accepted');
    expect(await reasonOfCall(verifier.verify(forge(token)))).toBe('signature_invalid');
  });

  it.runIf(!isSupported)('is refused when the verifier is created, and not with 503 later', () => {
    const options = { issuer: 'https://issuer.test', audience: 'https://api.test' };
    expect(() => createVerifier({ ...options, algorithms: ['ES256'] }).close()).not.toThrow();
    expect(() => createVerifier({ ...options, algorithms: [algorithm] })).toThrow(/does not support/);
  });
});

it('a key of an algorithm that may be missing here does not stop the other keys of its set', async () => {
  const issuer = await createTestIssuer();
  closeAfterTest(() => issuer.close());
  // FIPS 204 §4: a public key of ML-DSA-44 has 1312 octets.
  const other = { kty: 'AKP', alg: 'ML-DSA-44', kid: 'other', pub: Buffer.alloc(1312, 7).toString('base64url') };
  const jwksUri = 'https://issuer.test/keys';
  const fetch: Fetch = async () => Response.json({ keys: [other, ...issuer.jwks.keys] });
  const options = { ...issuer.verifierOptions, issuer: { issuer: issuer.issuer, jwksUri }, fetch };
  const verifier = createVerifier(options);
  closeAfterTest(() => verifier.close());
  expect(await reasonOfCall(verifier.verify(await issuer.token()))).toBe('accepted');
});

describe.each(ALL_HMAC_ALGORITHMS)('%s on this runtime', (algorithm) => {
  it('RFC 7518 §3.2: verifies a good MAC, and refuses a forged one', async () => {
    const secret = Buffer.alloc(64, 7);
    const issuer = { issuer: 'https://issuer.test', secret, algorithms: [algorithm] };
    const verifier = createVerifier({ issuer, audience: 'https://api.test' });
    closeAfterTest(() => verifier.close());
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: issuer.issuer,
      aud: 'https://api.test',
      exp: now + 600,
      iat: now,
      client_id: 'app',
      sub: 'jane',
    };
    const input = `${encode({ alg: algorithm, typ: 'at+jwt' })}.${encode(claims)}`;
    const mac = createHmac(`sha${algorithm.slice(2)}`, secret)
      .update(input)
      .digest('base64url');
    expect(await reasonOfCall(verifier.verify(`${input}.${mac}`))).toBe('accepted');
    expect(await reasonOfCall(verifier.verify(forge(`${input}.${mac}`)))).toBe('signature_invalid');
  });
});
