import { describe, expect, it } from 'vitest';
import { cacheHeaders, cacheRulesFor } from '../../../src/adapters/core/cache-headers.js';
import type { ExtraTokenLocation } from '../../../src/index.js';

const headers = (locations: readonly ExtraTokenLocation[], existing: Readonly<Record<string, unknown>> = {}) =>
  Object.fromEntries(cacheHeaders(cacheRulesFor(locations), (name) => existing[name]));

describe('cacheHeaders', () => {
  it.each<[string, readonly ExtraTokenLocation[], object]>([
    ['the header alone', [], {}],
    ['forms', ['form'], {}],
    ['the query', ['query'], { 'Cache-Control': 'private' }],
    ['a header', [{ header: 'x-token' }], { 'Cache-Control': 'private', Vary: 'x-token' }],
    ['a cookie', [{ cookie: 'session' }], { 'Cache-Control': 'private', Vary: 'Cookie, Sec-Fetch-Site, Origin' }],
  ])('RFC 9111 §3.5: tells caches what they have to know where tokens come by %s', (_, locations, expected) => {
    expect(headers(locations)).toEqual(expected);
  });

  it.each<[string, unknown, string | undefined]>([
    ['another name', 'Accept', 'Accept, x-token'],
    ['several fields', ['Accept', 'Origin'], 'Accept, Origin, x-token'],
    ['the name in another case', 'X-Token', undefined],
    ['a star', '*', undefined],
    ['nothing', '', 'x-token'],
  ])('RFC 9110 §12.5.5: adds to a Vary of %s', (_, existing, expected) => {
    expect(headers([{ header: 'x-token' }], { Vary: existing })['Vary']).toBe(expected);
  });

  it.each(['no-store', 'private, max-age=60'])('keeps the stricter Cache-Control %s', (existing) => {
    expect(headers(['query'], { 'Cache-Control': existing })).toEqual({});
  });
});
