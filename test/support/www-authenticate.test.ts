import { describe, expect, it } from 'vitest';
import { parseWwwAuthenticate } from './www-authenticate.js';

describe('the judge of challenges in these tests', () => {
  it('RFC 9110 §11.6.1: reads several challenges with tokens and quoted strings', () => {
    const value = 'Basic, Bearer realm="a, b", Error = invalid_token , x="1\\"2",DPoP algs="ES256"';
    expect(parseWwwAuthenticate(value)).toEqual([
      { scheme: 'Basic', params: {} },
      { scheme: 'Bearer', params: { realm: 'a, b', error: 'invalid_token', x: '1"2' } },
      { scheme: 'DPoP', params: { algs: 'ES256' } },
    ]);
  });

  it.each([
    ['a parameter that comes twice', 'Bearer realm="a", Realm="b"'],
    ['a missing comma', 'Bearer realm="a" error="b"'],
    ['a quote that is not escaped', 'Bearer realm="a"b"'],
    ['a quoted string without an end', 'Bearer realm="a'],
    ['a comma at the end', 'Bearer realm="a",'],
    ['a comma without a parameter', 'Bearer realm="a",,error="b"'],
    ['a parameter without a scheme', 'realm="a"'],
    ['a control character', 'Bearer realm="a\u0001"'],
  ])('refuses %s', (_, value) => {
    expect(() => parseWwwAuthenticate(value)).toThrow(JSON.stringify(value));
  });
});
