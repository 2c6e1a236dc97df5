import { describe, expect, it } from 'vitest';
import { isAccessToken } from '../../src/protocol/access-token.js';
import { AuthorizationError, IssuerUnavailableError } from '../../src/protocol/errors.js';
import { createTestIssuer, type TestTokenOptions } from '../../src/testing/index.js';
import { createVerifier } from '../../src/verifier/create-verifier.js';
import { expectMisuse } from '../support/configuration-error.js';
import { covers } from '../support/covers.js';
import { secretsOf, textsOf } from '../support/leaks.js';
import { type Mutation, RawIssuer } from '../support/raw-issuer.js';
import { reasonOfCall } from '../support/reason-of.js';

const issuer = await createTestIssuer({ algorithms: ['ES256', 'RS256', 'EdDSA'] });
const verifier = createVerifier({ ...issuer.verifierOptions, algorithms: ['ES256', 'RS256'] });

async function errorOf(call: Promise<unknown>): Promise<AuthorizationError | IssuerUnavailableError> {
  return call.then(
    () => Promise.reject(new Error('it was accepted')),
    (error) => error,
  );
}

describe('verifier.verify', () => {
  it.each(['ES256', 'RS256'] as const)('gives the access token of a good %s token', async (algorithm) => {
    covers('9068-7');
    const token = await issuer.token({ algorithm, scope: 'read write', claims: { tenant: 'blue' } });
    const auth = await verifier.verify(token);
    expect(isAccessToken(auth)).toBe(true);
    expect(auth).toMatchObject({
      token,
      issuer: 'https://issuer.test',
      subject: 'test-user',
      clientId: 'test-client',
      scopes: ['read', 'write'],
      audience: ['https://api.test'],
      expiresAt: Math.floor(issuer.now() / 1000) + 3600,
      claims: { tenant: 'blue' },
    });
  });

  it.each<[string, TestTokenOptions, string]>([
    ['an algorithm that the options do not name', { algorithm: 'EdDSA' }, 'algorithm_not_allowed'],
    ['another typ', { header: { typ: 'logout+jwt' } }, 'token_type_not_allowed'],
    ['an unknown kid', { header: { kid: 'x' } }, 'unknown_key'],
    ['another issuer', { claims: { iss: 'https://issuer.test/' } }, 'issuer_not_trusted'],
    ['an exp that is over', { expiresInSeconds: -5 }, 'token_expired'],
    ['an nbf to come', { claims: { nbf: Math.floor(issuer.now() / 1000) + 60 } }, 'token_not_yet_valid'],
    ['another audience', { audience: 'https://other.test' }, 'audience_mismatch'],
    ['a confirmation', { claims: { cnf: { jkt: 'x' } } }, 'binding_not_proven'],
    ['a malformed scope', { claims: { scope: 1 } }, 'claim_malformed'],
  ])('rejects a token with %s, and blames the client', async (_, mutation, reason) => {
    covers('8725-3');
    expect(await reasonOfCall(verifier.verify(await issuer.token()))).toBe('accepted');
    const error = await errorOf(verifier.verify(await issuer.token(mutation)));
    expect(error).toBeInstanceOf(AuthorizationError);
    expect(error).toMatchObject({ reason, status: 401, code: 'invalid_token' });
    expect(error.headers['WWW-Authenticate']).toMatch(/^Bearer realm="https:\/\/api\.test", error="invalid_token", /);
    expect(await reasonOfCall(verifier.verify(await issuer.token()))).toBe('accepted');
  });

  it.each([undefined, null, 1, {}, ['token'], Symbol('token')])(
    'refuses what is no string as a malformed token: %s',
    async (value) => {
      covers('J20');
      expect(await reasonOfCall(verifier.verify(await issuer.token()))).toBe('accepted');
      expect(await reasonOfCall(verifier.verify(value as string))).toBe('token_malformed');
    },
  );

  it.each([
    ['', 'token_opaque'],
    ['Bearer', 'token_opaque'],
    ['\ud800', 'token_opaque'],
    ['..', 'token_malformed'],
    ['a.b.c', 'token_malformed'],
    ['a.b.c.d.e', 'token_encrypted'],
    ['a'.repeat(16_385), 'token_too_large'],
  ])('refuses the string %.10j as %s', async (value, reason) => {
    covers('J20');
    expect(await reasonOfCall(verifier.verify(await issuer.token()))).toBe('accepted');
    expect(await reasonOfCall(verifier.verify(value))).toBe(reason);
  });

  it('takes an audience in place of its own, for one call', async () => {
    const token = await issuer.token({ audience: 'https://route.test' });
    expect(await reasonOfCall(verifier.verify(token))).toBe('audience_mismatch');
    expect(await reasonOfCall(verifier.verify(token, { audience: 'https://route.test' }))).toBe('accepted');
    expect(await reasonOfCall(verifier.verify(token, { audience: ['x', 'https://route.test'] }))).toBe('accepted');
    expect(await reasonOfCall(verifier.verify(token))).toBe('audience_mismatch');
  });

  it('names the audience of the call as the realm', async () => {
    const error = await errorOf(verifier.verify('x', { audience: 'https://route.test' }));
    expect(error.headers['WWW-Authenticate']).toContain('Bearer realm="https://route.test", ');
  });

  it.each(['policy', 'realm', 'extraTokenLocations', 'audiance'])('knows no option %s', async (name) => {
    const fix = name === 'audiance' ? 'Did you mean audience?' : 'Options are: audience, signal.';
    const call = async () => verifier.verify(await issuer.token(), { [name]: 'x' });
    await expectMisuse(call, { option: name, told: 'is not an option', fix });
  });

  it('rejects, and does not throw, when it is misused', async () => {
    const call = verifier.verify('x', null as never);
    await expectMisuse(() => call, { option: 'options', told: 'must be an object', fix: 'Give an object' });
  });

  it('decision 6: blames the issuer when its keys cannot be had', async () => {
    const down = await createTestIssuer();
    const token = await down.token();
    await down.outage('error');
    const error = await errorOf(createVerifier(down.verifierOptions).verify(token));
    expect(error).toBeInstanceOf(IssuerUnavailableError);
    expect(error).toMatchObject({ reason: 'metadata_unavailable', status: 503, code: 'temporarily_unavailable' });
    expect(error.headers).not.toHaveProperty('WWW-Authenticate');
    expect(Number(error.headers['Retry-After'])).toBeGreaterThanOrEqual(1);
  });

  it('CVE-2026-55689: asks for the audience of the call where the verifier has none', async () => {
    covers('E3');
    const open = createVerifier({ ...issuer.verifierOptions, audience: false, clientIds: ['test-client'] });
    const token = await issuer.token({ claims: { aud: undefined } });
    expect(await reasonOfCall(open.verify(token))).toBe('accepted');
    expect(await reasonOfCall(open.verify(token, { audience: 'https://api.test' }))).toBe('audience_mismatch');
    expect(await reasonOfCall(open.verify(await issuer.token({ clientId: 'other' })))).toBe('client_not_allowed');
  });
});

describe('verifier.verify, errors', () => {
  const raw = new RawIssuer();
  const offline = createVerifier(raw.verifierOptions);

  it.each<[string, Mutation, string]>([
    ['malformed', { rewritePayload: (text) => `${text}x` }, 'token_malformed'],
    ['of another issuer', { payload: { iss: '"https://a-long-name-of-an-issuer.test"' } }, 'issuer_not_trusted'],
    ['badly signed', { key: new RawIssuer().keys.privateKey }, 'signature_invalid'],
    ['expired', { payload: { exp: '1' } }, 'token_expired'],
    ['for another audience', { payload: { aud: '"https://other.test"' } }, 'audience_mismatch'],
    ['with a malformed claim', { payload: { sub: '{"secret":"value-of-a-claim"}' } }, 'claim_malformed'],
  ])('shows nothing of a token that is %s', async (_, mutation, reason) => {
    covers('F15', '9700-3');
    const token = raw.token(mutation);
    const error = await errorOf(offline.verify(token));
    expect(error.reason).toBe(reason);
    const texts = textsOf(error);
    for (const secret of [...secretsOf(token), 'value-of-a-claim']) expect(texts).not.toContain(secret);
  });

  it.each<[string, Mutation, string]>([
    [
      'iss',
      { payload: { iss: '"https://evil.test/\\", scope=\\"admin\\r\\nSet-Cookie: x\u2713"' } },
      'issuer_not_trusted',
    ],
    ['aud', { payload: { aud: '"https://evil.test/\\", scope=\\"admin\u2713"' } }, 'audience_mismatch'],
    ['kid', { header: { kid: '"\\", scope=\\"admin\\r\\n\u2713"' } }, 'unknown_key'],
    ['alg', { header: { alg: '"\\", scope=\\"admin\\r\\n\u2713"' } }, 'algorithm_not_allowed'],
    ['typ', { header: { typ: '"\\", scope=\\"admin\\r\\n\u2713"' } }, 'token_type_not_allowed'],
  ])('puts nothing of the %s of a token into the answer', async (_, mutation, reason) => {
    covers('F12');
    expect(await reasonOfCall(offline.verify(raw.token()))).toBe('accepted');
    const error = await errorOf(offline.verify(raw.token(mutation)));
    expect(error.reason).toBe(reason);
    expect(error.headers['WWW-Authenticate']).not.toMatch(/admin|evil|[^\x20-\x7e]/);
    expect(error.body + error.message).not.toMatch(/admin|evil|[^\x20-\x7e]/);
    expect(error.detail).toMatch(/^[\x20-\x7e]+$/);
  });

  it('keeps details on the side of the server', async () => {
    const error = await errorOf(offline.verify(raw.token({ payload: { aud: '"https://other.test"' } })));
    expect(error.detail).toBe('aud ["https://other.test"], accepted ["https://api.test"]');
    expect(JSON.parse(error.body)).toEqual({
      error: 'invalid_token',
      error_description: 'The access token is meant for another audience.',
    });
    expect(JSON.stringify(error)).toBe(error.body);
  });
});
