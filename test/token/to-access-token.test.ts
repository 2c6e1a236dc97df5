import { describe, expect, it } from 'vitest';
import { isAccessToken } from '../../src/protocol/access-token.js';
import { Refusal } from '../../src/protocol/refusal.js';
import type { StandardSchema } from '../../src/protocol/standard-schema.js';
import { toAccessToken } from '../../src/token/to-access-token.js';
import type { VerifiedToken } from '../../src/token/verified-token.js';
import type { VerifierOptions } from '../../src/verifier/options.js';
import { covers } from '../support/covers.js';
import { RawIssuer } from '../support/raw-issuer.js';
import type { JsonTexts } from '../support/raw-token.js';
import { reasonOf } from '../support/reason-of.js';
import { schemaOf } from '../support/schema-of.js';
import { createVerifyJwt } from '../support/verify-raw.js';

const issuer = new RawIssuer();

async function convert(payload: JsonTexts = {}, schema?: StandardSchema, options: Partial<VerifierOptions> = {}) {
  const token = issuer.token({ payload });
  const verified = await createVerifyJwt({ ...issuer.verifierOptions, ...options })(token);
  const shaped = await toAccessToken(token, verified as VerifiedToken, { schema });
  return { token, outcome: shaped instanceof Refusal ? shaped : shaped.accessToken };
}

describe('toAccessToken', () => {
  it('makes the access token that handlers see', async () => {
    const { token, outcome } = await convert({ tenant: '"blue"' });
    expect(isAccessToken(outcome)).toBe(true);
    expect(outcome).toMatchObject({
      token,
      issuer: 'https://issuer.test',
      subject: 'test-user',
      clientId: 'test-client',
      scopes: ['read'],
      audience: ['https://api.test'],
      expiresAt: issuer.now + 3600,
      claims: { tenant: 'blue', jti: 'token-1' },
    });
  });

  it('leaves out the subject and the client where the token has none', async () => {
    covers('9700-5');
    const { outcome } = await convert({ sub: undefined, client_id: undefined });
    expect(outcome).toMatchObject({ subject: undefined, clientId: undefined });
  });

  it('refuses a token whose scopes are malformed, before the schema sees it', async () => {
    let runs = 0;
    const counting = schemaOf((value) => {
      runs += 1;
      return { value };
    });
    expect(reasonOf((await convert({}, counting)).outcome)).toBe('accepted');
    expect(reasonOf((await convert({ scope: '1' }, counting)).outcome)).toBe('claim_malformed');
    expect(runs).toBe(1);
  });

  it('refuses a token whose claims the schema refuses', async () => {
    const refusing = schemaOf(() => ({ issues: [{ message: 'no' }] }));
    expect(reasonOf((await convert()).outcome)).toBe('accepted');
    expect(reasonOf((await convert({}, refusing)).outcome)).toBe('claims_rejected');
  });

  it('reads scopes as the issuer of the token has them', async () => {
    const options = { scopesFrom: ['permissions'] };
    const { outcome } = await convert({ permissions: '["write"]' }, undefined, options);
    expect(outcome).toMatchObject({ scopes: ['write'] });
  });

  it('takes issuer, subject and scopes from the token, whatever the schema makes of the claims', async () => {
    const lying = schemaOf(() => ({ value: { iss: 'https://evil.test', sub: 'admin', scope: 'admin', exp: 0 } }));
    const { outcome } = await convert({}, lying);
    expect(outcome).toMatchObject({
      issuer: 'https://issuer.test',
      subject: 'test-user',
      scopes: ['read'],
      expiresAt: issuer.now + 3600,
      claims: { sub: 'admin' },
    });
  });
});
