import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { djangoOAuthToolkit } from '../../src/presets/index.js';
import { AUTHLIB, AuthlibServer } from './support/authlib.js';
import { redeemCode, requestByCredentials, requestCode } from './support/client.js';
import { API, DJANGO_OAUTH_TOOLKIT, DjangoOAuthToolkit, MACHINE, SPA } from './support/django-oauth-toolkit.js';
import { expectInvalid, expectReader } from './support/expect-guarded.js';
import { type ProtectedApi, startApi } from './support/protected-api.js';
import { allOf, describeServer, npmPackage, startServer } from './support/servers.js';

const AUDIENCE = 'https://api.example.test';
const LEGACY_SECRET = 'a secret that the server and the API share';
const METADATA = 'GET /.well-known/openid-configuration';

const SERVERS = allOf(DJANGO_OAUTH_TOOLKIT, AUTHLIB, npmPackage('@jmondi/oauth2-server'));

describeServer('one API for the tokens of three servers', SERVERS, () => {
  let django: DjangoOAuthToolkit;
  let authlib: AuthlibServer;
  let legacy: string;
  let api: ProtectedApi;

  beforeAll(async () => {
    [django, authlib, legacy] = await Promise.all([
      DjangoOAuthToolkit.start(),
      AuthlibServer.start(),
      startServer('jmondi.mjs'),
    ]);
  });

  async function startCompanyApi() {
    api = await startApi({
      audience: AUDIENCE,
      issuer: [
        {
          issuer: legacy,
          secret: LEGACY_SECRET,
          algorithms: ['HS256'],
          audience: false,
          clientIds: ['machine', 'spa'],
        },
        djangoOAuthToolkit({
          issuer: django.issuer,
          clientIds: [MACHINE.id, SPA.id],
          introspection: { clientId: API.id, clientSecret: API.secret },
        }),
        authlib.issuer,
      ],
    });
    onTestFinished(() => api.close());
  }

  it('one verifier: tokens of a shared secret, opaque ones and JWTs, each judged by its own issuer', async () => {
    await startCompanyApi();
    const old = await requestByCredentials(`${legacy}/token`, MACHINE, { scope: 'read' });
    await expectReader(api, old.access_token, { issuer: legacy, clientId: MACHINE.id });
    expect(api.asked).toEqual([]);
    await expectReader(api, (await django.byCredentials(MACHINE)).access_token, { issuer: django.issuer });
    expect(api.asked).toEqual(['POST /o/introspect/']);
    await expectReader(api, (await authlib.byCredentials('RS256')).access_token, { issuer: authlib.issuer });
    expect(api.asked.slice(1)).toEqual([METADATA, 'GET /.well-known/oauth-authorization-server', 'GET /jwks']);
  });

  it('one verifier: tokens by code and PKCE of each server', async () => {
    await startCompanyApi();
    const code = await requestCode(`${legacy}/authorize`, SPA, { scope: 'read', login_hint: 'alice' });
    const old = await redeemCode(`${legacy}/token`, SPA, code);
    await expectReader(api, old.access_token, { issuer: legacy, subject: 'user-42' });
    const opaque = await django.byCode(SPA, { scope: 'read' });
    await expectReader(api, opaque.access_token, { issuer: django.issuer, claims: { username: 'alice' } });
    const young = await authlib.byCode({ id: 'spa' });
    await expectReader(api, young.access_token, { issuer: authlib.issuer, subject: 'alice' });
  });

  it('RFC 8725 §3.1: one verifier: HS256 is good for the issuer with the secret alone, though both have the same', async () => {
    await startCompanyApi();
    const old = await requestByCredentials(`${legacy}/token`, MACHINE, { scope: 'read' });
    await expectReader(api, old.access_token, { issuer: legacy });
    await expectInvalid(api, (await authlib.byCredentials('HS256')).access_token, 'algorithm_not_allowed');
  });

  it('RFC 7662 §4: one verifier: an opaque token is shown to the one issuer that introspects, whoever made it', async () => {
    await startCompanyApi();
    await expectReader(api, (await django.byCredentials(MACHINE)).access_token, {});
    await expectInvalid(api, (await authlib.byCredentials('opaque')).access_token, 'token_inactive');
    expect(api.asked).toEqual(['POST /o/introspect/', 'POST /o/introspect/']);
  });

  it('RFC 8725 §3.9: one verifier: a token without an audience is good from the issuer that may leave it out', async () => {
    await startCompanyApi();
    const old = await requestByCredentials(`${legacy}/token`, MACHINE, { scope: 'read' });
    await expectReader(api, old.access_token, { audience: [] });
    await expectInvalid(api, (await authlib.byCredentials('bare')).access_token, 'audience_mismatch');
  });
});
