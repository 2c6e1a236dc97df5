import { createPublicKey, createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseIntrospection } from '../../src/issuer/introspection-options.js';
import type { RowId } from '../security-matrix/catalogue.js';
import { createVerifierWith, expectMisuse, ISSUER } from '../support/configuration-error.js';
import { covers } from '../support/covers.js';
import { generateKeys, toJwk } from '../support/raw-issuer.js';
import { isRuntimeAlgorithm, LACKS_IT } from '../support/runtime-algorithms.js';

const SECRET = { clientId: 'orders-api', clientSecret: 'hush-hush' };
const { privateKey, publicKey } = generateKeys('ES256');
const JWK = { ...toJwk(privateKey), kid: 'key-1' };
const KEY = { clientId: 'orders-api', privateKey: JWK };
const BEARER = { bearerToken: 'hush-hush' };

const FIX_CREDENTIALS = 'Give clientId with clientSecret or privateKey, or a bearerToken.';
const FIX_ID = 'Give the client id under which this server is registered with the issuer.';
const FIX_TEXT = 'Give a text, or a function that gives it.';
const FIX_TOKEN = 'Give the token alone, without scheme, spaces and line breaks (RFC 6750 §2.1).';
const FIX_KEY = 'Give a private key: a JWK, or what createPrivateKey of node:crypto gives.';
const FIX_SWITCH = 'Give true or false.';

const create = (introspection: unknown) => () => createVerifierWith({ issuer: { issuer: ISSUER, introspection } });

type Row = [what: string, good: object, changes: object, option: string, told: string, fix: string, ...ids: RowId[]];

/** Makes a test of every mistake, each beside the same options without it. */
function itRefusesAll(rows: readonly Row[]): void {
  it.each(rows)('refuses %s', async (_, good, changes, option, told, fix, ...ids) => {
    covers(...ids);
    const call = create({ ...good, ...changes });
    expect(create(good)).not.toThrow();
    await expectMisuse(call, { option: ['issuer.introspection', option].filter(Boolean).join('.'), told, fix });
    expect(call).not.toThrow(/hush/);
    expect(call).not.toThrow(new RegExp(String(JWK.d)));
  });
}

describe('createVerifier, told how to introspect', () => {
  it.each<[what: string, given: unknown, told: string]>([
    ['true', true, 'must be an object, but is true.'],
    ['null', null, 'is null.'],
    ['a list', [SECRET], 'is an array.'],
    ['an endpoint alone', `${ISSUER}/introspect`, `is "${ISSUER}/introspect".`],
  ])('refuses %s in place of options', async (_, given, told) => {
    expect(create(SECRET)).not.toThrow();
    await expectMisuse(create(given), { option: 'issuer.introspection', told, fix: FIX_CREDENTIALS });
  });

  itRefusesAll([
    ['a misspelt option', SECRET, { clientsecret: 'hush' }, 'clientsecret', 'is not an option.', 'mean clientSecret?'],
    ['an option that it has not', SECRET, { scope: 'hush' }, 'scope', 'is not an option.', 'Options are: endpoint,'],
    ['jwt as a text', SECRET, { jwt: 'true' }, 'jwt', 'is "true".', FIX_SWITCH],
    ['signed as a number', SECRET, { signed: 1 }, 'signed', 'is 1.', FIX_SWITCH],
    ['ignoreExp as null', SECRET, { ignoreExp: null }, 'ignoreExp', 'is null.', FIX_SWITCH],
  ]);

  itRefusesAll([
    ['cacheSeconds below 0', SECRET, { cacheSeconds: -1 }, 'cacheSeconds', 'is -1.', 'seconds from 0 to 3600.'],
    ['cacheSeconds beyond an hour', SECRET, { cacheSeconds: 3601 }, 'cacheSeconds', 'is 3601.', 'from 0 to 3600.'],
    ['cacheSeconds that is NaN', SECRET, { cacheSeconds: Number.NaN }, 'cacheSeconds', 'is NaN.', 'from 0 to 3600.'],
    ['cacheSeconds as a text', SECRET, { cacheSeconds: '60' }, 'cacheSeconds', 'is "60".', 'Give a number of seconds'],
    ['a cacheMax of 0', SECRET, { cacheMax: 0 }, 'cacheMax', 'is 0.', 'a whole number of responses from 1 to 1000000.'],
    ['a cacheMax beyond a million', SECRET, { cacheMax: 1_000_001 }, 'cacheMax', 'is 1000001.', 'from 1 to 1000000.'],
    ['a cacheMax and a half', SECRET, { cacheMax: 1.5 }, 'cacheMax', 'is 1.5.', 'a whole number of responses'],
    ['a maxInFlight of 0', SECRET, { maxInFlight: 0 }, 'maxInFlight', 'is 0.', 'requests from 1 to 10000.'],
    ['an infinite maxInFlight', SECRET, { maxInFlight: Infinity }, 'maxInFlight', 'is Infinity.', 'from 1 to 10000.'],
    [
      'a sourceOf that is no function',
      SECRET,
      { sourceOf: 'ip' },
      'sourceOf',
      'is "ip".',
      'Give a function, or leave it out.',
    ],
    ['a maxInFlight and a half', SECRET, { maxInFlight: 2.5 }, 'maxInFlight', 'is 2.5.', 'a whole number of requests'],
    ['a timeoutSeconds of 0', SECRET, { timeoutSeconds: 0 }, 'timeoutSeconds', 'is 0.', 'seconds from 0.01 to 60.'],
    ['milliseconds as timeoutSeconds', SECRET, { timeoutSeconds: 5000 }, 'timeoutSeconds', 'is 5000.', '0.01 to 60.'],
  ]);

  const endpoint = `${ISSUER}/introspect`;
  itRefusesAll([
    [
      'an endpoint of http',
      { ...SECRET, endpoint },
      { endpoint: 'http://a.test' },
      'endpoint',
      'is not https',
      '',
      'J12',
    ],
    ['an endpoint that is a path', { ...SECRET, endpoint }, { endpoint: '/a' }, 'endpoint', '"/a" is not a URL.', ''],
    [
      'an endpoint that is null',
      { ...SECRET, endpoint },
      { endpoint: null },
      'endpoint',
      'null is not a URL.',
      'https',
    ],
    ['a file as endpoint', { ...SECRET, endpoint }, { endpoint: 'file:///a' }, 'endpoint', 'not an https URL.', ''],
    [
      'an endpoint with a password',
      { ...SECRET, endpoint },
      { endpoint: 'https://api:hush@a.test' },
      'endpoint',
      'has a user name or password in it.',
      'Give the URL without them.',
    ],
  ]);

  it('takes an endpoint of http where that is allowed in so many words', () => {
    covers('J12');
    const introspection = { ...SECRET, endpoint: 'http://127.0.0.1:8000/o/introspect/' };
    const issuer = { issuer: ISSUER, introspection, dangerouslyAllowInsecureHttp: true };
    expect(() => createVerifierWith({ issuer })).not.toThrow();
    expect(create(introspection)).toThrow(/^issuer\.introspection\.endpoint: /);
  });
});

describe('createVerifier, told who asks', () => {
  itRefusesAll([
    ['nobody', SECRET, { clientSecret: undefined }, '', 'says nowhere who this server is.', FIX_CREDENTIALS],
    ['a secret and a key', SECRET, { privateKey: JWK }, '', 'has clientSecret and privateKey.', 'Give one of them.'],
    ['a secret and a token', SECRET, BEARER, '', 'has clientSecret and bearerToken.', 'Give one of them.'],
    ['a key and a token', KEY, BEARER, '', 'has privateKey and bearerToken.', 'Give one of them.'],
    ['a secret without a client', SECRET, { clientId: undefined }, 'clientId', 'is undefined.', FIX_ID],
    ['a secret of an empty client', SECRET, { clientId: '' }, 'clientId', 'is an empty string.', FIX_ID],
    ['a key without a client', KEY, { clientId: undefined }, 'clientId', 'is undefined.', FIX_ID],
    ['a key of a client that is a number', KEY, { clientId: 7 }, 'clientId', 'is 7.', FIX_ID],
    ['a token of an empty client', BEARER, { clientId: '' }, 'clientId', 'is an empty string.', FIX_ID],
    [
      'RFC 9701 §5: signed answers for nobody in particular',
      { ...BEARER, clientId: 'orders-api', signed: true },
      { clientId: undefined },
      'clientId',
      'is missing.',
      'A signed answer names it as audience.',
    ],
  ]);

  itRefusesAll([
    ['an empty secret', SECRET, { clientSecret: '' }, 'clientSecret', 'is an empty string.', FIX_TEXT],
    ['a secret that is null', SECRET, { clientSecret: null }, 'clientSecret', 'is null.', FIX_TEXT],
    ['a secret of bytes', SECRET, { clientSecret: Buffer.from('hush') }, 'clientSecret', 'of type object.', FIX_TEXT],
    ['several secrets', SECRET, { clientSecret: ['hush'] }, 'clientSecret', 'is an array.', FIX_TEXT],
    [
      'a secret that was not waited for',
      SECRET,
      { clientSecret: Promise.resolve('hush') },
      'clientSecret',
      'of type object.',
      FIX_TEXT,
    ],
    ['an empty token', BEARER, { bearerToken: '' }, 'bearerToken', 'is an empty string.', FIX_TEXT],
    ['a token that is a number', BEARER, { bearerToken: 7 }, 'bearerToken', 'is 7.', FIX_TEXT],
    ...['Bearer hush', 'hush\n', 'hu\r\nsh: 1', 'hush hush', 'hüsh', '"hush"'].map((bearerToken): Row => {
      const what = `RFC 6750 §2.1: the text ${JSON.stringify(bearerToken)} as token`;
      return [what, BEARER, { bearerToken }, 'bearerToken', 'has characters that no bearer token has.', FIX_TOKEN];
    }),
  ]);

  itRefusesAll([
    [
      'private_key_jwt with a secret',
      SECRET,
      { authMethod: 'private_key_jwt' },
      'authMethod',
      '"private_key_jwt".',
      'Give client_secret_basic or client_secret_post with clientSecret',
    ],
    [
      'client_secret_jwt',
      SECRET,
      { authMethod: 'client_secret_jwt' },
      'authMethod',
      '"client_secret_jwt".',
      'leave it out',
    ],
    [
      'a method in capitals',
      SECRET,
      { authMethod: 'Client_Secret_Post' },
      'authMethod',
      'is "Client_Secret_Post".',
      '',
    ],
    ['a method that is null', SECRET, { authMethod: null }, 'authMethod', 'is null.', 'leave it out'],
    [
      'client_secret_basic with a key',
      KEY,
      { authMethod: 'client_secret_basic' },
      'authMethod',
      '',
      'Give private_key_jwt with privateKey',
    ],
    [
      'client_secret_post with a token',
      BEARER,
      { authMethod: 'client_secret_post' },
      'authMethod',
      '',
      'Give bearer with bearerToken',
    ],
    [
      'an algorithm with a secret',
      SECRET,
      { algorithm: 'ES256' },
      'algorithm',
      'goes with privateKey, not with clientSecret.',
      'Leave it out.',
    ],
    [
      'a keyId with a token',
      BEARER,
      { keyId: 'key-1' },
      'keyId',
      'goes with privateKey, not with bearerToken.',
      'Leave it out.',
    ],
  ]);

  it('never shows a secret that stands where it does not belong', () => {
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    for (const name of ['clientSecret', 'privateKey', 'bearerToken']) {
      const call = create({ clientId: 'orders-api', [name]: pem });
      if (name === 'clientSecret') expect(call).not.toThrow();
      else expect(call).toThrow(new RegExp(`^issuer\\.introspection\\.${name}: `));
      expect(call).not.toThrow(/PRIVATE KEY/);
    }
  });
});

describe('createVerifier, given a key to ask with', () => {
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  const generate = generateKeyPairSync as (type: string, options: object) => { readonly privateKey: KeyObject };
  const key = (type: string, options: object = {}) => ({ privateKey: generate(type, options).privateKey });
  const FIX_ALGORITHM = 'Give a key for one of RS256, ';
  const UNUSABLE = 'is a key that no supported algorithm signs with.';
  itRefusesAll([
    ['a text: PEM', KEY, { privateKey: pem }, 'privateKey', 'is a string.', FIX_KEY],
    ['null', KEY, { privateKey: null }, 'privateKey', 'is null.', FIX_KEY],
    ['a list of keys', KEY, { privateKey: [JWK] }, 'privateKey', 'is an array.', FIX_KEY],
    ['an empty JWK', KEY, { privateKey: {} }, 'privateKey', 'is no private JWK', FIX_KEY],
    ['a public JWK', KEY, { privateKey: toJwk(publicKey) }, 'privateKey', 'is no private JWK', FIX_KEY],
    ['a symmetric JWK', KEY, { privateKey: { kty: 'oct', k: 'aHVzaA' } }, 'privateKey', 'is no private JWK', FIX_KEY],
    ['a public key', KEY, { privateKey: createPublicKey(privateKey) }, 'privateKey', 'is a public key.', FIX_KEY],
    ['a secret key', KEY, { privateKey: createSecretKey(Buffer.alloc(32)) }, 'privateKey', 'is a secret key.', FIX_KEY],
    ['a key for key agreement', KEY, key('x25519'), 'privateKey', UNUSABLE, FIX_ALGORITHM],
    ['a key on Ed448', KEY, key('ed448'), 'privateKey', UNUSABLE, FIX_ALGORITHM],
    ['a key on secp256k1', KEY, key('ec', { namedCurve: 'secp256k1' }), 'privateKey', UNUSABLE, FIX_ALGORITHM],
    ['a key that has no JWK', KEY, key('rsa-pss', { modulusLength: 2048 }), 'privateKey', UNUSABLE, FIX_ALGORITHM],
    [
      'RFC 7518 §3.3: a short RSA key',
      { ...KEY, privateKey: generateKeys('RS256').privateKey },
      key('rsa', { modulusLength: 1024 }),
      'privateKey',
      'is an RSA key of 1024 bits.',
      'Give one of 2048 bits at least (RFC 7518 §3.3).',
    ],
  ]);

  const FITTING = 'Give one that fits the key: ES256.';
  itRefusesAll([
    ['the algorithm of another curve', KEY, { algorithm: 'ES384' }, 'algorithm', 'is "ES384".', FITTING],
    ['the algorithm of a secret', KEY, { algorithm: 'HS256' }, 'algorithm', 'is "HS256".', FITTING],
    ['the algorithm none', KEY, { algorithm: 'none' }, 'algorithm', 'is "none".', FITTING],
    ['an algorithm that is a number', KEY, { algorithm: 7 }, 'algorithm', 'is 7.', FITTING],
    ['the name of a member of every object', KEY, { algorithm: 'constructor' }, 'algorithm', '"constructor".', FITTING],
    ['a JWK for encryption', KEY, { privateKey: { ...JWK, alg: 'ECDH-ES' } }, 'algorithm', 'is "ECDH-ES".', FITTING],
    ['an empty keyId', KEY, { keyId: '' }, 'keyId', 'is an empty string.', 'Give the kid of the key.'],
    ['a keyId that is a number', KEY, { keyId: 7 }, 'keyId', 'is 7.', 'Give the kid of the key.'],
    [
      'a JWK whose kid is a number',
      KEY,
      { privateKey: { ...JWK, kid: 7 } },
      'keyId',
      'is 7.',
      'Give the kid of the key.',
    ],
  ]);
});

describe('parseIntrospection', () => {
  const parse = (given: object) => parseIntrospection(given, 'introspection', false);

  it('fills in every default, and is frozen', () => {
    const config = parse(SECRET);
    expect(config).toEqual({
      endpoint: undefined,
      credentials: { method: 'client_secret_basic', id: 'orders-api', secret: 'hush-hush' },
      jwt: false,
      signed: false,
      ignoreExp: false,
      cacheSeconds: 60,
      cacheMax: 10_000,
      maxInFlight: 100,
      timeoutSeconds: 5,
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('takes what it is told', () => {
    const given = {
      endpoint: `${ISSUER}/introspect?v=1`,
      jwt: true,
      signed: true,
      ignoreExp: true,
      cacheSeconds: 0,
      cacheMax: 1,
      maxInFlight: 1,
      timeoutSeconds: 0.01,
      sourceOf: () => 'a',
    };
    const credentials = { method: 'client_secret_post', id: 'orders-api', secret: 'hush-hush' };
    expect(parse({ ...SECRET, ...given, authMethod: 'client_secret_post' })).toEqual({ ...given, credentials });
  });

  it.each<[what: string, given: object, credentials: object]>([
    [
      'client_secret_basic by name',
      { ...SECRET, authMethod: 'client_secret_basic' },
      { method: 'client_secret_basic' },
    ],
    ['private_key_jwt by name', { ...KEY, authMethod: 'private_key_jwt' }, { method: 'private_key_jwt' }],
    [
      'private_key_jwt by the key',
      KEY,
      { method: 'private_key_jwt', id: 'orders-api', keyId: 'key-1', algorithm: 'ES256' },
    ],
    ['the keyId before that of the JWK', { ...KEY, keyId: 'key-2' }, { keyId: 'key-2' }],
    ['a key object, which has no name', { ...KEY, privateKey }, { keyId: undefined, algorithm: 'ES256' }],
    ['a name for a key object', { ...KEY, privateKey, keyId: 'key-2' }, { keyId: 'key-2' }],
    ['bearer by name', { ...BEARER, authMethod: 'bearer' }, { method: 'bearer', token: 'hush-hush', id: undefined }],
    ['bearer of a client', { ...BEARER, clientId: 'orders-api' }, { method: 'bearer', id: 'orders-api' }],
    [
      'what is undefined for what is not there',
      { ...BEARER, clientSecret: undefined, algorithm: undefined },
      { method: 'bearer' },
    ],
  ])('takes %s', (_, given, credentials) => {
    expect(parse(given).credentials).toMatchObject(credentials);
  });

  const rsa = toJwk(generateKeys('RS256').privateKey);
  it.each<[what: string, given: object, algorithm: string]>([
    ['RS256 for RSA', { privateKey: rsa }, 'RS256'],
    ['that of an RSA JWK', { privateKey: { ...rsa, alg: 'PS384' } }, 'PS384'],
    ['the option before that of the JWK', { privateKey: { ...rsa, alg: 'PS384' }, algorithm: 'RS512' }, 'RS512'],
    ['that of the curve: P-384', { privateKey: generateKeys('ES384').privateKey }, 'ES384'],
    ['that of the curve: P-521', { privateKey: generateKeys('ES512').privateKey }, 'ES512'],
    ['EdDSA for Ed25519', { privateKey: generateKeys('EdDSA').privateKey }, 'EdDSA'],
    [
      'Ed25519 by name (RFC 9864 §2.2)',
      { privateKey: generateKeys('EdDSA').privateKey, algorithm: 'Ed25519' },
      'Ed25519',
    ],
  ])('takes as algorithm %s', (_, given, algorithm) => {
    expect(parse({ clientId: 'orders-api', ...given }).credentials).toMatchObject({ algorithm });
  });

  it.for(['ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87'] as const)(
    'RFC 9964 §3: takes of %s the algorithm of the key',
    (name, { skip }) => {
      skip(!isRuntimeAlgorithm(name), LACKS_IT);
      const key = generateKeys(name).privateKey;
      expect(parse({ clientId: 'orders-api', privateKey: key }).credentials).toMatchObject({ algorithm: name });
      const other = name === 'ML-DSA-44' ? 'ML-DSA-65' : 'ML-DSA-44';
      expect(() => parse({ clientId: 'orders-api', privateKey: key, algorithm: other })).toThrow(
        `fits the key: ${name}.`,
      );
    },
  );

  it('calls no function before there is something to ask', () => {
    const calls: string[] = [];
    const source = () => {
      calls.push('called');
      return 'hush-hush';
    };
    expect(parse({ ...SECRET, clientSecret: source }).credentials).toMatchObject({ secret: source });
    expect(parse({ bearerToken: source }).credentials).toMatchObject({ token: source });
    expect(calls).toEqual([]);
  });
});
