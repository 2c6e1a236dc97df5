import { beforeEach, describe, expect, it } from 'vitest';
import type { VerificationKey } from '../../src/jws/verification-key.js';
import type { FetchedSecrets } from '../../src/keys/fetched-secrets.js';
import { TestClock } from '../../src/testing/test-clock.js';
import { textsOf } from '../support/leaks.js';
import { rejectionsDuring } from '../support/rejections.js';
import { createSecretsOf, findIn, keyOf, NEW, OLD, QUERY, settle, Vault } from '../support/secret-vault.js';

let clock: TestClock;
let vault: Vault;

beforeEach(() => {
  clock = new TestClock(1_800_000_000_000);
  vault = new Vault();
});

const createSecrets = (signal?: AbortSignal) => createSecretsOf(vault, clock, signal === undefined ? {} : { signal });
const has = (secrets: FetchedSecrets, key: VerificationKey) => secrets.stillHas(key, QUERY, clock.now());

describe('FetchedSecrets, refreshed', () => {
  it('asks at once, however young the secrets are, even while it waits after a failure', async () => {
    const secrets = createSecrets();
    await secrets.ready();
    vault.seal();
    expect(await secrets.refresh()).toMatchObject({ reason: 'secret_unavailable' });
    expect(await findIn(secrets)).toEqual([OLD]);
    vault.open = () => NEW;
    expect(await secrets.refresh()).toBeUndefined();
    expect(await findIn(secrets)).toEqual([NEW]);
    expect(vault.calls).toBe(3);
  });

  it('keeps the keys of secrets that are the same, and with them the tokens that were verified', async () => {
    const secrets = createSecrets();
    const key = await keyOf(secrets);
    clock.advance(300);
    vault.open = () => Buffer.from(OLD);
    expect(await secrets.refresh()).toBeUndefined();
    expect(has(secrets, key)).toBe(true);
    expect(await keyOf(secrets)).toBe(key);
    expect(secrets.status()).toMatchObject({ ageSeconds: 0, keys: [{ ageSeconds: 300 }] });
  });

  it.each<[what: string, before: unknown, after: unknown, found: readonly string[]]>([
    ['another one', OLD, NEW, [NEW]],
    ['another one of another length', OLD, `${OLD}!`, [`${OLD}!`]],
    ['one more', OLD, [OLD, NEW], [OLD, NEW]],
    ['one less', [OLD, NEW], [NEW], [NEW]],
    ['another order', [OLD, NEW], [NEW, OLD], [NEW, OLD]],
    ['another second one', [OLD, OLD], [OLD, NEW], [OLD, NEW]],
  ])('drops the keys, and with them the tokens that were verified, with %s', async (_, before, after, found) => {
    vault.open = () => before;
    const secrets = createSecrets();
    const key = await keyOf(secrets);
    expect(has(secrets, key)).toBe(true);
    vault.open = () => after;
    await secrets.refresh();
    expect(has(secrets, key)).toBe(false);
    expect(await findIn(secrets)).toEqual(found);
  });

  it('holds nothing before it has secrets', async () => {
    const key = await keyOf(createSecrets());
    expect(has(createSecrets(), key)).toBe(false);
  });

  it('an older question that is answered later does not undo a newer one', async () => {
    const held = vault.hold();
    const secrets = createSecrets();
    const [older, newer] = [secrets.refresh(), secrets.refresh()];
    held[1]?.resolve(NEW);
    await newer;
    held[0]?.resolve(OLD);
    expect(await older).toBeUndefined();
    expect(await findIn(secrets)).toEqual([NEW]);
    expect(vault.calls).toBe(2);
  });

  it('an older question that fails later tells nothing', async () => {
    const held = vault.hold();
    const secrets = createSecrets();
    const [older, newer] = [secrets.refresh(), secrets.refresh()];
    held[1]?.resolve(NEW);
    await newer;
    held[0]?.reject(new Error('the vault is sealed'));
    expect(await older).toBeUndefined();
    expect(secrets.status()).toMatchObject({ state: 'fresh', lastError: undefined });
  });

  it('a newer question that is answered later takes the place of an older one', async () => {
    const held = vault.hold();
    const secrets = createSecrets();
    const [older, newer] = [secrets.refresh(), secrets.refresh()];
    held[0]?.resolve(OLD);
    await older;
    expect(await findIn(secrets)).toEqual([OLD]);
    held[1]?.resolve(NEW);
    await newer;
    expect(await findIn(secrets)).toEqual([NEW]);
  });

  it('those who come after an older question failed wait for the newer one', async () => {
    const held = vault.hold();
    const secrets = createSecrets();
    const [older, newer] = [secrets.refresh(), secrets.refresh()];
    held[0]?.reject(new Error('the vault is sealed'));
    expect(await older).toMatchObject({ reason: 'secret_unavailable' });
    clock.advance(1);
    const waiting = findIn(secrets);
    expect(vault.calls).toBe(2);
    held[1]?.resolve(NEW);
    expect(await waiting).toEqual([NEW]);
    expect(await newer).toBeUndefined();
  });

  it('those who come while a refresh goes on wait for that one', async () => {
    const held = vault.hold();
    const secrets = createSecrets();
    const waiting = [findIn(secrets), secrets.refresh(), findIn(secrets)] as const;
    await settle();
    expect(held).toHaveLength(2);
    held[1]?.resolve(NEW);
    expect(await waiting[2]).toEqual([NEW]);
    held[0]?.resolve(OLD);
    expect(await waiting[0]).toEqual([NEW]);
  });
});

describe('FetchedSecrets, its status', () => {
  const nothing = {
    skippedKeys: [],
    fetches: { metadata: 0, jwks: 0 },
    metadata: [],
    lastError: undefined,
    nextAttemptInSeconds: undefined,
  };

  it('tells how the secrets are doing, and nothing of them', async () => {
    const secrets = createSecrets();
    const keys = [{ kid: undefined, algorithms: ['HS256'], ageSeconds: 0 }];
    expect(secrets.status()).toEqual({ ...nothing, state: 'empty', keys: [], ageSeconds: undefined });
    await secrets.ready();
    expect(secrets.status()).toEqual({ ...nothing, state: 'fresh', keys, ageSeconds: 0 });
    clock.advance(600);
    const aged = [{ ...keys[0], ageSeconds: 600 }];
    expect(secrets.status()).toEqual({ ...nothing, state: 'stale', keys: aged, ageSeconds: 600 });
    expect(vault.calls).toBe(1);
    vault.seal();
    await secrets.refresh();
    const lastError = 'the function given as secret failed';
    const failing = { ...nothing, state: 'failing', lastError, nextAttemptInSeconds: expect.any(Number) };
    expect(secrets.status()).toEqual({ ...failing, keys: aged, ageSeconds: 600 });
    clock.advance(3600);
    expect(secrets.status()).toEqual({ ...failing, keys: [], ageSeconds: 4200, nextAttemptInSeconds: 0 });
    expect(textsOf([secrets, secrets.status()])).not.toMatch(/hush|the first|sealed/);
  });

  it('is empty again once the secrets are too old, though nothing failed', async () => {
    const secrets = createSecrets();
    await secrets.ready();
    clock.advance(4200);
    expect(secrets.status()).toEqual({ ...nothing, state: 'empty', keys: [], ageSeconds: 4200 });
  });

  it('is ready when the secrets are at hand, or tells why they are not', async () => {
    const secrets = createSecrets();
    vault.seal();
    expect(await secrets.ready()).toMatchObject({ reason: 'secret_unavailable' });
    clock.advance(1);
    vault.open = () => OLD;
    expect(await secrets.ready()).toBeUndefined();
    expect(vault.calls).toBe(2);
  });
});

describe('FetchedSecrets, when it is closed', () => {
  it('asks nobody any more', async () => {
    const secrets = createSecrets(AbortSignal.abort());
    expect(await findIn(secrets)).toBe('verifier_closed');
    expect(await secrets.ready()).toMatchObject({ reason: 'verifier_closed' });
    expect(await secrets.refresh()).toMatchObject({ reason: 'verifier_closed' });
    expect(vault.calls).toBe(0);
  });

  it('does not wait for a function that never settles', async () => {
    vault.hold();
    const closing = new AbortController();
    const secrets = createSecrets(closing.signal);
    const waiting = [findIn(secrets), secrets.refresh()];
    await settle();
    const rejections = await rejectionsDuring(async () => {
      closing.abort();
      expect(await waiting[0]).toBe('verifier_closed');
      expect(await waiting[1]).toMatchObject({ reason: 'verifier_closed' });
    });
    expect(rejections).toEqual([]);
    expect(vault.calls).toBe(2);
  });
});
