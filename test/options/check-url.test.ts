import { describe, expect, it } from 'vitest';
import { checkUrl } from '../../src/options/check-url.js';
import { expectMisuse } from '../support/configuration-error.js';

describe('checkUrl', () => {
  it('gives the URL as it was written', () => {
    for (const url of ['https://a.example', 'https://a.example/', 'HTTPS://A.example/x?y#z']) {
      expect(checkUrl(url, 'x', false)).toBe(url);
    }
  });

  it.each<[given: unknown, told: string]>([
    [undefined, 'undefined is not a URL.'],
    ['login.example.com', 'is not a URL.'],
    ['ftp://a.example', 'is not an https URL.'],
    ['javascript:alert(1)', 'is not an https URL.'],
    ['https:a.example', 'is not a URL.'],
    ['https:\\\\a.example', 'is not a URL.'],
    [' https://a.example', 'is not a URL.'],
    ['https://a.example/\n', 'is not a URL.'],
    ['https://a.example/\u0085', 'is not a URL.'],
    ['https://user:pw@a.example', 'has a user name or password in it.'],
    ['http://a.example', 'is not https'],
  ])('refuses %j', async (given, told) => {
    expect(checkUrl('https://a.example', 'x', false)).toBe('https://a.example');
    await expectMisuse(() => checkUrl(given, 'x', false), { option: 'x', told, fix: 'Give' });
  });

  it('does not show a password', () => {
    expect(() => checkUrl('https://user:pa55@a.example', 'x', false)).not.toThrow(/pa55/);
  });
});
