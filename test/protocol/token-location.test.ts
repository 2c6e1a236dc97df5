import { describe, expect, it } from 'vitest';
import { findCrossSite } from '../../src/protocol/cross-site.js';
import { cookieTokens, headerTokens } from '../../src/protocol/token-location.js';
import { covers } from '../support/covers.js';

describe('cookieTokens', () => {
  const tokens = (cookie: string) => cookieTokens({ headers: { cookie } }, { cookie: 'session' });

  it.each([
    ['session=abc%3D%3D', ['abc==']],
    ['session=%zz', ['%zz']],
    ['session="abc"', ['abc']],
    ['session="', ['"']],
    ['session=a; session=b', ['a', 'b']],
    ['session; =a; x=session=a', []],
    [' \t session \t=\t a \t', ['a']],
  ])('RFC 6265 §4.2.1: reads %s as %j', (cookie, expected) => {
    covers('F30');
    expect(tokens(cookie)).toEqual(expected);
  });

  it.each(['\u00a0__Host-token', '__Host-token\u00a0', '\ufeff__Host-token', '\u000b__Host-token'])(
    'RFC 6265bis §4.1.3: takes %j for no cookie of the prefix __Host-, since browsers let a subdomain set it',
    (name) => {
      covers('F30');
      const location = { cookie: '__Host-token' };
      expect(cookieTokens({ headers: { cookie: '__Host-token=a' } }, location)).toEqual(['a']);
      expect(cookieTokens({ headers: { cookie: `${name}=a` } }, location)).toEqual([]);
    },
  );

  it('reads the headers of the Fetch API, and several Cookie headers', () => {
    covers('F30');
    expect(cookieTokens({ headers: new Headers({ cookie: 'session=a' }) }, { cookie: 'session' })).toEqual(['a']);
    expect(cookieTokens({ headers: { cookie: ['session=a', 'session=b'] } }, { cookie: 'session' })).toEqual([
      'a',
      'b',
    ]);
    expect(headerTokens({ headers: {} }, { header: 'x-token' })).toEqual([]);
  });
});

describe('findCrossSite', () => {
  it.each<[Record<string, string | readonly string[]>, string | undefined]>([
    [{ origin: 'https://a.test', ':authority': 'a.test' }, undefined],
    [{ origin: 'https://a.test', ':authority': 'b.test' }, 'Origin'],
    [{ origin: 'https://a.test' }, 'Origin'],
    [{ origin: 'https://a.test', host: 'a.test', ':authority': 'b.test' }, 'Origin'],
    [{ origin: 'file://', host: 'a.test' }, 'Origin'],
    [{ origin: 'https://[::1]:8080', host: '[::1]' }, undefined],
    [{ host: 'a.test' }, undefined],
    [{ 'sec-fetch-site': '', host: 'a.test' }, 'Sec-Fetch-Site'],
  ])('RFC 6454 §7: finds in %j: %s', (headers, expected) => {
    covers('F30');
    expect(findCrossSite({ headers })).toBe(expected);
  });

  it.each<[Record<string, string>, string | undefined]>([
    [{ origin: 'https://a.test', host: 'a.test' }, undefined],
    [{ origin: 'https://b.test', host: 'a.test' }, 'Origin'],
    [{ origin: 'https://a.test' }, 'Origin'],
    [{ 'sec-fetch-site': 'same-origin, cross-site' }, 'Sec-Fetch-Site'],
  ])('RFC 6454 §7: finds in the headers %j of the Fetch API: %s', (headers, expected) => {
    covers('F30');
    expect(findCrossSite({ headers: new Headers(headers) })).toBe(expected);
  });
});
