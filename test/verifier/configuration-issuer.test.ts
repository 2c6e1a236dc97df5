import { describe, expect, it } from 'vitest';
import type { RowId } from '../security-matrix/catalogue.js';
import { BAD_KEYS, GOOD_JWKS } from '../support/bad-keys.js';
import {
  createVerifierWith,
  expectMisuse,
  ISSUER,
  itRefuses,
  type OptionsMisuse,
} from '../support/configuration-error.js';
import { covers } from '../support/covers.js';

const FIX_ISSUER = "Give the issuer's URL";
const FIX_URL = 'Give an absolute https URL.';

describe('createVerifier, told whom to trust', () => {
  const issuer = (
    what: string,
    given: unknown,
    told: string,
    fix: string,
    option = 'issuer',
    ...ids: RowId[]
  ): OptionsMisuse => [what, { issuer: given }, option, told, fix, ...ids];
  const FIX_PARTS = 'Give the URL alone';
  const PARTS = 'has a query or fragment.';
  const CREDENTIALS = 'has a user name or password in it.';
  const TWICE = `lists "${ISSUER}" twice.`;
  itRefuses('an issuer', [
    issuer('that is undefined', undefined, 'is missing.', FIX_ISSUER),
    issuer('that is null', null, 'must be an object, but is null.', FIX_ISSUER),
    issuer('that is a number', 1, 'but is 1.', FIX_ISSUER),
    issuer('that is an empty text', '', 'is an empty string.', FIX_ISSUER),
    issuer('that is a host name', 'login.example.com', '"login.example.com" is not a URL.', FIX_URL),
    issuer('that is a path', '/tenant', '"/tenant" is not a URL.', FIX_URL),
    issuer('of another scheme', 'ftp://login.example.com', 'is not an https URL.', FIX_URL),
    issuer('that is a script', 'javascript:alert(1)', 'is not an https URL.', FIX_URL),
    issuer('with a query (RFC 8414 §2)', `${ISSUER}?a=b`, PARTS, FIX_PARTS),
    issuer('with an empty query (RFC 8414 §2)', `${ISSUER}?`, PARTS, FIX_PARTS),
    issuer('with a fragment (RFC 8414 §2)', `${ISSUER}#a`, PARTS, FIX_PARTS),
    issuer('with an empty fragment (RFC 8414 §2)', `${ISSUER}#`, PARTS, FIX_PARTS),
    issuer('with a user name', 'https://user@login.example.com', CREDENTIALS, 'without them', 'issuer', 'E1'),
    issuer('with a password', 'https://:pw@login.example.com', CREDENTIALS, 'without them', 'issuer', 'E1'),
    issuer('with a line break at its end', `${ISSUER}\n`, `"${ISSUER}\\n"`, 'Leave it out'),
    issuer('with a space before it', ` ${ISSUER}`, `" ${ISSUER}"`, 'Leave it out'),
    issuer('with a tab in it', 'https://login.\texample.com', '\\t', FIX_URL),
    issuer('with a NUL at its end', `${ISSUER}\u0000`, '\\u0000', FIX_URL),
    issuer('with one slash after its scheme', 'https:/login.example.com', '"https:/login.example.com"', FIX_URL),
    issuer('with backslashes', 'https:\\\\login.example.com', '"https:', FIX_URL),
    issuer('without its identifier', { jwksUri: `${ISSUER}/jwks` }, 'is undefined.', FIX_ISSUER, 'issuer.issuer'),
    issuer('whose identifier is a number', { issuer: 1 }, 'is 1.', FIX_ISSUER, 'issuer.issuer'),
    issuer('whose audience is empty', { issuer: ISSUER, audience: '' }, 'an empty', 'Give a string', 'issuer.audience'),
    issuer(
      'whose audience is false',
      { issuer: ISSUER, audience: false },
      'is false, so that any token of this issuer would be accepted',
      'Name the clients to accept in clientIds.',
      'issuer.audience',
    ),
    issuer('that is an empty list', [], 'is an empty list.', FIX_ISSUER),
    issuer('that is a list with a hole', new Array(1), 'but is undefined.', FIX_ISSUER, 'issuer[0]'),
    issuer('that is a list in a list', [[ISSUER]], 'but is an array.', FIX_ISSUER, 'issuer[0]'),
    issuer('beside null', [ISSUER, null], 'but is null.', FIX_ISSUER, 'issuer[1]'),
    issuer('that is listed twice', [ISSUER, ISSUER], TWICE, 'Give each issuer once.'),
    issuer(
      'that is listed in two forms',
      [{ issuer: ISSUER, jwks: GOOD_JWKS }, ISSUER],
      TWICE,
      'Give each issuer once.',
    ),
  ]);

  it('keeps a password out of the error', () => {
    const call = () => createVerifierWith({ issuer: 'https://user:hunter2@login.example.com' });
    expect(call).toThrow(/^issuer: has a user name or password in it\./);
    expect(call).not.toThrow(/hunter2/);
  });
});

describe('createVerifier, given a URL that is not https', () => {
  const LOCAL = 'http://127.0.0.1:8080';
  const ALLOWED = { dangerouslyAllowInsecureHttp: true };
  const TOLD = "is not https: whoever is on the way could put other keys in place of the issuer's.";

  it.each<[what: string, option: string, given: object]>([
    ['an issuer', 'issuer', { issuer: LOCAL }],
    ['the second of two issuers', 'issuer[1]', { issuer: [ISSUER, LOCAL] }],
    ['the identifier of an issuer', 'issuer.issuer', { issuer: { issuer: LOCAL } }],
    ['a jwksUri', 'issuer.jwksUri', { issuer: { issuer: ISSUER, jwksUri: `${LOCAL}/jwks` } }],
    ['a metadataUrl', 'issuer.metadataUrl', { issuer: { issuer: ISSUER, metadataUrl: `${LOCAL}/metadata` } }],
  ])('RFC 8414 §2, §6.1: refuses %s, unless that is allowed in so many words', async (_, option, given) => {
    covers('H6');
    const misuse = { option, told: TOLD, fix: 'set dangerouslyAllowInsecureHttp' };
    expect(() => createVerifierWith({ ...given, ...ALLOWED })).not.toThrow();
    await expectMisuse(() => createVerifierWith(given), misuse);
    await expectMisuse(() => createVerifierWith({ ...given, dangerouslyAllowInsecureHttp: false }), misuse);
  });

  it('allows it for one issuer and not for the next', async () => {
    const local = { issuer: LOCAL, ...ALLOWED };
    expect(() => createVerifierWith({ issuer: [local, ISSUER] })).not.toThrow();
    const call = () => createVerifierWith({ issuer: [local, 'http://127.0.0.1:8081'] });
    await expectMisuse(call, { option: 'issuer[1]', told: TOLD, fix: 'Give an https URL' });
  });

  it('forbids it for one issuer where it is allowed for all', async () => {
    const strict = { issuer: LOCAL, dangerouslyAllowInsecureHttp: false };
    const call = () => createVerifierWith({ issuer: strict, ...ALLOWED });
    await expectMisuse(call, { option: 'issuer.issuer', told: TOLD, fix: 'Give an https URL' });
  });

  it('allows http, and no third scheme', async () => {
    const call = () => createVerifierWith({ issuer: 'file:///etc/jwks.json', ...ALLOWED });
    await expectMisuse(call, { option: 'issuer', told: 'is not an https URL.', fix: FIX_URL });
  });
});

describe('createVerifier, told where the keys are', () => {
  const at = (what: string, given: object, option: string, told: string, fix: string): OptionsMisuse => [
    what,
    { issuer: { issuer: ISSUER, ...given } },
    option,
    told,
    fix,
  ];
  const metadataUrl = `${ISSUER}/metadata`;
  const jwksUri = `${ISSUER}/jwks`;
  const jwks = GOOD_JWKS;
  const FIX_TWO = 'Give one of them: each says where the keys are.';
  const FIX_JWKS = 'Give a JSON Web Key Set';
  itRefuses('a place', [
    at(
      'besides another: metadataUrl, jwksUri',
      { metadataUrl, jwksUri },
      'issuer',
      'metadataUrl and jwksUri.',
      FIX_TWO,
    ),
    at('besides another: metadataUrl, jwks', { metadataUrl, jwks }, 'issuer', 'has metadataUrl and jwks.', FIX_TWO),
    at('besides another: jwksUri, jwks', { jwksUri, jwks }, 'issuer', 'has jwksUri and jwks.', FIX_TWO),
    at('besides two others', { metadataUrl, jwksUri, jwks }, 'issuer', 'metadataUrl and jwksUri and jwks.', FIX_TWO),
    at('that is null', { jwksUri: null }, 'issuer.jwksUri', 'null is not a URL.', FIX_URL),
    at('that is a path', { jwksUri: '/jwks' }, 'issuer.jwksUri', '"/jwks" is not a URL.', FIX_URL),
    at('with a password', { jwksUri: 'https://a:b@example.com' }, 'issuer.jwksUri', 'a user name', 'without them'),
    at('that is a URL object', { metadataUrl: new URL(ISSUER) }, 'issuer.metadataUrl', 'type object is not', FIX_URL),
    at('that is null for a key set', { jwks: null }, 'issuer.jwks', 'is null.', FIX_JWKS),
    at('that is a list of keys', { jwks: jwks.keys }, 'issuer.jwks', 'is an array.', FIX_JWKS),
    at('that is one key', { jwks: jwks.keys[0] }, 'issuer.jwks', 'has no keys array.', FIX_JWKS),
    at('that is an empty key set', { jwks: { keys: [] } }, 'issuer.jwks', 'has no key that can be used.', FIX_JWKS),
    at('that is a key set with a hole', { jwks: { keys: new Array(1) } }, 'issuer.jwks', 'has no key', FIX_JWKS),
  ]);

  it('names the issuer of a list that has two places', async () => {
    const call = () => createVerifierWith({ issuer: [`${ISSUER}/a`, { issuer: ISSUER, jwksUri, jwks }] });
    await expectMisuse(call, { option: 'issuer[1]', told: 'has jwksUri and jwks.', fix: FIX_TWO });
  });

  it.each(BAD_KEYS)('RFC 7517 §5, RFC 8725 §3.4: refuses %s as the only key', async (_, key, why) => {
    const call = () => createVerifierWith({ issuer: { issuer: ISSUER, jwks: { keys: [key] } } });
    await expectMisuse(call, { option: 'issuer.jwks', told: 'has no key that can be used: keys[0]', fix: FIX_JWKS });
    await expectMisuse(call, { option: 'issuer.jwks', told: why, fix: FIX_JWKS });
    const beside = { keys: [key, ...GOOD_JWKS.keys] };
    expect(() => createVerifierWith({ issuer: { issuer: ISSUER, jwks: beside } })).not.toThrow();
  });

  it('names what is wrong with each of several keys', async () => {
    const keys = [null, { kty: 'oct', k: 'c2VjcmV0' }];
    const told = 'keys[0] is not an object; keys[1] has a kty that is not RSA, EC, OKP or AKP';
    const call = () => createVerifierWith({ issuer: { issuer: ISSUER, jwks: { keys } } });
    await expectMisuse(call, { option: 'issuer.jwks', told, fix: FIX_JWKS });
    expect(call).not.toThrow(/c2VjcmV0/);
  });
});

describe('createVerifier does not refuse', () => {
  it.each<[what: string, issuer: unknown]>([
    ['a URL', ISSUER],
    ['a URL with a path', `${ISSUER}/realms/main`],
    ['a URL with a slash at its end', `${ISSUER}/`],
    ['a URL with a port', `${ISSUER}:8443`],
    ['a list of URLs', [ISSUER, `${ISSUER}/b`]],
    ['two issuers that differ by a slash', [ISSUER, `${ISSUER}/`]],
    ['an issuer with its identifier alone', { issuer: ISSUER }],
    ['an issuer with its metadata elsewhere', { issuer: ISSUER, metadataUrl: 'https://idp.internal/metadata?v=1' }],
    ['an issuer with its keys elsewhere', { issuer: ISSUER, jwksUri: 'https://keys.example.net/jwks?v=1' }],
    ['an issuer with keys', { issuer: ISSUER, jwks: GOOD_JWKS }],
    ['an issuer with places that are undefined', { issuer: ISSUER, jwksUri: undefined, jwks: GOOD_JWKS }],
    [
      'an issuer with rules of its own',
      {
        issuer: ISSUER,
        audience: ['a', 'b'],
        algorithms: ['EdDSA'],
        profile: 'rfc9068',
        scopesFrom: ['roles'],
        clientIds: ['app'],
        maxTokenAgeSeconds: 60,
      },
    ],
  ])('%s', (_, issuer) => {
    expect(() => createVerifierWith({ issuer })).not.toThrow();
  });
});
