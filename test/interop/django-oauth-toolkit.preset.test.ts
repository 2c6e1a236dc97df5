import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { type DjangoOAuthToolkitOptions, djangoOAuthToolkit } from '../../src/presets/index.js';
import {
  API,
  DJANGO_OAUTH_TOOLKIT,
  DjangoOAuthToolkit,
  MACHINE,
  OTHER,
  SPA,
  WEB,
} from './support/django-oauth-toolkit.js';
import { expectInvalid, expectReader } from './support/expect-guarded.js';
import { startApi } from './support/protected-api.js';
import { describeServer } from './support/servers.js';
import { readJwt, withOtherEnd } from './support/tokens.js';

const INTROSPECTION = { clientId: API.id, clientSecret: API.secret };

/** An API with the preset and nothing besides. */
async function startPresetApi(server: DjangoOAuthToolkit, options: Partial<DjangoOAuthToolkitOptions> = {}) {
  const issuer = djangoOAuthToolkit({
    issuer: server.issuer,
    clientIds: [MACHINE.id, WEB.id, SPA.id],
    introspection: INTROSPECTION,
    ...options,
  });
  const api = await startApi({ issuer, audience: 'https://api.example.test' });
  onTestFinished(() => api.close());
  return api;
}

describeServer('Django OAuth Toolkit by its preset', DJANGO_OAUTH_TOOLKIT, () => {
  let opaque: DjangoOAuthToolkit;
  let jwt: DjangoOAuthToolkit;

  beforeAll(async () => {
    opaque = await DjangoOAuthToolkit.start();
    jwt = await DjangoOAuthToolkit.start({ jwt: true });
  });

  it('djangoOAuthToolkit: opaque tokens by client credentials, and by code and PKCE', async () => {
    const api = await startPresetApi(opaque);
    const { access_token: token } = await opaque.byCredentials(MACHINE);
    await expectReader(api, token, { issuer: opaque.issuer, clientId: MACHINE.id, scopes: ['read'] });
    const tokens = await opaque.byCode(SPA, { scope: 'openid read', nonce: 'n' });
    await expectReader(api, tokens.access_token, { clientId: SPA.id, claims: { username: 'alice' } });
    await expectInvalid(api, withOtherEnd(token), 'token_inactive');
    await expectInvalid(api, tokens.refresh_token as string, 'token_inactive');
    await expectInvalid(api, tokens.id_token as string, 'token_type_not_allowed');
    await expectInvalid(api, (await opaque.byCredentials(OTHER)).access_token, 'client_not_allowed');
  });

  it('djangoOAuthToolkit: JWTs by client credentials, and by code and PKCE, are verified and not introspected', async () => {
    const api = await startPresetApi(jwt);
    await expectReader(api, (await jwt.byCredentials(MACHINE)).access_token, { clientId: MACHINE.id });
    const tokens = await jwt.byCode(WEB, { scope: 'openid read', nonce: 'n' });
    await expectReader(api, tokens.access_token, { clientId: WEB.id, subject: '1' });
    await expectInvalid(api, tokens.id_token as string, 'token_type_not_allowed');
    expect(api.asked).toEqual(['GET /o/.well-known/openid-configuration/', 'GET /o/.well-known/jwks.json']);
    await expectInvalid(api, tokens.refresh_token as string, 'token_inactive');
    await expectInvalid(api, (await jwt.byCredentials(OTHER)).access_token, 'client_not_allowed');
  });

  it('djangoOAuthToolkit: JWTs without iss are introspected where that is asked for, and refused elsewhere', async () => {
    const nameless = await DjangoOAuthToolkit.start({ jwt: true, nameless: true });
    const { access_token: token } = await nameless.byCredentials(MACHINE);
    expect(readJwt(token).payload).not.toHaveProperty('iss');
    const api = await startPresetApi(nameless, { introspection: { ...INTROSPECTION, jwt: true } });
    await expectReader(api, token, { issuer: nameless.issuer, clientId: MACHINE.id, claims: { active: true } });
    const user = await nameless.byCode(SPA, { scope: 'read' });
    await expectReader(api, user.access_token, { claims: { username: 'alice' } });
    await expectInvalid(await startPresetApi(nameless), token, 'claim_missing');
  });

  it('djangoOAuthToolkit: naiveTimeZone, for a server that runs with USE_TZ=False', async () => {
    const west = await DjangoOAuthToolkit.start({ timeZone: 'America/New_York' });
    const { access_token: token } = await west.byCredentials(MACHINE);
    await expectReader(await startPresetApi(west, { naiveTimeZone: true }), token, { clientId: MACHINE.id });
    await expectInvalid(await startPresetApi(west), token, 'token_expired');
  });

  it('OpenID Connect Core §5.3: Django OAuth Toolkit: UserInfo for a JWT, whose sub it has', async () => {
    const api = await startPresetApi(jwt);
    const { access_token: token } = await jwt.byCode(WEB, { scope: 'openid read', nonce: 'n' });
    expect(await api.verifier.userInfo(await api.verifier.verify(token))).toEqual({ sub: '1' });
  });

  it('OpenID Connect Core §5.3.2: Django OAuth Toolkit: UserInfo for an opaque token, whose sub it says first', async () => {
    const api = await startPresetApi(opaque);
    const { access_token: token } = await opaque.byCode(WEB, { scope: 'openid read', nonce: 'n' });
    const accessToken = await api.verifier.verify(token);
    expect(accessToken.subject).toBeUndefined();
    expect(await api.verifier.userInfo(accessToken)).toEqual({ sub: '1' });
    const machine = await api.verifier.verify((await opaque.byCredentials(MACHINE)).access_token);
    await expect(api.verifier.userInfo(machine)).rejects.toMatchObject({
      status: expect.toSatisfy((status) => status !== 200),
    });
  });
});
