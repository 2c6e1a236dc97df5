import { beforeAll, expect, it, onTestFinished } from 'vitest';
import type { IntrospectionOptions, VerifierOptions } from '../../src/index.js';
import { covers } from '../support/covers.js';
import { expectInvalid, expectReader, expectUnavailable } from './support/expect-guarded.js';
import {
  ALGORITHMS,
  AUDIENCE,
  MACHINE,
  OIDC_PROVIDER,
  OidcProvider,
  SHARED_SECRET,
  SPA,
  WEB,
} from './support/oidc-provider.js';
import { startApi } from './support/protected-api.js';
import { describeServer } from './support/servers.js';
import { readJwt, withClaims, withOtherEnd } from './support/tokens.js';

const METADATA = 'GET /.well-known/openid-configuration';
const QUESTION = 'POST /token/introspection';
const BY_SECRET = { clientId: 'api', clientSecret: 'api-secret' };
const SIGNED_BY_ES256 = { clientId: 'api-signed', clientSecret: 'api-signed-secret' };

describeServer('oidc-provider', OIDC_PROVIDER, () => {
  let server: OidcProvider;

  beforeAll(async () => {
    server = await OidcProvider.start();
  });

  async function startJwtApi(options: Partial<VerifierOptions> = {}) {
    const api = await startApi({ issuer: server.issuer, audience: AUDIENCE, ...options });
    onTestFinished(() => api.close());
    return api;
  }

  const startOpaqueApi = (introspection: IntrospectionOptions) =>
    startJwtApi({ issuer: { issuer: server.issuer, introspection } });

  it.each(ALGORITHMS)('RFC 9068: oidc-provider: a client’s own token of %s', async (algorithm) => {
    const api = await startJwtApi({ profile: 'rfc9068' });
    const { access_token: token } = await server.byCredentials(algorithm);
    expect(readJwt(token).header).toMatchObject({ alg: algorithm, typ: 'at+jwt', kid: expect.any(String) });
    await expectReader(api, token, {
      issuer: server.issuer,
      subject: MACHINE.id,
      clientId: MACHINE.id,
      scopes: ['read'],
      audience: [AUDIENCE],
    });
    await expectInvalid(api, withClaims(token, { scope: 'read write' }), 'signature_invalid');
    expect(api.asked).toEqual([METADATA, 'GET /jwks']);
  });

  it.each(ALGORITHMS)('RFC 9068: oidc-provider: a user’s token of %s by code and PKCE', async (algorithm) => {
    const api = await startJwtApi({ profile: 'rfc9068' });
    const { access_token: token } = await server.byCode(SPA, algorithm);
    expect(readJwt(token).header['alg']).toBe(algorithm);
    await expectReader(api, token, {
      subject: 'alice',
      clientId: SPA.id,
      scopes: ['read'],
      audience: [AUDIENCE],
      claims: { tenant: 'blue' },
    });
  });

  it('RFC 8725 §3.12: oidc-provider: the ID token and the refresh token of a login are no access tokens', async () => {
    const api = await startJwtApi();
    const tokens = await server.byCode(WEB, 'ES256');
    await expectReader(api, tokens.access_token, { subject: 'alice', clientId: WEB.id });
    await expectInvalid(api, tokens.id_token as string, 'token_type_not_allowed');
    await expectInvalid(api, tokens.refresh_token as string, 'token_opaque');
    const forClient = await startJwtApi({ audience: WEB.id });
    await expectInvalid(forClient, tokens.id_token as string, 'token_type_not_allowed');
  });

  it('RFC 9700 §2.3: oidc-provider: a JWT for another resource is refused', async () => {
    const api = await startJwtApi();
    await expectReader(api, (await server.byCredentials('ES256')).access_token, {});
    await expectInvalid(api, (await server.byCredentials('other-jwt')).access_token, 'audience_mismatch');
  });

  it('RFC 8725 §3.1: oidc-provider: HS256 never meets public keys, and is good where its secret is known', async () => {
    const { access_token: token } = await server.byCredentials('HS256');
    const secret = { issuer: server.issuer, secret: SHARED_SECRET, algorithms: ['HS256'] as const };
    const api = await startJwtApi({ issuer: secret });
    await expectReader(api, token, { clientId: MACHINE.id, scopes: ['read'], audience: [AUDIENCE] });
    await expectInvalid(api, withClaims(token, { scope: 'read write' }), 'signature_invalid');
    await expectInvalid(await startJwtApi(), token, 'algorithm_not_allowed');
    expect(api.asked).toEqual([]);
  });

  it('RFC 7516: oidc-provider: an encrypted token is told apart, and shown to nobody', async () => {
    const api = await startOpaqueApi(BY_SECRET);
    await expectReader(api, (await server.byCredentials('opaque')).access_token, {});
    const asked = api.asked.length;
    await expectInvalid(api, (await server.byCredentials('JWE')).access_token, 'token_encrypted');
    expect(api.asked).toHaveLength(asked);
  });

  it.each(['ES256', 'opaque'] as const)(
    'RFC 9449 §7.2: oidc-provider: a bound token (%s) is no bearer token',
    async (form) => {
      const api = await startOpaqueApi(BY_SECRET);
      await expectReader(api, (await server.byCredentials(form)).access_token, {});
      const bound = await server.boundToken(form);
      expect(bound.token_type).toBe('DPoP');
      await expectInvalid(api, bound.access_token, 'binding_not_proven');
    },
  );

  const apiKey = () => ({ clientId: 'api-key', privateKey: server.apiKey, keyId: 'api-key' });
  const askers: readonly (readonly [string, () => IntrospectionOptions])[] = [
    ['client_secret_basic', () => BY_SECRET],
    [
      'client_secret_post',
      () => ({ clientId: 'api-post', clientSecret: 'api-post-secret', authMethod: 'client_secret_post' }),
    ],
    ['private_key_jwt', apiKey],
  ];

  it.each(askers)('RFC 7662: oidc-provider: an opaque token is introspected by %s, once', async (_, asker) => {
    const api = await startOpaqueApi(asker());
    const { access_token: token } = await server.byCredentials('opaque');
    await expectReader(api, token, {
      issuer: server.issuer,
      clientId: MACHINE.id,
      scopes: ['read'],
      audience: [AUDIENCE],
      claims: { active: true, token_type: 'Bearer' },
    });
    expect(api.asked).toEqual([METADATA, QUESTION]);
    await expectInvalid(api, withOtherEnd(token), 'token_inactive');
    expect(api.asked).toEqual([METADATA, QUESTION, QUESTION]);
  });

  it('RFC 7662: oidc-provider: a user’s opaque token by code and PKCE, beside an ID token', async () => {
    const api = await startOpaqueApi(BY_SECRET);
    const tokens = await server.byCode(SPA, 'opaque');
    await expectReader(api, tokens.access_token, {
      subject: 'alice',
      clientId: SPA.id,
      scopes: ['read'],
      claims: { tenant: 'blue' },
    });
    await expectInvalid(api, tokens.id_token as string, 'token_type_not_allowed');
  });

  it('oidc-provider: a refresh token is said to be active, and is refused since it names no audience', async () => {
    covers('J7');
    const api = await startOpaqueApi(BY_SECRET);
    const tokens = await server.byCode(WEB, 'opaque');
    await expectReader(api, tokens.access_token, { clientId: WEB.id });
    await expectInvalid(api, tokens.refresh_token as string, 'audience_mismatch');
    expect(api.detail).toContain('aud []');
  });

  it('oidc-provider: an opaque token for another resource is refused', async () => {
    covers('J7');
    const api = await startOpaqueApi(BY_SECRET);
    await expectReader(api, (await server.byCredentials('opaque')).access_token, {});
    await expectInvalid(api, (await server.byCredentials('other-opaque')).access_token, 'audience_mismatch');
  });

  it.each([
    ['RS256', BY_SECRET],
    ['ES256', SIGNED_BY_ES256],
  ])('RFC 9701 §5: oidc-provider: answers signed by %s are verified with its keys', async (_, credentials) => {
    const api = await startOpaqueApi({ ...credentials, signed: true });
    const { access_token: token } = await server.byCredentials('opaque');
    await expectReader(api, token, {
      clientId: MACHINE.id,
      scopes: ['read'],
      audience: [AUDIENCE],
      claims: { active: true, iss: server.issuer },
    });
    expect(api.asked).toEqual([METADATA, QUESTION, METADATA, 'GET /jwks']);
    await expectInvalid(api, withOtherEnd(token), 'token_inactive');
    const byCode = await server.byCode(SPA, 'opaque');
    await expectReader(api, byCode.access_token, { subject: 'alice', clientId: SPA.id });
    expect(api.asked.slice(4)).toEqual([QUESTION, QUESTION]);
  });

  it('oidc-provider: an answer signed with an algorithm that is not allowed blames no token', async () => {
    covers('J11');
    const { issuer } = server;
    const { access_token: token } = await server.byCredentials('opaque');
    const startRsaApi = (introspection: IntrospectionOptions) =>
      startJwtApi({ issuer: { issuer, algorithms: ['RS256'], introspection } });
    await expectReader(await startRsaApi({ ...BY_SECRET, signed: true }), token, { clientId: MACHINE.id });
    const api = await startRsaApi({ ...SIGNED_BY_ES256, signed: true });
    await expectUnavailable(api, token, 'introspection_unavailable');
    expect(api.detail).toContain('ES256');
  });

  it('oidc-provider: 401, for a wrong secret, and 400, for a JWT, blame no token', async () => {
    covers('J8');
    const control = await startOpaqueApi(BY_SECRET);
    const opaque = await server.byCredentials('opaque');
    await expectReader(control, opaque.access_token, {});
    const wrong = await startOpaqueApi({ ...BY_SECRET, clientSecret: 'wrong' });
    await expectUnavailable(wrong, opaque.access_token, 'introspection_unavailable');
    expect(wrong.detail).toMatch(/answered 401$/);

    const jwt = await server.byCredentials('ES256');
    await expectReader(control, jwt.access_token, {});
    const forJwts = await startOpaqueApi({ ...BY_SECRET, jwt: true });
    await expectUnavailable(forJwts, jwt.access_token, 'introspection_unavailable');
    expect(forJwts.detail).toMatch(/answered 400$/);
  });

  it('oidc-provider: a revoked token is good for as long as its answer is kept, and no longer', async () => {
    covers('J9');
    const api = await startOpaqueApi({ ...BY_SECRET, cacheSeconds: 30 });
    const { access_token: token } = await server.byCredentials('opaque');
    await expectReader(api, token, {});
    await server.revoke(token);
    api.advance(29);
    await expectReader(api, token, {});
    api.advance(2);
    await expectInvalid(api, token, 'token_inactive');
    expect(api.asked).toEqual([METADATA, QUESTION, QUESTION]);
  });

  it('OpenID Connect Core §5.3: oidc-provider: UserInfo for an opaque token, until it is revoked', async () => {
    const { issuer } = server;
    const options = { issuer: { issuer, audience: false, clientIds: [WEB.id], introspection: BY_SECRET } } as const;
    const api = await startJwtApi(options);
    const { access_token: token } = await server.forUserInfo(WEB);
    const accessToken = await api.verifier.verify(token);
    expect(accessToken).toMatchObject({ subject: 'alice', scopes: ['openid', 'profile'], audience: [] });
    const said = { sub: 'alice', name: 'alice of Wonderland' };
    expect(await api.verifier.userInfo(accessToken)).toEqual(said);
    expect(await api.verifier.userInfo(accessToken)).toEqual(said);
    const questions = () => api.asked.filter((request) => request === 'GET /me').length;
    expect(questions()).toBe(1);

    await server.revoke(token, WEB);
    expect(await api.verifier.userInfo(accessToken)).toEqual(said);
    api.advance(301);
    await expect(api.verifier.userInfo(accessToken)).rejects.toMatchObject({ reason: 'token_inactive' });
    expect(questions()).toBe(2);
  });
});
