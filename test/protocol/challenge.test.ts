import { describe, expect, it } from 'vitest';
import { type Challenge, formatChallenge, isQuotable } from '../../src/protocol/challenge.js';
import { covers } from '../support/covers.js';
import { parseWwwAuthenticate } from '../support/www-authenticate.js';

const INVALID_TOKEN: Challenge = {
  realm: 'https://api.test',
  error: 'invalid_token',
  description: 'The access token expired.',
  scopes: undefined,
};

describe('formatChallenge', () => {
  it('RFC 6750 §3.1: tells only the realm where there is no error code', () => {
    const challenge = formatChallenge({ ...INVALID_TOKEN, error: undefined, scopes: ['read'] });
    expect(challenge).toBe('Bearer realm="https://api.test"');
  });

  it('RFC 6750 §3: puts realm, error and error_description after the Bearer scheme, once each', () => {
    expect(parseWwwAuthenticate(formatChallenge(INVALID_TOKEN))).toEqual([
      {
        scheme: 'Bearer',
        params: {
          realm: 'https://api.test',
          error: 'invalid_token',
          error_description: 'The access token expired.',
        },
      },
    ]);
  });

  it('RFC 6750 §3: lists the scopes that are needed, separated by spaces', () => {
    const challenge = formatChallenge({
      ...INVALID_TOKEN,
      error: 'insufficient_scope',
      scopes: ['orders:read', 'orders:write'],
    });
    expect(parseWwwAuthenticate(challenge)[0]?.params).toMatchObject({
      error: 'insufficient_scope',
      scope: 'orders:read orders:write',
    });
  });

  it('RFC 6750 §3: has no scope parameter where no scopes are needed', () => {
    const challenge = formatChallenge({ ...INVALID_TOKEN, error: 'insufficient_scope', scopes: [] });
    expect(parseWwwAuthenticate(challenge)[0]?.params).not.toHaveProperty('scope');
  });

  it.each([
    ['a quotation mark', 'api", error="none'],
    ['a backslash', 'api\\'],
    ['a line break', 'api\r\nSet-Cookie: a=b'],
    ['a character beyond ASCII', 'api \u2713'],
  ])('RFC 6750 §3: empties a text with %s instead of breaking the header', (_, text) => {
    covers('F12');
    const control = parseWwwAuthenticate(formatChallenge({ ...INVALID_TOKEN, realm: 'api' }));
    expect(control[0]?.params).toMatchObject({ realm: 'api' });

    for (const hostile of [{ realm: text }, { description: text }, { scopes: ['read', text] }]) {
      const challenge = formatChallenge({ ...INVALID_TOKEN, scopes: ['read'], ...hostile });
      const [parsed] = parseWwwAuthenticate(challenge);
      expect(challenge).toContain('""');
      expect(Object.keys(parsed?.params ?? {})).toEqual(['realm', 'error', 'error_description', 'scope']);
      expect(parsed?.params['error']).toBe('invalid_token');
    }
  });
});

describe('isQuotable', () => {
  it('RFC 6750 §3: allows %x20-21, %x23-5B and %x5D-7E, and no other of the first 65,536 characters', () => {
    for (let code = 0; code <= 0xffff; code += 1) {
      const isAllowed = code >= 0x20 && code <= 0x7e && code !== 0x22 && code !== 0x5c;
      if (isQuotable(String.fromCharCode(code)) !== isAllowed) {
        expect.fail(`U+${code.toString(16)} is judged wrongly`);
      }
    }
  });

  it('RFC 9110 §5.6.4: an empty text can be quoted', () => {
    expect(isQuotable('')).toBe(true);
  });
});
