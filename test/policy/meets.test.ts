import { describe, expect, it } from 'vitest';
import { allOf, anyOf, claim, createVerifier, meets } from '../../src/index.js';
import { createTestIssuer } from '../../src/testing/index.js';
import { closeAfterTest } from '../support/close-after-test.js';
import { expectMisuse } from '../support/configuration-error.js';

async function verifyToken() {
  const issuer = await createTestIssuer();
  closeAfterTest(() => issuer.close());
  const verifier = createVerifier({ ...issuer.verifierOptions });
  closeAfterTest(() => verifier.close());
  return verifier.verify(await issuer.token({ scope: 'orders:read orders:list', claims: { tenant: 'blue' } }));
}

describe('meets', () => {
  it.each([
    ['a scope', 'orders:read', true],
    ['a scope that it lacks', 'orders:write', false],
    ['two scopes', 'orders:read orders:list', true],
    ['two scopes, of which it lacks one', allOf('orders:read', 'orders:write'), false],
    ['one of two scopes', anyOf('orders:write', 'orders:read'), true],
    ['a claim', claim('tenant').equals('blue'), true],
    ['a claim with another value', claim('tenant').equals('green'), false],
    ['a claim test that throws', claim('tenant').satisfies(() => explode()), false],
  ])('says of a verified token whether it has %s', async (_, policy, expected) => {
    expect(meets(await verifyToken(), policy)).toBe(expected);
  });

  it('CWE-807: takes no look-alike for a verified token', async () => {
    const auth = await verifyToken();
    expect(meets(auth, 'orders:read')).toBe(true);
    const problem = new TypeError('meets(accessToken, policy): this is no access token that a verifier returned.');
    for (const value of [{ ...auth }, { scopes: ['orders:read'], claims: {} }, undefined, null, 'orders:read']) {
      expect(() => meets(value as never, 'orders:read')).toThrow(problem);
    }
  });

  it('refuses a policy that is undefined, as a misspelt constant is', async () => {
    const auth = await verifyToken();
    for (const policy of [undefined, null, '', []]) {
      await expectMisuse(() => meets(auth, policy as never), { option: 'policy', told: 'is ', fix: '' });
    }
  });
});

function explode(): never {
  throw new Error('the function of the user threw');
}
