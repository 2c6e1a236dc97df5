import { type ExtraTokenLocation, isHeaderLocation } from '../../protocol/token-location.js';

/** What HTTP caches have to know of the response to an accepted request. */
export interface CacheRules {
  /** The token may come where caches do not look for one: all but `Authorization` and forms (RFC 6750 §2.3, RFC 9111 §3.5). */
  readonly isPrivate: boolean;
  /** What else the response depends on (RFC 9110 §12.5.5). */
  readonly varies: readonly string[];
}

/** The rules for a route that reads tokens from these locations. */
export function cacheRulesFor(locations: readonly ExtraTokenLocation[]): CacheRules {
  const varies = locations.flatMap((location) => {
    if (typeof location === 'string') return [];
    return isHeaderLocation(location) ? [location.header] : ['Cookie', 'Sec-Fetch-Site', 'Origin'];
  });
  return { isPrivate: locations.some((location) => location !== 'form'), varies };
}

/** Returns the headers to set on a response. `read` gives the headers that it has. */
export function cacheHeaders(
  { isPrivate, varies }: CacheRules,
  read: (name: string) => unknown,
): readonly (readonly [name: string, value: string])[] {
  const vary = varies.length === 0 ? undefined : joinVary(read('Vary'), varies);
  return [
    ...(isPrivate && !isKeptOutOfSharedCaches(read('Cache-Control')) ? [['Cache-Control', 'private'] as const] : []),
    ...(vary === undefined ? [] : [['Vary', vary] as const]),
  ];
}

/** An existing `private` or `no-store` is at least as strict. */
function isKeptOutOfSharedCaches(cacheControl: unknown): boolean {
  return /\b(?:private|no-store)\b/i.test(String(cacheControl));
}

/** So that a cache of a browser gives no answer of another user, or of none. Undefined if nothing is to be added. */
function joinVary(existing: unknown, names: readonly string[]): string | undefined {
  const known = [existing ?? []].flat().join(',').split(',');
  const listed = known.map((name) => name.trim()).filter((name) => name !== '');
  if (listed.includes('*')) return undefined;

  const missing = names.filter((name) => !listed.some((other) => other.toLowerCase() === name.toLowerCase()));
  return missing.length === 0 ? undefined : [...listed, ...missing].join(', ');
}
