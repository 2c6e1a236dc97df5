import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type AccessToken, createAccessToken, isAccessToken } from '../../src/protocol/access-token.js';
import type { UntypedClaims } from '../../src/protocol/claims.js';
import { covers } from '../support/covers.js';

const FIELDS: AccessToken = Object.freeze({
  token: 'header.payload.signature',
  claims: Object.freeze({ iss: 'https://issuer.test', exp: 2_000_000_000, tenant: 'a' }) as UntypedClaims,
  issuer: 'https://issuer.test',
  subject: 'user',
  clientId: 'client',
  scopes: Object.freeze(['read']),
  audience: Object.freeze(['https://api.test']),
  expiresAt: 2_000_000_000,
});

describe('createAccessToken', () => {
  it('gives a value with every field that it was given', () => {
    const { token, ...others } = FIELDS;
    const accessToken = createAccessToken(FIELDS);
    expect(accessToken.token).toBe(token);
    expect({ ...accessToken }).toEqual(others);
  });

  it('gives a value that cannot be changed', () => {
    covers('H25');
    const accessToken = createAccessToken(FIELDS) as { subject?: unknown; token?: unknown; extra?: unknown };
    expect(() => {
      accessToken.subject = 'admin';
    }).toThrow(TypeError);
    expect(() => {
      accessToken.token = 'other';
    }).toThrow(TypeError);
    expect(() => {
      accessToken.extra = true;
    }).toThrow(TypeError);
    expect(accessToken).toMatchObject({ subject: 'user', token: FIELDS.token });
  });

  it.each<[how: string, print: (token: AccessToken) => string]>([
    ['JSON.stringify', (token) => JSON.stringify({ auth: token })],
    ['util.inspect', (token) => inspect(token)],
    [
      'util.inspect with hidden members and getters',
      (token) => inspect({ auth: token }, { showHidden: true, getters: true, depth: Infinity }),
    ],
    ['Object.entries', (token) => Object.entries(token).flat().join()],
    ['for...in', (token) => listMembers(token)],
    ['a spread', (token) => JSON.stringify({ ...token })],
    ['structuredClone', (token) => inspect(structuredClone(token), { showHidden: true })],
    ['a template literal', (token) => `${token}`],
  ])('RFC 9700 §4.9.3: %s does not show the token string', (_, print) => {
    covers('F15');
    const accessToken = createAccessToken(FIELDS);
    expect(accessToken.token).toBe('header.payload.signature');
    expect(print(accessToken)).not.toContain('payload.signature');
  });

  it('shows the other fields when it is printed, for logs', () => {
    const accessToken = createAccessToken(FIELDS);
    expect(inspect(accessToken)).toContain("subject: 'user'");
    expect(JSON.parse(JSON.stringify(accessToken))).toMatchObject({ subject: 'user', clientId: 'client' });
  });
});

describe('isAccessToken', () => {
  it('knows what createAccessToken made', () => {
    expect(isAccessToken(createAccessToken(FIELDS))).toBe(true);
  });

  it.each<[what: string, lookAlike: unknown]>([
    ['an object with the same fields', FIELDS],
    ['a copy', { ...createAccessToken(FIELDS) }],
    ['a clone', structuredClone(createAccessToken(FIELDS))],
    ['an object that inherits from one', Object.create(createAccessToken(FIELDS))],
    ['an object of its prototype', Object.create(Object.getPrototypeOf(createAccessToken(FIELDS)))],
    ['a proxy of one', new Proxy(createAccessToken(FIELDS), {})],
    ['a token string', FIELDS.token],
    ['null', null],
    ['undefined', undefined],
    ['a function', () => FIELDS],
  ])('takes %s for no access token', (_, lookAlike) => {
    expect(isAccessToken(lookAlike)).toBe(false);
  });
});

function listMembers(token: AccessToken): string {
  const found: unknown[] = [];
  for (const name in token) found.push(name, token[name as keyof AccessToken]);
  return found.join();
}
