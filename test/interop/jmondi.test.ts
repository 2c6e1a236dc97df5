import { beforeAll, expect, it, onTestFinished } from 'vitest';
import type { VerifierOptions } from '../../src/index.js';
import { covers } from '../support/covers.js';
import {
  type AuthorizationCode,
  type ClientRegistration,
  type Fields,
  redeemCode,
  requestByCredentials,
  requestCode,
} from './support/client.js';
import { expectInvalid, expectReader } from './support/expect-guarded.js';
import { startApi } from './support/protected-api.js';
import { describeServer, npmPackage, startServer } from './support/servers.js';
import { readJwt, withClaims } from './support/tokens.js';

const SECRET = 'a secret that the server and the API share';
const AUDIENCE = 'https://api.example.test';
const MACHINE = { id: 'machine', secret: 'machine-secret' };
const OTHER = { id: 'other', secret: 'other-secret' };
const SPA = { id: 'spa' };
const WEB = { id: 'web', secret: 'web-secret' };

describeServer('@jmondi/oauth2-server', npmPackage('@jmondi/oauth2-server'), () => {
  let issuer: string;

  beforeAll(async () => {
    issuer = await startServer('jmondi.mjs');
  });

  const byCredentials = async (client: ClientRegistration, fields: Fields = {}) =>
    (await requestByCredentials(`${issuer}/token`, client, { scope: 'read', ...fields })).access_token;

  const getCode = (client: ClientRegistration, person: string) =>
    requestCode(`${issuer}/authorize`, client, { scope: 'read', login_hint: person });

  const redeem = (client: ClientRegistration, code: AuthorizationCode) =>
    redeemCode(`${issuer}/token`, client, code, { client_id: client.id });

  /** Most of its tokens name no audience, so that the clients are named. */
  async function startSecretApi(options: object = {}, verifierOptions: Partial<VerifierOptions> = {}) {
    const clientIds = [MACHINE.id, SPA.id, WEB.id];
    const api = await startApi({
      issuer: { issuer, secret: SECRET, algorithms: ['HS256'], audience: false, clientIds, ...options },
      audience: AUDIENCE,
      ...verifierOptions,
    });
    onTestFinished(() => api.close());
    return api;
  }

  it('@jmondi/oauth2-server: a client’s own token of HS256, whose client is cid', async () => {
    const api = await startSecretApi();
    const token = await byCredentials(MACHINE);
    expect(readJwt(token).header).toEqual({ alg: 'HS256', typ: 'JWT' });
    await expectReader(api, token, {
      issuer,
      clientId: MACHINE.id,
      subject: undefined,
      scopes: ['read'],
      audience: [],
      claims: { cid: MACHINE.id },
    });
    await expectInvalid(api, withClaims(token, { scope: 'read write' }), 'signature_invalid');
    await expectInvalid(api, await byCredentials(OTHER), 'client_not_allowed');
    expect(api.asked).toEqual([]);
  });

  it('@jmondi/oauth2-server: an audience that was asked for', async () => {
    const api = await startApi({ issuer: { issuer, secret: SECRET, algorithms: ['HS256'] }, audience: AUDIENCE });
    onTestFinished(() => api.close());
    await expectReader(api, await byCredentials(MACHINE, { audience: AUDIENCE }), { audience: [AUDIENCE] });
    const other = await byCredentials(MACHINE, { audience: 'https://other.example.test' });
    await expectInvalid(api, other, 'audience_mismatch');
    await expectInvalid(api, await byCredentials(MACHINE), 'audience_mismatch');
  });

  it('@jmondi/oauth2-server: a secret that comes from a function, and is replaced while old tokens are about', async () => {
    const token = await byCredentials(MACHINE);
    const young = 'the secret that will take the place of the old one';
    let secrets: string | readonly string[] = young;
    const api = await startSecretApi({ secret: async () => secrets });
    await expectInvalid(api, token, 'signature_invalid');
    secrets = [young, SECRET];
    await api.verifier.refresh();
    await expectReader(api, token, { clientId: MACHINE.id });
  });

  it.each([SPA, WEB])('@jmondi/oauth2-server: a user’s token by code and PKCE, of the client $id', async (client) => {
    const api = await startSecretApi();
    const tokens = await redeem(client, await getCode(client, 'alice'));
    await expectReader(api, tokens.access_token, { subject: 'user-42', clientId: client.id, scopes: ['read'] });
  });

  it('@jmondi/oauth2-server: a subject that is a number is refused, as RFC 7519 §4.1.2 wants a string', async () => {
    covers('D14');
    const api = await startSecretApi();
    const person = await redeem(SPA, await getCode(SPA, 'alice'));
    await expectReader(api, person.access_token, { subject: 'user-42' });
    const numbered = await redeem(SPA, await getCode(SPA, 'number'));
    expect(readJwt(numbered.access_token).payload['sub']).toBe(42);
    await expectInvalid(api, numbered.access_token, 'claim_malformed');
    expect(api.detail).toBe('sub');
  });

  it('@jmondi/oauth2-server: codes and refresh tokens are signed with the same secret, and are refused', async () => {
    const api = await startSecretApi();
    const code = await getCode(SPA, 'alice');
    const tokens = await redeem(SPA, code);
    await expectReader(api, tokens.access_token, { subject: 'user-42' });
    for (const token of [code.code, tokens.refresh_token as string]) {
      expect(readJwt(token).header).toMatchObject({ alg: 'HS256' });
      expect(readJwt(token).payload).not.toHaveProperty('iss');
      await expectInvalid(api, token, 'claim_missing');
      expect(api.detail).toBe('iss');
    }
  });

  it('@jmondi/oauth2-server: its JWTs are introspected where that is asked for, with token_type access_token', async () => {
    const introspection = {
      endpoint: `${issuer}/introspect`,
      clientId: 'api',
      clientSecret: 'api-secret',
      jwt: true,
    };
    const api = await startSecretApi({ introspection });
    const token = await byCredentials(MACHINE);
    await expectReader(api, token, { clientId: MACHINE.id, claims: { token_type: 'access_token' } });
    expect(api.asked).toEqual(['POST /introspect']);
    await expectInvalid(api, withClaims(token, { scope: 'read write' }), 'token_inactive');
    const code = await getCode(SPA, 'alice');
    const { refresh_token: refreshToken } = await redeem(SPA, code);
    for (const other of [code.code, refreshToken as string]) await expectInvalid(api, other, 'token_inactive');
  });
});
