import { describe, expect, it } from 'vitest';
import type { JoseHeader } from '../../src/jws/jose-header.js';
import type { VerificationKey } from '../../src/jws/verification-key.js';
import { createTestIssuer } from '../../src/testing/index.js';
import type { VerifiedToken } from '../../src/token/verified-token.js';
import type { RowId } from '../security-matrix/catalogue.js';
import { covers } from '../support/covers.js';
import { generateKeys, type Mutation, RawIssuer } from '../support/raw-issuer.js';
import { reasonOf } from '../support/reason-of.js';
import { createVerifyJwt } from '../support/verify-raw.js';

const issuer = new RawIssuer();
const verify = createVerifyJwt(issuer.verifierOptions);
const stranger = generateKeys('ES256');

/** Sends a token between two controls, and sees to it that nobody was asked for anything. */
async function expectRefusal(token: string, reason: string): Promise<void> {
  expect(reasonOf(await verify(issuer.token()))).toBe('accepted');
  expect(reasonOf(await verify(token))).toBe(reason);
  expect(reasonOf(await verify(issuer.token()))).toBe('accepted');
  expect(issuer.requests).toEqual([]);
}

describe('verifyAccessToken, of a JWT', () => {
  it('RFC 9068 §4: gives the issuer, the key, and what the token says', async () => {
    const verified = (await verify(issuer.token())) as VerifiedToken;
    expect(verified.issuer.issuer).toBe('https://issuer.test');
    const { key, header } = verified as { key: VerificationKey; header: JoseHeader };
    expect(key.kid).toBe('key-1');
    expect(verified.issuer.keys.stillHas(key, header, issuer.clock.now())).toBe(true);
    expect(verified.header).toEqual({ algorithm: 'ES256', kid: 'key-1' });
    expect(verified.payload).toMatchObject({ sub: 'test-user', scope: 'read' });
    expect(verified.validated).toMatchObject({ subject: 'test-user', expiresAt: issuer.now + 3600 });
  });

  it.each<[what: string, mutation: Mutation, reason: string, ...ids: RowId[]]>([
    ['a header that is no JSON', { rewriteHeader: () => '{' }, 'token_malformed'],
    ['no iss', { payload: { iss: undefined } }, 'claim_missing'],
    ['an iss in an array', { payload: { iss: '["https://issuer.test"]' } }, 'claim_malformed'],
    ['another iss', { payload: { iss: '"https://evil.test"' } }, 'issuer_not_trusted'],
    ['crit', { header: { crit: '["exp"]' } }, 'critical_header_unsupported'],
    ['no alg', { header: { alg: undefined } }, 'token_malformed'],
    ['alg none and a real signature', { header: { alg: '"none"' } }, 'algorithm_not_allowed', 'A3'],
    ['another typ', { header: { typ: '"dpop+jwt"' } }, 'token_type_not_allowed'],
    ['another kid', { header: { kid: '"key-2"' } }, 'unknown_key'],
    ['the signature of another key', { key: stranger.privateKey }, 'signature_invalid'],
    [
      'the mark of another kind',
      { header: { typ: '"JWT"' }, payload: { token_use: '"id"' } },
      'token_type_not_allowed',
    ],
    ['no exp', { payload: { exp: undefined } }, 'claim_missing'],
    ['an exp of 1e400', { payload: { exp: '1e400' } }, 'claim_malformed'],
  ])('refuses a token with %s', async (_, mutation, reason, ...ids) => {
    covers('8725-3', ...ids);
    await expectRefusal(issuer.token(mutation), reason);
  });

  it.each<[string, Mutation]>([
    ['header', { header: { x: '1' } }],
    ['payload', { payload: { sub: '"admin"' } }],
  ])('RFC 7515 §5.2: refuses a %s to which the signature does not belong', async (part, mutation) => {
    const [header, payload, signature] = issuer.token().split('.');
    const [otherHeader, otherPayload, otherSignature] = issuer.token(mutation).split('.');
    const spliced = part === 'header' ? [otherHeader, payload, signature] : [header, otherPayload, signature];
    expect(reasonOf(await verify([otherHeader, otherPayload, otherSignature].join('.')))).toBe('accepted');
    await expectRefusal(spliced.join('.'), 'signature_invalid');
  });

  it('judges the signature before the claims', async () => {
    covers('7515-7');
    await expectRefusal(issuer.token({ key: stranger.privateKey, payload: { exp: '1e400' } }), 'signature_invalid');
    await expectRefusal(issuer.token({ payload: { exp: '1e400' } }), 'claim_malformed');
  });

  it('CVE-2024-51744: refuses a token that is wrong in every way', async () => {
    const mutation = {
      key: stranger.privateKey,
      header: { typ: '"JWT"' },
      payload: { exp: '0', aud: '"x"', cnf: '{}', token_use: '"id"' },
    };
    await expectRefusal(issuer.token(mutation), 'signature_invalid');
  });

  it('leaves time, audience and binding to those who ask for them', async () => {
    const token = issuer.token({ payload: { exp: '0', aud: '"https://other.test"', cnf: '{}' } });
    expect(reasonOf(await verify(token))).toBe('accepted');
  });

  it.each(['aud', 'sub', 'client_id', 'iat', 'jti'])('demands %s in profile rfc9068', async (name) => {
    covers('9068-6');
    const strict = createVerifyJwt({ ...issuer.verifierOptions, profile: 'rfc9068' });
    const token = issuer.token({ payload: { [name]: undefined } });
    expect(reasonOf(await strict(issuer.token()))).toBe('accepted');
    expect(reasonOf(await strict(token))).toBe('claim_missing');
    expect(reasonOf(await verify(token))).toBe('accepted');
  });

  it('looks at no token that is longer than maxTokenBytes', async () => {
    covers('F11');
    const token = issuer.token();
    const verifyUpTo = (maxTokenBytes: number) => createVerifyJwt({ ...issuer.verifierOptions, maxTokenBytes })(token);
    expect(reasonOf(await verifyUpTo(token.length))).toBe('accepted');
    expect(reasonOf(await verifyUpTo(token.length - 1))).toBe('token_too_large');
  });

  it('takes no DPoP proof for an access token, though its claims would do', async () => {
    covers('G2');
    const header = { typ: '"dpop+jwt"', jwk: JSON.stringify(issuer.jwk) };
    await expectRefusal(issuer.token({ header }), 'token_type_not_allowed');
  });
});

describe('verifyJwt, two issuers', () => {
  const a = new RawIssuer({ issuer: 'https://a.test' });
  const b = new RawIssuer({ issuer: 'https://b.test' });
  const verifyBoth = createVerifyJwt({
    ...a.verifierOptions,
    issuer: [a.verifierOptions.issuer, b.verifierOptions.issuer],
  });

  it('CVE-2025-59936: takes the keys of the issuer that the token names, though kids are the same', async () => {
    covers('H1', '8725-6');
    for (const [own, other] of [
      [a, b],
      [b, a],
      [a, b],
    ] as const) {
      expect(reasonOf(await verifyBoth(own.token()))).toBe('accepted');
      expect(reasonOf(await verifyBoth(own.token({ key: other.keys.privateKey })))).toBe('signature_invalid');
    }
  });

  it('judges a token by the rules of its issuer', async () => {
    covers('H1');
    const verifyStrictly = createVerifyJwt({
      ...a.verifierOptions,
      issuer: [{ ...a.verifierOptions.issuer, profile: 'rfc9068' }, b.verifierOptions.issuer],
    });
    const header = { typ: '"JWT"' };
    expect(reasonOf(await verifyStrictly(b.token({ header })))).toBe('accepted');
    expect(reasonOf(await verifyStrictly(a.token({ header })))).toBe('token_type_not_allowed');
  });
});

describe('verifyJwt, keys that are fetched', () => {
  it('CVE-2026-32301: asks nobody on account of an issuer that is not trusted', async () => {
    covers('H2', '8725-8');
    const online = await createTestIssuer();
    const verifyOnline = createVerifyJwt(online.verifierOptions);
    for (const iss of ['https://evil.test', 'http://169.254.169.254/', `${online.issuer}.evil`, `${online.issuer}/`]) {
      expect(reasonOf(await verifyOnline(await online.token({ claims: { iss } })))).toBe('issuer_not_trusted');
    }
    expect(online.hits).toEqual({ metadata: 0, jwks: 0 });
    expect(reasonOf(await verifyOnline(await online.token()))).toBe('accepted');
    expect(online.hits).toEqual({ metadata: 1, jwks: 1 });
  });

  it.each<[string, object]>([
    ['is expired', { exp: 1 }],
    ['is for another audience', { aud: 'https://other.test' }],
    ['has a claim of the wrong form', { sub: 1 }],
    ['is bound', { cnf: {} }],
  ])('spends no fetch on an unknown kid where the token %s', async (_, claims) => {
    covers('H15');
    const online = await createTestIssuer();
    const verifyOnline = createVerifyJwt(online.verifierOptions);
    expect(reasonOf(await verifyOnline(await online.token()))).toBe('accepted');
    const header = { kid: 'unknown' };
    expect(reasonOf(await verifyOnline(await online.token({ header, claims: { ...claims } })))).toBe('unknown_key');
    expect(online.hits.jwks).toBe(1);
    expect(reasonOf(await verifyOnline(await online.token({ header })))).toBe('unknown_key');
    expect(online.hits.jwks).toBe(2);
  });

  it('blames nobody but the issuer where its keys cannot be had', async () => {
    const online = await createTestIssuer();
    const verifyOnline = createVerifyJwt(online.verifierOptions);
    await online.outage('error');
    expect(reasonOf(await verifyOnline(await online.token()))).toBe('metadata_unavailable');
  });
});
