import { inspect } from 'node:util';
import { beforeEach, describe, expect, it } from 'vitest';
import type { HmacAlgorithm, SignatureAlgorithm } from '../../src/jws/algorithm.js';
import type { VerificationKey } from '../../src/jws/verification-key.js';
import { SharedSecrets } from '../../src/keys/shared-secrets.js';
import { TestClock } from '../../src/testing/test-clock.js';
import { reasonOf } from '../support/reason-of.js';

const SHORT = Buffer.alloc(32, 'a');
const LONG = Buffer.alloc(64, 'b');

const query = (algorithm: SignatureAlgorithm, kid?: string) => ({ kid, algorithm, isPlausible: () => true });

let clock: TestClock;
let secrets: SharedSecrets;

beforeEach(() => {
  clock = new TestClock(1_800_000_000_000);
  secrets = new SharedSecrets([SHORT, LONG], ['HS256', 'HS512'], clock.now);
});

const find = (algorithm: SignatureAlgorithm, kid?: string) => secrets.find(query(algorithm, kid));
const bytesOf = (found: ReturnType<typeof find>) =>
  (found as readonly VerificationKey[]).map(({ keyObject }) => keyObject.export());

describe('SharedSecrets', () => {
  it('RFC 7518 §3.2: gives for an algorithm the secrets that are long enough for it', () => {
    expect(bytesOf(find('HS256'))).toEqual([SHORT, LONG]);
    expect(bytesOf(find('HS512'))).toEqual([LONG]);
  });

  it.each([undefined, 'key-1', 'another'])('gives every secret, whatever kid the token names: %s', (kid) => {
    expect(bytesOf(find('HS256', kid))).toEqual([SHORT, LONG]);
  });

  it.each<SignatureAlgorithm>(['HS384', 'RS256', 'ES256', 'EdDSA'])(
    'RFC 8725 §3.1: has no secret for %s, which is not among its algorithms',
    (algorithm) => {
      expect(reasonOf(find('HS256'))).toBe('accepted');
      expect(find(algorithm)).toMatchObject({ reason: 'unknown_key', detail: `kid undefined, alg ${algorithm}` });
    },
  );

  it.each<[HmacAlgorithm, number]>([
    ['HS256', 32],
    ['HS384', 48],
    ['HS512', 64],
  ])('RFC 7518 §3.2: takes for %s a secret of %i bytes and none of one less', (algorithm, least) => {
    const fits = new SharedSecrets([Buffer.alloc(least)], [algorithm], clock.now);
    const isShort = new SharedSecrets([Buffer.alloc(least - 1)], [algorithm], clock.now);
    expect(reasonOf(fits.find(query(algorithm)))).toBe('accepted');
    expect(reasonOf(isShort.find(query(algorithm)))).toBe('unknown_key');
  });

  it('gives keys of the type secret, with nothing that could be published', () => {
    for (const key of find('HS256') as readonly VerificationKey[]) {
      expect(key.keyObject.type).toBe('secret');
      expect(key.publicJwk).toBeUndefined();
      expect(key.kid).toBeUndefined();
    }
    expect(secrets.snapshot()).toBeUndefined();
  });

  it('keeps its own copy: a change of the bytes that it was made of changes nothing', () => {
    const bytes = Buffer.alloc(32, 'c');
    secrets = new SharedSecrets([bytes], ['HS256'], clock.now);
    bytes.fill(0);
    expect(bytesOf(find('HS256'))).toEqual([Buffer.alloc(32, 'c')]);
  });

  it('holds its own keys, and not those of another with the same secrets', () => {
    const [own] = find('HS256') as [VerificationKey];
    const [stranger] = new SharedSecrets([SHORT], ['HS256'], clock.now).find(query('HS256')) as [VerificationKey];
    expect(secrets.stillHas(own)).toBe(true);
    expect(secrets.stillHas(stranger)).toBe(false);
  });

  it('is ready at once, stays the same when it is refreshed', () => {
    const before = find('HS256');
    expect(secrets.ready()).toBeUndefined();
    expect(secrets.refresh()).toBeUndefined();
    secrets.refreshIfDue();
    expect(find('HS256')).toEqual(before);
  });

  it('tells the algorithms and the age of its keys, and nothing of the secrets', () => {
    clock.advance(30);
    expect(secrets.status()).toEqual({
      state: 'static',
      keys: [
        { kid: undefined, algorithms: ['HS256'], ageSeconds: 30 },
        { kid: undefined, algorithms: ['HS256', 'HS512'], ageSeconds: 30 },
      ],
      skippedKeys: [],
      ageSeconds: undefined,
      fetches: { metadata: 0, jwks: 0 },
      metadata: [],
      lastError: undefined,
      nextAttemptInSeconds: undefined,
    });
    const shown = inspect([secrets, secrets.status()], { depth: 10, showHidden: true });
    expect(shown).not.toContain(SHORT.toString());
    expect(shown).not.toContain('61 61 61');
  });

  it('counts no age below nought when the clock is set back', () => {
    clock.advance(-30);
    expect(secrets.status().keys.map(({ ageSeconds }) => ageSeconds)).toEqual([0, 0]);
  });
});
