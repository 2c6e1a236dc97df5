import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createVerifier } from '../../src/index.js';
import { createTestIssuer } from '../../src/testing/index.js';
import type { RowId } from '../security-matrix/catalogue.js';
import { GOOD_JWKS } from '../support/bad-keys.js';
import {
  createVerifierWith,
  expectMisuse,
  ISSUER,
  itRefuses,
  type OptionsMisuse,
} from '../support/configuration-error.js';
import { covers } from '../support/covers.js';
import { reasonOfCall } from '../support/reason-of.js';
import { thorough } from '../support/thorough.js';

const AUDIENCE = 'https://api.example.com';

describe('createVerifier', () => {
  it.each<[what: string, options: unknown, told: string]>([
    ['nothing', undefined, 'is undefined.'],
    ['null', null, 'is null.'],
    ['a URL', ISSUER, `is "${ISSUER}".`],
    ['a list', [{ issuer: ISSUER, audience: AUDIENCE }], 'is an array.'],
    ['a function', () => ({ issuer: ISSUER, audience: AUDIENCE }), 'is a function.'],
  ])('refuses %s in place of options', async (_, options, told) => {
    await expectMisuse(() => createVerifier(options as never), { option: 'options', told, fix: 'createVerifier({' });
  });

  it('refuses options without an issuer', async () => {
    const call = () => createVerifier({ audience: AUDIENCE } as never);
    await expectMisuse(call, { option: 'issuer', told: 'is missing.', fix: "Give the issuer's URL" });
  });

  it('CVE-2026-55689, CVE-2026-30223: refuses options without an audience', async () => {
    covers('E3');
    expect(() => createVerifier({ issuer: ISSUER, audience: AUDIENCE })).not.toThrow();
    const call = () => createVerifier({ issuer: ISSUER } as never);
    await expectMisuse(call, { option: 'audience', told: 'is missing.', fix: 'write audience: false together with' });
  });

  it('throws at once, and asks nobody before the first token', () => {
    let asked = 0;
    const fetch = () => {
      asked += 1;
      return Promise.reject(new Error('there is no network here'));
    };
    expect(() => createVerifierWith({ fetch, issuer: 'login' })).toThrow(/^issuer: "login" is not a URL\./);
    expect(() => createVerifierWith({ fetch })).not.toThrow();
    expect(asked).toBe(0);
  });
});

describe('createVerifier, given a name that is no option', () => {
  const name = (option: string, given: object, fix: string): OptionsMisuse => [
    option,
    given,
    option,
    'is not an option.',
    fix,
  ];
  const OF_VERIFIER = 'Options are: issuer, audience, claims,';
  itRefuses('the name', [
    name('audiences', { audiences: 'a' }, 'Did you mean audience?'),
    name('algoritms', { algoritms: ['ES256'] }, 'Did you mean algorithms?'),
    name('clientIDs', { clientIDs: ['a'] }, 'Did you mean clientIds?'),
    name('audiense', { audiense: undefined }, 'Did you mean audience?'),
    name('clockTolerance', { clockTolerance: 5 }, OF_VERIFIER),
    name('jwksUri', { jwksUri: `${ISSUER}/jwks` }, OF_VERIFIER),
    name('constructor', { constructor: 1 }, OF_VERIFIER),
    name('issuer.jwksURI', { issuer: { issuer: ISSUER, jwksURI: ISSUER } }, 'Did you mean jwksUri?'),
    name('issuer.tokenCache', { issuer: { issuer: ISSUER, tokenCache: false } }, 'Options are: issuer, audience,'),
    name('issuer[1].profil', { issuer: [ISSUER, { issuer: `${ISSUER}/b`, profil: 'jwt' }] }, 'Did you mean profile?'),
    name('keys.maxAgeSecond', { keys: { maxAgeSecond: 1 } }, 'Did you mean maxAgeSeconds?'),
    name('keys.cacheMaxAge', { keys: { cacheMaxAge: 1 } }, 'Options are: maxAgeSeconds,'),
    name('tokenCache.Max', { tokenCache: { Max: 1 } }, 'Did you mean max?'),
    name('tokenCache.ttl', { tokenCache: { ttl: 1 } }, 'Options are: max.'),
  ]);
});

describe('createVerifier, given an audience', () => {
  const FIX = 'Give the identifier of this server';
  const audience = (what: string, given: unknown, told: string, fix = FIX): OptionsMisuse => [
    what,
    { audience: given },
    'audience',
    told,
    fix,
  ];
  itRefuses('an audience', [
    audience('that is empty', '', 'holds an empty string.'),
    audience('that is an empty list', [], 'is an empty list.'),
    audience('that is undefined in a list', ['a', undefined], 'holds undefined.'),
    audience('that is null', null, 'holds null.'),
    audience('that is true', true, 'holds true.'),
    audience('that is a pattern', /api/, 'holds a value of type object.'),
    audience('that is false, without clientIds', false, `any token of "${ISSUER}" would be accepted`, 'in clientIds'),
  ]);

  it('CVE-2026-55689: refuses audience: false where one issuer of two has no other rule', async () => {
    covers('E3');
    const named = { issuer: ISSUER, clientIds: ['app'] };
    const open = `${ISSUER}/b`;
    const narrowed = { issuer: open, audience: AUDIENCE };
    expect(() => createVerifierWith({ audience: false, issuer: [named, narrowed] })).not.toThrow();
    const call = () => createVerifierWith({ audience: false, issuer: [named, open] });
    await expectMisuse(call, { option: 'audience', told: `any token of "${open}"`, fix: 'in clientIds' });
  });
});

describe('createVerifier, given rules', () => {
  const rule = (what: string, given: object, told: string, fix: string, ...ids: RowId[]): OptionsMisuse => [
    what,
    given,
    Object.keys(given)[0] as string,
    told,
    fix,
    ...ids,
  ];
  const FIX_ALGORITHMS = 'Give some of RS256, RS384,';
  const FIX_SCOPES = 'Give an array of claim names and functions';
  const FIX_CLIENTS = 'Give an array of client ids.';
  itRefuses('an option:', [
    rule('no algorithm (CVE-2020-15084)', { algorithms: [] }, 'is an empty list.', FIX_ALGORITHMS, 'A12'),
    rule('none (RFC 8725 §3.2)', { algorithms: ['ES256', 'none'] }, 'anybody could make such tokens', FIX_ALGORITHMS),
    rule('NonE', { algorithms: ['NonE'] }, 'holds "NonE": anybody could make such tokens', FIX_ALGORITHMS, 'A2'),
    rule(
      'HS256 (CVE-2015-9235)',
      { algorithms: ['HS256'] },
      '"HS256", which needs a shared secret; the keys of this issuer are public',
      FIX_ALGORITHMS,
    ),
    rule('an unknown algorithm', { algorithms: ['ES521'] }, '"ES521", which is not supported.', FIX_ALGORITHMS),
    rule('an algorithm in lower case', { algorithms: ['es256'] }, '"es256", which is not supported.', FIX_ALGORITHMS),
    rule('an algorithm called constructor', { algorithms: ['constructor'] }, 'not supported', FIX_ALGORITHMS, 'A10'),
    rule('an algorithm that is null', { algorithms: [null] }, 'holds null.', FIX_ALGORITHMS),
    rule('an unknown profile', { profile: 'RFC9068' }, 'is "RFC9068".', "Give 'jwt' or 'rfc9068'."),
    rule('a place of scopes that is no list', { scopesFrom: 'scope' }, 'is "scope".', FIX_SCOPES),
    rule('no place of scopes', { scopesFrom: [] }, 'is an empty list.', FIX_SCOPES),
    rule('a place of scopes without a name', { scopesFrom: [''] }, 'holds an empty string.', FIX_SCOPES),
    rule('a place of scopes that is a number', { scopesFrom: ['scope', 1] }, 'holds 1.', FIX_SCOPES),
    rule('no clients', { clientIds: [] }, 'is an empty list.', FIX_CLIENTS),
    rule('a client without a name', { clientIds: ['a', ''] }, 'holds an empty string.', FIX_CLIENTS),
    rule('http as a text', { dangerouslyAllowInsecureHttp: 'true' }, 'is "true".', 'Give true or false.'),
    rule('requireKid as a number', { requireKid: 1 }, 'is 1.', 'Give true or false.'),
    rule('claims that are a type', { claims: 'object' }, 'is "object" and not a Standard', 'Give a schema of zod 3.24'),
    rule('claims that are null', { claims: null }, 'is null and not a Standard Schema.', 'Give a schema of zod 3.24'),
    rule('claims that are a shape', { claims: { tenant: 'string' } }, 'is a value of type object', 'Give a schema'),
    rule('claims that are a parser', { claims: (x: unknown) => x }, 'is a function and not', 'Give a schema of zod'),
    rule('claims of another version', { claims: { '~standard': { version: 2 } } }, 'type object', 'Give a schema'),
    rule('claims that cannot validate', { claims: { '~standard': { version: 1 } } }, 'type object', 'Give a schema'),
    rule('a token cache that is true', { tokenCache: true }, 'but is true.', 'Give false, or an object such as { max:'),
    rule('a token cache that is null', { tokenCache: null }, 'but is null.', 'Give false, or an object such as { max:'),
    rule('a token cache that is a number', { tokenCache: 100 }, 'but is 100.', 'Give false, or an object such as'),
    rule('limits of keys that are null', { keys: null }, 'but is null.', 'Give an object such as { maxAgeSeconds:'),
    rule('limits of keys that are a number', { keys: 600 }, 'but is 600.', 'Give an object such as { maxAgeSeconds:'),
    rule('a fetch that is an agent', { fetch: {} }, 'is a value of type object.', 'Give a function, or leave it out.'),
    rule('a fetch that is null', { fetch: null }, 'is null.', 'Give a function, or leave it out.'),
    rule('a clock that is a time', { clock: 1_800_000_000_000 }, 'is 1800000000000.', 'Give a function'),
  ]);

  it.each<[what: string, issuer: object, option: string, told: string, fix: string, ...ids: RowId[]]>([
    [
      'HS512 with a key set',
      { jwks: GOOD_JWKS, algorithms: ['HS512'] },
      'algorithms',
      'public',
      FIX_ALGORITHMS,
      'A4',
      'A12',
    ],
    ['no algorithm', { algorithms: [] }, 'algorithms', 'is an empty list.', FIX_ALGORITHMS],
    ['an unknown profile', { profile: null }, 'profile', 'is null.', "Give 'jwt' or 'rfc9068'."],
    ['no place of scopes', { scopesFrom: [] }, 'scopesFrom', 'is an empty list.', FIX_SCOPES],
    ['clients that are null', { clientIds: null }, 'clientIds', 'holds null.', FIX_CLIENTS],
    ['http as a number', { dangerouslyAllowInsecureHttp: 1 }, 'dangerouslyAllowInsecureHttp', 'is 1.', 'true or false'],
  ])('refuses for one issuer: %s', async (_, issuer, option, told, fix, ...ids) => {
    covers(...ids);
    const call = () => createVerifierWith({ issuer: [`${ISSUER}/a`, { issuer: ISSUER, ...issuer }] });
    await expectMisuse(call, { option: `issuer[1].${option}`, told, fix });
  });
});

describe('createVerifier, given a number', () => {
  const inKeys = (name: string) => (value: unknown) => ({ keys: { [name]: value } });
  const NUMBERS: readonly [option: string, least: number, most: number, give: (value: unknown) => object][] = [
    ['clockToleranceSeconds', 0, 300, (value) => ({ clockToleranceSeconds: value })],
    ['maxTokenAgeSeconds', 1, 31_536_000, (value) => ({ maxTokenAgeSeconds: value })],
    [
      'issuer.maxTokenAgeSeconds',
      1,
      31_536_000,
      (value) => ({ issuer: { issuer: ISSUER, maxTokenAgeSeconds: value } }),
    ],
    ['maxTokenBytes', 256, 1_048_576, (value) => ({ maxTokenBytes: value })],
    ['tokenCache.max', 1, 10_000_000, (value) => ({ tokenCache: { max: value } })],
    ['keys.maxAgeSeconds', 1, 86_400, inKeys('maxAgeSeconds')],
    ['keys.staleIfErrorSeconds', 0, 604_800, inKeys('staleIfErrorSeconds')],
    ['keys.fetchTimeoutSeconds', 0.01, 60, inKeys('fetchTimeoutSeconds')],
    ['keys.maxResponseBytes', 1024, 16_777_216, inKeys('maxResponseBytes')],
    ['keys.refetchBurst', 1, 100, inKeys('refetchBurst')],
    ['keys.refetchEverySeconds', 1, 3600, inKeys('refetchEverySeconds')],
  ];

  it.each(NUMBERS)('takes %s from %d to %d, and nothing beyond', async (option, least, most, give) => {
    // A cache takes its memory at once, which is more than a second's work for the largest.
    const largest = option === 'tokenCache.max' ? thorough(most, 10_000) : most;
    for (const value of [least, largest, undefined]) expect(() => createVerifierWith(give(value))).not.toThrow();
    for (const value of [least - 0.001, most + 1, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const call = () => createVerifierWith(give(value));
      await expectMisuse(call, { option, told: `is ${value}.`, fix: `from ${least} to ${most}.` });
    }
  });

  it.each(NUMBERS)('fast-jwt #640: refuses for %s what is no number', async (option, least, _most, give) => {
    for (const [value, told] of [
      [Number.NaN, 'is NaN.'],
      [String(least), `is "${least}".`],
      ['', 'is an empty string.'],
      [null, 'is null.'],
      [true, 'is true.'],
      [[least], 'is an array.'],
      [{}, 'is a value of type object.'],
    ] as const) {
      await expectMisuse(() => createVerifierWith(give(value)), { option, told, fix: 'Give a ' });
    }
  });

  it.each(NUMBERS.filter(([option]) => /max$|maxTokenBytes|Burst/.test(option)))(
    'refuses for %s a number that is not whole',
    async (option, least, _most, give) => {
      expect(() => createVerifierWith(give(least + 1))).not.toThrow();
      const call = () => createVerifierWith(give(least + 0.5));
      await expectMisuse(call, { option, told: `is ${least + 0.5}.`, fix: 'Give a whole number of' });
    },
  );
});

describe('createVerifier does not refuse', () => {
  const SCHEMA = z.object({ tenant: z.string() });

  it.each<[what: string, changes: object]>([
    ['the least that it needs', {}],
    ['options that are undefined', { claims: undefined, tokenCache: undefined, keys: undefined, clock: undefined }],
    ['several audiences', { audience: [AUDIENCE, 'urn:example:api'] }],
    ['audience: false with clientIds', { audience: false, clientIds: ['app'] }],
    ['one algorithm', { algorithms: ['ES256'] }],
    ['the strict profile', { profile: 'rfc9068' }],
    ['a function that finds scopes', { scopesFrom: ['roles', () => ['read']] }],
    ['a schema of zod', { claims: SCHEMA }],
    ['a schema of valibot', { claims: v.object({ tenant: v.string() }) }],
    ['a schema that is a function', { claims: Object.assign(() => {}, { '~standard': SCHEMA['~standard'] }) }],
    ['no token cache', { tokenCache: false }],
    ['a token cache with the default size', { tokenCache: {} }],
    ['limits of keys with every default', { keys: {} }],
    ['https with permission for http', { dangerouslyAllowInsecureHttp: true }],
    ['a fetch and a clock', { fetch: globalThis.fetch, clock: () => 1_800_000_000_000 }],
    ['options without a prototype', Object.assign(Object.create(null), { clockToleranceSeconds: 0 })],
  ])('%s', (_, changes) => {
    expect(() => createVerifierWith(changes)).not.toThrow();
  });
});

describe('a verifier whose clock is broken', () => {
  it.each<[gives: unknown]>([[Number.NaN], [undefined], ['now']])(
    'RFC 7519 §4.1.4: accepts no token that has expired when its clock gives %s',
    async (time) => {
      covers('J20');
      const issuer = await createTestIssuer();
      const token = await issuer.token({ expiresInSeconds: -3600, claims: { iat: undefined } });
      const withClock = (clock: () => unknown) => reasonOfCall(verify({ ...issuer.verifierOptions, clock }, token));
      await expect(withClock(() => issuer.now() - 3_660_000)).resolves.toBe('accepted');
      await expect(withClock(() => time)).resolves.not.toBe('accepted');
    },
  );

  async function verify(options: object, token: string): Promise<void> {
    await createVerifier(options as never).verify(token);
  }
});
