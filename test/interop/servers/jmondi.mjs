// @jmondi/oauth2-server as an authorization server, in memory. It signs access tokens, refresh tokens and codes with one
// shared secret. The login names of people choose whether their id is a number or a text.
import { randomBytes } from 'node:crypto';
import { AuthorizationServer, DateInterval } from '@jmondi/oauth2-server';
import { handleExpressError, handleExpressResponse } from '@jmondi/oauth2-server/express';
import express from 'express';

const SECRET = 'a secret that the server and the API share';
const PEOPLE = { alice: { id: 'user-42' }, number: { id: 42 } };

const scopes = ['read', 'write'].map((name) => ({ name }));
const makeClient = (id, secret, allowedGrants) => {
  const redirectUris = ['http://127.0.0.1/callback'];
  return { id, name: id, secret, redirectUris, allowedGrants, scopes };
};
const clients = {
  machine: makeClient('machine', 'machine-secret', ['client_credentials']),
  other: makeClient('other', 'other-secret', ['client_credentials']),
  api: makeClient('api', 'api-secret', ['client_credentials']),
  web: makeClient('web', 'web-secret', ['authorization_code', 'refresh_token']),
  spa: makeClient('spa', undefined, ['authorization_code', 'refresh_token']),
};
const tokens = new Map();
const codes = new Map();
const newId = () => randomBytes(24).toString('base64url');

const clientRepository = {
  getByIdentifier: async (id) => clients[id],
  isClientValid: async (_, client, secret) => client.secret === undefined || client.secret === secret,
};
const tokenRepository = {
  issueToken: async (client, granted, user) => ({
    accessToken: newId(),
    accessTokenExpiresAt: new DateInterval('1h').getEndDate(),
    refreshToken: null,
    refreshTokenExpiresAt: null,
    client,
    user,
    scopes: granted,
  }),
  issueRefreshToken: async (token) => {
    token.refreshToken = newId();
    token.refreshTokenExpiresAt = new DateInterval('2h').getEndDate();
    return token;
  },
  persist: async (token) => {
    tokens.set(token.accessToken, token);
    if (token.refreshToken) tokens.set(token.refreshToken, token);
  },
  revoke: async (token) => {
    token.accessTokenExpiresAt = new Date(0);
  },
  isRefreshTokenRevoked: async () => false,
  getByRefreshToken: async (id) => tokens.get(id),
  getByAccessToken: async (id) => tokens.get(id),
};
const scopeRepository = {
  getAllByIdentifiers: async (names) => scopes.filter(({ name }) => names.includes(name)),
  finalize: async (granted) => granted,
};
const authCodeRepository = {
  getByIdentifier: async (code) => codes.get(code),
  issueAuthCode: (client, user, granted) => ({
    code: newId(),
    redirectUri: null,
    expiresAt: new DateInterval('15m').getEndDate(),
    client,
    user,
    scopes: granted,
  }),
  persist: async (code) => void codes.set(code.code, code),
  isRevoked: async (code) => Date.now() > codes.get(code).expiresAt,
  revoke: async (code) => {
    codes.get(code).expiresAt = new Date(0);
  },
};
const userRepository = {
  getUserByCredentials: async (id) => Object.values(PEOPLE).find((person) => person.id === id),
};

const app = express();
const http = app.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${http.address().port}`;
  const server = new AuthorizationServer(clientRepository, tokenRepository, scopeRepository, SECRET, {
    issuer,
    requiresPKCE: true,
    requiresS256: true,
  });
  server.enableGrantTypes(['client_credentials', new DateInterval('1h')], ['refresh_token', new DateInterval('1h')], {
    grant: 'authorization_code',
    authCodeRepository,
    userRepository,
  });
  const answer = (respond) => async (req, res) => {
    try {
      handleExpressResponse(res, await respond(req));
    } catch (error) {
      handleExpressError(error, res);
    }
  };
  app.use(express.urlencoded({ extended: false }));
  app.post(
    '/token',
    answer((req) => server.respondToAccessTokenRequest(req)),
  );
  app.post(
    '/introspect',
    answer((req) => server.introspect(req)),
  );
  app.get(
    '/authorize',
    answer(async (req) => {
      const authorization = await server.validateAuthorizationRequest(req);
      authorization.user = PEOPLE[req.query.login_hint];
      authorization.isAuthorizationApproved = true;
      return server.completeAuthorizationRequest(authorization);
    }),
  );
  console.log(`listening on ${issuer}`);
});
