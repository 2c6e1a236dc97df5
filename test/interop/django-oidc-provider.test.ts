import { beforeAll, expect, it, onTestFinished } from 'vitest';
import type { IssuerOptions } from '../../src/index.js';
import { type DjangoOidcProviderOptions, djangoOidcProvider } from '../../src/presets/index.js';
import { covers } from '../support/covers.js';
import {
  API,
  DjangoOidcProvider,
  HMAC,
  HYBRID,
  MACHINE,
  ODD,
  OPEN,
  OTHER,
  SPA,
  STRANGER,
  WEB,
} from './support/django-oidc-provider.js';
import { expectInvalid, expectReader, expectUnavailable } from './support/expect-guarded.js';
import { startApi } from './support/protected-api.js';
import { describeServer } from './support/servers.js';
import { readJwt } from './support/tokens.js';

const AUDIENCE = 'https://api.example.test';
const CREDENTIALS = { clientId: API.id, clientSecret: API.secret };
const IS_HERE = { isHere: true, needs: 'nothing' };

function presetOf(server: DjangoOidcProvider, changes: Partial<DjangoOidcProviderOptions> = {}) {
  const clientIds = [WEB.id, SPA.id, HMAC.id, HYBRID.id, MACHINE.id];
  return djangoOidcProvider({ issuer: server.issuer, introspection: CREDENTIALS, clientIds, ...changes });
}

async function startWith(issuer: IssuerOptions) {
  const api = await startApi({ issuer, audience: AUDIENCE });
  onTestFinished(() => api.close());
  return api;
}

const startPresetApi = (server: DjangoOidcProvider, introspection: object = {}) =>
  startWith(presetOf(server, { introspection: { ...CREDENTIALS, ...introspection } }));

describeServer('Django OIDC Provider', IS_HERE, () => {
  let server: DjangoOidcProvider;
  beforeAll(async () => {
    server = await DjangoOidcProvider.start();
  });

  it('Django OIDC Provider: tokens of people, of machines and of public clients, each by one question', async () => {
    covers('J6');
    const api = await startPresetApi(server);
    const { access_token: token } = await server.byCode(WEB);
    expect(token).toMatch(/^[0-9a-f]{32}$/);
    await expectReader(api, token, { issuer: server.issuer, subject: '2', clientId: WEB.id, audience: [WEB.id] });
    expect(api.asked).toEqual(['POST /openid/introspect']);

    await expectReader(api, (await server.byCode(SPA)).access_token, { subject: '2', clientId: SPA.id });
    const machine = await server.byCredentials(MACHINE);
    await expectReader(api, machine.access_token, { subject: undefined, clientId: MACHINE.id, audience: [] });
    const nameless = await server.byCode(WEB, 'read');
    await expectReader(api, nameless.access_token, { subject: undefined, clientId: WEB.id });
    await expectInvalid(api, (await server.byCredentials(OTHER)).access_token, 'client_not_allowed');
  });

  it('Django OIDC Provider: goes on after ten minutes, when the ID token beside the token has ended', async () => {
    const api = await startPresetApi(server);
    const { access_token: token } = await server.byCode(WEB);
    await expectReader(api, token, { subject: '2' });
    api.advance(700);
    await expectReader(api, token, { subject: '2' });
    expect(api.asked).toHaveLength(2);

    const strict = await startPresetApi(server, { ignoreExp: false });
    await expectReader(strict, token, { subject: '2' });
    strict.advance(700);
    await expectInvalid(strict, token, 'token_expired');
    expect(strict.detail).toMatch(/called it active.*ignoreExp/);
  });

  it('RFC 8725 §3.12: Django OIDC Provider: ID tokens are refused, and nobody is asked', async () => {
    covers('G1');
    const api = await startPresetApi(server);
    const { access_token: token, id_token: plain } = await server.byCode(WEB);
    await expectReader(api, token, { subject: '2' });
    const asked = api.asked.length;
    const { id_token: marked } = await server.byCode(WEB, 'openid read', { nonce: 'n' });
    const { id_token: unmarked } = await server.byFragment(HYBRID, 'code id_token');
    expect(Object.keys(readJwt(unmarked as string).payload)).toEqual(['iss', 'sub', 'aud', 'exp', 'iat', 'auth_time']);
    for (const idToken of [plain, marked, unmarked]) {
      await expectInvalid(api, idToken as string, 'token_type_not_allowed');
      expect(api.detail).toBe('typ undefined');
    }
    await expectInvalid(api, (await server.byCode(HMAC)).id_token as string, 'algorithm_not_allowed');
    const { id_token: empty } = await server.byCode(WEB, 'read');
    expect(readJwt(empty as string).payload).toEqual({});
    await expectInvalid(api, empty as string, 'claim_missing');
    expect(api.detail).toBe('iss');
    expect(api.asked).toHaveLength(asked);
  });

  it('Django OIDC Provider: what is no access token, or none any more, is not active', async () => {
    const api = await startPresetApi(server);
    const tokens = await server.byCode(WEB);
    await expectReader(api, tokens.access_token, { subject: '2' });
    await expectInvalid(api, tokens.refresh_token as string, 'token_inactive');
    await expectInvalid(api, tokens.access_token.toUpperCase(), 'token_inactive');
    await expectInvalid(api, '0'.repeat(32), 'token_inactive');

    const expired = await server.byCode(WEB);
    await server.command('expire', { token: expired.access_token });
    await expectInvalid(api, expired.access_token, 'token_inactive');
    const revoked = await server.byCode(WEB);
    await server.command('revoke', { token: revoked.access_token });
    await expectInvalid(api, revoked.access_token, 'token_inactive');
  });

  it('Django OIDC Provider: the tokens of a client end with it', async () => {
    const own = await DjangoOidcProvider.start();
    const { access_token: token } = await own.byCredentials(MACHINE);
    await expectReader(await startPresetApi(own), token, { clientId: MACHINE.id });
    await own.command('delete-client', { client: MACHINE.id });
    await expectInvalid(await startPresetApi(own), token, 'token_inactive');
  });

  it('RFC 7662 §4: Django OIDC Provider: a token ends with its refresh, and here up to a minute later', async () => {
    covers('J9');
    const api = await startPresetApi(server);
    const old = await server.byCode(WEB);
    await expectReader(api, old.access_token, { subject: '2' });
    const { access_token: renewed } = await server.refresh(WEB, old.refresh_token as string);
    await expectReader(api, old.access_token, { subject: '2' });
    await expectReader(api, renewed, { subject: '2' });
    api.advance(61);
    await expectInvalid(api, old.access_token, 'token_inactive');
  });

  it.each([
    ['a wrong secret', { clientSecret: 'wrong' }],
    ['an unknown client', { clientId: 'nobody' }],
    ['a client without token_introspection', { clientId: STRANGER.id, clientSecret: STRANGER.secret }],
  ])('Django OIDC Provider: %s looks like dead tokens, and status tells', async (_, wrong) => {
    const api = await startPresetApi(server, wrong);
    const { access_token: token } = await server.byCode(WEB);
    await expectReader(await startPresetApi(server), token, { subject: '2' });
    await expectInvalid(api, token, 'token_inactive');
    expect(api.verifier.status().issuers[0]?.introspection).toMatchObject({
      active: 0,
      inactive: 1,
      lastError: undefined,
    });
  });

  it('RFC 6749 §2.3.1: Django OIDC Provider: a secret goes in the form, since Basic is not decoded there', async () => {
    const odd = { clientId: ODD.id, clientSecret: ODD.secret };
    const { access_token: token } = await server.byCode(WEB);
    await expectReader(await startPresetApi(server, odd), token, { subject: '2' });
    const basic = await startPresetApi(server, { ...odd, authMethod: 'client_secret_basic' });
    await expectInvalid(basic, token, 'token_inactive');
  });

  it('OpenID Connect Core §5.3: Django OIDC Provider: UserInfo of a person, and of nobody', async () => {
    const api = await startPresetApi(server);
    const infoOf = async (token: string) => api.verifier.userInfo(await api.verifier.verify(token));
    const { access_token: token } = await server.byCode(WEB, 'openid email read');
    const person = { sub: '2', email: 'alice@example.com', email_verified: true };
    expect(await infoOf(token)).toEqual(person);
    const accessToken = await api.verifier.verify(token);
    await server.command('revoke', { token });
    api.advance(301);
    await expect(api.verifier.userInfo(accessToken)).rejects.toMatchObject({ reason: 'token_inactive' });

    for (const other of [await server.byCredentials(MACHINE), await server.byCode(WEB, 'read')]) {
      await expect(infoOf(other.access_token)).rejects.toMatchObject({ status: 403, reason: 'userinfo_refused' });
    }
  });
});

describeServer('Django OIDC Provider, set up otherwise', IS_HERE, () => {
  it('Django OIDC Provider: without RESPONSE_SCOPE_ENABLE no token has scopes, and the detail says so', async () => {
    const server = await DjangoOidcProvider.start({ ...OPEN, responseScope: false });
    const api = await startPresetApi(server);
    const { access_token: token } = await server.byCode(WEB);
    expect(await api.get('/read', token)).toMatchObject({ status: 403, reason: 'scope_insufficient' });
    expect(api.detail).toMatch(/no scope was granted/);
    expect((await api.verifier.verify(token)).subject).toBe('2');
  });

  it('Django OIDC Provider: with VALIDATE_AUDIENCE_SCOPE it tells of the clients in the scopes of the API alone', async () => {
    const server = await DjangoOidcProvider.start({ responseScope: true });
    const api = await startPresetApi(server);
    await expectReader(api, (await server.byCode(WEB)).access_token, { clientId: WEB.id });
    await expectInvalid(api, (await server.byCode(HMAC)).access_token, 'token_inactive');
    await expectInvalid(api, (await server.byCode(WEB, 'read')).access_token, 'token_inactive');
    await expectInvalid(api, (await server.byCredentials(MACHINE)).access_token, 'token_inactive');
  });

  it('Django OIDC Provider: without SITE_URL a token of another host name is of another issuer', async () => {
    const server = await DjangoOidcProvider.start();
    const alias = new URL(server.issuer);
    alias.hostname = 'localhost';
    const { access_token: token } = await server.byCode(WEB);
    const endpoint = `${server.issuer}/introspect`;
    await expectReader(await startPresetApi(server), token, { issuer: server.issuer });
    const other = presetOf(server, { issuer: alias.href, introspection: { ...CREDENTIALS, endpoint } });
    await expectInvalid(await startWith(other), token, 'issuer_not_trusted');
  });

  it('Django OIDC Provider: beside an issuer of JWTs; a server that is gone is nobody’s fault', async () => {
    const server = await DjangoOidcProvider.start();
    const { access_token: token, id_token: idToken } = await server.byCode(WEB);
    const gone = { endpoint: 'http://127.0.0.1:9/openid/introspect' };
    const api = await startPresetApi(server, gone);
    await expectUnavailable(api, token, 'introspection_unavailable');
    await expectInvalid(api, idToken as string, 'token_type_not_allowed');
    await expectReader(await startPresetApi(server), token, { subject: '2' });
  });

  it('Django OIDC Provider: keys change, and opaque tokens do not notice', async () => {
    const server = await DjangoOidcProvider.start();
    const api = await startPresetApi(server);
    const { access_token: token } = await server.byCode(WEB);
    await server.command('create-key');
    await expectReader(api, token, { subject: '2' });
    await server.command('delete-oldest-key');
    api.advance(61);
    await expectReader(api, token, { subject: '2' });
    expect(api.asked).toEqual(['POST /openid/introspect', 'POST /openid/introspect']);
  });

  it('RFC 8725 §3.12: Django OIDC Provider: an ID token without any mark, where the audience is a client', async () => {
    covers('G1');
    const server = await DjangoOidcProvider.start();
    const { id_token: idToken } = await server.byFragment(HYBRID, 'code id_token');
    const introspection = { ...CREDENTIALS, authMethod: 'client_secret_post' as const };
    const api = await startWith({ issuer: server.issuer, audience: HYBRID.id, introspection });
    await expectInvalid(api, idToken as string, 'token_type_not_allowed');
    expect(api.detail).toMatch(/^auth_time and no client, scope or role/);
    const { access_token: token } = await server.byFragment(HYBRID, 'id_token token', { nonce: 'n' });
    const own = await startApi({ issuer: { issuer: server.issuer, introspection }, audience: HYBRID.id });
    onTestFinished(() => own.close());
    await expectReader(own, token as string, { audience: [HYBRID.id] });
  });
});

describeServer('the stand-in for Django OIDC Provider', IS_HERE, () => {
  let server: DjangoOidcProvider;
  beforeAll(async () => {
    server = await DjangoOidcProvider.start({ responseScope: true, siteUrl: 'https://login.example.com' });
  });

  it.each(['', '/'])('serves its documents as the real server, with the end "%s"', async (end) => {
    const metadata = await fetch(`${server.issuer}/.well-known/openid-configuration${end}`);
    expect(metadata.headers.get('cache-control')).toBe(null);
    expect(metadata.headers.get('access-control-allow-origin')).toBe('*');
    const text = await metadata.text();
    expect(text).toMatch(/^\{"issuer": "https:\/\/login\.example\.com\/openid", /);
    expect(JSON.parse(text)).not.toHaveProperty('revocation_endpoint');
    const jwks = await fetch(`${server.issuer}/jwks${end}`);
    expect(await jwks.json()).toEqual({
      keys: [
        {
          kty: 'RSA',
          alg: 'RS256',
          use: 'sig',
          kid: expect.stringMatching(/^[0-9a-f]{32}$/),
          n: expect.any(String),
          e: 'AQAB',
        },
      ],
    });
    const introspect = await fetch(`${server.issuer}/introspect${end}`);
    expect([introspect.status, introspect.headers.get('allow')]).toEqual([405, 'POST, OPTIONS']);
  });

  it('answers for tokens and persons as the real server', async () => {
    const tokens = await server.byCode(WEB, 'openid anything:at_all', { nonce: 'n1' });
    expect(Object.keys(tokens)).toEqual(['access_token', 'refresh_token', 'token_type', 'expires_in', 'id_token']);
    const { header, payload } = readJwt(tokens.id_token as string);
    expect(Object.keys(header)).toEqual(['alg', 'kid']);
    expect(Object.keys(payload)).toEqual(['iss', 'sub', 'aud', 'exp', 'iat', 'auth_time', 'nonce', 'at_hash']);
    const answer = await (await server.introspect(API, tokens.access_token)).text();
    const iat = payload['iat'] as number;
    expect(answer).toBe(
      `{"aud": "480546", "sub": "2", "exp": ${iat + 600}, "iat": ${iat}, "iss": "https://login.example.com/openid", ` +
        '"active": true, "client_id": "480546", "scope": "openid anything:at_all"}',
    );
    const wrong = await server.introspect({ id: API.id, secret: 'wrong' }, tokens.access_token);
    expect([wrong.status, await wrong.text()]).toEqual([200, '{"active": false}']);

    const asked = await fetch(`${server.issuer}/userinfo`, { headers: { authorization: 'BEARER x' } });
    expect(asked.status).toBe(401);
    expect(asked.headers.get('www-authenticate')).toMatch(/^error="invalid_token", error_description="/);
    const machine = await server.byCredentials(MACHINE);
    expect(machine).toMatchObject({ token_type: 'bearer', scope: 'read', expires_in: 3600 });
    expect(machine).not.toHaveProperty('refresh_token');
  });
});
