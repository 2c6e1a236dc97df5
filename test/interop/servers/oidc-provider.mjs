// oidc-provider as an authorization server. The resource that is asked for chooses the form of the access token.
// The first argument is JSON: { apiKey: the public JWK with which the client "api-key" signs its assertions }.
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';

const { apiKey } = JSON.parse(process.argv[2]);
const AUDIENCE = 'https://api.example.test';
const SECRET = Buffer.from('a secret that the server and the API share');
const OF_RSA = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const OF_CURVES = ['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];

const makeKey = async (alg) => {
  const { privateKey } = await generateKeyPair(alg, { extractable: true, modulusLength: 2048 });
  return { ...(await exportJWK(privateKey)), use: 'sig' };
};
const makeKeyOf = async (alg) => ({ ...(await makeKey(alg)), alg });
const encryption = await generateKeyPair('ECDH-ES+A256KW', { extractable: true });

const server = createServer().listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

const inForm = (accessTokenFormat, jwt, audience = AUDIENCE) => {
  const common = { scope: 'read write', audience, accessTokenTTL: 600, accessTokenFormat };
  return jwt === undefined ? common : { ...common, jwt };
};
const resources = {
  opaque: inForm('opaque'),
  'other-opaque': inForm('opaque', undefined, 'https://other.example.test'),
  'other-jwt': inForm('jwt', { sign: { alg: 'ES256' } }, 'https://other.example.test'),
  HS256: inForm('jwt', { sign: { alg: 'HS256', key: SECRET, kid: 'shared' } }),
  JWE: inForm('jwt', {
    sign: { alg: 'ES256' },
    encrypt: { alg: 'ECDH-ES+A256KW', enc: 'A256GCM', key: encryption.publicKey, kid: 'encryption' },
  }),
  ...Object.fromEntries([...OF_RSA, ...OF_CURVES].map((alg) => [alg, inForm('jwt', { sign: { alg } })])),
};

const ofMachine = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [] };
const ofPeople = {
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  redirect_uris: ['http://127.0.0.1/callback'],
  application_type: 'native',
};
const clients = [
  { client_id: 'machine', client_secret: 'machine-secret', ...ofMachine },
  { client_id: 'bound', client_secret: 'bound-secret', ...ofMachine, dpop_bound_access_tokens: true },
  { client_id: 'api', client_secret: 'api-secret', ...ofMachine },
  {
    client_id: 'api-post',
    client_secret: 'api-post-secret',
    ...ofMachine,
    token_endpoint_auth_method: 'client_secret_post',
  },
  {
    client_id: 'api-signed',
    client_secret: 'api-signed-secret',
    ...ofMachine,
    introspection_signed_response_alg: 'ES256',
  },
  { client_id: 'api-key', ...ofMachine, token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [apiKey] } },
  { client_id: 'web', client_secret: 'web-secret', ...ofPeople },
  { client_id: 'spa', ...ofPeople, token_endpoint_auth_method: 'none' },
];

const provider = new Provider(issuer, {
  clients,
  // One RSA key without alg is good for all algorithms of RSA.
  jwks: { keys: [await makeKey('RS256'), ...(await Promise.all(OF_CURVES.map(makeKeyOf)))] },
  cookies: { keys: ['a key for tests alone'] },
  scopes: ['openid', 'offline_access', 'profile', 'read', 'write'],
  claims: { profile: ['name'] },
  findAccount: (_, accountId) => ({
    accountId,
    claims: () => ({ sub: accountId, name: `${accountId} of Wonderland` }),
  }),
  pkce: { required: () => true },
  extraTokenClaims: (_, token) => (token.kind === 'AccessToken' ? { tenant: 'blue' } : undefined),
  ttl: { AccessToken: 600, ClientCredentials: 600, IdToken: 600, Interaction: 600, Session: 600, Grant: 600 },
  features: {
    devInteractions: { enabled: true },
    clientCredentials: { enabled: true },
    revocation: { enabled: true },
    introspection: { enabled: true, allowedPolicy: (_, client) => client.clientId.startsWith('api') },
    userinfo: { enabled: true },
    jwtIntrospection: { enabled: true },
    dPoP: { enabled: true },
    resourceIndicators: {
      enabled: true,
      useGrantedResource: () => true,
      getResourceServerInfo: (_, resource) => resources[new URL(resource).pathname.slice(1)],
    },
  },
});
server.on('request', provider.callback());
console.log(`listening on ${issuer}`);
