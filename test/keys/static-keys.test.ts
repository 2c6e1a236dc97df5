import { describe, expect, it } from 'vitest';
import type { VerificationKey } from '../../src/jws/verification-key.js';
import type { KeyQuery } from '../../src/keys/key-source.js';
import { StaticKeys } from '../../src/keys/static-keys.js';
import { RawIssuer } from '../support/raw-issuer.js';
import { reasonOf } from '../support/reason-of.js';

const { jwk, clock } = new RawIssuer();
const query = (kid: string | undefined): KeyQuery => ({ kid, algorithm: 'ES256', isPlausible: () => true });

describe('StaticKeys', () => {
  it('finds a key, also before the keys are imported', async () => {
    const keys = new StaticKeys([jwk], clock.now);
    const early = keys.find(query('key-1'));
    expect(early).toBeInstanceOf(Promise);
    const [key] = (await early) as readonly VerificationKey[];
    expect(keys.find(query('key-1'))).toEqual([key]);
  });

  it('refuses a kid that it does not have', async () => {
    const keys = new StaticKeys([jwk], clock.now);
    expect(await keys.find(query('key-1'))).toHaveLength(1);
    expect(reasonOf(await keys.find(query('key-2')))).toBe('unknown_key');
    expect(keys.find(query('key-2'))).toMatchObject({
      reason: 'unknown_key',
      detail: 'kid "key-2", alg ES256; known are "key-1" (ES256), from the options',
    });
  });

  it('holds its own keys, once they are imported, and no others', async () => {
    const keys = new StaticKeys([jwk], clock.now);
    const other = { ...new RawIssuer().jwk, kid: 'key-1' };
    const [stranger] = (await new StaticKeys([other], clock.now).find(query('key-1'))) as [VerificationKey];
    expect(new StaticKeys([jwk], clock.now).stillHas(stranger, query('key-1'))).toBe(false);
    const [key] = (await keys.find(query('key-1'))) as [VerificationKey];
    expect(keys.stillHas(key, query('key-1'))).toBe(true);
    expect(keys.stillHas(stranger, query('key-1'))).toBe(false);
  });

  it('stays the same when it is refreshed', async () => {
    const keys = new StaticKeys([jwk], clock.now);
    expect(await keys.ready()).toBeUndefined();
    const found = keys.find(query('key-1'));
    expect(await keys.refresh()).toBeUndefined();
    keys.refreshIfDue();
    expect(keys.find(query('key-1'))).toEqual(found);
  });

  it('tells its keys, and which members cannot be used', async () => {
    const keys = new StaticKeys([jwk, null, { ...jwk, x: jwk.y }], clock.now);
    const never = {
      ageSeconds: undefined,
      fetches: { metadata: 0, jwks: 0 },
      metadata: [],
      lastError: undefined,
      nextAttemptInSeconds: undefined,
    };
    expect(keys.status()).toEqual({ state: 'static', keys: [], skippedKeys: [], ...never });
    await keys.ready();
    clock.advance(30);
    expect(keys.status()).toEqual({
      state: 'static',
      keys: [{ kid: 'key-1', algorithms: ['ES256'], ageSeconds: 30 }],
      skippedKeys: [
        { index: 1, why: 'is not an object' },
        { index: 2, why: 'is not a valid key, such as a point off its curve, or this Node.js does not support it' },
      ],
      ...never,
    });
  });
});
