import { createHash, randomBytes } from 'node:crypto';
import { type Answers, browseTo } from './browser.js';

/** An OAuth client as the server has it registered. Without a secret it is a public one. */
export interface ClientRegistration {
  readonly id: string;
  readonly secret?: string;
}

/** A successful token response (RFC 6749 §5.1). */
export interface Tokens {
  readonly access_token: string;
  readonly token_type: string;
  readonly expires_in?: number;
  readonly scope?: string;
  readonly refresh_token?: string;
  readonly id_token?: string;
}

/** Where a server has its endpoints. */
export interface Endpoints {
  readonly authorize: string;
  readonly token: string;
}

/** Where codes are sent to. Nobody listens there: the URL is read, not fetched. */
export const REDIRECT_URI = 'http://127.0.0.1/callback';

export type Fields = Readonly<Record<string, string>>;

/** Asks for a token as the client itself (RFC 6749 §4.4). */
export function requestByCredentials(url: string, client: ClientRegistration, fields: Fields): Promise<Tokens> {
  return requestTokens(url, client, { grant_type: 'client_credentials', ...fields });
}

/** A code that a client got, and what it needs to make tokens of it. */
export interface AuthorizationCode {
  readonly code: string;
  readonly verifier: string;
}

/** Gets a code for a person, with PKCE by S256 (RFC 6749 §4.1, RFC 7636). */
export async function requestCode(
  url: string,
  client: ClientRegistration,
  fields: Fields,
  answers: Answers = {},
): Promise<AuthorizationCode> {
  const verifier = randomBytes(32).toString('base64url');
  const state = randomBytes(8).toString('hex');
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: client.id,
    redirect_uri: REDIRECT_URI,
    state,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...fields,
  });
  const back = await browseTo(REDIRECT_URI, `${url}?${query}`, answers);
  const code = back.searchParams.get('code');
  if (code === null || back.searchParams.get('state') !== state) throw new Error(`no code came: ${back.search}`);
  return { code, verifier };
}

/** Makes tokens of a code. */
export function redeemCode(
  url: string,
  client: ClientRegistration,
  { code, verifier }: AuthorizationCode,
  fields: Fields = {},
): Promise<Tokens> {
  return requestTokens(url, client, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: REDIRECT_URI,
    code_verifier: verifier,
    ...fields,
  });
}

/** The authorization code grant from its beginning to its end. `resource` goes with both requests (RFC 8707). */
export async function requestByCode(
  { authorize, token }: Endpoints,
  client: ClientRegistration,
  { resource, ...fields }: Fields,
  answers: Answers = {},
): Promise<Tokens> {
  const target: Fields = resource === undefined ? {} : { resource };
  const code = await requestCode(authorize, client, { ...fields, ...target }, answers);
  return redeemCode(token, client, code, target);
}

/** Posts a form with the credentials of a client: by HTTP Basic, or its id alone where it has no secret. */
export async function postAs(url: string, { id, secret }: ClientRegistration, fields: Fields): Promise<Response> {
  const headers: Fields = secret === undefined ? {} : { authorization: basic(id, secret) };
  const form = secret === undefined ? { client_id: id, ...fields } : fields;
  return fetch(url, { method: 'POST', headers, body: new URLSearchParams(form), redirect: 'manual' });
}

async function requestTokens(url: string, client: ClientRegistration, fields: Fields): Promise<Tokens> {
  const response = await postAs(url, client, fields);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}: ${text}`);
  return JSON.parse(text) as Tokens;
}

/** RFC 6749 §2.3.1: both are form-encoded first. */
function basic(id: string, secret: string): string {
  const encode = (text: string) => new URLSearchParams({ '': text }).toString().slice(1);
  return `Basic ${Buffer.from(`${encode(id)}:${encode(secret)}`).toString('base64')}`;
}
