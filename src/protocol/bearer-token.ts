import { type HttpRequest, headerValues } from './http-request.js';
import { Refusal } from './refusal.js';

/** Locations of a token besides the `Authorization` header (RFC 6750 §2.2, §2.3). */
export const EXTRA_TOKEN_LOCATIONS = ['form', 'query'] as const;
export type ExtraTokenLocation = (typeof EXTRA_TOKEN_LOCATIONS)[number];

/** The access token of a request. Its characters are not checked yet. */
export interface BearerToken {
  readonly token: string;
  readonly location: 'header' | ExtraTokenLocation;
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
  if (fromQuery.length === 0 && fromForm.length === 0) {
    return fromHeader ?? new Refusal('token_missing', 'no Authorization header with the Bearer scheme');
  }

  const tokenCount = (fromHeader === undefined ? 0 : 1) + fromQuery.length + fromForm.length;
  const accepted = [
    ...(extraLocations.includes('query') ? fromQuery : []),
    ...(extraLocations.includes('form') ? fromForm : []),
  ];
  if (fromHeader === undefined && accepted.length === 0) {
    return new Refusal('token_missing', 'tokens are taken from the Authorization header alone');
  }
  if (tokenCount > 1) return new Refusal('multiple_tokens', `${tokenCount} tokens in header, query and form`);
  return accepted[0] as BearerToken;
}

/** Returns whether a text is a b64token (RFC 6750 §2.1). */
export function isBearerToken(text: string): boolean {
  return B64TOKEN.test(text);
}

/** Checks the characters of a token. Cached tokens skip this check: they passed it before. */
export function checkBearerToken({ token, location }: BearerToken): Refusal | undefined {
  if (isBearerToken(token)) return undefined;
  return location === 'header'
    ? refuseCredentials()
    : new Refusal('bearer_malformed', `access_token in the ${location}`);
}

/** Returns undefined for a request without authentication information (RFC 6750 §3.1). */
function parseAuthorization(value: string): BearerToken | Refusal | undefined {
  // Nearly every client sends this form. It needs no regular expression.
  if (value.startsWith('Bearer ') && value[7] !== ' ') return { token: value.slice(7), location: 'header' };
  const prefix = BEARER_PREFIX.exec(value);
  if (prefix !== null) return { token: value.slice(prefix[0].length), location: 'header' };
  return BEARER_SCHEME.test(value) ? refuseCredentials() : undefined;
}

function refuseCredentials(): Refusal {
  return new Refusal('bearer_malformed', 'Bearer is not followed by spaces and one b64token');
}

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
