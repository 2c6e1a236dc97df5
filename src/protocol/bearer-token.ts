import { findCrossSite } from './cross-site.js';
import { type HttpRequest, headerValues } from './http-request.js';
import { quoteUntrusted, Refusal } from './refusal.js';
import {
  cookieTokens,
  type ExtraTokenLocation,
  headerTokens,
  isCookieLocation,
  isHeaderLocation,
} from './token-location.js';

/** The access token of a request. Its characters are not checked yet. */
export interface BearerToken {
  readonly token: string;
  readonly location: 'header' | 'form' | 'query' | 'other header' | 'cookie';
}

// RFC 9110 §11.1: an auth-scheme is a token. The lookahead accepts `Bearer,` and no scheme named `Bearerish`.
const BEARER_SCHEME = /^bearer(?![!#$%&'*+\-.^_`|~0-9a-z])/i;
// RFC 6750 §2.1, RFC 9110 §11.4: "Bearer" 1*SP b64token
const BEARER_PREFIX = /^bearer +(?! )/i;
const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;

/**
 * Finds the access token of a request, in the header and in `extraLocations`. Refuses a second token in the query or
 * in a parsed form, even if these are no `extraLocations`. `checkBearerToken` checks the characters.
 *
 * @see RFC 6750 §2
 */
export function findBearerToken(
  request: HttpRequest,
  extraLocations: readonly ExtraTokenLocation[],
): BearerToken | Refusal {
  const authorization = headerValues(request, 'authorization');
  if (authorization.length > 1) {
    return new Refusal('authorization_repeated', `${authorization.length} Authorization headers`);
  }
  const fromHeader = authorization[0] === undefined ? undefined : parseAuthorization(authorization[0]);
  if (fromHeader instanceof Refusal) return fromHeader;

  const fromQuery = queryTokens(request.url);
  const fromForm = formTokens(request);
  if (fromQuery.length === 0 && fromForm.length === 0 && extraLocations.length === 0) {
    return fromHeader ?? describeMissing(authorization[0], request);
  }

  const others = otherTokens(request, extraLocations);
  const accepted = [
    ...(fromHeader === undefined ? [] : [fromHeader]),
    ...others.tokens,
    ...(extraLocations.includes('query') ? fromQuery : []),
    ...(extraLocations.includes('form') ? fromForm : []),
  ];
  const [token] = accepted;
  if (token === undefined)
    return refuseUnread(others.refused, fromQuery, fromForm) ?? describeMissing(authorization[0], request);

  const tokens = [...(fromHeader === undefined ? [] : [fromHeader]), ...others.tokens, ...fromQuery, ...fromForm];
  if (tokens.length === 1) return token;
  const places = [...new Set(tokens.map(({ location }) => location))];
  return new Refusal('multiple_tokens', `${tokens.length} tokens in ${places.join(', ')}`);
}

/** The tokens in headers and cookies of the options, and why a cookie does not count. */
function otherTokens(
  request: HttpRequest,
  locations: readonly ExtraTokenLocation[],
): { readonly tokens: readonly BearerToken[]; readonly refused: string | undefined } {
  const inHeaders = locations.filter(isHeaderLocation).flatMap((location) => headerTokens(request, location));
  const tokens: BearerToken[] = inHeaders.map((token) => ({ token, location: 'other header' }));

  const cookies = locations.filter(isCookieLocation);
  const inCookies = cookies.flatMap((location) => cookieTokens(request, location));
  if (inCookies.length === 0) return { tokens, refused: undefined };

  const crossSite = findCrossSite(request);
  if (crossSite === undefined) tokens.push(...inCookies.map((token) => ({ token, location: 'cookie' as const })));
  const value = crossSite && quoteUntrusted(headerValues(request, crossSite.toLowerCase()).join(', '));
  const refused = crossSite && `the cookie does not count, since another site sent the request: ${crossSite} ${value}`;
  return { tokens, refused };
}

function refuseUnread(
  cookie: string | undefined,
  fromQuery: readonly BearerToken[],
  fromForm: readonly BearerToken[],
): Refusal | undefined {
  if (cookie !== undefined) return new Refusal('token_missing', cookie);
  const [unread] = [...fromQuery, ...fromForm];
  return unread && new Refusal('token_missing', `an access_token in the ${unread.location}, where none is taken from`);
}

/** Returns whether a text is a b64token (RFC 6750 §2.1). */
export function isBearerToken(text: string): boolean {
  return B64TOKEN.test(text);
}

/** Checks the characters of a token. Cached tokens skip this check: they passed it before. */
export function checkBearerToken({ token, location }: BearerToken): Refusal | undefined {
  if (isBearerToken(token)) return undefined;
  return location === 'header'
    ? new Refusal('bearer_malformed', describeCredentials(token.trim()))
    : new Refusal('bearer_malformed', `the token in the ${location}`);
}

/** Returns undefined for a request without authentication information (RFC 6750 §3.1). */
function parseAuthorization(value: string): BearerToken | Refusal | undefined {
  // Nearly every client sends this form. It needs no regular expression.
  if (value.startsWith('Bearer ') && value[7] !== ' ') return { token: value.slice(7), location: 'header' };
  const prefix = BEARER_PREFIX.exec(value);
  if (prefix !== null) return { token: value.slice(prefix[0].length), location: 'header' };
  return BEARER_SCHEME.test(value) ? refuseCredentials(value) : undefined;
}

/** What programs write for a variable that is empty, or no text. */
const NO_VALUES = ['undefined', 'null', '[object Object]', '[object Promise]', 'NaN', 'false', 'true'];

/** Names a token that is none, such as `undefined`; undefined for all others. */
export function describeNoValue(token: string): string | undefined {
  return NO_VALUES.includes(token) ? `Bearer ${token}: the client put a variable there that holds no token` : undefined;
}

function refuseCredentials(value: string): Refusal {
  const credentials = value.slice('Bearer'.length).trim();
  return new Refusal('bearer_malformed', describeCredentials(credentials));
}

/** The credentials may be a token in a wrong form: nothing of them is shown. */
function describeCredentials(credentials: string): string {
  if (credentials === '') return 'Bearer without a token';
  const noValue = describeNoValue(credentials);
  if (noValue !== undefined) return noValue;
  if (credentials.startsWith(':')) return 'a colon after Bearer';
  if (/^bearer\b/i.test(credentials)) return 'Bearer twice';
  if (/^(["']).*\1$/.test(credentials)) return 'a token in quotes';
  if (credentials.startsWith('{')) return 'a JSON object where one token belongs';
  if (/[\s,]/.test(credentials)) return 'more than one word after Bearer';
  return 'Bearer is not followed by spaces and one b64token';
}

/** Tells an absent header, another scheme, a token without a scheme and a CORS preflight apart. Shows no credentials. */
function describeMissing(authorization: string | undefined, request: HttpRequest): Refusal {
  return new Refusal('token_missing', whyMissing(authorization?.trim(), request));
}

function whyMissing(authorization: string | undefined, request: HttpRequest): string {
  if (request.method === 'OPTIONS' && headerValues(request, 'access-control-request-method').length > 0) {
    return 'a CORS preflight, which never carries a token: put cors() before the guard';
  }
  if (authorization === undefined) return 'no Authorization header';
  if (authorization === '') return 'an empty Authorization header';
  if (NO_VALUES.includes(authorization)) {
    return `Authorization: ${authorization}, of a client that had no token to send`;
  }

  const [word = ''] = authorization.split(' ');
  const scheme = OTHER_SCHEMES.find((name) => name.toLowerCase() === word.toLowerCase());
  if (scheme !== undefined) return `an Authorization header of another scheme: ${scheme}`;
  // Any other first word may be a part of a token.
  return word === authorization
    ? 'an Authorization header with one word: write Bearer and a space before the token'
    : 'an Authorization header of another scheme';
}

// The registry of RFC 9110 §16.4.1, and what is in use besides.
const OTHER_SCHEMES = [
  ...['Basic', 'Concealed', 'Digest', 'DPoP', 'GNAP', 'HOBA', 'Mutual', 'Negotiate', 'OAuth', 'PrivateToken'],
  ...['SCRAM-SHA-1', 'SCRAM-SHA-256', 'vapid', 'ApiKey', 'AWS4-HMAC-SHA256', 'JWT', 'NTLM', 'Token'],
];

const NONE: readonly BearerToken[] = [];

function queryTokens(url: string | undefined): readonly BearerToken[] {
  if (url === undefined) return NONE;
  const start = url.indexOf('?');
  if (start === -1) return NONE;
  const query = new URLSearchParams(url.slice(start + 1));
  return query.getAll('access_token').map((token) => ({ token, location: 'query' }));
}

/** Reads the form that a body parser parsed, under the conditions of RFC 6750 §2.2. */
function formTokens(request: HttpRequest): readonly BearerToken[] {
  const { body, method } = request;
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, 'access_token')) return NONE;
  if (method === undefined || method === 'GET' || method === 'HEAD') return NONE;

  const type = headerValues(request, 'content-type')[0] ?? '';
  if (!/^application\/x-www-form-urlencoded *(?:;|$)/i.test(type)) return NONE;

  const { access_token: value } = body as { access_token: unknown };
  if (typeof value === 'string') return [{ token: value, location: 'form' }];
  // The parser makes an array or object of a repeated name, or of one with brackets. It holds no valid token.
  const count = Array.isArray(value) ? value.length : 1;
  return Array.from({ length: count }, () => ({ token: '', location: 'form' }));
}
