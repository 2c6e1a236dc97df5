import { beforeEach, describe, expect, it } from 'vitest';
import type { HmacAlgorithm } from '../../src/jws/algorithm.js';
import type { VerificationKey } from '../../src/jws/verification-key.js';
import type { FetchedSecrets } from '../../src/keys/fetched-secrets.js';
import { ConfigurationError } from '../../src/options/configuration-error.js';
import type { Refusal } from '../../src/protocol/refusal.js';
import { TestClock } from '../../src/testing/test-clock.js';
import { covers } from '../support/covers.js';
import { textsOf } from '../support/leaks.js';
import { reasonOf } from '../support/reason-of.js';
import { rejectionsDuring } from '../support/rejections.js';
import {
  createSecretsOf,
  type Found,
  findIn,
  keyOf,
  NEW,
  OLD,
  QUERY,
  settle,
  textsFound,
  Vault,
} from '../support/secret-vault.js';

let clock: TestClock;
let vault: Vault;

beforeEach(() => {
  clock = new TestClock(1_800_000_000_000);
  vault = new Vault();
});

const createSecrets = (limits: object = {}, algorithms: readonly HmacAlgorithm[] = ['HS256']) =>
  createSecretsOf(vault, clock, { ...limits, algorithms });
const has = (secrets: FetchedSecrets, key: VerificationKey) => secrets.stillHas(key, QUERY, clock.now());

describe('FetchedSecrets', () => {
  it('asks nobody before a secret is needed, and then once', async () => {
    const secrets = createSecrets();
    expect(vault.calls).toBe(0);
    expect(await findIn(secrets)).toEqual([OLD]);
    expect(await findIn(secrets)).toEqual([OLD]);
    expect(vault.calls).toBe(1);
  });

  it('asks once for all who wait', async () => {
    const held = vault.hold();
    const secrets = createSecrets();
    const waiting = Array.from({ length: 50 }, () => findIn(secrets));
    await settle();
    expect(held).toHaveLength(1);
    held[0]?.resolve(OLD);
    expect(new Set((await Promise.all(waiting)).flat())).toEqual(new Set([OLD]));
    expect(vault.calls).toBe(1);
  });

  it('gives what is at hand at once, without a promise', async () => {
    const secrets = createSecrets();
    await secrets.ready();
    expect(textsFound(secrets.find(QUERY) as Found)).toEqual([OLD]);
    expect(secrets.ready()).toBeUndefined();
  });

  it.each<[what: string, given: unknown, found: readonly string[]]>([
    ['a text', OLD, [OLD]],
    ['bytes', Buffer.from(OLD), [OLD]],
    ['several, in their order', [NEW, Buffer.from(OLD)], [NEW, OLD]],
    ['a promise', Promise.resolve([NEW, OLD]), [NEW, OLD]],
  ])('takes %s', async (_, given, found) => {
    vault.open = () => given;
    expect(await findIn(createSecrets())).toEqual(found);
  });

  it('RFC 8725 §3.1: has no secret for an algorithm that is not listed', async () => {
    const secrets = createSecrets();
    expect(reasonOf(await secrets.find(QUERY))).toBe('accepted');
    expect(reasonOf(await secrets.find({ ...QUERY, algorithm: 'HS512' }))).toBe('unknown_key');
    expect(reasonOf(await secrets.find({ ...QUERY, algorithm: 'RS256' }))).toBe('unknown_key');
    expect(vault.calls).toBe(1);
  });

  it('leaves by no snapshot', async () => {
    const secrets = createSecrets();
    await secrets.ready();
    expect(secrets.snapshot()).toBeUndefined();
  });
});

describe('FetchedSecrets, as time goes by', () => {
  it('keeps them for maxAgeSeconds, then asks anew behind the requests', async () => {
    const secrets = createSecrets();
    await secrets.ready();
    vault.open = () => NEW;
    clock.advance(599.999);
    expect(await findIn(secrets)).toEqual([OLD]);
    await settle();
    expect(vault.calls).toBe(1);
    clock.advance(0.001);
    expect(textsFound(secrets.find(QUERY) as Found)).toEqual([OLD]);
    await settle();
    expect(vault.calls).toBe(2);
    expect(await findIn(secrets)).toEqual([NEW]);
    clock.advance(599);
    expect(await findIn(secrets)).toEqual([NEW]);
    expect(vault.calls).toBe(2);
  });

  it('is set going by a token that was verified before, too', async () => {
    const secrets = createSecrets();
    const key = await keyOf(secrets);
    vault.open = () => NEW;
    clock.advance(600);
    expect(has(secrets, key)).toBe(true);
    await settle();
    expect(vault.calls).toBe(1);
    secrets.refreshIfDue(clock.now());
    expect(has(secrets, key)).toBe(true);
    await settle();
    expect(has(secrets, key)).toBe(false);
    expect(vault.calls).toBe(2);
  });

  it('asks once behind however many requests', async () => {
    const secrets = createSecrets();
    await secrets.ready();
    const held = vault.hold();
    clock.advance(600);
    for (let i = 0; i < 20; i += 1) expect(await findIn(secrets)).toEqual([OLD]);
    expect(held).toHaveLength(1);
    held[0]?.resolve([NEW, OLD]);
    await settle();
    expect(await findIn(secrets)).toEqual([NEW, OLD]);
  });

  it('serves the last good ones for staleIfErrorSeconds while the source is down, and not a moment longer', async () => {
    const secrets = createSecrets();
    const key = await keyOf(secrets);
    vault.seal();
    clock.advance(600 + 3599.999);
    expect(await findIn(secrets)).toEqual([OLD]);
    expect(has(secrets, key)).toBe(true);
    await settle();
    clock.advance(0.001);
    expect(has(secrets, key)).toBe(false);
    expect(await findIn(secrets)).toBe('secret_unavailable');
    clock.advance(60);
    vault.open = () => OLD;
    expect(await findIn(secrets)).toEqual([OLD]);
  });

  it('asks before it answers where nothing good is left', async () => {
    const secrets = createSecrets();
    await secrets.ready();
    vault.open = () => NEW;
    clock.advance(600 + 3600);
    expect(await findIn(secrets)).toEqual([NEW]);
  });

  it('leaves no rejection unhandled when a refresh behind a request fails', async () => {
    const secrets = createSecrets();
    await secrets.ready();
    vault.open = () => Promise.reject(new Error('the vault is sealed'));
    clock.advance(600);
    expect(await rejectionsDuring(async () => void (await findIn(secrets)))).toEqual([]);
    expect(vault.calls).toBe(2);
  });

  it('counts secrets as due when the clock is set back, so that they are not kept for ever', async () => {
    covers('J19');
    const secrets = createSecrets();
    await secrets.ready();
    vault.seal();
    clock.advance(-86_400);
    expect(await findIn(secrets)).toEqual([OLD]);
    await settle();
    expect(vault.calls).toBe(2);
    expect(secrets.status()).toMatchObject({ state: 'failing', ageSeconds: 600 });
    clock.advance(3600);
    expect(await findIn(secrets)).toBe('secret_unavailable');
  });
});

describe('FetchedSecrets, when the source fails', () => {
  it('blames nobody who sent a token, and gives the cause', async () => {
    vault.seal();
    const refusal = await createSecrets().find(QUERY);
    const detail = 'the function given as secret failed';
    expect(refusal).toMatchObject({ reason: 'secret_unavailable', detail, entry: { status: 503 } });
    expect((refusal as Refusal).cause).toEqual(new Error('the vault is sealed'));
    expect((refusal as Refusal).retryAfterSeconds).toBeGreaterThanOrEqual(0.5);
    expect((refusal as Refusal).retryAfterSeconds).toBeLessThanOrEqual(1);
  });

  it('does not ask again at once, and waits longer each time', async () => {
    vault.seal();
    const secrets = createSecrets();
    expect(await findIn(secrets)).toBe('secret_unavailable');
    for (const [longest, calls] of [
      [1, 1],
      [2, 2],
      [4, 3],
    ] as const) {
      // The wait is drawn from the upper half of its interval.
      clock.advance(longest / 2 - 0.001);
      expect(await secrets.find(QUERY)).toMatchObject({
        reason: 'secret_unavailable',
        cause: { message: 'the vault is sealed' },
      });
      expect(vault.calls).toBe(calls);
      clock.advance(longest / 2 + 0.001);
      expect(await findIn(secrets)).toBe('secret_unavailable');
      expect(vault.calls).toBe(calls + 1);
    }
    vault.open = () => OLD;
    clock.advance(8);
    expect(await findIn(secrets)).toEqual([OLD]);
    expect(secrets.status()).toMatchObject({ state: 'fresh', lastError: undefined, nextAttemptInSeconds: undefined });
  });

  it('begins with the shortest wait again once it had secrets', async () => {
    const secrets = createSecrets();
    vault.seal();
    for (const wait of [1, 2, 4, 8]) {
      expect(await findIn(secrets)).toBe('secret_unavailable');
      clock.advance(wait);
    }
    vault.open = () => OLD;
    expect(await findIn(secrets)).toEqual([OLD]);
    vault.seal();
    clock.advance(600 + 3600);
    expect(await findIn(secrets)).toBe('secret_unavailable');
    clock.advance(1);
    vault.open = () => NEW;
    expect(await findIn(secrets)).toEqual([NEW]);
  });

  it('does not ask again at once behind requests either', async () => {
    const secrets = createSecrets();
    await secrets.ready();
    vault.seal();
    clock.advance(600);
    for (let i = 0; i < 10; i += 1) {
      expect(await findIn(secrets)).toEqual([OLD]);
      await settle();
    }
    expect(vault.calls).toBe(2);
    clock.advance(1);
    expect(await findIn(secrets)).toEqual([OLD]);
    await settle();
    expect(vault.calls).toBe(3);
  });

  it('gives up on a function that never settles, after fetchTimeoutSeconds', async () => {
    covers('J20');
    const secrets = createSecrets({ fetchTimeoutSeconds: 0.02 });
    expect(await findIn(secrets)).toEqual([OLD]);
    const held = vault.hold();
    clock.advance(600 + 3600);
    const refusal = await secrets.find(QUERY);
    expect(refusal).toMatchObject({ reason: 'secret_unavailable', cause: { name: 'DeadlineError' } });
    held[0]?.resolve(NEW);
    await settle();
    expect(await findIn(secrets)).toBe('secret_unavailable');
    clock.advance(1);
    vault.open = () => NEW;
    expect(await findIn(secrets)).toEqual([NEW]);
  });

  it.each<[what: string, given: unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['an empty text', ''],
    ['a number', 7],
    ['an object', { SecretString: OLD }],
    ['no secrets at all', []],
    ['a short one', OLD.slice(0, 31)],
    ['a short one beside one that will do', [OLD, 'hush']],
    ['a hole beside one that will do', [OLD, undefined]],
  ])('RFC 7518 §3.2: takes no secrets from a function that gives %s, and shows none', async (_, given) => {
    expect(await findIn(createSecrets())).toEqual([OLD]);
    vault.open = () => given;
    for (const source of [() => given, async () => given]) {
      vault.open = source;
      const secrets = createSecrets();
      const refusal = (await secrets.find(QUERY)) as Refusal;
      expect(refusal).toMatchObject({
        reason: 'secret_unavailable',
        cause: { option: expect.stringMatching(/^issuer\.secret/) },
      });
      expect(refusal.cause).toBeInstanceOf(ConfigurationError);
      expect(textsOf([refusal, secrets.status()])).not.toMatch(/hush|the first/);
    }
  });

  it.each<[HmacAlgorithm, number]>([
    ['HS256', 32],
    ['HS384', 48],
    ['HS512', 64],
  ])('RFC 7518 §3.2: demands for %s %i bytes, of what is fetched too', async (algorithm, least) => {
    vault.open = () => Buffer.alloc(least, 'a');
    expect(await findIn(createSecrets({}, ['HS256']))).toHaveLength(1);
    expect(await createSecrets({}, [algorithm]).find({ ...QUERY, algorithm })).toHaveLength(1);
    vault.open = () => Buffer.alloc(least - 1, 'a');
    const refusal = (await createSecrets({}, [algorithm]).find({ ...QUERY, algorithm })) as Refusal;
    expect((refusal.cause as Error).message).toContain(`has ${least - 1} bytes; ${algorithm} need ${least} at least`);
  });

  it('keeps the last good ones when the next are too short', async () => {
    const secrets = createSecrets();
    await secrets.ready();
    vault.open = () => 'short';
    expect(await secrets.refresh()).toMatchObject({ reason: 'secret_unavailable' });
    expect(await findIn(secrets)).toEqual([OLD]);
  });
});
