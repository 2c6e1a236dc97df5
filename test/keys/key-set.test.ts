import { describe, expect, it } from 'vitest';
import type { VerificationKey } from '../../src/jws/verification-key.js';
import { KeySet } from '../../src/keys/key-set.js';
import type { RowId } from '../security-matrix/catalogue.js';
import { covers } from '../support/covers.js';
import { generateKeys, toJwk } from '../support/raw-issuer.js';

const makeEc = (kid?: string) => ({ ...toJwk(generateKeys('ES256').publicKey), ...(kid !== undefined && { kid }) });
const rsa = { ...toJwk(generateKeys('RS256').publicKey), kid: 'r' };
const [a, b, c] = [makeEc('a'), makeEc('b'), makeEc('c')];

const kids = (keys: readonly VerificationKey[]) => keys.map(({ kid }) => kid);
const NOW = 1_800_000_000_000;
const importAll = (...members: readonly unknown[]) => KeySet.import(members, NOW);

describe('KeySet.import', () => {
  it.each<[what: string, member: unknown, why: string, ...ids: RowId[]]>([
    ['null', null, 'is not an object'],
    ['a number', 1, 'is not an object'],
    ['an unknown kty', { ...b, kty: 'XX' }, 'has a kty that is not RSA, EC, OKP or AKP'],
    ['a missing member', { ...b, x: undefined }, 'lacks the member x'],
    ['a kid of the wrong type', { ...b, kid: {} }, 'has a kid that is not a string'],
    ['an alg of the wrong type', { ...b, alg: {} }, 'has an alg that is not supported or does not fit the key'],
    ['a private key', { ...b, d: 'AA' }, 'holds private or symmetric key material', 'H10'],
    ['a symmetric key', { kty: 'oct', k: 'AA' }, 'has a kty that is not RSA, EC, OKP or AKP', 'H11'],
    [
      'a point off its curve',
      { ...b, x: b.y },
      'is not a valid key, such as a point off its curve, or this Node.js does not support it',
      'H12',
    ],
    ['key_ops of another use', { ...b, key_ops: ['deriveBits'] }, 'has key_ops other than verify', 'H12b'],
  ])('RFC 7517 §5: skips %s, tells why, and keeps the keys beside it', async (_, bad, why, ...ids) => {
    covers('H13', ...ids);
    expect((await importAll(a, b, c)).skipped).toEqual([]);
    const set = await importAll(a, bad, c);
    expect(kids(set.keys)).toEqual(['a', 'c']);
    expect(set.skipped).toEqual([{ index: 1, why, digest: expect.stringMatching(/^[\w-]{43}$/) }]);
  });

  it.each<[string, object]>([
    ['x5c', { x5c: 1 }],
    ['x5t', { x5t: [] }],
    ['ext', { ext: false }],
    ['__proto__', JSON.parse('{"__proto__":{"kid":"evil"}}') as object],
  ])('RFC 7517 §4: takes no notice of the member %s, which it does not use', async (_, extra) => {
    covers('H12b');
    const set = await importAll({ ...a, ...extra });
    expect(kids(set.keys)).toEqual(['a']);
  });

  it('is empty where there is nothing to import', async () => {
    const set = await importAll();
    expect(set.keys).toEqual([]);
    expect(set.candidates({ kid: undefined, algorithm: 'ES256' })).toEqual([]);
  });

  it('counts a key once that is listed twice', async () => {
    const set = await importAll(a, { ...a, x5t: 'differs' }, b);
    expect(kids(set.keys)).toEqual(['a', 'b']);
  });

  it('keeps the identity of keys that were there before, and of no others', async () => {
    covers('H17');
    const before = await importAll(a, b);
    const after = await KeySet.import([b, c], NOW, { previous: before });
    const [keyA, keyB] = before.keys as [VerificationKey, VerificationKey];
    const [sameB, keyC] = after.keys as [VerificationKey, VerificationKey];
    expect(sameB).toBe(keyB);
    expect([keyA, keyB, keyC].map((key) => after.has(key))).toEqual([false, true, true]);
    expect([keyA, keyB, keyC].map((key) => before.has(key))).toEqual([true, true, false]);
  });

  it('reads no more of a member that was there before than its text', async () => {
    const readsOf = (jwk: { readonly n?: unknown }) => {
      let reads = 0;
      const member = Object.defineProperty({ ...jwk }, 'n', {
        enumerable: true,
        get: () => {
          reads += 1;
          return jwk.n;
        },
      });
      return { member, reads: () => reads };
    };
    const [first, again] = [readsOf(rsa), readsOf(rsa)];
    const before = await importAll(first.member);
    const after = await KeySet.import([again.member], NOW, { previous: before });
    expect(first.reads()).toBeGreaterThan(1);
    expect(again.reads()).toBe(1);
    expect(after.keys[0]).toBe(before.keys[0]);
  });

  it.each<[string, object]>([
    ['its kid', { kid: 'other' }],
    ['its alg', { alg: 'ES256', kid: 'a', kty: 'EC' }],
  ])('takes a key that changed %s for a new one', async (what, change) => {
    covers('H17');
    const before = await importAll({ ...rsa, kid: 'a' });
    const [key] = before.keys as [VerificationKey];
    const changed = what === 'its alg' ? { ...rsa, kid: 'a', alg: 'PS256' } : { ...rsa, ...change };
    expect((await KeySet.import([{ ...rsa, kid: 'a' }], NOW, { previous: before })).has(key)).toBe(true);
    expect((await KeySet.import([changed], NOW, { previous: before })).has(key)).toBe(false);
  });

  it('knows a key by all that is said of it, whichever fetch brought it, and no other', async () => {
    covers('H1', 'H28');
    const [key] = (await importAll(a)).keys as [VerificationKey];
    expect((await importAll(a)).has(key)).toBe(true);
    for (const other of [b, { ...b, kid: a.kid }, { ...a, kid: 'other' }])
      expect((await importAll(other)).has(key)).toBe(false);
  });
});

describe('KeySet.match', () => {
  it('finds a key by its kid, to the letter', async () => {
    covers('7515-6');
    const set = await importAll(a, b);
    expect(kids(set.candidates({ kid: 'b', algorithm: 'ES256' }))).toEqual(['b']);
    for (const kid of ['B', 'b ', '', 'x', '__proto__', 'constructor'])
      expect(set.candidates({ kid, algorithm: 'ES256' })).toEqual([]);
  });

  it('finds a key for its own algorithm alone', async () => {
    covers('A6');
    const set = await importAll({ ...rsa, alg: 'PS256' });
    expect(kids(set.candidates({ kid: 'r', algorithm: 'PS256' }))).toEqual(['r']);
    expect(set.candidates({ kid: 'r', algorithm: 'RS256' })).toEqual([]);
    expect(kids(set.candidates({ kid: undefined, algorithm: 'PS256' }))).toEqual(['r']);
    expect(set.candidates({ kid: undefined, algorithm: 'RS256' })).toEqual([]);
  });

  it('finds keys by the algorithm for a token without kid, two at most', async () => {
    covers('K10', 'C8');
    const set = await importAll(rsa, a, makeEc(), c);
    expect(kids(set.candidates({ kid: undefined, algorithm: 'ES256' }))).toEqual(['a', undefined]);
    expect(kids(set.candidates({ kid: undefined, algorithm: 'RS256' }))).toEqual(['r']);
    expect(set.candidates({ kid: undefined, algorithm: 'EdDSA' })).toEqual([]);
  });

  it('finds the first two of the keys that share a kid and fit', async () => {
    covers('C9');
    const [first, second, third] = [makeEc('k'), makeEc('k'), makeEc('k')];
    const set = await importAll({ ...rsa, kid: 'k' }, first, second, third);
    expect(set.candidates({ kid: 'k', algorithm: 'ES256' })).toEqual(set.keys.slice(1, 3));
    expect(set.candidates({ kid: 'k', algorithm: 'RS256' })).toEqual(set.keys.slice(0, 1));
    const named = { kid: 'k', algorithm: 'ES256' } as const;
    expect(set.keys.map((key) => set.isCandidate(key, named))).toEqual([false, true, true, false]);
    expect(set.keys.map((key) => set.has(key))).toEqual([true, true, true, true]);
  });

  it('does not find a key without kid by a kid', async () => {
    const set = await importAll(makeEc());
    expect(set.candidates({ kid: undefined, algorithm: 'ES256' })).toHaveLength(1);
    expect(set.candidates({ kid: 'undefined', algorithm: 'ES256' })).toEqual([]);
  });
});
