import { describe, expect, it } from 'vitest';
import { createGuard, createVerifier, type VerifierOptions } from '../../src/index.js';
import { expectMisuse } from '../support/configuration-error.js';
import { RawIssuer } from '../support/raw-issuer.js';

const ISSUER = 'https://login.example.com';
const GOOD = { issuer: ISSUER, audience: 'https://orders.example.com' };
const create = (changes: object) => () => createVerifier({ ...GOOD, ...changes } as VerifierOptions);
const guardWith = (options: object) => () => createGuard(createVerifier(GOOD), options);

/** Refused, and told where it belongs. The control is the same without it. */
async function expectPlace(call: () => unknown, option: string, fix: string): Promise<void> {
  expect(create({})).not.toThrow();
  expect(guardWith({})).not.toThrow();
  await expectMisuse(call, { option, told: 'is not an option.', fix });
}

describe('an option in the wrong place', () => {
  it.each(['metadataUrl', 'jwksUri', 'jwks', 'publicKey', 'secret', 'introspection'])(
    '%s of an issuer',
    async (name) => {
      const fix = `It stands on an issuer: createVerifier({ issuer: { issuer: 'https://...', ${name}: ... } }).`;
      await expectPlace(create({ [name]: 'x' }), name, fix);
      await expectPlace(guardWith({ [name]: 'x' }), name, fix);
    },
  );

  it.each([
    ['maxAgeSeconds', 600, 'It stands in keys: createVerifier({ keys: { maxAgeSeconds: ... } }).'],
    ['fetchTimeoutSeconds', 5, 'It stands in keys: createVerifier({ keys: { fetchTimeoutSeconds: ... } }).'],
    ['realm', 'x', 'It is an option of createGuard(verifier, { realm: ... }).'],
    ['onRefusal', () => {}, 'It is an option of createGuard(verifier, { onRefusal: ... }).'],
    ['clientSecret', 'x', 'It stands in introspection of an issuer'],
  ])('%s of something else, at the top', async (name, value, fix) => {
    await expectPlace(create({ [name]: value }), name, fix);
  });

  it.each([
    ['algorithms', ['RS256']],
    ['issuer', ISSUER],
    ['clientIds', ['a']],
    ['clockToleranceSeconds', 5],
  ])('%s of the verifier, on a guard', async (name, value) => {
    await expectPlace(guardWith({ [name]: value }), name, `It is an option of createVerifier({ ${name}: ... }).`);
  });

  it('tokenCache of the verifier, on an issuer', async () => {
    const fix = 'It is an option of createVerifier({ tokenCache: ... }).';
    await expectPlace(create({ issuer: { issuer: ISSUER, tokenCache: false } }), 'issuer.tokenCache', fix);
  });
});

describe('a name by habit, from another package', () => {
  it.each<[name: string, fix: string]>([
    ['issuerBaseURL', 'Give issuer: the iss of the tokens to the letter'],
    ['issuer_base_url', 'Give issuer: the iss of the tokens to the letter'],
    ['mcd', 'Give a list as issuer, or a function'],
    ['jwks_uri', 'Give jwksUri on an issuer'],
    ['discoveryUrl', 'Give metadataUrl on an issuer'],
    ['secretOrKey', 'Give secret on an issuer'],
    ['secretOrPublicKey', 'or publicKey there where it is PEM'],
    ['secretOrKeyProvider', 'keys are fetched'],
    ['tokenSigningAlg', "Give algorithms, such as ['RS256']."],
    ['jwksRequestsPerMinute', 'what can be set stands in keys, in seconds'],
    ['cacheMaxAge', 'what can be set stands in keys, in seconds'],
    ['credentialsRequired', 'guard.optional()'],
    ['authRequired', 'guard.optional()'],
    ['requestProperty', 'req.auth'],
    ['getToken', 'the Authorization header is read'],
    ['jwtFromRequest', 'the Authorization header is read'],
    ['isRevoked', 'introspection: { jwt: true'],
    ['clockTolerance', 'Give clockToleranceSeconds.'],
    ['maxTokenAge', 'maxTokenAgeSeconds'],
    ['ignoreExpiration', 'this is always checked'],
    ['tokenUse', 'this is always checked'],
    ['strict', "Give profile: 'rfc9068'."],
    ['validators', 'Give claims, a schema'],
    ['requiredScopes', "guard('orders:read')"],
    ['customScopeKey', 'Give scopesFrom'],
    ['agent', 'Give fetch'],
    ['dpop', 'It is not supported'],
  ])('%s is answered with what to write', async (name, fix) => {
    await expectPlace(create({ [name]: 'x' }), name, fix);
  });
});

describe('a value by habit', () => {
  it.each([
    ['https://login.example.com/.well-known/openid-configuration', 'probably "https://login.example.com"'],
    ['https://login.example.com/t1/.well-known/openid-configuration', 'probably "https://login.example.com/t1"'],
    ['https://login.example.com/.well-known/openid-configuration/', 'probably "https://login.example.com"'],
    ['https://login.example.com/.well-known/oauth-authorization-server/t1', 'probably "https://login.example.com/t1"'],
    ['https://login.example.com/.well-known/jwks.json', 'Give it as jwksUri'],
    ['https://login.example.com/realms/a/protocol/openid-connect/certs', 'Give it as jwksUri'],
  ])('the URL of a document as issuer: %s', async (url, fix) => {
    for (const issuer of [url, { issuer: url }, [url]]) {
      const option = typeof issuer === 'string' ? 'issuer' : Array.isArray(issuer) ? 'issuer[0]' : 'issuer.issuer';
      await expectMisuse(create({ issuer }), { option, told: 'the URL of', fix });
    }
  });

  it('the URLs of documents in place of each other', async () => {
    const jwksUri = `${ISSUER}/.well-known/openid-configuration`;
    await expectMisuse(create({ issuer: { issuer: ISSUER, jwksUri } }), {
      option: 'issuer.jwksUri',
      told: 'is the URL of metadata.',
      fix: 'Give it as metadataUrl.',
    });
    await expectMisuse(create({ issuer: { issuer: ISSUER, metadataUrl: `${ISSUER}/jwks.json` } }), {
      option: 'issuer.metadataUrl',
      told: 'is the URL of a key set.',
      fix: 'Give it as jwksUri.',
    });
  });

  it.each([
    ['https://orders.example.com ', 'end'],
    ['https://orders.example.com\n', 'end'],
    ['\thttps://orders.example.com', 'beginning'],
  ])('white space around an audience: %j', async (audience, where) => {
    const misuse = { told: `has white space at its ${where}.`, fix: 'Leave it out' };
    await expectMisuse(create({ audience }), { option: 'audience', ...misuse });
    await expectMisuse(create({ audience: ['https://a.test', audience] }), { option: 'audience', ...misuse });
    await expectMisuse(guardWith({ audience }), { option: 'audience', ...misuse });
    await expectMisuse(create({ issuer: { issuer: ISSUER, audience } }), { option: 'issuer.audience', ...misuse });
    await expectMisuse(create({ clientIds: [audience] }), { option: 'clientIds', ...misuse });
    expect(create({ audience: 'My orders API' })).not.toThrow();
  });

  it('white space around the name of an issuer', async () => {
    await expectMisuse(create({ issuer: `${ISSUER} ` }), {
      option: 'issuer',
      told: 'has white space at its end.',
      fix: 'Leave it out',
    });
  });

  it.each(['orders:read, orders:write', 'orders:read,orders:write', 'orders:read ,', ','])(
    'scopes with a comma: %j',
    async (scopes) => {
      const guard = createGuard(createVerifier(GOOD));
      expect(() => guard('orders:read orders:write')).not.toThrow();
      await expectMisuse(() => guard(scopes), {
        option: 'policy',
        told: 'has a comma in it.',
        fix: "Separate scopes by a space: 'orders:read orders:write'.",
      });
      // RFC 6749 §3.3: a comma may stand in a scope. Whoever means it says so.
      expect(() => guard({ scope: 'a,b' })).not.toThrow();
    },
  );

  it('audience: false on the only issuer, and nothing beside it', async () => {
    const issuer = { issuer: ISSUER, audience: false, clientIds: ['a'] };
    await expectMisuse(() => createVerifier({ issuer } as never), {
      option: 'audience',
      told: 'is missing.',
      fix: 'write audience: false beside issuer too',
    });
    expect(() => createVerifier({ issuer, audience: false } as never)).not.toThrow();
    await expectMisuse(() => createVerifier({ issuer: [issuer, new RawIssuer().issuer] } as never), {
      option: 'audience',
      told: 'is missing.',
      fix: 'Give the identifier of this server',
    });
  });
});
