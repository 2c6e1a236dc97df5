import { beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import type { IntrospectionOptions, VerifierOptions } from '../../src/index.js';
import { covers } from '../support/covers.js';
import { postAs } from './support/client.js';
import {
  API,
  DJANGO_OAUTH_TOOLKIT,
  DjangoOAuthToolkit,
  MACHINE,
  OTHER,
  SPA,
  WEB,
} from './support/django-oauth-toolkit.js';
import { expectInvalid, expectReader, expectUnavailable } from './support/expect-guarded.js';
import { startApi } from './support/protected-api.js';
import { describeServer } from './support/servers.js';
import { readJwt, withClaims, withOtherEnd } from './support/tokens.js';

const BY_SECRET = { clientId: API.id, clientSecret: API.secret };

describeServer('Django OAuth Toolkit with opaque tokens', DJANGO_OAUTH_TOOLKIT, () => {
  let server: DjangoOAuthToolkit;

  beforeAll(async () => {
    server = await DjangoOAuthToolkit.start();
  });

  /** Its tokens name no audience, so that the clients are named. */
  async function startOpaqueApi(introspection: IntrospectionOptions) {
    const { issuer, metadataUrl, introspectionEndpoint: endpoint } = server;
    const api = await startApi({
      issuer: {
        issuer,
        metadataUrl,
        audience: false,
        clientIds: [MACHINE.id, WEB.id, SPA.id],
        introspection: { endpoint, ...introspection },
      },
      audience: 'https://api.example.test',
    });
    onTestFinished(() => api.close());
    return api;
  }

  const bearerToken = async (scope: string) => (await server.byCredentials(API, scope)).access_token;

  it.each([
    ['client_secret_basic', () => BY_SECRET],
    ['client_secret_post', () => ({ ...BY_SECRET, authMethod: 'client_secret_post' as const })],
    ['a bearer token with the scope introspection', () => ({ bearerToken: () => bearerToken('introspection') })],
  ])('Django OAuth Toolkit: a client’s own token is introspected by %s, once', async (_, credentials) => {
    const api = await startOpaqueApi(credentials());
    const { access_token: token } = await server.byCredentials(MACHINE);
    expect(token).toMatch(/^[A-Za-z0-9]{30}$/);
    await expectReader(api, token, {
      issuer: server.issuer,
      clientId: MACHINE.id,
      subject: undefined,
      scopes: ['read'],
      audience: [],
      claims: { active: true, client_id: MACHINE.id, scope: 'read', exp: expect.any(Number) },
    });
    expect(api.asked).toEqual(['POST /o/introspect/']);
    await expectInvalid(api, withOtherEnd(token), 'token_inactive');
    expect(api.asked).toHaveLength(2);
  });

  it.each([
    ['confidential', WEB],
    ['public', SPA],
  ])('Django OAuth Toolkit: a user’s token by code and PKCE, of a %s client', async (_, client) => {
    const api = await startOpaqueApi(BY_SECRET);
    const tokens = await server.byCode(client, { scope: 'openid read', nonce: 'n' });
    await expectReader(api, tokens.access_token, {
      clientId: client.id,
      scopes: ['openid', 'read'],
      claims: { active: true, username: 'alice' },
    });
    await expectInvalid(api, tokens.refresh_token as string, 'token_inactive');
    expect(api.asked).toEqual(['POST /o/introspect/', 'POST /o/introspect/']);
    await expectInvalid(api, tokens.id_token as string, 'token_type_not_allowed');
    expect(api.asked.slice(2)).toEqual(['GET /o/.well-known/openid-configuration/', 'GET /o/.well-known/jwks.json']);
    await expectInvalid(api, withClaims(tokens.id_token as string, { scope: 'read' }), 'signature_invalid');
  });

  it('Django OAuth Toolkit: a token with both scopes opens both routes', async () => {
    const api = await startOpaqueApi(BY_SECRET);
    const { access_token: token } = await server.byCredentials(MACHINE, 'read write');
    expect(await api.get('/read', token)).toMatchObject({ status: 200, seen: { scopes: ['read', 'write'] } });
    expect(await api.get('/write', token)).toMatchObject({ status: 200 });
  });

  it('Django OAuth Toolkit: many requests with one token at once ask one question', async () => {
    covers('J10');
    const api = await startOpaqueApi(BY_SECRET);
    const { access_token: token } = await server.byCredentials(MACHINE);
    const all = await Promise.all(Array.from({ length: 20 }, () => api.verifier.verify(token)));
    expect(new Set(all.map(({ clientId }) => clientId))).toEqual(new Set([MACHINE.id]));
    expect(api.asked).toEqual(['POST /o/introspect/']);
  });

  it('Django OAuth Toolkit: the token of a client that is not named is refused', async () => {
    covers('J7');
    const api = await startOpaqueApi(BY_SECRET);
    await expectReader(api, (await server.byCredentials(MACHINE)).access_token, { clientId: MACHINE.id });
    await expectInvalid(api, (await server.byCredentials(OTHER)).access_token, 'client_not_allowed');
  });

  it('Django OAuth Toolkit: a revoked token is good for as long as its answer is kept, and no longer', async () => {
    covers('J9');
    const api = await startOpaqueApi({ ...BY_SECRET, cacheSeconds: 30 });
    const { access_token: token } = await server.byCredentials(MACHINE);
    await expectReader(api, token, {});
    const revocation = await postAs(`${server.issuer}/revoke_token/`, MACHINE, { token });
    expect(revocation.status).toBe(200);
    api.advance(29);
    await expectReader(api, token, {});
    expect(api.asked).toHaveLength(1);
    api.advance(2);
    await expectInvalid(api, token, 'token_inactive');
    expect(api.asked).toHaveLength(2);
  });

  it.each([
    ['a wrong secret', () => ({ clientId: API.id, clientSecret: 'wrong' })],
    [
      'a wrong secret in the body',
      () => ({ clientId: API.id, clientSecret: 'wrong', authMethod: 'client_secret_post' as const }),
    ],
    ['a bearer token without the scope introspection', () => ({ bearerToken: () => bearerToken('read') })],
  ])('Django OAuth Toolkit: 403 with an empty page, for %s, blames no token', async (_, credentials) => {
    covers('J8');
    const control = await startOpaqueApi(BY_SECRET);
    const api = await startOpaqueApi(credentials());
    const { access_token: token } = await server.byCredentials(MACHINE);
    await expectReader(control, token, {});
    await expectUnavailable(api, token, 'introspection_unavailable');
    expect(api.detail).toMatch(/answered 403$/);
  });

  it('Django OAuth Toolkit: the redirect to the slash is not followed by the question with its secret', async () => {
    covers('J8');
    const control = await startOpaqueApi(BY_SECRET);
    const api = await startOpaqueApi({ ...BY_SECRET, endpoint: server.introspectionEndpoint.slice(0, -1) });
    const { access_token: token } = await server.byCredentials(MACHINE);
    await expectReader(control, token, {});
    await expectUnavailable(api, token, 'introspection_unavailable');
    expect(api.detail).toMatch(/answered 301: a redirect, which is not followed$/);
    expect(api.asked).toEqual(['POST /o/introspect']);
  });

  it('Django OAuth Toolkit: its metadata names no introspection endpoint, so that it has to be given', async () => {
    const control = await startOpaqueApi(BY_SECRET);
    const { issuer, metadataUrl } = server;
    const api = await startApi({
      issuer: { issuer, metadataUrl, audience: false, clientIds: [MACHINE.id], introspection: BY_SECRET },
      audience: 'https://api.example.test',
    });
    onTestFinished(() => api.close());
    const { access_token: token } = await server.byCredentials(MACHINE);
    await expectReader(control, token, {});
    await expectUnavailable(api, token, 'introspection_unavailable');
    expect(api.detail).toMatch(/has no introspection_endpoint/);
  });
});

describeServer('Django OAuth Toolkit with JWTs', DJANGO_OAUTH_TOOLKIT, () => {
  const audience = 'https://api.example.test';
  let server: DjangoOAuthToolkit;

  beforeAll(async () => {
    server = await DjangoOAuthToolkit.start({ jwt: true });
  });

  async function startJwtApi(options: Partial<VerifierOptions> = {}) {
    const { issuer, metadataUrl } = server;
    const api = await startApi({ issuer: { issuer, metadataUrl }, audience, ...options });
    onTestFinished(() => api.close());
    return api;
  }

  it('Django OAuth Toolkit: a client’s own JWT without kid', async () => {
    const api = await startJwtApi();
    const { access_token: token } = await server.byCredentials(MACHINE);
    expect(readJwt(token).header).toEqual({ alg: 'RS256', typ: 'JWT' });
    await expectReader(api, token, {
      issuer: server.issuer,
      subject: MACHINE.id,
      clientId: MACHINE.id,
      scopes: ['read'],
      audience: [audience],
    });
    await expectInvalid(api, withClaims(token, { scope: 'read write' }), 'signature_invalid');
    expect(api.asked).toEqual(['GET /o/.well-known/openid-configuration/', 'GET /o/.well-known/jwks.json']);
  });

  it('Django OAuth Toolkit: a user’s JWT by code and PKCE, beside an ID and a refresh token', async () => {
    const api = await startJwtApi();
    const tokens = await server.byCode(SPA, { scope: 'openid read', nonce: 'n' });
    await expectReader(api, tokens.access_token, { subject: '1', clientId: SPA.id, scopes: ['openid', 'read'] });
    await expectInvalid(api, tokens.id_token as string, 'token_type_not_allowed');
    await expectInvalid(api, tokens.refresh_token as string, 'token_opaque');
  });

  it('RFC 9700 §2.3: Django OAuth Toolkit: a JWT for another audience is refused', async () => {
    const { access_token: token } = await server.byCredentials(MACHINE);
    await expectReader(await startJwtApi(), token, {});
    await expectInvalid(await startJwtApi({ audience: 'https://other.example.test' }), token, 'audience_mismatch');
  });

  it('Django OAuth Toolkit: its JWTs are introspected where that is asked for', async () => {
    const { issuer, metadataUrl, introspectionEndpoint: endpoint } = server;
    const introspection = { ...BY_SECRET, endpoint, jwt: true };
    const clientIds = [MACHINE.id];
    const api = await startJwtApi({ issuer: { issuer, metadataUrl, audience: false, clientIds, introspection } });
    const { access_token: token } = await server.byCredentials(MACHINE);
    await expectReader(api, token, { clientId: MACHINE.id, claims: { active: true } });
    await expectInvalid(api, withClaims(token, { scope: 'read write' }), 'token_inactive');
    expect(api.asked).toEqual(['POST /o/introspect/', 'POST /o/introspect/']);
  });

  it('Django OAuth Toolkit: the redirect of its metadata is not followed, so that metadataUrl ends with a slash', async () => {
    const { issuer } = server;
    const { access_token: token } = await server.byCredentials(MACHINE);
    await expectReader(await startJwtApi(), token, {});
    const api = await startJwtApi({ issuer });
    await expectUnavailable(api, token, 'metadata_unavailable');
    expect(api.detail).toMatch(/openid-configuration answered 301: a redirect, which is not followed/);
  });

  it('Django OAuth Toolkit: its malformed Cache-Control is read for what it means', async () => {
    const { headers } = await fetch(`${server.issuer}/.well-known/jwks.json`);
    expect(headers.get('cache-control')).toMatch(/^Cache-Control: public, max-age=3600, /);
    const api = await startJwtApi({ keys: { maxAgeSeconds: 86_400 } });
    await api.verifier.ready();
    api.advance(3590);
    expect(api.verifier.status().issuers[0]).toMatchObject({ state: 'fresh' });
    api.advance(20);
    expect(api.verifier.status().issuers[0]).toMatchObject({ state: 'stale' });
  });

  it('Django OAuth Toolkit: JWTs without kid of both keys are good during a rotation, of the new one after it', async () => {
    const api = await startJwtApi();
    const old = await server.byCredentials(MACHINE);
    await expectReader(api, old.access_token, {});
    await server.rotate();
    const young = await server.byCredentials(MACHINE);
    // Without a kid nothing says that the key is a new one.
    await expectInvalid(api, young.access_token, 'signature_invalid');
    // At ten minutes of age the key set is fetched anew, behind a request.
    api.advance(601);
    await expectReader(api, old.access_token, {});
    await vi.waitFor(() => expect(api.verifier.status().issuers[0]?.keys).toHaveLength(2));
    for (const { access_token: token } of [old, young]) await expectReader(api, token, { clientId: MACHINE.id });
    const unsigned = withClaims(young.access_token, { scope: 'read write' });
    await expectInvalid(api, unsigned, 'signature_invalid');
    await server.retire();
    await api.verifier.refresh();
    await expectReader(api, young.access_token, {});
    await expectInvalid(api, old.access_token, 'signature_invalid');
  });
});

describeServer('Django OAuth Toolkit with local times', DJANGO_OAUTH_TOOLKIT, () => {
  let west: DjangoOAuthToolkit;
  let east: DjangoOAuthToolkit;

  beforeAll(async () => {
    west = await DjangoOAuthToolkit.start({ timeZone: 'America/New_York' });
    east = await DjangoOAuthToolkit.start({ timeZone: 'Asia/Tokyo' });
  });

  async function startLocalApi({ issuer, introspectionEndpoint: endpoint }: DjangoOAuthToolkit, ignoreExp: boolean) {
    const introspection = { ...BY_SECRET, endpoint, ignoreExp, cacheSeconds: 60 };
    const api = await startApi({
      issuer: { issuer, audience: false, clientIds: [MACHINE.id, SPA.id], introspection },
      audience: 'https://api.example.test',
    });
    onTestFinished(() => api.close());
    return api;
  }

  const issuers = [
    ['client credentials', async (server: DjangoOAuthToolkit) => (await server.byCredentials(MACHINE)).access_token],
    ['code and PKCE', async (server: DjangoOAuthToolkit) => (await server.byCode(SPA, { scope: 'read' })).access_token],
  ] as const;

  it.each(issuers)(
    'USE_TZ=False west of Greenwich: a token by %s looks expired, unless exp is ignored',
    async (_, issue) => {
      covers('J7');
      const token = await issue(west);
      await expectInvalid(await startLocalApi(west, false), token, 'token_expired');
      await expectReader(await startLocalApi(west, true), token, { scopes: ['read'] });
    },
  );

  it.each(issuers)(
    'USE_TZ=False east of Greenwich: exp is hours late, but no answer is kept that long (%s)',
    async (_, issue) => {
      covers('J9');
      const token = await issue(east);
      const api = await startLocalApi(east, false);
      await expectReader(api, token, {});
      const seconds = ((await api.get('/read', token)).seen?.expiresAt ?? 0) - Date.now() / 1000;
      expect(seconds).toBeGreaterThan(9 * 3600);
      api.advance(59);
      await expectReader(api, token, {});
      expect(api.asked).toHaveLength(1);
      api.advance(2);
      await expectReader(api, token, {});
      expect(api.asked).toHaveLength(2);
    },
  );

  it('USE_TZ=False: with exp ignored, a token that was revoked ends with its answer', async () => {
    covers('J9');
    const api = await startLocalApi(west, true);
    const { access_token: token } = await west.byCredentials(MACHINE);
    await expectReader(api, token, {});
    expect((await postAs(`${west.issuer}/revoke_token/`, MACHINE, { token })).status).toBe(200);
    api.advance(61);
    await expectInvalid(api, token, 'token_inactive');
  });
});
