import { describe, expect, it } from 'vitest';
import { describeName, describeSecret, describeValue } from '../../src/options/describe-value.js';

const JWT = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl';
const PEM = '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\n-----END PRIVATE KEY-----\n';

describe('describeValue', () => {
  it.each([
    ['"a \\"b\\""', 'a "b"'],
    ['an empty string', ''],
    ['false', false],
    ['7', 7],
    ['null', null],
    ['undefined', undefined],
    ['an array', ['a']],
    ['a value of type object', {}],
    ['a value of type symbol', Symbol('x')],
    ['a function', class {}],
  ])('says %s', (told, value) => {
    expect(describeValue(value)).toBe(told);
  });

  it.each([
    'client_secret_basic',
    'extraTokenLocations',
    'clientIDs',
    'ES256K',
    '2030-01-01',
    'https://login.example.com/realms/main',
    'HTTP://127.0.0.1:8080/o?a',
    'login.example.com/oauth2/default',
  ])('shows %j whole, since a misspelt word is found by looking at it', (text) => {
    expect(describeValue(text)).toBe(JSON.stringify(text));
  });

  it.each<[what: string, text: string, told: string]>([
    ['a private key', PEM, '"-----BEG..." (77 characters)'],
    ['a token', JWT, '"eyJhbGci..." (49 characters)'],
    ['a JWK', '{"kty":"oct","k":"c2VjcmV0"}', '"{\\"kty\\":..." (28 characters)'],
    ['random characters', 'Xk29fQz81Lm', '"Xk..." (11 characters)'],
    ['small letters without end', 'abcdefghijklmnopqrst', '"abcde..." (20 characters)'],
    ['a passphrase', 'correct-horse-battery-staple', '"correct..." (28 characters)'],
    [
      'a long address',
      `https://login.example.com/${'a/'.repeat(20)}`,
      '"https://login.example.com..." (66 characters)',
    ],
    ['an address with a key in its query', 'https://a.example/?key=abcdef', '"https://a.example..." (29 characters)'],
    ['an address with a password', 'https://user:pw@a.example', '"https:..." (25 characters)'],
    ['an address with random characters', 'https://xk29fqz81lm.example/a?bcdefghi', '"https://..." (38 characters)'],
  ])('shows of %s a few characters', (_, text, told) => {
    expect(describeValue(text)).toBe(told);
  });
});

describe('describeSecret', () => {
  it('shows no text', () => {
    expect(describeSecret('hush')).toBe('a string');
    expect(describeSecret('')).toBe('an empty string');
    expect(describeSecret(7)).toBe('7');
  });
});

describe('describeName', () => {
  it.each([
    ['scopes', 'scopes'],
    ['', ''],
    ['line\nbreak', 'line\\nbreak'],
    [PEM, '-----BEG...'],
  ])('names %j as %s', (name, told) => {
    expect(describeName(name)).toBe(told);
  });
});
