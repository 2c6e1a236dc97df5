import { text } from 'node:stream/consumers';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { dex, hydra } from '../../src/presets/index.js';
import { covers } from '../support/covers.js';
import { LoopbackServer } from '../support/loopback-server.js';
import { expectInvalid, expectReader } from './support/expect-guarded.js';
import { startApi } from './support/protected-api.js';

const AUDIENCE = 'https://api.example.test';

/** What the server says of each token. */
const answers = new Map<string, object>();
let server: LoopbackServer;
let asked: { authorization: string | undefined; form: URLSearchParams }[];

beforeEach(async () => {
  answers.clear();
  asked = [];
  server = await LoopbackServer.start();
  server.answer = async (req, res) => {
    const form = new URLSearchParams(await text(req));
    asked.push({ authorization: req.headers.authorization, form });
    const answer = answers.get(form.get('token') ?? '') ?? { active: false };
    res.writeHead(200, { 'content-type': 'application/json;charset=UTF-8' }).end(JSON.stringify(answer));
  };
});

async function startWith(issuer: object) {
  const api = await startApi({ issuer: issuer as never, audience: AUDIENCE });
  onTestFinished(() => api.close());
  return api;
}

function times() {
  const now = Math.floor(Date.now() / 1000);
  return { exp: now + 3600, iat: now, nbf: now };
}

describe('answers of Ory Hydra, by their documented shape', () => {
  // ory.sh: introspectedOAuth2Token. token_use is access_token or refresh_token.
  const hydraAnswer = () => ({
    active: true,
    scope: 'openid read',
    client_id: 'web',
    sub: 'alice',
    ...times(),
    aud: [AUDIENCE],
    iss: `${server.origin}/`,
    token_type: 'Bearer',
    ext: { tenant: 'blue' },
  });
  const startHydra = () => startWith(hydra({ issuer: `${server.origin}/`, adminUrl: server.origin }));

  it('Ory Hydra: an opaque token is introspected at the admin API, without credentials', async () => {
    covers('J6');
    const api = await startHydra();
    answers.set('ory_at_1', hydraAnswer());
    await expectReader(api, 'ory_at_1', { subject: 'alice', clientId: 'web', scopes: ['openid', 'read'] });
    expect(asked).toMatchObject([{ authorization: undefined }]);
    expect(Object.fromEntries(asked[0]?.form ?? [])).toEqual({ token: 'ory_at_1', token_type_hint: 'access_token' });
    expect(server.paths).toEqual(['/admin/oauth2/introspect']);
    await expectInvalid(api, 'ory_at_2', 'token_inactive');
  });

  it('Ory Hydra: a refresh token is active, and refused by its token_use', async () => {
    const api = await startHydra();
    answers.set('ory_at_1', hydraAnswer());
    await expectReader(api, 'ory_at_1', { subject: 'alice' });
    answers.set('ory_rt_1', { ...hydraAnswer(), token_use: 'refresh_token' });
    await expectInvalid(api, 'ory_rt_1', 'token_type_not_allowed');
  });

  it('Ory Hydra: token_use access_token is an access token', async () => {
    answers.set('ory_at_1', { ...hydraAnswer(), token_use: 'access_token' });
    await expectReader(await startHydra(), 'ory_at_1', { subject: 'alice' });
  });
});

describe('answers of Dex, by their documented shape', () => {
  // dexidp/dex: introspectionhandler.go.
  const dexAnswer = () => ({
    active: true,
    scope: 'openid read',
    client_id: 'web',
    sub: 'CgVhbGljZRIFbG9jYWw',
    ...times(),
    aud: [AUDIENCE],
    iss: server.origin,
    token_type: 'Bearer',
  });
  const startDex = () =>
    startWith({
      ...dex({ issuer: server.origin }),
      introspection: { endpoint: `${server.origin}/token/introspect`, clientId: 'api', clientSecret: 'api-secret' },
    });

  it('Dex: an answer about a refresh token is refused by its token_use', async () => {
    const api = await startDex();
    answers.set('access', dexAnswer());
    await expectReader(api, 'access', { subject: 'CgVhbGljZRIFbG9jYWw', clientId: 'web' });
    answers.set('refresh', { ...dexAnswer(), token_use: 'refresh_token' });
    await expectInvalid(api, 'refresh', 'token_type_not_allowed');
    await expectInvalid(api, 'unknown', 'token_inactive');
  });

  it('Dex: token_use access_token is an access token', async () => {
    answers.set('access', { ...dexAnswer(), token_use: 'access_token' });
    await expectReader(await startDex(), 'access', { clientId: 'web' });
  });
});
