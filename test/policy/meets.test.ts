import { describe, expect, it } from 'vitest';
import { type AccessToken, anyOf, ConfigurationError, claim, createVerifier, meets } from '../../src/index.js';
import { createTestIssuer } from '../../src/testing/index.js';

const issuer = await createTestIssuer();
const verifier = createVerifier(issuer.verifierOptions);
const accessToken = await verifier.verify(await issuer.token({ scope: 'orders:read', claims: { role: 'staff' } }));

describe('meets', () => {
  it.each([
    ['a scope that was granted', 'orders:read', true],
    ['a scope that was not', 'orders:write', false],
    ['all scopes of a string', 'orders:read orders:write', false],
    ['one of several', anyOf('admin', 'orders:read'), true],
    ['a claim', claim('role').equals('staff'), true],
    ['another claim', claim('role').equals('admin'), false],
  ])('tells %s', (_, policy, isMet) => {
    expect(meets(accessToken, policy)).toBe(isMet);
  });

  it('CWE-285: is not met by a policy that was forgotten, or by what only looks like an access token', () => {
    expect(() => meets(accessToken, undefined as never)).toThrow(ConfigurationError);
    expect(() => meets({ ...accessToken, scopes: ['admin'] } as AccessToken, 'admin')).toThrow(TypeError);
    expect(() => meets(undefined as never, 'admin')).toThrow(TypeError);
  });
});
