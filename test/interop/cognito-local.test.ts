import { beforeAll, expect, it, onTestFinished } from 'vitest';
import type { VerifierOptions } from '../../src/index.js';
import { REDIRECT_URI, redeemCode, requestCode, type Tokens } from './support/client.js';
import { expectInvalid, expectReader, expectUnavailable } from './support/expect-guarded.js';
import { startApi } from './support/protected-api.js';
import { describeServer, npmPackage, startServer } from './support/servers.js';
import { readJwt, withClaims } from './support/tokens.js';

type Answer = Readonly<Record<string, Readonly<Record<string, string>>>>;

const ALICE = { Username: 'alice', Password: 'Wonder-1land' };

/** A user pool with one client and one person, who is in the group `read`. */
interface Pool {
  readonly id: string;
  readonly issuer: string;
  readonly client: string;
}

describeServer('cognito-local', npmPackage('cognito-local'), () => {
  const audience = 'https://api.example.test';
  let origin: string;
  let pool: Pool;

  beforeAll(async () => {
    origin = await startServer('cognito-local.mjs');
    pool = await createPool();
  });

  async function call(action: string, body: object): Promise<Answer> {
    const headers = {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `AWSCognitoIdentityProviderService.${action}`,
    };
    const response = await fetch(origin, { method: 'POST', headers, body: JSON.stringify(body) });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${action} was answered with ${response.status}: ${text}`);
    return text === '' ? {} : JSON.parse(text);
  }

  async function createPool(): Promise<Pool> {
    const id = (await call('CreateUserPool', { PoolName: 'pool' }))['UserPool']?.['Id'] as string;
    const UserPoolId = id;
    const client = await createClient(id);
    await call('AdminCreateUser', { UserPoolId, Username: ALICE.Username, MessageAction: 'SUPPRESS' });
    await call('AdminSetUserPassword', { UserPoolId, ...ALICE, Permanent: true });
    await call('CreateGroup', { UserPoolId, GroupName: 'read' });
    await call('AdminAddUserToGroup', { UserPoolId, Username: ALICE.Username, GroupName: 'read' });
    return { id, issuer: `${origin}/${id}`, client };
  }

  async function createClient(pool: string): Promise<string> {
    const answer = await call('CreateUserPoolClient', {
      UserPoolId: pool,
      ClientName: 'web',
      CallbackURLs: [REDIRECT_URI],
      ExplicitAuthFlows: ['ALLOW_USER_PASSWORD_AUTH'],
    });
    return answer['UserPoolClient']?.['ClientId'] as string;
  }

  async function byCode(id: string): Promise<Tokens> {
    const answers = { username: ALICE.Username, password: ALICE.Password };
    const code = await requestCode(`${origin}/oauth2/authorize`, { id }, { scope: 'openid' }, answers);
    return redeemCode(`${origin}/oauth2/token`, { id }, code);
  }

  /** Its tokens name no audience. Groups stand for scopes: those that are asked for are left out. */
  async function startPoolApi({ issuer, client }: Pool, options: Partial<VerifierOptions> = {}) {
    const jwksUri = `${issuer}/.well-known/jwks.json`;
    const scopesFrom = ['scope', 'cognito:groups'];
    const clientIds = [client];
    const api = await startApi({
      issuer: { issuer, jwksUri, audience: false, clientIds, scopesFrom },
      audience,
      ...options,
    });
    onTestFinished(() => api.close());
    return api;
  }

  it('cognito-local: a user’s token by code and PKCE, which names a client and no audience', async () => {
    const api = await startPoolApi(pool);
    const { access_token: token } = await byCode(pool.client);
    expect(readJwt(token).payload).not.toHaveProperty('aud');
    await expectReader(api, token, {
      issuer: pool.issuer,
      subject: expect.any(String),
      clientId: pool.client,
      audience: [],
      scopes: ['aws.cognito.signin.user.admin', 'read'],
      claims: { token_use: 'access', username: 'alice', 'cognito:groups': ['read'] },
    });
    await expectInvalid(api, withClaims(token, { 'cognito:groups': ['read', 'write'] }), 'signature_invalid');
    expect(api.asked).toEqual([`GET /${pool.id}/.well-known/jwks.json`]);
  });

  it('cognito-local: a user’s token by name and password', async () => {
    const api = await startPoolApi(pool);
    const answer = await call('InitiateAuth', {
      AuthFlow: 'USER_PASSWORD_AUTH',
      ClientId: pool.client,
      AuthParameters: { USERNAME: ALICE.Username, PASSWORD: ALICE.Password },
    });
    const token = answer['AuthenticationResult']?.['AccessToken'] as string;
    await expectReader(api, token, { clientId: pool.client, claims: { username: 'alice' } });
  });

  it('RFC 8725 §3.12: cognito-local: the ID and the refresh token of a login have the same key, and are refused', async () => {
    const api = await startPoolApi(pool);
    const tokens = await byCode(pool.client);
    await expectReader(api, tokens.access_token, {});
    await expectInvalid(api, tokens.id_token as string, 'token_type_not_allowed');
    expect(api.detail).toContain('token_use');
    const refreshToken = tokens.refresh_token as string;
    expect(readJwt(refreshToken).payload).toMatchObject({ iss: pool.issuer, exp: expect.any(Number) });
    await expectInvalid(api, refreshToken, 'client_not_allowed');
  });

  it('cognito-local: a token for another client of the pool is refused', async () => {
    const api = await startPoolApi(pool);
    await expectReader(api, (await byCode(pool.client)).access_token, {});
    const other = await createClient(pool.id);
    await expectInvalid(api, (await byCode(other)).access_token, 'client_not_allowed');
  });

  it('cognito-local: a token of another pool is refused, though both sign with one key', async () => {
    const other = await createPool();
    const token = (await byCode(other.client)).access_token;
    await expectReader(await startPoolApi(other), token, { issuer: other.issuer });
    const api = await startPoolApi(pool);
    await expectInvalid(api, token, 'issuer_not_trusted');
    expect(api.asked).toEqual([]);
  });

  it('cognito-local: where an audience is asked for, there is none', async () => {
    const { issuer } = pool;
    const { access_token: token } = await byCode(pool.client);
    await expectReader(await startPoolApi(pool), token, {});
    const jwksUri = `${issuer}/.well-known/jwks.json`;
    await expectInvalid(await startPoolApi(pool, { issuer: { issuer, jwksUri } }), token, 'audience_mismatch');
  });

  it('RFC 8414 §3.3: cognito-local: metadata that names another issuer is not used, so that jwksUri is given', async () => {
    const { issuer, client } = pool;
    const { access_token: token } = await byCode(client);
    await expectReader(await startPoolApi(pool), token, {});
    const api = await startPoolApi(pool, { issuer: { issuer, audience: false, clientIds: [client] } });
    await expectUnavailable(api, token, 'metadata_unavailable');
    expect(api.detail).toContain('http://localhost:9229');
  });
});
