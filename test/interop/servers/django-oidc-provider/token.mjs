import { createHash, randomBytes } from 'node:crypto';
import { DESCRIPTIONS, json, NO_STORE } from './http.mjs';
import { hashOf } from './keys.mjs';

/** The id of the one person, as text in `sub`. */
const PERSON = '2';

class GrantError extends Error {}

/** `POST /token`. Every error is 400, a wrong client too. */
export function issueTokens(state, { req, res, form, issuer }) {
  try {
    const client = findClient(state, req, form);
    const grant = GRANTS[form.get('grant_type')];
    if (grant === undefined) throw new GrantError('unsupported_grant_type');
    json(res, grant(state, { client, form, issuer }), { headers: NO_STORE });
  } catch (error) {
    if (!(error instanceof GrantError)) throw error;
    const { message } = error;
    json(res, { error: message, error_description: DESCRIPTIONS[message] }, { status: 400, headers: NO_STORE });
  }
}

/** Credentials as they came: of a Basic header nothing is form-decoded, and a second colon makes them none. */
export function readCredentials(req, form) {
  const { authorization = '' } = req.headers;
  const basic = /^Basic\s+(\S+)/.exec(authorization);
  if (!/^Basic\s/.test(authorization)) return [form.get('client_id') ?? '', form.get('client_secret') ?? ''];
  const parts = Buffer.from(basic?.[1] ?? '', 'base64')
    .toString()
    .split(':');
  return parts.length === 2 ? parts : ['', ''];
}

/** An access token and a refresh token alike: 32 hexadecimal digits. */
export function createToken({ settings, tokens }, { client, scope, person }) {
  const token = {
    accessToken: randomBytes(16).toString('hex'),
    refreshToken: randomBytes(16).toString('hex'),
    clientId: client.id,
    scope,
    person,
    idToken: undefined,
    expiresAt: Date.now() + settings.tokenExpire * 1000,
  };
  tokens.set(token.accessToken, token);
  return token;
}

export function createIdToken({ settings }, token, { issuer, nonce, authTime, hasHash = true }) {
  const iat = Math.floor(Date.now() / 1000);
  return {
    iss: issuer,
    sub: token.person,
    aud: token.clientId,
    exp: iat + settings.idTokenExpire,
    iat,
    auth_time: authTime,
    ...(nonce && { nonce }),
    ...(hasHash && { at_hash: hashOf(token.accessToken) }),
  };
}

/** A token for the person who logged in, with an ID token: without the scope openid it is empty, but signed. */
export function createUserToken(state, { client, scope, issuer, ...login }) {
  const token = createToken(state, { client, scope, person: PERSON });
  token.idToken = scope.includes('openid') ? createIdToken(state, token, { issuer, ...login }) : {};
  return token;
}

const GRANTS = {
  authorization_code(state, { client, form, issuer }) {
    if (!client.redirectUris?.includes(form.get('redirect_uri'))) throw new GrantError('invalid_client');
    const code = state.codes.get(form.get('code'));
    if (code?.clientId !== client.id || !isProven(code, form.get('code_verifier'))) {
      throw new GrantError('invalid_grant');
    }
    state.codes.delete(form.get('code'));
    return toAnswer(state, client, createUserToken(state, { client, issuer, ...code }));
  },
  refresh_token(state, { client, form, issuer }) {
    const old = [...state.tokens.values()].find(({ refreshToken }) => refreshToken === form.get('refresh_token'));
    if (old?.clientId !== client.id) throw new GrantError('invalid_grant');
    const scope = narrow(form, old.scope);
    // The old access token ends at once, and the new ID token never has a nonce.
    state.tokens.delete(old.accessToken);
    const authTime = old.idToken?.auth_time;
    return toAnswer(state, client, createUserToken(state, { client, scope, issuer, authTime }));
  },
  client_credentials(state, { client, form }) {
    if (client.scope.length === 0) throw new GrantError('invalid_scope');
    const scope = narrow(form, client.scope);
    const { accessToken } = createToken(state, { client, scope, person: undefined });
    const { tokenExpire } = state.settings;
    return { access_token: accessToken, expires_in: tokenExpire, token_type: 'bearer', scope: scope.join(' ') };
  },
};

function toAnswer({ settings, keys }, client, { accessToken, refreshToken, idToken }) {
  return {
    access_token: accessToken,
    refresh_token: refreshToken,
    token_type: 'bearer',
    expires_in: settings.tokenExpire,
    id_token: keys.sign(idToken, client),
  };
}

function findClient({ clients }, req, form) {
  const [id, secret] = readCredentials(req, form);
  const client = clients.get(id);
  if (client === undefined || (client.secret !== undefined && client.secret !== secret)) {
    throw new GrantError('invalid_client');
  }
  return client;
}

function narrow(form, granted) {
  const asked = (form.get('scope') ?? '').split(' ').filter((name) => name !== '');
  if (asked.some((name) => !granted.includes(name))) throw new GrantError('invalid_scope');
  return asked.length === 0 ? granted : asked;
}

/** PKCE (RFC 7636) where the client began with it. Nobody has to. */
function isProven({ challenge, method }, verifier) {
  if (!challenge) return true;
  if (verifier === null) return false;
  return challenge === (method === 'S256' ? createHash('sha256').update(verifier).digest('base64url') : verifier);
}
