import { describe, expect, it } from 'vitest';
import { parseAuthenticateOptions } from '../../src/verifier/requirements.js';
import { expectMisuse } from '../support/configuration-error.js';
import { covers } from '../support/covers.js';

const AUDIENCE = ['https://api.test', 'https://api.example'];

const parse = (given: unknown = {}, audience: readonly string[] | false = AUDIENCE) =>
  parseAuthenticateOptions(given, audience).requirements;

describe('parseAuthenticateOptions', () => {
  it('demands the audience of the verifier and nothing else by default', () => {
    const demands = parse();
    expect(demands).toEqual({
      audience: AUDIENCE,
      policy: undefined,
      realm: 'https://api.test',
      extraTokenLocations: [],
    });
    expect(Object.isFrozen(demands)).toBe(true);
  });

  it.each([
    ['https://route.test', ['https://route.test']],
    [
      ['a', 'b', 'a'],
      ['a', 'b'],
    ],
  ])('takes the audience %j in place of that of the verifier', (audience, expected) => {
    expect(parse({ audience })).toMatchObject({ audience: expected, realm: expected[0] });
    expect(parse({ audience }, false)).toMatchObject({ audience: expected, realm: expected[0] });
  });

  it('keeps to no audience where the verifier has none', () => {
    expect(parse({}, false)).toMatchObject({ audience: false, realm: 'api' });
  });

  it.each(['say "hi"', 'back\\slash', '\u00fcber', 'line\nfeed', 'a\ttab'])(
    'RFC 6750 §3: does not take the audience %j for a realm, since no challenge could hold it',
    (audience) => {
      covers('F12');
      expect(parse({ audience: 'plain' }).realm).toBe('plain');
      expect(parse({ audience }).realm).toBe('api');
    },
  );

  it('takes the realm that is given', () => {
    expect(parse({ realm: 'orders of today' }).realm).toBe('orders of today');
  });

  it('takes locations for tokens besides the header', () => {
    const given = ['query', 'form'];
    const { extraTokenLocations } = parse({ extraTokenLocations: given });
    given.pop();
    expect(extraTokenLocations).toEqual(['query', 'form']);
    expect(Object.isFrozen(extraTokenLocations)).toBe(true);
    expect(parse({ extraTokenLocations: [] }).extraTokenLocations).toEqual([]);
    const named = parse({ extraTokenLocations: [{ header: 'CF-Access-Jwt-Assertion' }, { cookie: '__Host-Session' }] });
    expect(named.extraTokenLocations).toEqual([{ header: 'cf-access-jwt-assertion' }, { cookie: '__Host-Session' }]);
    expect(named.extraTokenLocations.every(Object.isFrozen)).toBe(true);
  });

  it('parses the policy', () => {
    expect(parse({ policy: 'read write' }).policy).toEqual({ all: [{ scope: 'read' }, { scope: 'write' }] });
    expect(parse({}).policy).toBeUndefined();
  });

  const misuses = [
    ...[null, [], 'read', 1].map((given) => ({
      what: `options ${JSON.stringify(given)}`,
      given,
      option: 'options',
      told: 'must be an object',
      fix: 'Give an object',
    })),
    {
      what: 'a misspelt name',
      given: { audiences: 'a' },
      option: 'audiences',
      told: 'is not an option',
      fix: 'audience',
    },
    { what: 'a name for others', given: { clock: 1 }, option: 'clock', told: 'is not an option', fix: 'Options are' },
    {
      what: 'audience false',
      given: { audience: false },
      option: 'audience',
      told: 'holds false',
      fix: 'leave it out',
    },
    { what: 'no audience', given: { audience: [] }, option: 'audience', told: 'is an empty list', fix: 'leave it out' },
    { what: 'audience ""', given: { audience: '' }, option: 'audience', told: 'an empty string', fix: 'leave it out' },
    { what: 'audience [1]', given: { audience: ['a', 1] }, option: 'audience', told: 'holds 1', fix: 'leave it out' },
    ...['', 'a "b"', 'a\\b', '\u00fcber', 'a\nb', 1, null].map((realm) => ({
      what: `realm ${JSON.stringify(realm)}`,
      given: { realm },
      option: 'realm',
      told: 'cannot stand in a challenge',
      fix: 'printable ASCII',
    })),
    {
      what: 'one location',
      given: { extraTokenLocations: 'query' },
      option: 'extraTokenLocations',
      told: 'is "query"',
      fix: 'form and query',
    },
    {
      what: 'location null',
      given: { extraTokenLocations: null },
      option: 'extraTokenLocations',
      told: 'is null',
      fix: 'form and query',
    },
    {
      what: 'location header',
      given: { extraTokenLocations: ['form', 'header'] },
      option: 'extraTokenLocations',
      told: 'holds "header"',
      fix: 'form and query',
    },
    ...[
      [{}, 'names not exactly one place.'],
      [{ header: 'x-a', cookie: 'a' }, 'names not exactly one place.'],
      [{ header: 'Authorization' }, '"Authorization" cannot hold a token.'],
      [{ header: 'Cookie' }, '"Cookie" cannot hold a token.'],
      [{ header: 'x y' }, '"x y" cannot hold a token.'],
      [{ cookie: 'a;b' }, '"a;b" cannot hold a token.'],
    ].map(([location, told]) => ({
      what: `location ${JSON.stringify(location)}`,
      given: { extraTokenLocations: ['form', location] },
      option: 'extraTokenLocations[1]',
      told: told as string,
      fix: 'Give',
    })),
    {
      what: 'an unknown member of a location',
      given: { extraTokenLocations: [{ cookies: 'a' }] },
      option: 'extraTokenLocations[0].cookies',
      told: 'is not an option',
      fix: 'cookie',
    },
    {
      what: 'an empty policy',
      given: { policy: '' },
      option: 'policy',
      told: 'empty scope string',
      fix: 'Leave the policy out',
    },
    {
      what: 'a policy of null',
      given: { policy: null },
      option: 'policy',
      told: 'is null',
      fix: 'Give a scope string',
    },
  ];

  it.each(misuses)('refuses $what as a mistake in the program', async ({ given, ...misuse }) => {
    expect(parse()).toBeDefined();
    await expectMisuse(() => parse(given), misuse);
  });
});
