/**
 * The part of an HTTP request that scopegate reads. Node's `IncomingMessage`, Express' `Request` and the `Request` of
 * the Fetch API have it.
 */
export interface HttpRequest {
  readonly method?: string | undefined;
  /** Path and query, as received. */
  readonly url?: string | undefined;
  readonly headers: HeaderRecord | HeaderMap;
  /** Names and values in turn, as received. Node merges repeated headers in `headers`, but not here. */
  readonly rawHeaders?: readonly string[] | undefined;
  /** The parsed form, if a body parser ran before. */
  readonly body?: unknown;
  /** The address of the client, where the framework tells it: Express by its setting `trust proxy`. */
  readonly ip?: string | undefined;
  /** The connection, with the address of its other end. */
  readonly socket?: { readonly remoteAddress?: string | undefined } | undefined;
}

/** Headers by name, as Node.js has them. */
export type HeaderRecord = { readonly [name: string]: string | readonly string[] | undefined };
/** Headers behind a method, as the Fetch API has them. */
export type HeaderMap = { get(name: string): string | null };

const NONE: readonly string[] = [];
// The Fetch API joins the values of repeated headers by a comma and a space.
const NEXT_CREDENTIALS = /, (?=bearer )/i;

/** Returns every value of a header. `name` must be in lower case. */
export function headerValues(request: HttpRequest, name: string): readonly string[] {
  const { headers, rawHeaders } = request;
  if (isHeaderMap(headers)) {
    // The Fetch API throws for the name of a pseudo-header (RFC 9113 §8.3).
    if (name.startsWith(':')) return NONE;
    const value = headers.get(name);
    return value === null ? NONE : value.split(NEXT_CREDENTIALS);
  }
  if (rawHeaders === undefined) return valuesInAnyCase(headers, name);
  const value = headers[name];
  if (value === undefined) return NONE;
  if (typeof value !== 'string') return value;
  return countRaw(rawHeaders, name) > 1 ? rawValues(rawHeaders, name) : [value];
}

function isHeaderMap(headers: HttpRequest['headers']): headers is HeaderMap {
  return typeof headers['get'] === 'function';
}

function valuesInAnyCase(headers: HeaderRecord, name: string): readonly string[] {
  const values: string[] = [];
  for (const key of Object.keys(headers)) {
    const value = headers[key];
    if (value !== undefined && key.toLowerCase() === name) values.push(...[value].flat());
  }
  return values;
}

function countRaw(rawHeaders: readonly string[], name: string): number {
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) if (isNamed(rawHeaders[i], name)) count += 1;
  return count;
}

function rawValues(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.filter((_, i) => i % 2 === 1 && isNamed(rawHeaders[i - 1], name));
}

function isNamed(rawName: string | undefined, name: string): boolean {
  return rawName !== undefined && rawName.length === name.length && rawName.toLowerCase() === name;
}
