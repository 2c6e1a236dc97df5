import { createSecretKey } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createVerifier, type HmacAlgorithm, type IssuerOptions } from '../../src/index.js';
import { HMAC_ALGORITHMS } from '../../src/jws/algorithm.js';
import { TestClock } from '../../src/testing/test-clock.js';
import type { RowId } from '../security-matrix/catalogue.js';
import { createVerifierWith, expectMisuse } from '../support/configuration-error.js';
import { covers } from '../support/covers.js';
import { type Mutation, RawIssuer } from '../support/raw-issuer.js';
import { reasonOfCall } from '../support/reason-of.js';

const ALGORITHMS = Object.keys(HMAC_ALGORITHMS) as HmacAlgorithm[];
const SECRET = 'correct horse battery staple, and then as much again of it, so 64';
const NEXT = Buffer.alloc(64, 7);

/** An issuer with a name that is no URL, whose tokens are signed with a secret. */
const legacy = new RawIssuer({ issuer: 'urn:example:legacy' });

function tokenOf(algorithm: HmacAlgorithm, secret: string | Uint8Array, mutation: Mutation = {}): string {
  const header = { alg: JSON.stringify(algorithm), kid: undefined, ...mutation.header };
  return legacy.token({ ...mutation, header, key: createSecretKey(Buffer.from(secret)), signWith: algorithm });
}

function createVerifierOf(issuer: IssuerOptions | readonly IssuerOptions[]) {
  const { audience, clock, fetch } = legacy.verifierOptions;
  const verifier = createVerifier({ issuer, audience, clock, fetch });
  return { verifier, reason: (token: string) => reasonOfCall(verifier.verify(token)) };
}

const secretIssuer = (algorithms: readonly HmacAlgorithm[], secret: string | (string | Uint8Array)[] = SECRET) => ({
  issuer: legacy.issuer,
  secret,
  algorithms,
});

describe.each(ALGORITHMS)('a verifier whose issuer shares a secret, %s', (algorithm) => {
  const good = tokenOf(algorithm, SECRET);
  const mac = good.slice(good.lastIndexOf('.') + 1);
  const withMac = (changed: Buffer | string) =>
    good.slice(0, -mac.length) + (typeof changed === 'string' ? changed : changed.toString('base64url'));
  const bytes = Buffer.from(mac, 'base64url');

  it('RFC 7518 §3.2: accepts what the secret signed, cold and warm', async () => {
    const { verifier, reason } = createVerifierOf(secretIssuer([algorithm]));
    expect(await reason(good)).toBe('accepted');
    expect(await reason(good)).toBe('accepted');
    expect(await verifier.verify(good)).toMatchObject({ issuer: 'urn:example:legacy', scopes: ['read'] });
    expect(legacy.requests).toEqual([]);
  });

  it.each<[what: string, token: string, ...ids: RowId[]]>([
    ['a MAC with its first byte changed', withMac(flip(bytes, 0))],
    ['a MAC with its last byte changed', withMac(flip(bytes, bytes.length - 1))],
    ['a MAC without its last byte', withMac(bytes.subarray(0, -1))],
    ['the first byte of the MAC alone', withMac(bytes.subarray(0, 1))],
    ['half of the MAC', withMac(bytes.subarray(0, bytes.length / 2))],
    ['a MAC with a byte more', withMac(Buffer.concat([bytes, Buffer.alloc(1)]))],
    ['a MAC of zeros', withMac(Buffer.alloc(bytes.length))],
    ['another secret', tokenOf(algorithm, NEXT)],
    ['a secret with its last byte changed', tokenOf(algorithm, `${SECRET.slice(0, -1)}5`)],
    ['an empty secret (CVE-2026-44351)', tokenOf(algorithm, ''), 'A5'],
    ['a secret of zeros', tokenOf(algorithm, Buffer.alloc(64))],
    ['changed claims', tokenOf(algorithm, SECRET, { payload: { scope: '"admin"' } }).replace(/[^.]*$/, mac)],
  ])('RFC 7515 §5.2: refuses %s', async (_, token, ...ids) => {
    covers(...ids);
    const { reason } = createVerifierOf(secretIssuer([algorithm]));
    expect(await reason(good)).toBe('accepted');
    expect(await reason(token)).toBe('signature_invalid');
    expect(await reason(good)).toBe('accepted');
  });

  it('refuses an empty MAC before a key is sought', async () => {
    covers('B1');
    const { reason } = createVerifierOf(secretIssuer([algorithm]));
    expect(await reason(good)).toBe('accepted');
    expect(await reason(withMac(''))).toBe('token_malformed');
  });

  it.each(ALGORITHMS.filter((other) => other !== algorithm))(
    'RFC 8725 §3.1: refuses %s, which the same secret signed, when it is not listed',
    async (other) => {
      const { reason } = createVerifierOf(secretIssuer([algorithm]));
      expect(await reason(good)).toBe('accepted');
      expect(await reason(tokenOf(other, SECRET))).toBe('algorithm_not_allowed');
      expect(await createVerifierOf(secretIssuer([algorithm, other])).reason(tokenOf(other, SECRET))).toBe('accepted');
    },
  );

  it('RFC 8725 §3.1: refuses a header that names another algorithm than the one that signed', async () => {
    const { reason } = createVerifierOf(secretIssuer(ALGORITHMS));
    const other = algorithm === 'HS256' ? 'HS512' : 'HS256';
    expect(await reason(good)).toBe('accepted');
    expect(await reason(tokenOf(algorithm, SECRET, { header: { alg: `"${other}"` } }))).toBe('signature_invalid');
  });

  it('accepts the tokens of each of several secrets while one replaces another, and of no third', async () => {
    const { reason } = createVerifierOf(secretIssuer([algorithm], [NEXT, SECRET]));
    expect(await reason(tokenOf(algorithm, NEXT))).toBe('accepted');
    expect(await reason(good)).toBe('accepted');
    expect(await reason(tokenOf(algorithm, Buffer.alloc(64, 8)))).toBe('signature_invalid');
  });

  it('does not look at the kid', async () => {
    const { reason } = createVerifierOf(secretIssuer([algorithm], [NEXT, SECRET]));
    for (const kid of ['"key-1"', '"../../dev/null"', '""', '1', 'null', 'true', '[]', '{"a":1}', undefined]) {
      expect(await reason(tokenOf(algorithm, SECRET, { header: { kid } }))).toBe('accepted');
    }
  });
});

describe('a verifier whose issuer shares a secret', () => {
  const good = tokenOf('HS256', SECRET);

  it.each([
    ['expired', { exp: '1' }, 'token_expired'],
    ['for another audience', { aud: '"https://other.test"' }, 'audience_mismatch'],
    ['without exp', { exp: undefined }, 'claim_missing'],
    ['bound to a key', { cnf: '{"jkt":"x"}' }, 'binding_not_proven'],
    ['of another issuer', { iss: '"urn:example:Legacy"' }, 'issuer_not_trusted'],
  ])('RFC 7519 §4.1: refuses a token that is %s, as with any issuer', async (_, payload, expected) => {
    const { reason } = createVerifierOf(secretIssuer(['HS256']));
    expect(await reason(good)).toBe('accepted');
    expect(await reason(tokenOf('HS256', SECRET, { payload }))).toBe(expected);
  });

  it('RFC 8725 §3.2: refuses alg none, with and without a MAC', async () => {
    const { reason } = createVerifierOf(secretIssuer(ALGORITHMS));
    const none = tokenOf('HS256', SECRET, { header: { alg: '"none"' } });
    expect(await reason(good)).toBe('accepted');
    expect(await reason(none)).toBe('algorithm_not_allowed');
    expect(await reason(none.replace(/[^.]*$/, ''))).toBe('algorithm_not_allowed');
  });

  it('stands beside an issuer with public keys: each accepts its own tokens and none of the other', async () => {
    const modern = new RawIssuer({ issuer: 'https://modern.test', algorithm: 'RS256' });
    const { reason } = createVerifierOf([modern.verifierOptions.issuer, secretIssuer(['HS256'])]);
    expect(await reason(modern.token())).toBe('accepted');
    expect(await reason(good)).toBe('accepted');
    expect(await reason(modern.token({ payload: { iss: '"urn:example:legacy"' } }))).toBe('algorithm_not_allowed');
    const foreign = tokenOf('HS256', SECRET, { payload: { iss: '"https://modern.test"' } });
    expect(await reason(foreign)).toBe('algorithm_not_allowed');
  });

  it('comes from a resolver too, and a new secret makes the tokens of the old one worthless', async () => {
    const { audience, fetch } = legacy.verifierOptions;
    const clock = new TestClock(legacy.clock.now());
    let secret: string | Uint8Array = SECRET;
    const issuer = (iss: string) =>
      iss === legacy.issuer ? { issuer: iss, secret, algorithms: ['HS256'] as const } : undefined;
    const verifier = createVerifier({ issuer, audience, clock: clock.now, fetch, keys: { maxAgeSeconds: 60 } });
    expect(await reasonOfCall(verifier.verify(good))).toBe('accepted');
    secret = NEXT;
    clock.advance(61);
    // The first request sets the question going and is answered as before.
    await reasonOfCall(verifier.verify(good));
    await new Promise(setImmediate);
    expect(await reasonOfCall(verifier.verify(good))).toBe('signature_invalid');
    expect(await reasonOfCall(verifier.verify(tokenOf('HS256', NEXT)))).toBe('accepted');
  });

  it('shows the secret nowhere: not in the verifier, its status or its snapshot', async () => {
    const { verifier } = createVerifierOf(secretIssuer(['HS256']));
    const token = await verifier.verify(good);
    const shown = inspect([verifier, verifier.status(), verifier.snapshot(), token], { depth: 20, showHidden: true });
    const hex = [...Buffer.from(SECRET).subarray(0, 8)].map((byte) => byte.toString(16)).join(' ');
    for (const form of [SECRET.slice(0, 16), hex, Buffer.from(SECRET).toString('base64').slice(0, 16)]) {
      expect(shown).not.toContain(form);
    }
    expect(verifier.snapshot()).toEqual({ version: 1, issuers: {} });
    expect(verifier.status().issuers).toMatchObject([{ state: 'static', keys: [{ algorithms: ['HS256'] }] }]);
    await expect(verifier.ready()).resolves.toBeUndefined();
    await expect(verifier.refresh()).resolves.toBeUndefined();
  });
});

describe('createVerifier, given a secret', () => {
  const FIX = 'Give some of HS256, HS384, HS512: an issuer with a secret has no public keys.';
  const good = { issuer: 'legacy', secret: SECRET, algorithms: ['HS256'] };
  const create = (changes: object) => () => createVerifierWith({ issuer: { ...good, ...changes } });

  it.each<[what: string, changes: object, told: string]>([
    ['no algorithms', { algorithms: undefined }, 'holds undefined.'],
    ['an empty list of algorithms', { algorithms: [] }, 'is an empty list.'],
    ['an algorithm with a public key', { algorithms: ['HS256', 'RS256'] }, 'holds HS256, RS256.'],
    ['none', { algorithms: ['none'] }, 'holds none.'],
    ['an algorithm in lower case', { algorithms: ['hs256'] }, 'holds hs256.'],
    ['the name of a member of every object', { algorithms: ['constructor'] }, 'holds constructor.'],
  ])('RFC 8725 §3.1: refuses %s', async (_, changes, told) => {
    expect(create({})).not.toThrow();
    await expectMisuse(create(changes), { option: 'issuer.algorithms', told, fix: FIX });
  });

  it.each(ALGORITHMS)(
    'RFC 7518 §3.2: refuses a secret shorter than the hash of %s, and never shows it',
    async (name) => {
      const least = HMAC_ALGORITHMS[name];
      const given = (length: number) => create({ secret: 'hush'.repeat(16).slice(0, length), algorithms: [name] });
      expect(given(least)).not.toThrow();
      const told = `has ${least - 1} bytes; ${name} need ${least} at least (RFC 7518 §3.2).`;
      await expectMisuse(given(least - 1), { option: 'issuer.secret', told, fix: 'Give a random string' });
      expect(given(least - 1)).not.toThrow(/hush/);
    },
  );

  it('RFC 8725 §2.1: refuses HS256 on the verifier, which is for issuers with public keys as well', async () => {
    const call = () => createVerifierWith({ issuer: good, algorithms: ['HS256'] });
    expect(() => createVerifierWith({ issuer: good, algorithms: ['ES256'] })).not.toThrow();
    await expectMisuse(call, { option: 'algorithms', told: 'Set it on an issuer with a secret', fix: 'Give some of' });
  });

  it.each([['legacy'], ['urn:example:legacy'], ['http://legacy.example'], ['a name with spaces']])(
    'RFC 7519 §4.1.1: takes the name %j for its issuer, since nothing is fetched',
    (issuer) => {
      expect(create({ issuer })).not.toThrow();
    },
  );

  it.each([[''], [undefined], [7]])('refuses the name %j for its issuer', async (issuer) => {
    expect(create({})).not.toThrow();
    await expectMisuse(create({ issuer }), { option: 'issuer.issuer', told: 'is', fix: "Give the issuer's URL" });
  });

  it('refuses a name that is no URL for an issuer with public keys', async () => {
    const call = () => createVerifierWith({ issuer: { issuer: 'legacy' } });
    await expectMisuse(call, { option: 'issuer.issuer', told: 'is not a URL.', fix: 'Give an absolute https URL.' });
  });
});

function flip(bytes: Buffer, index: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[index] = (changed[index] as number) ^ 1;
  return changed;
}
