import {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  X509Certificate,
} from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ConfigurationError, createVerifier, type IssuerOptions } from '../../src/index.js';
import { createSelfSignedCertificate } from '../support/certificate.js';
import { covers } from '../support/covers.js';
import { generateKeys, RawIssuer, toJwk } from '../support/raw-issuer.js';
import { reasonOfCall } from '../support/reason-of.js';

const NAME = 'urn:acme:sts';
const rsa = new RawIssuer({ issuer: NAME, algorithm: 'RS256' });
const ec = new RawIssuer({ issuer: NAME, algorithm: 'ES256' });

type Options = { readonly [name: string]: unknown };

function open(publicKey: unknown, options: Options = {}, raw = rsa) {
  const issuer = { issuer: NAME, publicKey, ...options } as unknown as IssuerOptions;
  const verifier = createVerifier({ ...raw.verifierOptions, issuer });
  return { verifier, ask: (token: string) => reasonOfCall(verifier.verify(token)) };
}

const pem = (key: KeyObject, type: 'spki' | 'pkcs1' = 'spki') => key.export({ type, format: 'pem' }) as string;
const der = (key: KeyObject, type: 'spki' | 'pkcs1' = 'spki') => key.export({ type, format: 'der' }) as Buffer;
const { publicKey, privateKey } = rsa.keys;

describe('the option publicKey', () => {
  it.each<[form: string, key: unknown]>([
    ['PEM with SubjectPublicKeyInfo', pem(publicKey)],
    ['PEM with PKCS #1', pem(publicKey, 'pkcs1')],
    ['PEM with CRLF and blanks around', `\r\n ${pem(publicKey).replaceAll('\n', '\r\n')} `],
    ['PEM of an environment variable', pem(publicKey).replaceAll('\n', '\\n')],
    ['the bytes of a PEM file', Buffer.from(pem(publicKey))],
    ['DER with SubjectPublicKeyInfo', der(publicKey)],
    ['DER with PKCS #1, in a Uint8Array', new Uint8Array(der(publicKey, 'pkcs1'))],
    ['DER in base64, as Keycloak shows it', der(publicKey).toString('base64')],
    ['DER in base64 with lines', der(publicKey).toString('base64').replace(/.{64}/g, '$&\n')],
    ['a KeyObject', publicKey],
    ['a JWK', toJwk(publicKey)],
    ['a JWK with a kid that is not that of the token', { ...toJwk(publicKey), kid: 'other', use: 'sig' }],
    ['a list of one', [pem(publicKey)]],
    ['the second of a list', [pem(generateKeys('RS256').publicKey), publicKey]],
    ['the last of several of one kind', [generateKeys('RS256').publicKey, generateKeys('RS256').publicKey, publicKey]],
  ])('takes %s, and looks at no kid', async (_, key) => {
    const { ask, verifier } = open(key);
    const token = rsa.token();
    expect([await ask(token), await ask(token)]).toEqual(['accepted', 'accepted']);
    for (const kid of [undefined, '"other"', '1', '""', '["a"]']) {
      const header = kid === undefined ? {} : { kid };
      const rewriteHeader = kid === undefined ? (text: string) => text.replace(/,"kid":"[^"]*"/, '') : undefined;
      expect(await ask(rsa.token({ header, ...(rewriteHeader && { rewriteHeader }) }))).toBe('accepted');
    }
    expect(verifier.status().issuers[0]).toMatchObject({ issuer: NAME, state: 'static' });
    expect(rsa.requests).toEqual([]);
  });

  it('takes a CryptoKey of the Web Cryptography API', async () => {
    const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
    const key = await crypto.subtle.importKey('spki', der(publicKey), algorithm, true, ['verify']);
    expect(await open(key).ask(rsa.token())).toBe('accepted');
  });

  it('takes an X.509 certificate: its text, its DER, the object', async () => {
    const { key, cert } = createSelfSignedCertificate();
    const keys = { privateKey: createPrivateKey(key), publicKey: createPublicKey(key) };
    const certified = new RawIssuer({ issuer: NAME, algorithm: 'ES256', keys });
    const certificate = new X509Certificate(cert);
    for (const form of [cert, certificate.raw, certificate.raw.toString('base64'), certificate]) {
      const { ask } = open(form, {}, certified);
      expect(await ask(certified.token())).toBe('accepted');
      expect(await ask(ec.token())).toBe('signature_invalid');
    }
  });

  it('RFC 8725 §3.1: a JWK that names its alg verifies no other', async () => {
    const { ask } = open({ ...toJwk(publicKey), alg: 'PS256' });
    expect(await ask(rsa.token())).toBe('unknown_key');
    const pss = rsa.token({ header: { alg: '"PS256"' }, signWith: 'PS256' });
    expect(await ask(pss)).toBe('accepted');
  });

  it('CVE-2015-9235, RFC 8725 §2.1: a public key is no secret', async () => {
    covers('A4');
    const { ask } = open(pem(publicKey));
    const forged = (secret: string | Buffer) =>
      rsa.token({ header: { alg: '"HS256"' }, key: createSecretKey(Buffer.from(secret)), signWith: 'HS256' });
    expect(await ask(rsa.token())).toBe('accepted');
    for (const secret of [pem(publicKey), pem(publicKey).trim(), der(publicKey)]) {
      expect(await ask(forged(secret))).toBe('algorithm_not_allowed');
    }
  });

  it('refuses what another key signed, with the kid of this one', async () => {
    const { ask } = open(publicKey);
    expect(await ask(rsa.token())).toBe('accepted');
    expect(await ask(rsa.token({ key: generateKeys('RS256').privateKey }))).toBe('signature_invalid');
    expect(await ask(ec.token())).toBe('unknown_key');
  });

  it('keys of several kinds each verify their own', async () => {
    const { ask, verifier } = open([publicKey, ec.keys.publicKey]);
    expect([await ask(rsa.token()), await ask(ec.token())]).toEqual(['accepted', 'accepted']);
    expect(verifier.status().issuers[0]?.keys).toHaveLength(2);
    await verifier.ready();
    await verifier.refresh();
    expect(verifier.snapshot().issuers).toEqual({});
  });
});

describe('the option publicKey, misused', () => {
  const errorOf = (publicKey: unknown, options: Options = {}): ConfigurationError => {
    try {
      open(publicKey, options);
    } catch (error) {
      if (error instanceof ConfigurationError) return error;
      throw error;
    }
    throw new Error('there was no error');
  };
  const privatePem = (type: 'pkcs8' | 'pkcs1') => privateKey.export({ type, format: 'pem' }) as string;

  it.each<[what: string, key: unknown]>([
    ['PEM with PKCS #8', privatePem('pkcs8')],
    ['PEM with PKCS #1', privatePem('pkcs1')],
    ['PEM of an environment variable', privatePem('pkcs8').replaceAll('\n', '\\n')],
    ['the bytes of PEM', Buffer.from(privatePem('pkcs8'))],
    ['a public key with a private one behind it', `${pem(publicKey)}${privatePem('pkcs8')}`],
    ['a KeyObject', privateKey],
    ['a JWK', toJwk(privateKey)],
  ])('says of a private key that it is one, and shows nothing of it: %s', (_, key) => {
    const { option, message, stack } = errorOf(key);
    expect(option).toBe('issuer.publicKey');
    expect(message).toContain('is a private key. Give the public key alone');
    expect(`${message}${stack}`).not.toContain(String(toJwk(privateKey).d).slice(0, 8));
    expect(`${message}${stack}`).not.toContain(privatePem('pkcs8').split('\n')[1]?.slice(0, 8));
  });

  const SECRET = randomBytes(32).toString('hex');
  it.each<[what: string, key: unknown, told: string]>([
    ['a text that is a secret', SECRET, 'cannot be read as a public key.'],
    ['a text with other characters', `${SECRET}!`, 'is a text that is no PEM.'],
    ['a KeyObject with a secret', createSecretKey(Buffer.from(SECRET)), 'is a shared secret. Give it as secret'],
    ['a JWK with a secret', { kty: 'oct', k: SECRET }, 'is a shared secret. Give it as secret'],
    ['a key set', { keys: [toJwk(publicKey)] }, 'is a key set. Give it as jwks'],
    [
      'a certificate request',
      '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----',
      'is PEM of something else',
    ],
    ['broken PEM', pem(publicKey).replace(/(-\n.{64}\n).{20}/, '$1'), 'cannot be read as a public key.'],
    [
      'two blocks in one text',
      `${pem(publicKey)}${pem(publicKey)}`,
      'has 2 PEM blocks in one text. Give each key as an item',
    ],
    [
      'an RSA key of 1024 bits',
      generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey,
      'is an RSA key of less than 2048 bits.',
    ],
    [
      'an RSA key for PSS alone',
      generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey,
      'is a key of the type rsa-pss, which no',
    ],
    ['a key for key agreement', generateKeyPairSync('x25519').publicKey, 'is on a curve that is not supported.'],
    ['a key for encryption', { ...toJwk(publicKey), use: 'enc' }, 'has a use other than sig.'],
    ['a point off its curve', { ...toJwk(ec.keys.publicKey), x: toJwk(ec.keys.publicKey).y }, 'is no valid key'],
    [
      'an Ed448 key that algorithms does not name',
      generateKeyPairSync('ed448').publicKey,
      'fits Ed448, none of which is accepted.',
    ],
    ['an empty list', [], 'is an empty list.'],
    ['nine keys', Array(9).fill(publicKey), 'has 9 keys, each of which would be tried.'],
    ['null', null, 'is of type null.'],
    ['a number', 7, 'is of type number.'],
    ['a function', () => publicKey, 'is of type function.'],
    ['an empty object', {}, 'has a kty that is not RSA, EC, OKP or AKP.'],
    ['an empty text', '', 'is a text that is no PEM.'],
  ])('refuses %s', (_, key, told) => {
    const { message } = errorOf(key);
    expect(message).toContain(told);
    expect(message).not.toContain(SECRET.slice(0, 8));
  });

  it('names the item of a list', () => {
    expect(errorOf([publicKey, 7]).option).toBe('issuer.publicKey[1]');
  });

  it('refuses a key that none of the algorithms fits', () => {
    const { option, message } = errorOf(publicKey, { algorithms: ['ES256'] });
    expect(option).toBe('issuer.publicKey');
    expect(message).toContain('fits RS256, RS384, RS512, PS256, PS384, PS512, none of which is accepted.');
  });

  it('refuses it beside another location of keys', () => {
    expect(errorOf(publicKey, { jwksUri: 'https://a.test/jwks' }).message).toContain('has jwksUri and publicKey.');
  });
});
