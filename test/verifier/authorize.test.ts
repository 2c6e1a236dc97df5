import { describe, expect, it } from 'vitest';
import { parsePolicy } from '../../src/policy/policy.js';
import type { AccessToken } from '../../src/protocol/access-token.js';
import { Refusal } from '../../src/protocol/refusal.js';
import { createTestIssuer } from '../../src/testing/index.js';
import { authorize } from '../../src/verifier/authorize.js';
import { createVerifier } from '../../src/verifier/create-verifier.js';

const policyOf = (policy: string) => parsePolicy(policy, 'policy');

async function verified(): Promise<AccessToken> {
  const issuer = await createTestIssuer();
  return createVerifier(issuer.verifierOptions).verify(await issuer.token({ scope: 'read' }));
}

describe('authorize', () => {
  it('lets a token through where there is no policy', async () => {
    const token = await verified();
    expect(authorize(token, undefined)).toBe(token);
  });

  it('lets a token through that meets the policy, and refuses one that does not', async () => {
    const token = await verified();
    expect(authorize(token, policyOf('read'))).toBe(token);
    expect(authorize(token, policyOf('read write'))).toMatchObject({
      reason: 'scope_insufficient',
      scopes: ['read', 'write'],
    });
  });

  it('keeps a refusal from before, whatever the policy', () => {
    const refusal = new Refusal('token_expired', 'long ago');
    expect(authorize(refusal, undefined)).toBe(refusal);
    expect(authorize(refusal, policyOf('read'))).toBe(refusal);
  });
});
