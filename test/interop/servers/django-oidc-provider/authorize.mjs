import { randomBytes } from 'node:crypto';
import { page, redirect } from './http.mjs';
import { createIdToken, createUserToken } from './token.mjs';

const PERSON = { username: 'alice', password: 'wonderland' };
const CSRF = 'a-token-for-forms';
const CSRF_FIELD = `<input type="hidden" name="csrfmiddlewaretoken" value="${CSRF}">`;
const CARRIED = [
  'client_id',
  'redirect_uri',
  'response_type',
  'scope',
  'state',
  'nonce',
  'code_challenge',
  'code_challenge_method',
];
const OTHERWISE = 'The request is otherwise malformed';

/** Django's login form. */
export function logIn({ logins }, { res, url, form }) {
  const next = form?.get('next') ?? url.searchParams.get('next') ?? '';
  if (form?.get('username') === PERSON.username && form.get('password') === PERSON.password) {
    const id = randomBytes(16).toString('hex');
    logins.set(id, { authTime: Math.floor(Date.now() / 1000) });
    return redirect(res, next, { 'Set-Cookie': `sessionid=${id}; HttpOnly; Path=/; SameSite=Lax` });
  }
  const fields = `<input name="username"><input type="password" name="password">${hidden('next', next)}`;
  return page(res, 200, `<form method="post">${CSRF_FIELD}${fields}<button>Log in</button></form>`);
}

/**
 * The authorization endpoint. Whatever scope was asked for is granted: those that a client is registered with are not
 * looked at here.
 */
export function authorize(state, { req, res, url, form, issuer }) {
  const query = Object.fromEntries(form ?? url.searchParams);
  const client = state.clients.get(query.client_id);
  if (client === undefined) return page(res, 200, '<h3>Client ID Error</h3>');
  if (!client.redirectUris?.includes(query.redirect_uri)) return page(res, 200, '<h3>Redirect URI Error</h3>');

  const problem = findProblem(query, client);
  if (problem !== undefined) return goBack(res, query, { error: 'invalid_request', error_description: problem });
  const login = state.logins.get(/(?:^|; )sessionid=([^;]+)/.exec(req.headers.cookie ?? '')?.[1]);
  if (login === undefined) {
    return redirect(res, `/accounts/login/?next=${encodeURIComponent(url.pathname + url.search)}`);
  }

  const scope = (query.scope ?? '').split(/\s+/).filter((name) => name !== '');
  if (form === undefined && !isConsented(state, client, scope)) return page(res, 200, consentForm(query));
  if (form !== undefined && !form.has('allow')) return goBack(res, query, { error: 'access_denied' });
  state.consents.set(client.id, scope);
  return goBack(res, query, respond(state, { client, scope, query, issuer, ...login }));
}

function findProblem({ scope = '', response_type: type, nonce, code_challenge: challenge, ...query }, client) {
  const isImplicit = !type?.split(' ').includes('code');
  if (scope.split(' ').includes('openid')) {
    if (isImplicit && !nonce) return OTHERWISE;
    if (!(client.responseTypes ?? ['code']).includes(type)) return OTHERWISE;
  }
  return challenge && !['plain', 'S256'].includes(query.code_challenge_method) ? OTHERWISE : undefined;
}

/** A consent is remembered for confidential clients. Public ones are asked for it each time. */
function isConsented({ consents }, client, scope) {
  const known = client.secret === undefined ? undefined : consents.get(client.id);
  return known !== undefined && scope.every((name) => known.includes(name));
}

function respond(state, { client, scope, query, issuer, authTime }) {
  const types = query.response_type.split(' ');
  const { nonce, code_challenge: challenge, code_challenge_method: method } = query;
  const members = {};
  if (types.includes('code')) {
    members.code = randomBytes(16).toString('hex');
    state.codes.set(members.code, { clientId: client.id, scope, nonce, challenge, method, authTime });
  }
  if (types.length === 1 && types[0] === 'code') return members;

  const token = createUserToken(state, { client, scope, issuer, nonce, authTime });
  const hasHash = types.includes('token');
  if (scope.includes('openid')) token.idToken = createIdToken(state, token, { issuer, nonce, authTime, hasHash });
  if (hasHash) members.access_token = token.accessToken;
  if (types.includes('id_token')) members.id_token = state.keys.sign(token.idToken, client);
  return { ...members, token_type: 'bearer', expires_in: String(state.settings.tokenExpire) };
}

/** The parameters of the code flow are in the query, those of all others in the fragment. */
function goBack(res, { redirect_uri: uri, response_type: type, state }, members) {
  const parameters = new URLSearchParams({ ...members, ...(state && { state }) });
  redirect(res, `${uri}${type === 'code' ? '?' : '#'}${parameters}`);
}

function consentForm(query) {
  const fields = CARRIED.filter((name) => query[name] !== undefined).map((name) => hidden(name, query[name]));
  const submits = '<input type="submit" value="Decline"><input name="allow" type="submit" value="Authorize">';
  return `<form method="post" action="/openid/authorize">${CSRF_FIELD}${fields.join('')}${submits}</form>`;
}

function hidden(name, value) {
  const escaped = value.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
  return `<input type="hidden" name="${name}" value="${escaped}">`;
}
