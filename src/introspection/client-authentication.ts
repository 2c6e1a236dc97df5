import { randomUUID } from 'node:crypto';
import type { ClientCredentials, TextSource } from '../issuer/introspection-options.js';
import type { Clock } from '../platform/clock.js';
import { FetchFailure } from '../platform/fetch-json.js';
import { isBearerToken } from '../protocol/bearer-token.js';

/** What a request carries so that the issuer knows its client. */
export interface ClientAuthentication {
  readonly headers: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, string>>;
}

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
// RFC 7523 §3: an assertion must expire, and is used at once. A minute allows for clocks that differ.
const ASSERTION_SECONDS = 60;
// RFC 6749 §5.2: 401, or 400; Django OAuth Toolkit answers 403.
const CLIENT_REFUSED = [400, 401, 403];

/**
 * Creates the credentials of a request to the issuer. Rejects with whatever a function of the user's throws.
 *
 * @see RFC 6749 §2.3.1, RFC 7523 §2.2, RFC 6750 §2.1
 */
export async function authenticateClient(
  credentials: ClientCredentials,
  issuer: string,
  clock: Clock,
): Promise<ClientAuthentication> {
  switch (credentials.method) {
    case 'client_secret_basic': {
      const pair = `${formEncode(credentials.id)}:${formEncode(await readText(credentials.secret))}`;
      return { headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }, fields: {} };
    }
    case 'client_secret_post':
      return {
        headers: {},
        fields: { client_id: credentials.id, client_secret: await readText(credentials.secret) },
      };
    case 'private_key_jwt': {
      const assertion = await signAssertion(credentials, issuer, Math.floor(clock() / 1000));
      const fields = {
        client_id: credentials.id,
        client_assertion_type: ASSERTION_TYPE,
        client_assertion: assertion,
      };
      return { headers: {}, fields };
    }
    case 'none':
      return { headers: {}, fields: credentials.id === undefined ? {} : { client_id: credentials.id } };
    case 'bearer':
      return { headers: { authorization: `Bearer ${await readBearerToken(credentials.token)}` }, fields: {} };
  }
}

async function signAssertion(
  { id, key, algorithm, keyId }: Extract<ClientCredentials, { method: 'private_key_jwt' }>,
  issuer: string,
  now: number,
): Promise<string> {
  // Loaded when needed: most servers sign nothing.
  const { SignJWT } = await import('jose/jwt/sign');
  return new SignJWT({ iss: id, sub: id, aud: issuer, jti: randomUUID(), iat: now, exp: now + ASSERTION_SECONDS })
    .setProtectedHeader({ alg: algorithm, ...(keyId !== undefined && { kid: keyId }) })
    .sign(key);
}

/** Refuses characters that a header cannot hold: `fetch` would print the token in its error. */
async function readBearerToken(source: TextSource): Promise<string> {
  const token = await readText(source);
  if (isBearerToken(token)) return token;
  throw new TypeError('the function gave characters that no bearer token has');
}

/**
 * Explains why a server may have refused good credentials: several do not decode what RFC 6749 §2.3.1 has clients encode
 * (Glewlwyd, LemonLDAP::NG, Doorkeeper, Django OIDC Provider). Returns any other failure as it is.
 */
export function explainRefusal(
  failure: FetchFailure,
  { headers: { authorization = '' } }: ClientAuthentication,
): FetchFailure {
  const [scheme, credentials = ''] = authorization.split(' ');
  const isEncoded = scheme === 'Basic' && /[%+]/.test(Buffer.from(credentials, 'base64').toString('latin1'));
  const { status, message } = failure;
  if (!isEncoded || status === undefined || !CLIENT_REFUSED.includes(status)) return failure;
  const why = `${message}: clientId or clientSecret has characters that Basic encodes, which some servers do not decode`;
  return new FetchFailure(`${why}; set authMethod: 'client_secret_post'`, { status, cause: failure });
}

/** A function of the user's may give anything. */
async function readText(source: TextSource): Promise<string> {
  const text: unknown = typeof source === 'function' ? await source() : source;
  if (typeof text === 'string' && text !== '') return text;
  throw new TypeError('the function gave no text');
}

/** RFC 6749 §2.3.1, appendix B: id and secret are form-encoded before they are joined. */
function formEncode(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}
