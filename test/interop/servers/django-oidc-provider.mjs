// A stand-in for Django OIDC Provider 0.8.3, which no registry has. It answers as the real one was seen to answer: same
// paths, members, headers and refusals. All state is in memory. Settings, beside those of `settings` below, are members of
// the first argument.
import { createServer } from 'node:http';
import { authorize, logIn } from './django-oidc-provider/authorize.mjs';
import { json, notAllowed, page } from './django-oidc-provider/http.mjs';
import { introspect, userInfo } from './django-oidc-provider/introspect.mjs';
import { createKeys } from './django-oidc-provider/keys.mjs';
import { issueTokens } from './django-oidc-provider/token.mjs';

const settings = {
  /** SITE_URL. Without it, the issuer follows the Host of whoever asks. */
  siteUrl: undefined,
  /** OIDC_INTROSPECTION_RESPONSE_SCOPE_ENABLE */
  responseScope: false,
  /** OIDC_INTROSPECTION_VALIDATE_AUDIENCE_SCOPE */
  validateAudienceScope: true,
  /** OIDC_TOKEN_EXPIRE, OIDC_IDTOKEN_EXPIRE */
  tokenExpire: 3600,
  idTokenExpire: 600,
  clients: [],
  ...JSON.parse(process.argv[2] ?? '{}'),
};

const ANYBODY = { 'Access-Control-Allow-Origin': '*' };
const RESPONSE_TYPES = ['code', 'id_token', 'id_token token', 'code token', 'code id_token', 'code id_token token'];

const keys = createKeys();
const clients = new Map(settings.clients.map((client) => [client.id, { scope: [], alg: 'RS256', ...client }]));
const state = { settings, keys, clients, tokens: new Map(), codes: new Map(), logins: new Map(), consents: new Map() };

/** Commands of the tests, which the real server does not have. Its admin can do all of it. */
const COMMANDS = {
  'create-key': () => keys.create(),
  'delete-oldest-key': () => keys.deleteOldest(),
  revoke: ({ token }) => state.tokens.delete(token),
  'delete-client': ({ client }) => clients.delete(client),
  expire: ({ token }) => {
    state.tokens.get(token).expiresAt = Date.now();
  },
};

function metadata(issuer) {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/userinfo`,
    end_session_endpoint: `${issuer}/end-session`,
    introspection_endpoint: `${issuer}/introspect`,
    response_types_supported: RESPONSE_TYPES,
    jwks_uri: `${issuer}/jwks`,
    id_token_signing_alg_values_supported: ['HS256', 'RS256'],
    subject_types_supported: ['public'],
    token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
  };
}

/** The protection of forms refuses a POST to what takes none. */
const document = (content) => (exchange) =>
  exchange.form === undefined
    ? json(exchange.res, content(exchange), { headers: ANYBODY })
    : page(exchange.res, 403, '<h1>Forbidden</h1>');
const formOnly = (answer) => (exchange) =>
  exchange.form === undefined ? notAllowed(exchange.res) : answer(state, exchange);

const ROUTES = {
  '/openid/.well-known/openid-configuration': document(({ issuer }) => metadata(issuer)),
  '/openid/jwks': document(() => ({ keys: keys.published() })),
  '/openid/authorize': (exchange) => authorize(state, exchange),
  '/openid/token': formOnly(issueTokens),
  '/openid/introspect': formOnly(introspect),
  '/openid/userinfo': (exchange) => userInfo(state, exchange),
  '/accounts/login': (exchange) => logIn(state, exchange),
};

const server = createServer(async (req, res) => {
  const url = new URL(req.url, 'http://localhost');
  const body = Buffer.concat(await req.toArray()).toString();
  const form = req.method === 'POST' ? new URLSearchParams(body) : undefined;
  const issuer = `${settings.siteUrl ?? `http://${req.headers.host}`}/openid`;

  const command = COMMANDS[url.pathname.replace('/test/', '')];
  if (command !== undefined && form !== undefined) {
    command(Object.fromEntries(form));
    return res.writeHead(204).end();
  }
  // Each path is there with a slash at its end and without. Neither redirects.
  const answer = ROUTES[url.pathname.replace(/\/$/, '')];
  if (answer === undefined) return page(res, 404, '<h1>Not Found</h1>');
  return answer({ req, res, url, form, issuer });
});

server.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
