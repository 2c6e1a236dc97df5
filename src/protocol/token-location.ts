import { type HttpRequest, headerValues } from './http-request.js';

/** A header whose value is the token, with or without `Bearer` in front. */
export interface HeaderLocation {
  readonly header: string;
}

/** A cookie whose value is the token. It counts unless the request comes from another site. */
export interface CookieLocation {
  readonly cookie: string;
}

/** Locations of a token besides the `Authorization` header. `form` and `query`: RFC 6750 §2.2, §2.3. */
export type ExtraTokenLocation = 'form' | 'query' | HeaderLocation | CookieLocation;

export function isHeaderLocation(location: ExtraTokenLocation): location is HeaderLocation {
  return typeof location === 'object' && 'header' in location;
}

export function isCookieLocation(location: ExtraTokenLocation): location is CookieLocation {
  return typeof location === 'object' && 'cookie' in location;
}

const BEARER = /^bearer +/i;

/** Returns every token in a header. An empty value is none. */
export function headerTokens(request: HttpRequest, { header }: HeaderLocation): readonly string[] {
  const values = headerValues(request, header).map((value) => value.trim().replace(BEARER, ''));
  return values.filter((value) => value !== '');
}

/**
 * Returns every token in cookies of a name. A page of a subdomain can add one, so that two are two tokens. An empty value is
 * none.
 *
 * @see RFC 6265 §4.2.1, §5.4
 */
export function cookieTokens(request: HttpRequest, { cookie }: CookieLocation): readonly string[] {
  const pairs = headerValues(request, 'cookie').flatMap((value) => value.split(';'));
  return pairs.flatMap((pair) => {
    const equals = pair.indexOf('=');
    if (equals === -1 || trimSpaces(pair.slice(0, equals)) !== cookie) return [];
    const value = decode(unquote(trimSpaces(pair.slice(equals + 1))));
    return value === '' ? [] : [value];
  });
}

/**
 * Removes spaces and tabs alone (RFC 6265 §5.2). `trim` would also remove the octet A0, so that a page of a subdomain could set a
 * cookie that browsers do not take for one with the prefix `__Host-`, and that counts as one here.
 */
function trimSpaces(text: string): string {
  return text.replace(/^[ \t]+/, '').replace(/(?<![ \t])[ \t]+$/, '');
}

function unquote(value: string): string {
  return value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
}

/** Servers encode what may not stand in a cookie, such as the `=` of an opaque token. No bearer token has a `%`. */
function decode(value: string): string {
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
