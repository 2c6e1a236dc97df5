import { createSecretKey } from 'node:crypto';
import type { JWK } from 'jose';
import { describe, expect, it } from 'vitest';
import { createVerifier, type IssuerResolver } from '../../src/index.js';
import { ALL_ALGORITHMS } from '../../src/jws/algorithm.js';
import {
  type Attack,
  type AttackApi,
  expectAttackRefused,
  expectAttackRefusedBeforeFetch,
  expectTokenAccepted,
  mutated,
  startAttackApi,
} from '../support/attack-api.js';
import { GOOD_JWKS } from '../support/bad-keys.js';
import { createVerifierWith, expectMisuse, ISSUER } from '../support/configuration-error.js';
import { covers } from '../support/covers.js';
import { type Answer, invalidToken } from '../support/expect-answer.js';
import { spellPublicKey } from '../support/public-key-spellings.js';
import { generateKeys, type Mutation, RawIssuer } from '../support/raw-issuer.js';
import { toJsonText, toSegment } from '../support/raw-token.js';
import { reasonOfCall } from '../support/reason-of.js';

const KEYS = {
  p384: { algorithm: 'ES384', kid: 'p384', keys: generateKeys('ES384') },
  ed25519: { algorithm: 'Ed25519', kid: 'ed25519', keys: generateKeys('Ed25519') },
} as const;
const KEY_UNKNOWN = invalidToken('unknown_key');
const NOT_ALLOWED = invalidToken('algorithm_not_allowed');

/** Another key of the issuer of an API. */
function issuerWith(name: keyof typeof KEYS, issuer = 'https://issuer.test'): RawIssuer {
  return new RawIssuer({ ...KEYS[name], issuer });
}

/** Publishes keys that do not say which algorithm they are for, and others of the same issuer besides. */
function publishing(...others: readonly (keyof typeof KEYS)[]): (keys: readonly JWK[]) => readonly JWK[] {
  return (keys) => [...keys, ...others.map((name) => issuerWith(name).jwk)].map(({ alg: _, ...jwk }) => jwk);
}

function quoted(alg: string): Mutation {
  return { header: { alg: JSON.stringify(alg) } };
}

/** Puts another header before the claims and the signature of a token. */
function replaceHeader(token: string, header: string): string {
  return token.replace(/^[^.]*/, toSegment(header));
}

/** A token with another alg in its header, all else as it was: its claims and its signature too. */
function keepingSignature(alg: string): Pick<Attack, 'token' | 'control'> {
  let good: string;
  return {
    token: ({ issuer }) => {
      good = issuer.token();
      return replaceHeader(good, toJsonText({ ...issuer.header, alg }));
    },
    control: () => good,
  };
}

describe('A: the algorithm of a token', () => {
  /** Expects a token to be refused by what its header says, before anybody is asked for a key. */
  const expectRefusedBeforeFetch = async (attack: Attack) =>
    expectAttackRefusedBeforeFetch(await startAttackApi(), attack);

  const NONES: readonly (readonly [alg: string | undefined, answer: Answer])[] = [
    ...['none', 'None', 'NONE', 'nOnE', 'noNE', 'none ', ' none', 'none\0', 'non\u0435', '\uff4eone', ''].map(
      (alg) => [JSON.stringify(alg), NOT_ALLOWED] as const,
    ),
    ...['null', '1', '0', 'true', '["none"]', '["ES256"]', '{"alg":"ES256"}', undefined].map(
      (alg) => [alg, invalidToken('token_malformed')] as const,
    ),
  ];

  it.each(['', '.'])(
    'CVE-2015-9235, CVE-2022-23540, CVE-2026-28802: alg none is refused, the token ending in %j after its claims',
    async (ending) => {
      covers('A1');
      const token = ({ issuer }: AttackApi) => issuer.token(quoted('none')).replace(/\.[^.]*$/, ending);
      const answer = ending === '.' ? NOT_ALLOWED : invalidToken('token_malformed');
      await expectRefusedBeforeFetch({ token, answer });
    },
  );

  it.each(['A', 'AA', 'AAAA', toSegment(Buffer.alloc(64))])(
    'CVE-2015-9235: alg none is refused with the signature %s',
    async (signature) => {
      covers('A1');
      const token = ({ issuer }: AttackApi) => issuer.token(quoted('none')).replace(/[^.]*$/, signature);
      const answer = signature === 'A' ? invalidToken('token_malformed') : NOT_ALLOWED;
      await expectRefusedBeforeFetch({ token, answer });
    },
  );

  it.each(NONES)('rfc8725bis, RFC 7515 §4.1.1: the alg %s is refused, though the token is signed', async (...row) => {
    covers('A2');
    const [alg, answer] = row;
    await expectRefusedBeforeFetch({ token: mutated({ header: { alg } }), answer });
  });

  it.each(NONES)('the alg %s is refused, without a signature', async (alg) => {
    covers('A1', 'A2');
    const token = ({ issuer }: AttackApi) => issuer.token({ header: { alg } }).replace(/[^.]*$/, '');
    const answer = /^"none"$/i.test(String(alg)) ? NOT_ALLOWED : invalidToken('token_malformed');
    await expectRefusedBeforeFetch({ token, answer });
  });

  it.each(['none', 'NONE', 'ES256 ', 'es256', 'Es256', 'ES256K', 'ES-256', 'ecdsa', 'HS256', ''])(
    'RFC 7515 §5.2: the alg %j is refused when the signature of a good token stays',
    async (alg) => {
      covers('A3');
      await expectRefusedBeforeFetch({ ...keepingSignature(JSON.stringify(alg)), answer: NOT_ALLOWED });
    },
  );

  it.each(['ES384', 'ES512', 'RS256', 'PS256', 'EdDSA'])(
    'the alg %s of keys of another kind is refused when the signature of a good token stays',
    async (alg) => {
      covers('A3', 'A8');
      const attack = { ...keepingSignature(JSON.stringify(alg)), answer: KEY_UNKNOWN };
      await expectAttackRefused(await startAttackApi(), attack);
    },
  );

  const FORMS = (['ES256', 'RS256'] as const).flatMap((algorithm) => {
    const some = new RawIssuer({ algorithm });
    return spellPublicKey(some).map(([form]) => ({ algorithm, form }));
  });

  it.each(FORMS)(
    'CVE-2015-9235, CVE-2023-48223, CVE-2026-34950: HS256 is refused, keyed with the $algorithm key as $form',
    async ({ algorithm, form }) => {
      covers('A4', 'A5');
      const signer = ({ issuer, rsaIssuer }: AttackApi) => (algorithm === 'ES256' ? issuer : rsaIssuer);
      const token = (api: AttackApi) => {
        const [, key = ''] = spellPublicKey(signer(api)).find(([name]) => name === form) ?? [];
        return signer(api).token({ ...quoted('HS256'), key: createSecretKey(Buffer.from(key)), signWith: 'HS256' });
      };
      await expectRefusedBeforeFetch({ token, control: (api) => signer(api).token(), answer: NOT_ALLOWED });
    },
  );

  it.each(['PS256', 'RS384'])(
    'CVE-2026-48523, RFC 8725 §3.1: a key whose JWK says %s is used for no other algorithm',
    async (alg) => {
      covers('A6');
      const jwks = (keys: readonly JWK[]) => keys.map((jwk) => (jwk.kty === 'RSA' ? { ...jwk, alg } : jwk));
      const signWith = alg as 'PS256';
      const control = ({ rsaIssuer }: AttackApi) => rsaIssuer.token({ ...quoted(alg), signWith });
      const api = await startAttackApi({ jwks });
      await expectAttackRefused(api, { token: () => api.rsaIssuer.token(), control, answer: KEY_UNKNOWN });
    },
  );

  it.each(['RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const)(
    '%s is refused from the key whose JWK says RS256, and accepted from one that says nothing',
    async (algorithm) => {
      covers('A6');
      const token = ({ rsaIssuer }: AttackApi) => rsaIssuer.token({ ...quoted(algorithm), signWith: algorithm });
      const control = ({ rsaIssuer }: AttackApi) => rsaIssuer.token();
      await expectAttackRefused(await startAttackApi(), { token, control, answer: KEY_UNKNOWN });
      const api = await startAttackApi({ jwks: publishing() });
      await expectTokenAccepted(api, token(api));
    },
  );

  it.each(['RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const)(
    'CVE-2026-22817, CVE-2026-22818: %s is refused where it is not allowed, though key and signature would do',
    async (algorithm) => {
      covers('A7');
      const options = { jwks: publishing(), verifier: { algorithms: ['ES256', 'RS256'] } } as const;
      const token = ({ rsaIssuer }: AttackApi) => rsaIssuer.token({ ...quoted(algorithm), signWith: algorithm });
      const control = ({ rsaIssuer }: AttackApi) => rsaIssuer.token();
      await expectAttackRefused(await startAttackApi(options), { token, control, answer: NOT_ALLOWED });
    },
  );

  it('rfc8725bis §3.1: a key is held to one algorithm by the list, whatever was accepted before', async () => {
    covers('A7');
    const options = { jwks: publishing(), verifier: { algorithms: ['ES256', 'PS256'] } } as const;
    const api = await startAttackApi(options);
    const control = api.rsaIssuer.token({ ...quoted('PS256'), signWith: 'PS256' });
    const token = api.rsaIssuer.token();
    await expectAttackRefused(api, { token: () => token, control: () => control, answer: NOT_ALLOWED });
  });

  it.each([
    ['ES256', 'p384'],
    ['ES512', 'p384'],
    ['RS256', 'p384'],
    ['EdDSA', 'p384'],
    ['ES256', 'ed25519'],
    ['RS256', 'ed25519'],
  ] as const)('CVE-2022-23539, Wycheproof: %s never meets the key %s', async (alg, name) => {
    covers('A8', 'A9');
    const api = await startAttackApi({ jwks: publishing(name) });
    const issuer = issuerWith(name, api.issuer.issuer);
    // What the key can really sign, with the hash that the header calls for where it can be had.
    const signWith = name === 'p384' && alg.startsWith('ES') ? alg : issuer.algorithm;
    const token = () => issuer.token({ ...quoted(alg), signWith });
    await expectAttackRefused(api, { token, control: () => issuer.token(), answer: KEY_UNKNOWN });
  });

  it.each(['ES384', 'ES512', 'PS256', 'RS256', 'EdDSA'] as const)('%s never meets the P-256 key', async (alg) => {
    covers('A8', 'A9');
    const signWith = alg.startsWith('ES') ? alg : 'ES256';
    const token = mutated({ ...quoted(alg), signWith });
    await expectAttackRefused(await startAttackApi({ jwks: publishing() }), { token, answer: KEY_UNKNOWN });
  });

  it.each([
    ['RSA', 'the members of an EC key', (_rsa: JWK, ec: JWK) => ({ ...ec, kty: 'RSA' })],
    ['EC', 'the members of an RSA key', (rsa: JWK) => ({ ...rsa, kty: 'EC' })],
    ['OKP', 'the members of an EC key', (_rsa: JWK, ec: JWK) => ({ ...ec, kty: 'OKP' })],
    ['oct', 'the members of an EC key', (_rsa: JWK, ec: JWK) => ({ ...ec, kty: 'oct' })],
  ])('Wycheproof key 24: a JWK with the kty %s and %s is no key', async (_kty, _members, mix) => {
    covers('A9');
    const mixed = (rsa: JWK, ec: JWK) => ({ ...mix(rsa, ec), alg: undefined, kid: 'mixed' });
    const jwks = ([ec = {}, rsa = {}]: readonly JWK[]) => [mixed(rsa, ec), ec, rsa];
    for (const name of ['issuer', 'rsaIssuer'] as const) {
      const token = (api: AttackApi) => api[name].token({ header: { kid: '"mixed"' } });
      await expectAttackRefused(await startAttackApi({ jwks }), { token, answer: KEY_UNKNOWN });
    }
  });

  it('a JWK with the members of two kinds of keys is used as the kind that its kty says', async () => {
    covers('A9');
    const jwks = ([ec = {}, rsa = {}]: readonly JWK[]) => [{ ...rsa, ...ec, alg: undefined, kid: 'both' }];
    const header = { kid: '"both"' };
    const token = ({ rsaIssuer }: AttackApi) => rsaIssuer.token({ header });
    const control = ({ issuer }: AttackApi) => issuer.token({ header });
    await expectAttackRefused(await startAttackApi({ jwks }), { token, control, answer: KEY_UNKNOWN });
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', 'prototype', 'length', 'size'])(
    'the alg %s, which every object has, is refused',
    async (alg) => {
      covers('A10');
      await expectRefusedBeforeFetch({ token: mutated(quoted(alg)), answer: NOT_ALLOWED });
    },
  );

  it.each([
    ['Ed25519', 'EdDSA'],
    ['EdDSA', 'Ed25519'],
  ] as const)('RFC 9864 §2: where %s is allowed, %s is not, though the key is the same', async (allowed, other) => {
    covers('A11');
    const options = { jwks: publishing('ed25519'), verifier: { algorithms: [allowed] } } as const;
    const api = await startAttackApi(options);
    const issuer = issuerWith('ed25519', api.issuer.issuer);
    const control = () => issuer.token(quoted(allowed));
    await expectAttackRefused(api, { token: () => issuer.token(quoted(other)), control, answer: NOT_ALLOWED });
  });

  it.each(['Ed25519', 'EdDSA'])('RFC 9864 §2: %s is accepted by default', async (alg) => {
    covers('A11');
    const api = await startAttackApi({ jwks: publishing('ed25519') });
    const token = issuerWith('ed25519', api.issuer.issuer).token(quoted(alg));
    expect(await expectTokenAccepted(api, token)).toMatchObject({ sub: 'test-user', jti: 'token-1', scope: 'read' });
  });

  it('a JWK that says Ed25519 is not used for EdDSA', async () => {
    covers('A6', 'A11');
    const jwks = (keys: readonly JWK[]) => [...keys, issuerWith('ed25519').jwk];
    const api = await startAttackApi({ jwks });
    const issuer = issuerWith('ed25519', api.issuer.issuer);
    const token = () => issuer.token(quoted('EdDSA'));
    await expectAttackRefused(api, { token, control: () => issuer.token(), answer: KEY_UNKNOWN });
  });

  it('CVE-2025-65945: no public way into a verifier lets a token pass unverified', async () => {
    covers('A1', 'A5');
    const { issuer, verifier } = await startAttackApi();
    const good = issuer.token();
    const [, payload = ''] = issuer.token({ payload: { scope: '"admin"' } }).split('.');
    const tampered = good.replace(/\.[^.]*\./, `.${payload}.`);
    const unsigned = replaceHeader(good, '{"alg":"none","typ":"at+jwt"}');
    const requestWith = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
    for (const enter of [
      (token: string) => verifier.verify(token),
      (token: string) => verifier.authenticate(requestWith(token)),
      (token: string) => verifier.authenticate(requestWith(token), { policy: 'read' }),
    ]) {
      expect(await reasonOfCall(enter(tampered))).toBe('signature_invalid');
      expect(await reasonOfCall(enter(unsigned))).toBe('algorithm_not_allowed');
      expect(await reasonOfCall(enter(good))).toBe('accepted');
    }
  });
});

describe('A: keys that are found by a function', () => {
  const issuer = new RawIssuer({ algorithm: 'RS256' });
  const forge = (key: string | Buffer) =>
    issuer.token({ ...quoted('HS256'), key: createSecretKey(Buffer.from(key)), signWith: 'HS256' });
  const createWith = (resolver: unknown) =>
    createVerifier({ ...issuer.verifierOptions, issuer: resolver as IssuerResolver });

  it.each(spellPublicKey(issuer))('CVE-2022-23541: HS256 is refused, keyed with the RSA key as %s', async (_, key) => {
    covers('A4');
    if (key === '') covers('A5');
    const verifier = createWith(() => issuer.verifierOptions.issuer);
    expect(await reasonOfCall(verifier.verify(forge(key)))).toBe('algorithm_not_allowed');
    expect(await reasonOfCall(verifier.verify(issuer.token()))).toBe('accepted');
    expect(await reasonOfCall(verifier.verify(forge(key)))).toBe('algorithm_not_allowed');
  });

  it.each([
    ['an empty text', ''],
    ['an empty buffer', Buffer.alloc(0)],
    ['an empty list', []],
    ['a list with an empty text', ['']],
    ['null', null],
    ['false', false],
    ['an empty object', {}],
  ])('CVE-2026-44351, CVE-2026-45363: a secret that is %s verifies nothing', async (_, secret) => {
    covers('A5');
    const algorithms = ['HS256'];
    const genuine = Buffer.alloc(32, 7);
    const good = createWith((iss: string) => ({ issuer: iss, secret: genuine, algorithms }));
    expect(await reasonOfCall(good.verify(forge(genuine)))).toBe('accepted');
    expect(await reasonOfCall(good.verify(forge('')))).toBe('signature_invalid');
    const verifier = createWith((iss: string) => ({ issuer: iss, secret, algorithms }));
    expect(await reasonOfCall(verifier.verify(forge('')))).toBe('issuer_resolver_failed');
  });
});

describe('A: the algorithms option', () => {
  const FIX = `Give some of ${ALL_ALGORITHMS.join(', ')}.`;
  const ROWS = [
    ['an empty list (CVE-2020-15084)', [], 'is an empty list.'],
    ['none alone (CVE-2022-23540)', ['none'], 'holds "none": anybody could make such tokens'],
    ['none beside a good one', ['ES256', 'none'], 'holds "none": anybody could make such tokens'],
    ['NONE', ['NONE'], 'holds "NONE": anybody could make such tokens'],
    ['HS256, the keys being public', ['HS256'], 'holds "HS256", which needs a shared secret'],
    ['HS256 beside a good one', ['ES256', 'HS256'], 'holds "HS256", which needs a shared secret'],
    ['null', null, 'holds null.'],
    ['false', false, 'holds false.'],
  ] as const;

  it.each(ROWS)('RFC 8725 §3.1, §3.2: of a verifier are refused at start: %s', async (_, algorithms, told) => {
    covers('A12');
    expect(() => createVerifierWith({ algorithms: ['ES256'] })).not.toThrow();
    await expectMisuse(() => createVerifierWith({ algorithms }), { option: 'algorithms', told, fix: FIX });
  });

  it.each(ROWS)('RFC 8725 §3.1, §3.2: of an issuer are refused at start: %s', async (_, algorithms, told) => {
    covers('A12');
    const create = (names: unknown) =>
      createVerifierWith({ issuer: { issuer: ISSUER, jwks: GOOD_JWKS, algorithms: names } });
    expect(() => create(['ES256'])).not.toThrow();
    await expectMisuse(() => create(algorithms), { option: 'issuer.algorithms', told, fix: FIX });
  });

  it('left out, or undefined, they are those with public keys, and never none', async () => {
    covers('A12');
    const issuer = new RawIssuer();
    for (const given of [{}, { algorithms: undefined } as object]) {
      const verifier = createVerifier({ ...issuer.verifierOptions, ...given });
      expect(await reasonOfCall(verifier.verify(issuer.token(quoted('none'))))).toBe('algorithm_not_allowed');
      expect(await reasonOfCall(verifier.verify(issuer.token(quoted('HS256'))))).toBe('algorithm_not_allowed');
      expect(await reasonOfCall(verifier.verify(issuer.token()))).toBe('accepted');
    }
  });
});
