import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isScopeToken, parseIssuedScope, parseScope } from '../../src/protocol/scope.js';
import { covers } from '../support/covers.js';

/** %x21 / %x23-5B / %x5D-7E, spelled out apart from the code. */
function isScopeCharacter(code: number): boolean {
  return code === 0x21 || (code >= 0x23 && code <= 0x5b) || (code >= 0x5d && code <= 0x7e);
}

describe('parseScope', () => {
  it.each([
    ['read', ['read']],
    ['read write', ['read', 'write']],
    ['orders:read https://api.test/write.all', ['orders:read', 'https://api.test/write.all']],
    ['read read', ['read', 'read']],
    ['READ read', ['READ', 'read']],
    ['a,b', ['a,b']],
    ['', []],
  ])('RFC 6749 §3.3: reads "%s" as the scopes %j', (text, scopes) => {
    expect(parseScope(text)).toEqual(scopes);
  });

  it.each([
    ['a leading space', ' read write'],
    ['a trailing space', 'read write '],
    ['two spaces in a row', 'read  write'],
    ['a space and nothing else', ' '],
    ['a tab between scopes', 'read\twrite'],
    ['a line feed at the end', 'read write\n'],
    ['a no-break space between scopes', 'read\u00a0write'],
    ['a quotation mark', 'read "write"'],
    ['a backslash', 'read wri\\te'],
    ['a NUL', 'read wri\u0000te'],
    ['a letter beyond ASCII', 'read écrire'],
  ])('RFC 6749 §3.3: finds a scope string with %s malformed', (_, text) => {
    covers('E5');
    expect(parseScope('read write')).toEqual(['read', 'write']);
    expect(parseScope(text)).toBeUndefined();
  });

  it('RFC 6749 §3.3: gives back every list of scopes that was joined by single spaces', () => {
    const scope = fc.string({
      unit: fc
        .integer({ min: 0x21, max: 0x7e })
        .filter(isScopeCharacter)
        .map((code) => String.fromCharCode(code)),
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(fc.array(scope, { maxLength: 8 }), (scopes) => {
        expect(parseScope(scopes.join(' '))).toEqual(scopes);
      }),
      { seed: 6749 },
    );
  });
});

describe('parseIssuedScope', () => {
  it.each([
    ['read  write', ['read', 'write']],
    ['   read write  ', ['read', 'write']],
    [' ', []],
    ['', []],
    ['read write', ['read', 'write']],
  ])('reads "%s", as some issuers write it, as the scopes %j', (text, scopes) => {
    covers('E5');
    expect(parseIssuedScope(text)).toEqual(scopes);
  });

  it.each(['read\twrite', 'read\nwrite', 'read\u00a0write', '"read"', 'wri\\te', 'read \u0000', ' écrire'])(
    'RFC 6749 §3.3: finds %j malformed, since a scope token is no other than in the grammar',
    (text) => {
      covers('E5');
      expect(parseIssuedScope(text)).toBeUndefined();
    },
  );
});

describe('isScopeToken', () => {
  it('RFC 6749 §3.3: allows %x21, %x23-5B and %x5D-7E, and no other of the first 65,536 characters', () => {
    for (let code = 0; code <= 0xffff; code += 1) {
      const character = String.fromCharCode(code);
      if (isScopeToken(character) !== isScopeCharacter(code)) expect.fail(`U+${code.toString(16)} is judged wrongly`);
    }
  });

  it('RFC 6749 §3.3: a scope has one character at least', () => {
    expect(isScopeToken('a')).toBe(true);
    expect(isScopeToken('')).toBe(false);
  });
});
