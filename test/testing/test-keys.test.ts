import { compactVerify, decodeProtectedHeader, importJWK, type JWK } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Algorithm, DEFAULT_ALGORITHMS } from '../../src/jws/algorithm.js';
import { checkJwk } from '../../src/jws/verification-key.js';
import { TestKeys } from '../../src/testing/test-keys.js';
import { expectMisuse } from '../support/configuration-error.js';
import { isRuntimeAlgorithm, LACKS_IT } from '../support/runtime-algorithms.js';

const CLAIMS = { iss: 'https://issuer.test' };

let keys: TestKeys;

beforeEach(() => {
  keys = new TestKeys();
});

function publicJwk(kid: string): JWK {
  const jwk = keys.jwks().keys.find((key) => key.kid === kid);
  if (jwk === undefined) throw new Error(`${kid} is not published`);
  return jwk;
}

async function isSignedBy(token: string, kid: string, algorithm: Algorithm): Promise<boolean> {
  const key = await importJWK(publicJwk(kid), algorithm);
  return compactVerify(token, key).then(
    () => true,
    () => false,
  );
}

describe('TestKeys', () => {
  it.for(DEFAULT_ALGORITHMS)(
    'makes a key that signs with %s, by the judgement of jose',
    async (algorithm, { skip }) => {
      skip(!isRuntimeAlgorithm(algorithm), LACKS_IT);
      const kid = await keys.rotate(algorithm);
      const token = await keys.sign(algorithm, {}, CLAIMS);
      expect(decodeProtectedHeader(token)).toEqual({ alg: algorithm, typ: 'at+jwt', kid });
      expect(await isSignedBy(token, kid, algorithm)).toBe(true);
    },
  );

  it.for(DEFAULT_ALGORITHMS)(
    'RFC 7517 §4: publishes for %s a public key that says what it is for',
    async (algorithm, { skip }) => {
      skip(!isRuntimeAlgorithm(algorithm), LACKS_IT);
      const kid = await keys.rotate(algorithm);
      expect(publicJwk(kid)).toMatchObject({ kid, alg: algorithm, use: 'sig' });
      for (const secret of ['d', 'priv']) expect(publicJwk(kid)).not.toHaveProperty(secret);
      expect(checkJwk(publicJwk(kid))).toMatchObject({ kid, algorithms: [algorithm] });
    },
  );

  it('signs with the newest key of an algorithm and leaves the others published', async () => {
    const first = await keys.rotate('ES256');
    const before = await keys.sign('ES256', {}, CLAIMS);
    const second = await keys.rotate('ES256');
    const token = await keys.sign('ES256', {}, CLAIMS);
    expect(keys.jwks().keys.map(({ kid }) => kid)).toEqual([first, second]);
    expect(await isSignedBy(before, first, 'ES256')).toBe(true);
    expect(await isSignedBy(token, second, 'ES256')).toBe(true);
    expect(await isSignedBy(token, first, 'ES256')).toBe(false);
  });

  it('takes a key that is withdrawn out of the key set; it can still sign', async () => {
    const kid = await keys.rotate('ES256');
    keys.withdraw(kid);
    expect(keys.jwks()).toEqual({ keys: [] });
    expect(decodeProtectedHeader(await keys.sign('ES256', {}, CLAIMS)).kid).toBe(kid);
  });

  it('changes any member of the header, and leaves out what is undefined', async () => {
    await keys.rotate('ES256');
    const token = await keys.sign('ES256', { typ: 'JWT', kid: undefined, x: 1 }, CLAIMS);
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', typ: 'JWT', x: 1 });
  });

  it('refuses to withdraw a key that is not published, and names those that are', async () => {
    await keys.rotate('ES256');
    const misuse = { option: 'kid', told: '"es256-2" is not published.', fix: 'Published are: es256-1.' };
    await expectMisuse(() => keys.withdraw('es256-2'), misuse);
  });

  it('refuses to sign with an algorithm that it has no key for, and names those that it has', async () => {
    await keys.rotate('ES256');
    const misuse = { option: 'algorithm', told: 'has no RS256 key.', fix: 'It has keys for ES256.' };
    await expectMisuse(() => keys.sign('RS256', {}, CLAIMS), misuse);
  });
});
