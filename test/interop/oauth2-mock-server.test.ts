import { beforeAll, expect, it, onTestFinished } from 'vitest';
import type { VerifierOptions } from '../../src/index.js';
import { covers } from '../support/covers.js';
import { type Fields, redeemCode, requestByCredentials, requestCode } from './support/client.js';
import { expectInvalid, expectReader } from './support/expect-guarded.js';
import { startApi } from './support/protected-api.js';
import { describeServer, npmPackage, startServer } from './support/servers.js';
import { readJwt, withClaims } from './support/tokens.js';

const AUDIENCE = 'https://api.example.test';
const CLIENT = { id: 'web', secret: 'any' };
const CLAIMS = { aud: AUDIENCE, client_id: CLIENT.id };

describeServer('oauth2-mock-server', npmPackage('oauth2-mock-server'), () => {
  let issuer: string;

  beforeAll(async () => {
    issuer = await startServer('oauth2-mock-server.mjs');
  });

  const withTokenClaims = (claims: object): Fields => ({ claims: JSON.stringify(claims) });

  const byCredentials = async (claims: object) =>
    (await requestByCredentials(`${issuer}/token`, CLIENT, { scope: 'read', ...withTokenClaims(claims) })).access_token;

  async function byCode(claims: object) {
    const code = await requestCode(`${issuer}/authorize`, CLIENT, { scope: 'openid read', nonce: 'n' });
    return redeemCode(`${issuer}/token`, CLIENT, code, { ...withTokenClaims(claims), scope: 'openid read' });
  }

  async function startMockApi(options: Partial<VerifierOptions> = {}) {
    const api = await startApi({ issuer, audience: AUDIENCE, ...options });
    onTestFinished(() => api.close());
    return api;
  }

  it('oauth2-mock-server: its keys take turns, and each is found by its kid in one key set', async () => {
    const api = await startMockApi();
    const algorithms = new Set<unknown>();
    for (const turn of ['first', 'second', 'third']) {
      const token = await byCredentials({ ...CLAIMS, turn });
      algorithms.add(readJwt(token).header['alg']);
      await expectReader(api, token, { issuer, clientId: CLIENT.id, scopes: ['read'], claims: { turn } });
      await expectInvalid(api, withClaims(token, { scope: 'read write' }), 'signature_invalid');
    }
    expect(algorithms).toEqual(new Set(['RS256', 'ES256', 'EdDSA']));
    expect(api.asked).toEqual(['GET /.well-known/openid-configuration', 'GET /jwks']);
  });

  it('oauth2-mock-server: a user’s token by code and PKCE', async () => {
    const api = await startMockApi();
    const { access_token: token } = await byCode(CLAIMS);
    await expectReader(api, token, { subject: 'johndoe', clientId: CLIENT.id, audience: [AUDIENCE] });
  });

  it('RFC 8725 §3.12: oauth2-mock-server: the ID and the refresh token of a login open nothing', async () => {
    const api = await startMockApi({ issuer: { issuer, audience: false, clientIds: [CLIENT.id] } });
    const tokens = await byCode({ client_id: CLIENT.id });
    await expectReader(api, tokens.access_token, { clientId: CLIENT.id, audience: [] });
    // Its ID tokens name a scope, beside which a nonce says nothing. It is none that a route here wants.
    const refused = { status: 403, reason: 'scope_insufficient', seen: undefined };
    expect(await api.get('/read', tokens.id_token as string)).toEqual(refused);
    await expectInvalid(api, tokens.refresh_token as string, 'token_opaque');
  });

  it('RFC 9700 §2.3: oauth2-mock-server: a token for another audience, and one for none, are refused', async () => {
    const api = await startMockApi();
    await expectReader(api, await byCredentials(CLAIMS), {});
    const other = await byCredentials({ ...CLAIMS, aud: 'https://other.example.test' });
    await expectInvalid(api, other, 'audience_mismatch');
    await expectInvalid(api, await byCredentials({ client_id: CLIENT.id }), 'audience_mismatch');
  });

  it('RFC 7519 §4.1.4: oauth2-mock-server: a token that is over is refused', async () => {
    const api = await startMockApi();
    const now = Math.floor(Date.now() / 1000);
    await expectReader(api, await byCredentials({ ...CLAIMS, exp: now + 60 }), {});
    await expectInvalid(api, await byCredentials({ ...CLAIMS, exp: now - 60 }), 'token_expired');
  });

  it('oauth2-mock-server: it says active to any text and nothing else, which opens nothing', async () => {
    covers('J6');
    const introspection = { clientId: 'api', clientSecret: 'any' };
    const byAudience = await startMockApi({ issuer: { issuer, introspection } });
    await expectReader(byAudience, await byCredentials(CLAIMS), {});
    await expectInvalid(byAudience, 'made-up', 'audience_mismatch');
    expect(byAudience.asked.at(-1)).toBe('POST /introspect');
    const byClient = await startMockApi({ issuer: { issuer, introspection, audience: false, clientIds: [CLIENT.id] } });
    await expectReader(byClient, await byCredentials(CLAIMS), {});
    await expectInvalid(byClient, 'made-up', 'client_not_allowed');
  });
});
