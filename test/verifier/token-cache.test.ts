import { describe, expect, it, vi } from 'vitest';
import {
  createTestIssuer,
  type TestIssuer,
  type TestIssuerOptions,
  type TestTokenOptions,
} from '../../src/testing/index.js';
import { createVerifier } from '../../src/verifier/create-verifier.js';
import type { VerifierOptions } from '../../src/verifier/options.js';
import type { Verifier } from '../../src/verifier/verifier.js';
import { covers } from '../support/covers.js';
import { DocumentFetch } from '../support/document-fetch.js';
import { RawIssuer } from '../support/raw-issuer.js';
import { reasonOfCall } from '../support/reason-of.js';

interface Setup {
  readonly issuer: TestIssuer;
  readonly verifier: Verifier;
}

/** With a cache and without one, every answer must be the same: each test here runs with both. */
const CACHES: readonly [string, false | { readonly max: number }][] = [
  ['with the token cache', { max: 100 }],
  ['without the token cache', false],
];

describe.each(CACHES)('createVerifier %s', (_, tokenCache) => {
  async function setUp(options: Partial<VerifierOptions> = {}, site: TestIssuerOptions = {}): Promise<Setup> {
    const issuer = await createTestIssuer(site);
    const given = { ...issuer.verifierOptions, tokenCache, ...options } as VerifierOptions & { claims?: never };
    return { issuer, verifier: createVerifier(given) };
  }

  it.each<[string, TestTokenOptions]>([
    ['iat and nbf', {}],
    ['no iat', { claims: { iat: undefined } }],
    ['an nbf of long ago', { claims: { nbf: 1 } }],
  ])('expires a token that was accepted before, with %s', async (_name, options) => {
    covers('H21', 'H29');
    const { issuer, verifier } = await setUp();
    const token = await issuer.token({ ...options, expiresInSeconds: 2 });
    expect(await reasonOfCall(verifier.verify(token))).toBe('accepted');
    issuer.advance(6);
    expect(await reasonOfCall(verifier.verify(token))).toBe('accepted');
    issuer.advance(1);
    expect(await reasonOfCall(verifier.verify(token))).toBe('token_expired');
    expect(await reasonOfCall(verifier.verify(await issuer.token()))).toBe('accepted');
  });

  it('applies maxTokenAgeSeconds to a token that was accepted before', async () => {
    covers('H29');
    const { issuer, verifier } = await setUp({ maxTokenAgeSeconds: 60, clockToleranceSeconds: 0 });
    const token = await issuer.token();
    issuer.advance(59);
    expect(await reasonOfCall(verifier.verify(token))).toBe('accepted');
    issuer.advance(2);
    expect(await reasonOfCall(verifier.verify(token))).toBe('token_too_old');
  });

  it('judges a token by the clock as it is, also when that was set back', async () => {
    covers('J19');
    const { issuer, verifier } = await setUp();
    const token = await issuer.token();
    expect(await reasonOfCall(verifier.verify(token))).toBe('accepted');
    issuer.advance(-3600);
    expect(await reasonOfCall(verifier.verify(token))).toBe('token_not_yet_valid');
    issuer.advance(3600);
    expect(await reasonOfCall(verifier.verify(token))).toBe('accepted');
    issuer.advance(3605);
    expect(await reasonOfCall(verifier.verify(token))).toBe('token_expired');
    issuer.advance(-10);
    expect(await reasonOfCall(verifier.verify(token))).toBe('accepted');
  });

  it('does not carry the answer for one audience over to another', async () => {
    covers('H24');
    const { issuer, verifier } = await setUp();
    const token = await issuer.token({ audience: ['https://api.test', 'https://a.test'] });
    for (const [audience, reason] of [
      ['https://a.test', 'accepted'],
      ['https://b.test', 'audience_mismatch'],
      ['https://api.test', 'accepted'],
      ['https://b.test', 'audience_mismatch'],
    ] as const) {
      expect(await reasonOfCall(verifier.verify(token, { audience }))).toBe(reason);
    }
  });

  it('CVE-2021-32701: does not carry the answer for one policy over to another', async () => {
    covers('H24');
    const { issuer, verifier } = await setUp();
    const headers = { authorization: `Bearer ${await issuer.token({ scope: 'read' })}` };
    for (const [policy, reason] of [
      ['read', 'accepted'],
      ['write', 'scope_insufficient'],
      ['read', 'accepted'],
    ] as const) {
      expect(await reasonOfCall(verifier.authenticate({ headers }, { policy }))).toBe(reason);
    }
  });

  it('does not carry the answer of one verifier over to another', async () => {
    covers('H24');
    const { issuer, verifier } = await setUp();
    const other = createVerifier({ ...issuer.verifierOptions, tokenCache, profile: 'rfc9068' });
    const token = await issuer.token({ header: { typ: 'JWT' } });
    expect(await reasonOfCall(verifier.verify(token))).toBe('accepted');
    expect(await reasonOfCall(other.verify(token))).toBe('token_type_not_allowed');
    expect(await reasonOfCall(other.verify(await issuer.token()))).toBe('accepted');
  });

  it('CVE-2026-35039: tells tokens apart that have one sub, aud and jti', async () => {
    covers('H23');
    const { issuer, verifier } = await setUp();
    const tokens: string[] = [];
    for (const tenant of ['blue', 'red']) tokens.push(await issuer.token({ claims: { jti: 'one', tenant } }));
    for (let round = 0; round < 2; round += 1) {
      const verified = await Promise.all(tokens.map((token) => verifier.verify(token)));
      expect(verified.map(({ claims }) => claims['tenant'])).toEqual(['blue', 'red']);
    }
  });

  it('refuses a token that agrees with an accepted one in all but its last character', async () => {
    covers('H23');
    const { issuer, verifier } = await setUp();
    const token = await issuer.token();
    const other = token.slice(0, -2) + (token.at(-2) === 'A' ? 'B' : 'A') + token.slice(-1);
    expect(await reasonOfCall(verifier.verify(token))).toBe('accepted');
    expect(await reasonOfCall(verifier.verify(other))).toBe('signature_invalid');
    expect(await reasonOfCall(verifier.verify(token))).toBe('accepted');
  });

  it('accepts a token later that was not valid yet', async () => {
    covers('H26');
    const { issuer, verifier } = await setUp();
    const token = await issuer.token({ claims: { nbf: Math.floor(issuer.now() / 1000) + 60 } });
    expect(await reasonOfCall(verifier.verify(token))).toBe('token_not_yet_valid');
    expect(await reasonOfCall(verifier.verify(token))).toBe('token_not_yet_valid');
    issuer.advance(60);
    expect(await reasonOfCall(verifier.verify(token))).toBe('accepted');
  });

  it('accepts a token later whose key was not published yet', async () => {
    covers('H26');
    const [raw, before] = [new RawIssuer(), new RawIssuer({ kid: 'key-0' })];
    const site = new DocumentFetch({ 'https://issuer.test/jwks': { keys: [before.jwk] } });
    const issuer = { issuer: raw.issuer, jwksUri: 'https://issuer.test/jwks' };
    const verifier = createVerifier({ ...raw.verifierOptions, issuer, fetch: site.fetch, tokenCache });
    const token = raw.token();
    expect(await reasonOfCall(verifier.verify(before.token()))).toBe('accepted');
    expect(await reasonOfCall(verifier.verify(token))).toBe('unknown_key');
    site.documents.set('https://issuer.test/jwks', { keys: [before.jwk, raw.jwk] });
    raw.clock.advance(31);
    expect(await reasonOfCall(verifier.verify(token))).toBe('accepted');
  });

  it('accepts a token after an outage that it could not be verified in', async () => {
    covers('H26');
    const { issuer, verifier } = await setUp();
    const token = await issuer.token();
    await issuer.outage('error');
    expect(await reasonOfCall(verifier.verify(token))).toBe('metadata_unavailable');
    await issuer.recover();
    issuer.advance(61);
    expect(await reasonOfCall(verifier.verify(token))).toBe('accepted');
  });

  it('refuses a token whose key was withdrawn, once the key set was fetched anew', async () => {
    covers('H17', 'H19');
    const { issuer, verifier } = await setUp();
    const token = await issuer.token();
    expect(await reasonOfCall(verifier.verify(token))).toBe('accepted');
    const [old] = issuer.jwks.keys;
    await issuer.rotate();
    await verifier.refresh();
    expect(await reasonOfCall(verifier.verify(token))).toBe('accepted');
    issuer.withdraw(String(old?.kid));
    await verifier.refresh();
    expect(await reasonOfCall(verifier.verify(token))).toBe('unknown_key');
    expect(await reasonOfCall(verifier.verify(await issuer.token()))).toBe('accepted');
  });

  it('decision 5: fetches keys anew that are past maxAgeSeconds, whatever token is sent', async () => {
    covers('H17');
    const { issuer, verifier } = await setUp();
    const token = await issuer.token({ expiresInSeconds: 7200 });
    expect(await reasonOfCall(verifier.verify(token))).toBe('accepted');
    issuer.advance(599);
    expect(await reasonOfCall(verifier.verify(token))).toBe('accepted');
    expect(verifier.status().issuers[0]?.fetches.jwks).toBe(1);
    issuer.advance(1);
    expect(await reasonOfCall(verifier.verify(token))).toBe('accepted');
    await vi.waitFor(() => expect(verifier.status().issuers[0]?.fetches.jwks).toBe(2));
  });

  it('refuses every token when keys are too old even for an outage, and recovers', async () => {
    covers('H18');
    const { issuer, verifier } = await setUp({ keys: { maxAgeSeconds: 600, staleIfErrorSeconds: 3600 } });
    const token = await issuer.token({ expiresInSeconds: 86_400 });
    expect(await reasonOfCall(verifier.verify(token))).toBe('accepted');
    await issuer.outage('error');
    issuer.advance(4199);
    expect(await reasonOfCall(verifier.verify(token))).toBe('accepted');
    issuer.advance(61);
    expect(await reasonOfCall(verifier.verify(token))).toBe('metadata_unavailable');
    await issuer.recover();
    issuer.advance(61);
    expect(await reasonOfCall(verifier.verify(token))).toBe('accepted');
  });

  it('answers many requests with one new token alike, by one fetch', async () => {
    covers('H20', 'H28');
    const { issuer, verifier } = await setUp();
    const [good, bad] = [await issuer.token(), await issuer.token({ expiresInSeconds: -60 })];
    const calls = Array.from({ length: 100 }, (_unused, i) => reasonOfCall(verifier.verify(i % 2 === 0 ? good : bad)));
    const reasons = await Promise.all(calls);
    expect(reasons.filter((reason) => reason === 'accepted')).toHaveLength(50);
    expect(reasons.filter((reason) => reason === 'token_expired')).toHaveLength(50);
    expect(issuer.hits).toEqual({ metadata: 1, jwks: 1 });
  });
});

describe('createVerifier, tokenCache', () => {
  it('remembers good tokens alone, and no more than it may', async () => {
    covers('H26', 'H27');
    const issuer = await createTestIssuer();
    const verifier = createVerifier({ ...issuer.verifierOptions, tokenCache: { max: 2 } });
    for (let i = 0; i < 5; i += 1) {
      expect(await reasonOfCall(verifier.verify(await issuer.token({ audience: 'x' })))).toBe('audience_mismatch');
      expect(await reasonOfCall(verifier.verify(`${await issuer.token()}=`))).toBe('token_malformed');
    }
    expect(verifier.status().tokenCache).toMatchObject({ size: 0, hits: 0 });
    for (let i = 0; i < 5; i += 1) await verifier.verify(await issuer.token());
    expect(verifier.status().tokenCache).toMatchObject({ size: 2, max: 2, hits: 0 });
  });

  it('looks at a token that it remembers without any request or signature check', async () => {
    const issuer = await createTestIssuer();
    const verifier = createVerifier(issuer.verifierOptions);
    const token = await issuer.token();
    const first = await verifier.verify(token);
    expect(await verifier.verify(token)).toBe(first);
    expect(verifier.status().tokenCache).toMatchObject({ hits: 1, misses: 1 });
    expect(issuer.hits).toEqual({ metadata: 1, jwks: 1 });
  });
});
