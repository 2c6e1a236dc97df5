import { type KeyObject, publicEncrypt, randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { compactDecrypt } from 'jose';
import { describe, expect, it } from 'vitest';
import { createVerifier, type RefusalReason } from '../../src/index.js';
import {
  type AttackApi,
  expectAttackRefusedBeforeFetch,
  expectTokenAccepted,
  startAttackApi,
} from '../support/attack-api.js';
import { covers } from '../support/covers.js';
import { invalidRequest, invalidToken } from '../support/expect-answer.js';
import { RawIssuer } from '../support/raw-issuer.js';
import { toSegment } from '../support/raw-token.js';
import { reasonOfCall } from '../support/reason-of.js';
import { type EncryptedToken, encryptToken } from './encrypted-token.js';

const MALFORMED = invalidToken('token_malformed');
const NOT_BEARER = invalidRequest('bearer_malformed');

/** Writes a compact JWS in forms of JSON. */
const JSON_SERIALIZATIONS: Readonly<Record<string, (token: string) => string>> = {
  'the flattened JSON serialization': (token) => JSON.stringify(flatten(token)),
  'the flattened one with an unprotected header': (token) =>
    JSON.stringify({ ...flatten(token), header: { alg: 'none', kid: 'ec' } }),
  'the general JSON serialization': (token) => JSON.stringify(generalize(token)),
  'the general one with two signatures': (token) => {
    const { payload, signatures } = generalize(token);
    return JSON.stringify({
      payload,
      signatures: [...signatures, { protected: toSegment('{"alg":"none"}'), signature: '' }],
    });
  },
  'a token in quotation marks': (token) => JSON.stringify(token),
  'a list with a token': (token) => JSON.stringify([token]),
  'an object with a token': (token) => JSON.stringify({ access_token: token }),
  'a polyglot of JSON and compact serialization': (token) => {
    const { protected: header, ...rest } = flatten(token);
    return JSON.stringify({ [`  ${header}.${toSegment('{"sub":"root"}')}.`]: '', protected: header, ...rest });
  },
};

function flatten(token: string) {
  const [header = '', payload = '', signature = ''] = token.split('.');
  return { protected: header, payload, signature };
}

function generalize(token: string) {
  const { payload, ...signature } = flatten(token);
  return { payload, signatures: [signature] };
}

const CONTENT_KEY = randomBytes(32);

/** Makes JWEs of a good token, in five segments. */
const ENCRYPTIONS: Readonly<Record<string, (plaintext: string, api: AttackApi) => string>> = {
  'a token encrypted with a shared key': (plaintext) => encrypt({ alg: 'dir', cty: 'JWT' }, { plaintext }),
  'a token encrypted with the public key of the issuer': (plaintext, { rsaIssuer }) => {
    const encryptedKey = publicEncrypt({ key: rsaIssuer.keys.publicKey, oaepHash: 'sha256' }, CONTENT_KEY);
    return encrypt({ alg: 'RSA-OAEP-256', kid: 'rsa', cty: 'JWT' }, { plaintext, encryptedKey });
  },
  'a password that takes 10,000,000 rounds (CVE-2022-36083)': (plaintext) => {
    const header = { alg: 'PBES2-HS256+A128KW', p2c: 10_000_000, p2s: toSegment(randomBytes(16)) };
    return encrypt(header, { plaintext, encryptedKey: randomBytes(40) });
  },
  'a zip bomb (CVE-2024-28176)': () =>
    encrypt({ alg: 'dir', zip: 'DEF' }, { plaintext: deflateRawSync(Buffer.alloc(4_000_000)) }),
  'a shared secret with a point off its curve': (plaintext) => {
    const epk = { kty: 'EC', crv: 'P-256', x: toSegment(Buffer.alloc(32, 1)), y: toSegment(Buffer.alloc(32, 1)) };
    return encrypt({ alg: 'ECDH-ES', epk }, { plaintext });
  },
  'a JWE whose alg is none': (plaintext) => encrypt({ alg: 'none' }, { plaintext }),
  'a good token with two segments more': (plaintext) => `${plaintext}.AAAA.AAAA`,
  'what has five segments and no header that can be read': () => '~.~.~.~.~',
};

function encrypt(header: object, rest: Pick<EncryptedToken, 'plaintext' | 'encryptedKey'>): string {
  return encryptToken({ header, key: CONTENT_KEY, ...rest });
}

describe('B: the form of a token', () => {
  it.each<[string, string, RefusalReason]>([
    ['no dot', 'A', 'token_opaque'],
    ['one dot', 'A.A', 'token_malformed'],
    ['one dot alone', '.', 'token_malformed'],
    ['two dots alone', '..', 'token_malformed'],
    ['three dots alone', '...', 'token_malformed'],
    ['four dots alone', '....', 'token_encrypted'],
    ['five dots alone', '.....', 'token_malformed'],
    ['16384 dots', '.'.repeat(16_384), 'token_malformed'],
    ['16385 dots', '.'.repeat(16_385), 'token_too_large'],
    ['1,000,000 dots', '.'.repeat(1_000_000), 'token_too_large'],
  ])('CVE-2025-27144, CVE-2025-30204: %s make no token', async (_name, token, reason) => {
    covers('B15');
    await expectAttackRefusedBeforeFetch(await startAttackApi(), { token: () => token, answer: invalidToken(reason) });
  });

  it.each<[string, (token: string) => string, RefusalReason]>([
    ['a dot before it', (token) => `.${token}`, 'token_malformed'],
    ['a dot after it', (token) => `${token}.`, 'token_malformed'],
    ['a segment before it', (token) => `e30.${token}`, 'token_malformed'],
    ['a segment after it', (token) => `${token}.e30`, 'token_malformed'],
    ['two segments after it', (token) => `${token}.e30.e30`, 'token_encrypted'],
    ['three segments after it', (token) => `${token}.e30.e30.e30`, 'token_malformed'],
    ['itself after it', (token) => `${token}.${token}`, 'token_malformed'],
    ['1,000,000 dots after it', (token) => token + '.'.repeat(1_000_000), 'token_too_large'],
    ['no header', (token) => token.replace(/^[^.]*/, ''), 'token_malformed'],
    ['no claims', (token) => token.replace(/\.[^.]*\./, '..'), 'token_malformed'],
    ['its header alone', (token) => token.replace(/\..*/, ''), 'token_opaque'],
    ['its header and a dot', (token) => token.replace(/\..*/, '.'), 'token_malformed'],
  ])('RFC 7515 §7.1: a good token is refused with %s', async (_name, change, reason) => {
    covers('B15');
    const api = await startAttackApi();
    const good = api.issuer.token();
    await expectAttackRefusedBeforeFetch(api, {
      token: () => change(good),
      control: () => good,
      answer: invalidToken(reason),
    });
  });

  it.each(Object.entries(JSON_SERIALIZATIONS))(
    'RFC 7515 §7.2, CVE-2022-39227: %s is no bearer token, and opaque when it is encoded',
    async (_name, serialize) => {
      covers('B16');
      for (const [encode, answer] of [
        [(text: string) => text, NOT_BEARER],
        [toSegment, invalidToken('token_opaque')],
      ] as const) {
        const api = await startAttackApi();
        const good = api.issuer.token();
        const token = () => encode(serialize(good));
        await expectAttackRefusedBeforeFetch(api, { token, control: () => good, answer });
      }
    },
  );

  it.each(Object.entries(ENCRYPTIONS))(
    'RFC 7516 §7.1, CVE-2023-51774: %s is refused, and not even its header is read',
    async (_name, makeToken) => {
      covers('B17');
      const api = await startAttackApi();
      const good = api.issuer.token();
      const token = makeToken(good, api);
      expect(token.length).toBeLessThan(16_384);
      const answer = invalidToken('token_encrypted');
      await expectAttackRefusedBeforeFetch(api, { token: () => token, control: () => good, answer });
    },
  );

  it('the encrypted tokens are good ones: whoever has the key reads the control', async () => {
    covers('B17');
    const api = await startAttackApi();
    const good = api.issuer.token();
    const [shared, forIssuer] = Object.values(ENCRYPTIONS).map((makeToken) => makeToken(good, api));
    const read = async (token = '', key: KeyObject | Buffer) =>
      Buffer.from((await compactDecrypt(token, key)).plaintext).toString();
    expect(await read(shared, CONTENT_KEY)).toBe(good);
    expect(await read(forIssuer, api.rsaIssuer.keys.privateKey)).toBe(good);
  });

  it.each<[string, (inner: string) => string]>([
    ['a token', (inner) => inner],
    ['a token in quotation marks', (inner) => JSON.stringify(inner)],
    ['a list with a token', (inner) => JSON.stringify([inner])],
    ['a token, encoded once more', (inner) => toSegment(inner)],
  ])('RFC 7519 §5.2, §7.2: a token whose claims are %s is refused, cty being JWT', async (_name, wrap) => {
    covers('B18');
    for (const cty of ['"JWT"', '"jwt"', undefined]) {
      const token = ({ issuer }: AttackApi) =>
        issuer.token({ header: { cty }, rewritePayload: () => wrap(issuer.token()) });
      await expectAttackRefusedBeforeFetch(await startAttackApi(), { token, answer: MALFORMED });
    }
  });

  it('RFC 7519 §5.2: cty changes nothing about a token with claims, and no token among them is read', async () => {
    covers('B18');
    const api = await startAttackApi();
    const jwt = JSON.stringify(api.issuer.token({ payload: { scope: '"admin"', sub: '"root"' } }));
    const claims = await expectTokenAccepted(api, api.issuer.token({ header: { cty: '"JWT"' }, payload: { jwt } }));
    expect(claims).toMatchObject({ sub: 'test-user', jti: 'token-1', scope: 'read', jwt: JSON.parse(jwt) });
  });
});

describe('B: the form of a token that is given to verify()', () => {
  const issuer = new RawIssuer();

  /** Expects a text to be refused by a verifier that knows nothing yet, and by one that knows the token. */
  async function expectTextRefused(text: unknown, good: string, reason: RefusalReason, options: object = {}) {
    const verifier = createVerifier({ ...issuer.verifierOptions, ...options });
    for (const hits of [0, 1]) {
      expect(await reasonOfCall(verifier.verify(text as string))).toBe(reason);
      expect(await reasonOfCall(verifier.verify(good))).toBe('accepted');
      expect(verifier.status().tokenCache).toMatchObject({ size: 1, hits });
    }
  }

  it.each<[string, number, RefusalReason]>([
    ['1,000,000 dots', 1_000_000, 'token_malformed'],
    ['1,048,576 dots', 1_048_576, 'token_malformed'],
    ['1,048,577 dots', 1_048_577, 'token_too_large'],
    ['4 dots', 4, 'token_encrypted'],
  ])('CVE-2025-27144: %s make no token where maxTokenBytes is the most it can be', async (_, count, reason) => {
    covers('B15');
    await expectTextRefused('.'.repeat(count), issuer.token(), reason, { maxTokenBytes: 1_048_576 });
  });

  it('a text of 100 MB is refused for its length', async () => {
    covers('B15');
    await expectTextRefused('.'.repeat(100_000_000), issuer.token(), 'token_too_large');
  });

  it.each(Object.entries(JSON_SERIALIZATIONS))('RFC 7515 §7.2, CVE-2022-39227: %s is no token', async (...row) => {
    covers('B16');
    const [, serialize] = row;
    const good = issuer.token();
    const text = serialize(good);
    // Without a dot it could be the reference to a token; the reason is a hint for operators.
    await expectTextRefused(text, good, text.includes('.') ? 'token_malformed' : 'token_opaque');
    const parsed: unknown = JSON.parse(text);
    if (parsed !== good) await expectTextRefused(parsed, good, 'token_malformed');
  });
});
