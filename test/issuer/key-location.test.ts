import { describe, expect, it } from 'vitest';
import { metadataUrls } from '../../src/discovery/well-known.js';
import { checkOneLocation, parseKeyLocation, parseSecretSource } from '../../src/issuer/key-location.js';
import { DEFAULT_ALGORITHMS, type HmacAlgorithm } from '../../src/jws/algorithm.js';
import type { RowId } from '../security-matrix/catalogue.js';
import { BAD_KEYS, GOOD_JWKS } from '../support/bad-keys.js';
import { expectMisuse } from '../support/configuration-error.js';
import { covers } from '../support/covers.js';

const ISSUER = 'https://login.example.com/realms/main';
const FIX_SECRET = 'Give a random string or bytes, such as the output of "openssl rand -base64 64".';

const locate = (given: object, allowInsecureHttp = false) =>
  parseKeyLocation(given, 'issuer[1]', {
    metadataUrls: () => metadataUrls(ISSUER),
    algorithms: new Set(DEFAULT_ALGORITHMS),
    allowInsecureHttp,
  });

describe('parseKeyLocation', () => {
  it('RFC 8414 §3, OpenID Connect Discovery §4: looks for metadata at the well-known places of the issuer', () => {
    expect(locate({})).toEqual({
      kind: 'metadata',
      urls: [
        `${ISSUER}/.well-known/openid-configuration`,
        'https://login.example.com/.well-known/oauth-authorization-server/realms/main',
      ],
    });
  });

  it.each([
    ['metadataUrl', { metadataUrl: 'https://idp.internal/m' }, { kind: 'metadata', urls: ['https://idp.internal/m'] }],
    [
      'jwksUri',
      { jwksUri: 'https://keys.example.net/jwks' },
      { kind: 'jwksUri', url: 'https://keys.example.net/jwks' },
    ],
    ['jwks', { jwks: GOOD_JWKS }, { kind: 'jwks', members: GOOD_JWKS.keys }],
  ])('takes the keys from where %s says', (_, given, location) => {
    expect(locate(given)).toEqual(location);
  });

  it('keeps its own list of the keys', () => {
    const keys = [...GOOD_JWKS.keys];
    const location = locate({ jwks: { keys } });
    keys.pop();
    expect(location).toEqual({ kind: 'jwks', members: GOOD_JWKS.keys });
  });

  it.each(['metadataUrl', 'jwksUri'])('RFC 8414 §2: refuses http in %s unless it is allowed', async (name) => {
    const given = { [name]: 'http://127.0.0.1/x' };
    expect(() => locate(given, true)).not.toThrow();
    const fix = 'dangerouslyAllowInsecureHttp';
    await expectMisuse(() => locate(given), { option: `issuer[1].${name}`, told: 'is not https', fix });
  });

  it.each(BAD_KEYS)('RFC 7517 §5: refuses %s as the only key', async (_, key, told) => {
    expect(() => locate({ jwks: { keys: [key, ...GOOD_JWKS.keys] } })).not.toThrow();
    const fix = 'Give a JSON Web Key Set';
    await expectMisuse(() => locate({ jwks: { keys: [key] } }), { option: 'issuer[1].jwks', told, fix });
  });
});

describe('checkOneLocation', () => {
  const VALUES = { metadataUrl: 'https://a', jwksUri: 'https://b', jwks: GOOD_JWKS, secret: 's3cr3t-s3cr3t' };
  const NAMES = Object.keys(VALUES) as (keyof typeof VALUES)[];
  const pick = (names: readonly (keyof typeof VALUES)[]) =>
    Object.fromEntries(names.map((name) => [name, VALUES[name]]));

  it.each(NAMES)('takes %s alone, beside others that are undefined', (name) => {
    const none = Object.fromEntries(NAMES.map((other) => [other, undefined]));
    expect(() => checkOneLocation({ ...none, ...pick([name]) }, 'issuer')).not.toThrow();
  });

  it.each(NAMES.flatMap((a, i) => NAMES.slice(i + 1).map((b) => [a, b] as const)))(
    'RFC 8725 §3.1: refuses %s together with %s, and shows neither',
    async (a, b) => {
      expect(() => checkOneLocation(pick([a]), 'issuer')).not.toThrow();
      const both = () => checkOneLocation(pick([a, b]), 'issuer');
      await expectMisuse(both, { option: 'issuer', told: `has ${a} and ${b}.`, fix: 'Give one of them' });
      expect(both).not.toThrow(/s3cr3t/);
    },
  );
});

describe('parseSecretSource', () => {
  const parse = (given: unknown, algorithms: readonly HmacAlgorithm[] = ['HS256']) =>
    parseSecretSource(given, algorithms, 'issuer.secret');
  const bytes = Buffer.alloc(32, 'x');

  it.each([
    ['a string', 'x'.repeat(32)],
    ['a Buffer', bytes],
    ['a Uint8Array', new Uint8Array(bytes)],
    [
      'a view into a larger buffer',
      new Uint8Array(Buffer.concat([Buffer.alloc(8), bytes, Buffer.alloc(8)])).subarray(8, 40),
    ],
    ['a list of one', [bytes]],
  ])('takes %s', (_, given) => {
    expect(parse(given)).toEqual({ kind: 'secret', secrets: [bytes], algorithms: ['HS256'] });
  });

  it('takes several, in their order', () => {
    const other = Buffer.alloc(40, 'y');
    expect(parse(['x'.repeat(32), other])).toMatchObject({ secrets: [bytes, other] });
  });

  it('counts a string by its bytes in UTF-8', async () => {
    expect(parse('ü'.repeat(16))).toMatchObject({ secrets: [Buffer.from('ü'.repeat(16))] });
    const told = 'has 31 bytes; HS256 need 32 at least (RFC 7518 §3.2).';
    await expectMisuse(() => parse(`${'ü'.repeat(15)}a`), { option: 'issuer.secret', told, fix: FIX_SECRET });
  });

  it.each(['PUBLIC KEY', 'RSA PUBLIC KEY', 'CERTIFICATE'])(
    'RFC 8725 §2.1: refuses the %s of an issuer as a secret, since everybody has it',
    async (label) => {
      const pem = (name: string) => `-----BEGIN ${name}-----\n${'A'.repeat(64)}\n-----END ${name}-----\n`;
      expect(parse(pem('SECRET'))).toMatchObject({ kind: 'secret' });
      const expected = { option: 'issuer.secret', told: 'is a public key, which is no secret', fix: 'publicKey' };
      await expectMisuse(() => parse(pem(label)), expected);
      await expectMisuse(() => parse(Buffer.from(pem(label))), expected);
    },
  );

  it('keeps its own copy of the bytes', () => {
    const given = Buffer.alloc(32, 'x');
    const location = parse(given);
    given.fill(0);
    expect(location).toMatchObject({ secrets: [bytes] });
  });

  it.each<[algorithms: readonly HmacAlgorithm[], least: number]>([
    [['HS256'], 32],
    [['HS384'], 48],
    [['HS512'], 64],
    [['HS256', 'HS512'], 64],
    [['HS384', 'HS256'], 48],
  ])('RFC 7518 §3.2: for %j refuses a secret that is shorter than %i bytes', async (algorithms, least) => {
    expect(() => parse('k'.repeat(least), algorithms)).not.toThrow();
    const call = () => parse('k'.repeat(least - 1), algorithms);
    const told = `has ${least - 1} bytes; ${algorithms.join(', ')} need ${least} at least (RFC 7518 §3.2).`;
    await expectMisuse(call, { option: 'issuer.secret', told, fix: FIX_SECRET });
    expect(call).not.toThrow(/kk/);
  });

  it('names the one of several that is too short', async () => {
    const call = () => parse([bytes, 'short-secret']);
    await expectMisuse(call, { option: 'issuer.secret[1]', told: 'has 12 bytes', fix: FIX_SECRET });
    expect(call).not.toThrow(/short-secret/);
  });

  it.each<[what: string, given: unknown, option: string, told: string, ...ids: RowId[]]>([
    ['CVE-2026-45363: an empty string', '', 'issuer.secret', 'has 0 bytes', 'A5'],
    ['CVE-2026-45363: no bytes', new Uint8Array(), 'issuer.secret', 'has 0 bytes', 'A5'],
    ['an empty list', [], 'issuer.secret', 'is an empty list.'],
    ['null', null, 'issuer.secret', 'is of type object.'],
    ['a number', 7, 'issuer.secret', 'is of type number.'],
    ['undefined in a list', [bytes, undefined], 'issuer.secret[1]', 'is of type undefined.'],
    ['a list in a list', [[bytes]], 'issuer.secret[0]', 'is of type object.'],
    ['an object with a length', { length: 64 }, 'issuer.secret', 'is of type object.'],
    ['an ArrayBuffer', new ArrayBuffer(64), 'issuer.secret', 'is of type object.'],
    ['a wider array', new Uint16Array(64), 'issuer.secret', 'is of type object.'],
  ])('refuses %s', async (_, given, option, told, ...ids) => {
    covers(...ids);
    expect(() => parse(bytes)).not.toThrow();
    await expectMisuse(() => parse(given), { option, told, fix: FIX_SECRET });
  });
});
