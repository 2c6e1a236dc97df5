import { describe, expect, it } from 'vitest';
import type { Issuer } from '../../src/issuer/issuer.js';
import { createIssuer } from '../../src/issuer/issuer.js';
import { type IssuerConfig, parseIssuerOptions } from '../../src/issuer/issuer-options.js';
import { ResolvedIssuers } from '../../src/issuer/resolved-issuers.js';
import { Refusal } from '../../src/protocol/refusal.js';
import { TestClock } from '../../src/testing/test-clock.js';
import { issuerRules } from '../support/issuer-rules.js';

const LIMITS = {
  maxAgeSeconds: 100,
  staleIfErrorSeconds: 50,
  fetchTimeoutSeconds: 5,
  maxResponseBytes: 1024,
  refetchBurst: 1,
  refetchEverySeconds: 1,
  snapshotMaxAgeSeconds: 1,
};
const NAME = 'https://issuer.test';

function open() {
  const clock = new TestClock(1_800_000_000_000);
  const asked: string[] = [];
  const configOf = (options: object = {}) => parseIssuerOptions({ issuer: NAME, ...options }, '', issuerRules());
  let answer: () => Promise<IssuerConfig | undefined> = async () => configOf();
  const environment = { clock: clock.now, fetch, keyLimits: LIMITS, snapshot: new Map() };
  const issuers = new ResolvedIssuers({
    resolve: (iss) => {
      asked.push(iss);
      return answer();
    },
    create: (config) => createIssuer(config, environment),
    limits: LIMITS,
    clock: clock.now,
  });
  const find = async () => issuers.find(NAME);
  const resolveBy = (other: typeof answer) => {
    answer = other;
  };
  return { clock, asked, issuers, find, resolveBy, configOf };
}

describe('ResolvedIssuers', () => {
  it('gives an issuer that it knows at once, without a promise', async () => {
    const { issuers, find } = open();
    const issuer = await find();
    expect(issuers.find(NAME)).toBe(issuer);
    expect(issuers.all()).toEqual([issuer]);
  });

  it('gives a refusal that it knows at once, without a promise', async () => {
    const { issuers, find, resolveBy } = open();
    resolveBy(async () => undefined);
    expect(await find()).toBeInstanceOf(Refusal);
    expect(issuers.find(NAME)).toMatchObject({ reason: 'issuer_not_trusted', detail: `iss "${NAME}"` });
    expect(issuers.all()).toEqual([]);
  });

  it('holds an issuer until the resolver says something else, and then holds the new one alone', async () => {
    const { clock, asked, issuers, find, resolveBy, configOf } = open();
    const first = (await find()) as Issuer;
    expect(issuers.holds(first)).toBe(true);
    clock.advance(100);
    expect(await find()).toBe(first);
    await new Promise(setImmediate);
    expect(asked).toHaveLength(2);
    expect(await find()).toBe(first);

    resolveBy(async () => configOf({ clientIds: ['a'] }));
    clock.advance(100);
    expect(await find()).toBe(first);
    await new Promise(setImmediate);
    const second = (await find()) as Issuer;
    expect(second.rules.clientIds).toEqual(['a']);
    expect([issuers.holds(first), issuers.holds(second)]).toEqual([false, true]);
  });

  it('holds none that it did not make', async () => {
    const one = open();
    const two = open();
    const issuer = (await one.find()) as Issuer;
    await two.find();
    expect([one.issuers.holds(issuer), two.issuers.holds(issuer)]).toEqual([true, false]);
  });

  it('holds an issuer no longer than it may be used', async () => {
    const { clock, issuers, find, resolveBy } = open();
    const issuer = (await find()) as Issuer;
    resolveBy(() => Promise.reject(new Error('boom')));
    clock.advance(149.999);
    expect(issuers.holds(issuer)).toBe(true);
    clock.advance(0.001);
    expect(issuers.holds(issuer)).toBe(false);
    expect(await find()).toMatchObject({ reason: 'issuer_resolver_failed' });
  });

  it('refuses where the issuer cannot be made of what the resolver said', async () => {
    const { find, resolveBy } = open();
    resolveBy(async () => ({}) as IssuerConfig);
    expect(await find()).toMatchObject({ reason: 'issuer_resolver_failed', cause: expect.any(TypeError) });
  });
});
