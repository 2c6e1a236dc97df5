import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createVerifier, type Verifier, type VerifierOptions } from '../../src/index.js';
import type { IntrospectionOptions } from '../../src/issuer/introspection-options.js';
import { AuthorizationServer } from '../support/authorization-server.js';
import { verdictOf } from '../support/clients.js';
import { covers } from '../support/covers.js';
import { until } from '../support/key-server.js';
import { generateKeys, type Mutation, RawIssuer } from '../support/raw-issuer.js';
import { toSegment } from '../support/raw-token.js';
import { reasonOfCall } from '../support/reason-of.js';

const STRANGER = generateKeys('ES256');
const ASKS_JWTS = { jwt: true };

describe('verifyAccessToken, where an issuer introspects', () => {
  let server: AuthorizationServer;
  const verifiers: Verifier[] = [];
  beforeEach(async () => {
    server = await AuthorizationServer.start();
  });
  afterEach(async () => {
    for (const verifier of verifiers.splice(0)) verifier.close();
    await server.close();
  });

  function start(introspection: Partial<IntrospectionOptions> = {}, options: Partial<VerifierOptions> = {}): Verifier {
    const { audience, clock } = server;
    const issuer = server.issuerOptions(introspection);
    const given = { issuer, audience, clock: clock.now, ...options } as Omit<VerifierOptions, 'claims'>;
    const verifier = createVerifier(given);
    verifiers.push(verifier);
    return verifier;
  }

  const asked = () => server.introspections.map(({ form }) => form.get('token'));

  it.each([
    ['30 letters and digits (Django OAuth Toolkit)', 'KAb8cccdGDQD3mFQWWBcwHTa8oPvUr'],
    ['one letter', 'x'],
    ['all that RFC 6750 §2.1 allows', 'aZ09-._~+/=='],
    ['dots (RFC 6750 §1.1)', 'mF_9.B5f-4.1JqM'],
    ['one dot', 'abc.def'],
    ['dots alone', '..'],
    ['a dot at its begin', '.x'],
    ['four parts, as PASETO', 'v2.local.QAxIpVe-ECVNI1z4xQbm.x'],
    ['five parts', 'a.b.c.d.e'],
    ['a JSON list where a header would be', `${toSegment('[]')}.${toSegment('{}')}.AAAA`],
    ['a JSON text where a header would be', `${toSegment('"{"')}.${toSegment('{}')}.AAAA`],
    ['the form of a header, and no dot', toSegment('{"alg":"ES256"}')],
  ])('RFC 7662: asks about an opaque token that has %s', async (_, token) => {
    const verifier = start();
    expect(await verdictOf(verifier.verify(`${token}x`))).toMatch(/^(token_inactive|token_malformed)$/);
    server.setAnswer(token, server.answer());
    expect(await verifier.verify(token)).toMatchObject({ token, subject: 'test-user', scopes: ['read'] });
    expect(asked().at(-1)).toBe(token);
  });

  it.each([
    ['nothing', ''],
    ['a space', 'two words'],
    ['a quote', 'a"b'],
    ['a line break', 'a\r\nb'],
    ['a letter beyond ASCII', 'caf\u00e9'],
    ['an equals sign alone', '='],
  ])('RFC 6750 §2.1: asks nobody about a token of %s', async (_, token) => {
    covers('7662-6');
    const verifier = start();
    server.setAnswer(token, server.answer());
    expect(await verdictOf(verifier.verify(token))).toBe('token_malformed');
    expect(server.server.paths).toEqual([]);
    expect(await verdictOf(verifier.verify(server.issue()))).toBe('accepted');
  });

  it('asks nobody about a token that is longer than maxTokenBytes', async () => {
    covers('7662-6');
    const verifier = start({}, { maxTokenBytes: 256 });
    const [good, long] = ['x'.repeat(256), 'x'.repeat(257)];
    for (const token of [good, long]) server.setAnswer(token, server.answer());
    expect(await verdictOf(verifier.verify(long))).toBe('token_too_large');
    expect(server.server.paths).toEqual([]);
    expect(await verdictOf(verifier.verify(good))).toBe('accepted');
  });

  const parts = (jwt: string) => jwt.split('.') as [string, string, string];
  it.each<[string, (jwt: string) => string, string]>([
    ['lacks its signature', (jwt) => parts(jwt).slice(0, 2).join('.'), 'token_malformed'],
    ['has an empty signature', (jwt) => `${parts(jwt).slice(0, 2).join('.')}.`, 'token_malformed'],
    ['has a part more', (jwt) => `${jwt}.x`, 'token_malformed'],
    ['has five parts, as a JWE', (jwt) => `${jwt}.x.y`, 'token_encrypted'],
    ['has six parts', (jwt) => `${jwt}.x.y.z`, 'token_malformed'],
    ['is padded', (jwt) => `${jwt}=`, 'token_malformed'],
    [
      'has a header of two members with one name',
      (jwt) => jwt.replace(/^[^.]*/, toSegment('{"alg":"ES256","alg":"ES256"}')),
      'token_malformed',
    ],
    ['has a header that is cut off', (jwt) => jwt.replace(/^[^.]*/, toSegment('{"alg":')), 'token_malformed'],
    ['has a header that begins with space', (jwt) => jwt.replace(/^[^.]*/, toSegment(' \n{"alg":')), 'token_malformed'],
    ['has a payload that is no JSON', (jwt) => jwt.replace(/\.[^.]*\./, '.AAAA.'), 'token_malformed'],
  ])('asks nobody about a JWT that %s, though the issuer would call it active', async (_, change, reason) => {
    const token = server.token();
    const broken = change(token);
    for (const introspection of [{}, ASKS_JWTS]) {
      const verifier = start(introspection);
      for (const known of [token, broken]) server.setAnswer(known, server.answer());
      expect(await verdictOf(verifier.verify(broken))).toBe(reason);
      expect(await verdictOf(verifier.verify(token))).toBe('accepted');
      expect(await verdictOf(verifier.verify(broken))).toBe(reason);
    }
    expect(asked()).toEqual([token]);
  });

  it.each<[string, () => Mutation, string]>([
    ['is signed by another key', () => ({ key: STRANGER.privateKey }), 'signature_invalid'],
    ['names a key that is not known', () => ({ header: { kid: '"key-2"' } }), 'unknown_key'],
    ['has alg none', () => ({ header: { alg: '"none"' } }), 'algorithm_not_allowed'],
    ['has another typ', () => ({ header: { typ: '"dpop+jwt"' } }), 'token_type_not_allowed'],
    ['has a crit', () => ({ header: { crit: '["exp"]' } }), 'critical_header_unsupported'],
    ['is expired', () => ({ payload: { exp: String(server.now - 5) } }), 'token_expired'],
    ['is for another audience', () => ({ payload: { aud: '"https://other.test"' } }), 'audience_mismatch'],
    ['has a number for its subject', () => ({ payload: { sub: '1' } }), 'claim_malformed'],
    ['is bound', () => ({ payload: { cnf: '{}' } }), 'binding_not_proven'],
    ['has no iss', () => ({ payload: { iss: undefined } }), 'claim_missing'],
  ])(
    'does not ask about a JWT that %s: what its keys do not verify is not tried in another way',
    async (_, mutate, reason) => {
      const token = server.token(mutate());
      server.setAnswer(token, server.answer());
      const verifier = start();
      expect(await verdictOf(verifier.verify(server.token()))).toBe('accepted');
      for (let round = 0; round < 2; round += 1) expect(await verdictOf(verifier.verify(token))).toBe(reason);
      expect(asked()).toEqual([]);
      // Where its issuer is to be asked about JWTs, what the very same token says of itself counts, and its signature does not.
      const saysItself = ['token_type_not_allowed', 'token_expired', 'audience_mismatch', 'binding_not_proven'];
      const expected = saysItself.includes(reason) ? reason : 'accepted';
      expect(await verdictOf(start(ASKS_JWTS).verify(token))).toBe(expected);
      expect(asked()).toEqual(expected === 'accepted' || reason === 'audience_mismatch' ? [token] : []);
    },
  );

  it('does not ask about a JWT whose keys cannot be had', async () => {
    const token = server.token();
    server.setAnswer(token, server.answer());
    server.published = [];
    const verifier = start();
    expect(await verdictOf(verifier.verify(token))).toBe('keys_unavailable');
    expect(asked()).toEqual([]);
    expect(await verdictOf(verifier.verify(server.issue()))).toBe('accepted');
  });

  it.each(['"https://other.test"', '""', '1', 'null', '["x"]'])(
    'asks nobody about a JWT with the iss %s, with jwt: true as without',
    async (iss) => {
      covers('H2', '8725-8');
      const token = server.token({ payload: { iss } });
      server.setAnswer(token, server.answer());
      for (const introspection of [{}, ASKS_JWTS]) {
        const expected = iss.startsWith('"') ? 'issuer_not_trusted' : 'claim_malformed';
        expect(await verdictOf(start(introspection).verify(token))).toBe(expected);
      }
      expect(server.server.paths).toEqual([]);
    },
  );

  describe('with jwt: true', () => {
    it('asks about JWTs of that issuer, in place of verifying them', async () => {
      const verifier = start(ASKS_JWTS);
      const token = server.token();
      expect(await verdictOf(verifier.verify(token))).toBe('token_inactive');
      server.setAnswer(token, server.answer({ scope: '"from the answer"' }));
      server.clock.advance(5);
      expect(await verifier.verify(token)).toMatchObject({ scopes: ['from', 'the', 'answer'] });
      expect(server.hits).toEqual({ metadata: 1, jwks: 0, introspection: 2, elsewhere: 0 });
    });

    it('asks about JWTs without iss (Django OAuth Toolkit, with a generator of oauthlib)', async () => {
      const token = server.token({ payload: { iss: undefined } });
      server.setAnswer(token, server.answer({ iss: undefined }));
      expect(await verifierOutcome(start(ASKS_JWTS), token)).toBe(server.issuer);
      expect(await verdictOf(start().verify(token))).toBe('claim_missing');
      expect(asked()).toEqual([token]);
    });

    it('verifies JWTs of another issuer with the keys of that one, and shows them to nobody', async () => {
      covers('H1');
      const other = new RawIssuer({ issuer: 'https://other.test' });
      const issuer = [other.verifierOptions.issuer, server.issuerOptions(ASKS_JWTS)];
      const verifier = start({}, { issuer });
      const [good, forged] = [other.token(), other.token({ key: server.keys.privateKey })];
      for (const token of [good, forged]) server.setAnswer(token, server.answer());
      expect(await verdictOf(verifier.verify(good))).toBe('accepted');
      expect(await verdictOf(verifier.verify(forged))).toBe('signature_invalid');
      expect(server.server.paths).toEqual([]);
      expect(await verdictOf(verifier.verify(server.issue()))).toBe('accepted');
    });
  });

  it.each([
    ['first', (own: object, other: object) => [own, other]],
    ['last', (own: object, other: object) => [other, own]],
  ])('accepts both kinds of tokens side by side, the issuer that introspects being listed %s', async (_, order) => {
    const other = new RawIssuer({ issuer: 'https://other.test' });
    const issuer = order(server.issuerOptions(), other.verifierOptions.issuer) as VerifierOptions['issuer'];
    const verifier = start({}, { issuer } as Partial<VerifierOptions>);
    const tokens = [server.issue(), server.token(), other.token(), server.issue()];
    for (let round = 0; round < 2; round += 1) {
      const issuers = await Promise.all(tokens.map((token) => verifierOutcome(verifier, token)));
      expect(issuers).toEqual([server.issuer, server.issuer, other.issuer, server.issuer]);
    }
    expect(asked().sort()).toEqual([tokens[0], tokens[3]].sort());
    expect(verifier.status().tokenCache).toMatchObject({ size: 4, hits: 4 });
  });

  it('refuses opaque tokens where no issuer introspects', async () => {
    const token = server.issue();
    const { issuer } = server.issuerOptions();
    const listed = { issuer, dangerouslyAllowInsecureHttp: true };
    expect(await verdictOf(start({}, { issuer: listed }).verify(token))).toBe('token_opaque');
    expect(await verdictOf(start({}, { issuer: () => listed }).verify(token))).toBe('token_opaque');
    expect(server.server.paths).toEqual([]);
    expect(await verdictOf(start().verify(token))).toBe('accepted');
  });

  it('says of a token without an end that it lasts until its issuer is asked again', async () => {
    const verifier = start({ cacheSeconds: 30 });
    const [endless, ending] = [server.issue({ exp: undefined }), server.issue()];
    expect((await verifier.verify(endless)).expiresAt).toBe(server.now + 30);
    expect((await verifier.verify(ending)).expiresAt).toBe(server.now + 3600);
    server.clock.advance(30);
    expect((await verifier.verify(endless)).expiresAt).toBe(server.now + 30);
  });

  it('demands iat where maxTokenAgeSeconds does, and keeps to it', async () => {
    const verifier = start({}, { maxTokenAgeSeconds: 100 });
    const at = (seconds: number) => server.issue({ iat: String(server.now + seconds) });
    expect(await verdictOf(verifier.verify(at(-105)))).toBe('accepted');
    expect(await verdictOf(verifier.verify(at(-106)))).toBe('token_too_old');
    expect(await verdictOf(verifier.verify(server.issue({ iat: undefined })))).toBe('claim_missing');
  });

  it.each([
    ['before its answer', ''],
    ['in the middle of its answer', '{"active":'],
  ])('close() ends a question %s, and lets no other begin', async (_, begun) => {
    const verifier = start();
    const [known, token] = [server.issue(), server.issue()];
    expect(await verdictOf(verifier.verify(known))).toBe('accepted');
    server.answerIntrospection = (res) => void (begun !== '' && res.writeHead(200).write(begun));
    const pending = reasonOfCall(verifier.verify(token));
    await until(() => server.introspections.length === 2);
    verifier.close();
    expect(await pending).toBe('verifier_closed');
    for (const late of [known, token]) expect(await reasonOfCall(verifier.verify(late))).toBe('verifier_closed');
    expect(server.introspections.length).toBe(2);
    expect(verifier.status().issuers[0]?.introspection).toMatchObject({ calls: 2, inFlight: 0 });
  });
});

async function verifierOutcome(verifier: Verifier, token: string): Promise<string> {
  return (await verifier.verify(token)).issuer;
}
