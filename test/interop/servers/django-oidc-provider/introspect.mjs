import { challenge, json, NO_STORE, page } from './http.mjs';
import { readCredentials } from './token.mjs';

const PROFILE = {
  profile: { name: 'Alice Liddell', given_name: 'Alice', family_name: 'Liddell', nickname: 'alice' },
  email: { email: 'alice@example.com', email_verified: true },
};

/** `POST /introspect`. Whatever fails, the answer is 200 and not active: wrong credentials too. */
export function introspect(state, { req, res, form }) {
  const token = findToken(state, form.get('token'));
  const isAllowed = token !== undefined && mayAsk(state, token, readCredentials(req, form));
  json(res, isAllowed ? describe(state, token) : { active: false }, { headers: NO_STORE });
}

function mayAsk({ settings, clients }, { idToken }, [id, secret]) {
  const client = clients.get(id);
  if (id === '' || secret === '' || client?.secret !== secret) return false;
  if (!client.scope.includes('token_introspection')) return false;
  return !settings.validateAudienceScope || client.scope.includes(idToken?.aud);
}

/** What it says of a token is what the ID token beside it says: its exp too. */
function describe({ settings }, { idToken, clientId, scope }) {
  const { aud, sub, exp, iat, iss } = idToken ?? {};
  return {
    ...(aud !== undefined && { aud, sub, exp, iat, iss }),
    active: true,
    client_id: clientId,
    ...(settings.responseScope && { scope: scope.join(' ') }),
  };
}

function findToken({ tokens, clients }, text) {
  const token = tokens.get(text);
  return token !== undefined && token.expiresAt > Date.now() && clients.has(token.clientId) ? token : undefined;
}

/** `GET` or `POST /userinfo`. `BEARER` is another scheme to it. */
export function userInfo(state, { req, res, url }) {
  const [, inHeader] = /^[Bb]earer\s+(\S+)/.exec(req.headers.authorization ?? '') ?? [];
  const token = findToken(state, inHeader ?? url.searchParams.get('access_token'));
  if (token === undefined) return challenge(res, 401, 'invalid_token');
  if (!token.scope.includes('openid')) return challenge(res, 403, 'insufficient_scope');
  if (token.idToken === undefined) return page(res, 500, '<h1>Server Error (500)</h1>');

  const claims = token.scope.map((name) => PROFILE[name] ?? {});
  return json(res, Object.assign({ sub: token.idToken.sub }, ...claims), { headers: NO_STORE });
}
