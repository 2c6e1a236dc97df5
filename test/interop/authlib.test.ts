import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { VerifierOptions } from '../../src/index.js';
import { covers } from '../support/covers.js';
import { AUDIENCE, AUTHLIB, AuthlibServer, clientFor, SHARED_SECRET } from './support/authlib.js';
import { postAs } from './support/client.js';
import { expectInvalid, expectReader, expectUnavailable } from './support/expect-guarded.js';
import { startApi } from './support/protected-api.js';
import { describeServer } from './support/servers.js';
import { readJwt, withClaims, withOtherEnd } from './support/tokens.js';

const ALGORITHMS = ['ES256', 'ES384', 'ES512', 'EdDSA', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const SPA = { id: 'spa' };
const BY_SECRET = { clientId: 'api', clientSecret: 'api-secret' };

describeServer('Authlib', AUTHLIB, () => {
  describe.each([
    ['', 'an issuer without a path'],
    ['/tenant', 'an issuer with a path'],
  ])('%s', (path, what) => {
    let server: AuthlibServer;

    beforeAll(async () => {
      server = await AuthlibServer.start(path);
    });

    async function startJwtApi(options: Partial<VerifierOptions> = {}) {
      const api = await startApi({ issuer: server.issuer, audience: AUDIENCE, ...options });
      onTestFinished(() => api.close());
      return api;
    }

    const startOpaqueApi = (options: object = {}) =>
      startJwtApi({ issuer: { issuer: server.issuer, introspection: { ...BY_SECRET, ...options } } });

    it.each(ALGORITHMS)(`RFC 9068: Authlib, ${what}: a client’s own token of %s`, async (algorithm) => {
      const api = await startJwtApi({ profile: 'rfc9068' });
      const { access_token: token } = await server.byCredentials(algorithm);
      expect(readJwt(token).header).toMatchObject({ alg: algorithm, typ: 'at+jwt' });
      await expectReader(api, token, {
        issuer: server.issuer,
        subject: algorithm,
        clientId: algorithm,
        scopes: ['read'],
        audience: [AUDIENCE],
      });
      await expectInvalid(api, withClaims(token, { scope: 'read write' }), 'signature_invalid');
    });

    it.each([
      ['client_secret_basic', {}],
      ['client_secret_post', { authMethod: 'client_secret_post' }],
    ])(`RFC 7662: Authlib, ${what}: an opaque token is introspected by %s, once`, async (_, options) => {
      const api = await startOpaqueApi(options);
      const { access_token: token } = await server.byCredentials('opaque');
      await expectReader(api, token, {
        issuer: server.issuer,
        subject: 'opaque',
        clientId: 'opaque',
        scopes: ['read'],
        audience: [AUDIENCE],
      });
      const isQuestion = (asked: string) => asked.startsWith('POST');
      expect(api.asked.filter(isQuestion)).toEqual([`POST ${path}/introspect`]);
      await expectInvalid(api, withOtherEnd(token), 'token_inactive');
      expect(api.asked.filter(isQuestion)).toHaveLength(2);
    });

    it(`RFC 7662: Authlib, ${what}: a user’s opaque token by code and PKCE; null in an answer says nothing`, async () => {
      const api = await startOpaqueApi();
      const { access_token: token } = await server.byCode({ id: 'spa-opaque' });
      await expectReader(api, token, {
        subject: 'alice',
        clientId: 'spa-opaque',
        scopes: ['openid', 'read'],
        claims: { username: 'alice' },
      });
      const { access_token: own } = await server.byCredentials('opaque');
      expect((await api.get('/read', own)).seen?.claims).not.toHaveProperty('username');
    });

    it(`RFC 8725 §3.12: Authlib, ${what}: a user’s JWT by code and PKCE is good, its ID token is not`, async () => {
      const api = await startJwtApi();
      const tokens = await server.byCode(SPA);
      await expectReader(api, tokens.access_token, { subject: 'alice', clientId: SPA.id, scopes: ['openid', 'read'] });
      await expectInvalid(api, tokens.id_token as string, 'token_type_not_allowed');
    });

    it(`RFC 9700 §2.3: Authlib, ${what}: a token for another audience is refused, one for both is good`, async () => {
      const api = await startJwtApi();
      const { access_token: both } = await server.byCredentials('aud-array');
      await expectReader(api, both, { audience: ['https://other.example.test', AUDIENCE] });
      const { access_token: other } = await server.byCredentials('other-audience');
      await expectInvalid(api, other, 'audience_mismatch');
    });
  });
});

describeServer('Authlib, beside the standards', AUTHLIB, () => {
  let server: AuthlibServer;

  beforeAll(async () => {
    server = await AuthlibServer.start();
  });

  async function startJwtApi(options: Partial<VerifierOptions> = {}) {
    const api = await startApi({ issuer: server.issuer, audience: AUDIENCE, ...options });
    onTestFinished(() => api.close());
    return api;
  }

  it.each([
    ['no-kid', { alg: 'ES256', typ: 'at+jwt' }],
    ['typ-jwt', { alg: 'ES256', typ: 'JWT', kid: 'p256' }],
    ['scope-array', { alg: 'ES256', typ: 'at+jwt', kid: 'p256' }],
  ])('Authlib: a token in the form %s', async (form, header) => {
    const api = await startJwtApi();
    const { access_token: token } = await server.byCredentials(form);
    expect(readJwt(token).header).toEqual(header);
    await expectReader(api, token, { clientId: form, scopes: ['read'] });
    await expectInvalid(api, withClaims(token, { scope: ['read', 'write'] }), 'signature_invalid');
  });

  it('RFC 9068 §4: Authlib: the typ JWT is not enough for the profile rfc9068', async () => {
    const { access_token: token } = await server.byCredentials('typ-jwt');
    await expectReader(await startJwtApi(), token, {});
    await expectInvalid(await startJwtApi({ profile: 'rfc9068' }), token, 'token_type_not_allowed');
  });

  it('Authlib: its own JWTBearerTokenGenerator names no audience, so that the clients are named', async () => {
    const { issuer } = server;
    const { access_token: token } = await server.byCredentials('bare');
    const api = await startJwtApi({ issuer: { issuer, audience: false, clientIds: ['bare'] } });
    await expectReader(api, token, { clientId: 'bare', subject: undefined, audience: [], scopes: ['read'] });
    await expectInvalid(await startJwtApi(), token, 'audience_mismatch');
    const others = await startJwtApi({ issuer: { issuer, audience: false, clientIds: ['ES256'] } });
    await expectInvalid(others, token, 'client_not_allowed');
  });

  it('RFC 8725 §3.1: Authlib: HS256 never meets public keys, and is good where its secret is known', async () => {
    const { access_token: token } = await server.byCredentials('HS256');
    const api = await startJwtApi({
      issuer: { issuer: server.issuer, secret: SHARED_SECRET, algorithms: ['HS256'] },
    });
    await expectReader(api, token, { clientId: 'HS256' });
    await expectInvalid(api, withClaims(token, { scope: 'read write' }), 'signature_invalid');
    await expectInvalid(await startJwtApi(), token, 'algorithm_not_allowed');
  });

  it.each([
    ['ES256K', 'algorithm_not_allowed'],
    ['JWE', 'token_encrypted'],
  ] as const)('Authlib: what is not supported is told apart: %s', async (form, reason) => {
    const api = await startJwtApi();
    await expectReader(api, (await server.byCredentials('ES256')).access_token, {});
    await expectInvalid(api, (await server.byCredentials(form)).access_token, reason);
  });

  it('Authlib: of its key set, what cannot be used is skipped: an encryption key', async () => {
    const api = await startJwtApi();
    await api.verifier.ready();
    const [status] = api.verifier.status().issuers;
    expect(status?.keys.map(({ kid }) => kid).sort()).toEqual(['ed', 'k256', 'p256', 'p384', 'p521', 'rsa']);
    expect(status?.skippedKeys.map(({ why }) => why).sort()).toEqual(['has a use other than sig']);
  });

  it('Authlib: a revoked token is good for as long as its answer is kept, and no longer', async () => {
    covers('J9');
    const introspection = { ...BY_SECRET, cacheSeconds: 30 };
    const api = await startJwtApi({ issuer: { issuer: server.issuer, introspection } });
    const { access_token: token } = await server.byCredentials('opaque');
    await expectReader(api, token, {});
    await server.revoke('opaque', token);
    api.advance(29);
    await expectReader(api, token, {});
    api.advance(2);
    await expectInvalid(api, token, 'token_inactive');
  });

  it('Authlib: a refresh token is active to whoever does not say what is meant, and refused here', async () => {
    covers('J7');
    const { issuer } = server;
    const api = await startJwtApi({ issuer: { issuer, introspection: BY_SECRET } });
    const tokens = await server.byCode(clientFor('opaque'));
    await expectReader(api, tokens.access_token, { subject: 'alice' });
    const refreshToken = tokens.refresh_token as string;
    const credentials = { id: BY_SECRET.clientId, secret: BY_SECRET.clientSecret };
    const unhinted = await postAs(`${issuer}/introspect`, credentials, { token: refreshToken });
    expect(await unhinted.json()).toMatchObject({ active: true, aud: AUDIENCE, token_type: 'Bearer' });
    await expectInvalid(api, refreshToken, 'token_inactive');
  });

  it('Authlib: an answer that is not signed is not taken for one, and blames no token', async () => {
    covers('J11');
    const { issuer } = server;
    const { access_token: token } = await server.byCredentials('opaque');
    await expectReader(await startJwtApi({ issuer: { issuer, introspection: BY_SECRET } }), token, {});
    const api = await startJwtApi({ issuer: { issuer, introspection: { ...BY_SECRET, signed: true } } });
    await expectUnavailable(api, token, 'introspection_unavailable');
    expect(api.detail).toBe('the answer is not signed');
  });

  it('Authlib: 401, for a wrong secret, blames no token', async () => {
    covers('J8');
    const { issuer } = server;
    const { access_token: token } = await server.byCredentials('opaque');
    await expectReader(await startJwtApi({ issuer: { issuer, introspection: BY_SECRET } }), token, {});
    const wrong = { ...BY_SECRET, clientSecret: clientFor('opaque').id };
    const api = await startJwtApi({ issuer: { issuer, introspection: wrong } });
    await expectUnavailable(api, token, 'introspection_unavailable');
    expect(api.detail).toMatch(/answered 401$/);
  });
});
