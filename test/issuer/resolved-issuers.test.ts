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
const TOKEN = { header: { alg: 'ES256' }, claims: { iss: NAME } };

function open() {
  const clock = new TestClock(1_800_000_000_000);
  const closing = new AbortController();
  const asked: string[] = [];
  const configOf = (options: object = {}) => parseIssuerOptions({ issuer: NAME, ...options }, '', issuerRules());
  let answer: () => Promise<IssuerConfig | undefined> = async () => configOf();
  const environment = { clock: clock.now, fetch, keyLimits: LIMITS, signal: closing.signal };
  const issuers = new ResolvedIssuers({
    resolve: (iss) => {
      asked.push(iss);
      return answer();
    },
    create: (config) => createIssuer(config, environment),
    limits: LIMITS,
    clock: clock.now,
    signal: environment.signal,
  });
  const find = async () => issuers.find(NAME, TOKEN);
  const resolveBy = (other: typeof answer) => {
    answer = other;
  };
  const trusts = (issuer: Issuer) => issuers.stillTrusts(issuer, clock.now());
  return { clock, closing, asked, issuers, find, trusts, resolveBy, configOf };
}

describe('ResolvedIssuers', () => {
  it('gives an issuer that it knows at once, without a promise', async () => {
    const { issuers, find } = open();
    const issuer = await find();
    expect(issuers.find(NAME, TOKEN)).toBe(issuer);
    expect(issuers.all()).toEqual([issuer]);
  });

  it('gives a refusal that it knows at once, without a promise', async () => {
    const { issuers, find, resolveBy } = open();
    resolveBy(async () => undefined);
    expect(await find()).toBeInstanceOf(Refusal);
    expect(issuers.find(NAME, TOKEN)).toMatchObject({
      reason: 'issuer_not_trusted',
      detail: `iss "${NAME}", for which the issuer function gave nothing`,
    });
    expect(issuers.all()).toEqual([]);
  });

  it('holds an issuer until the resolver says something else, and then holds the new one alone', async () => {
    const { clock, asked, trusts, find, resolveBy, configOf } = open();
    const first = (await find()) as Issuer;
    expect(trusts(first)).toBe(true);
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
    expect([trusts(first), trusts(second)]).toEqual([false, true]);
  });

  it('holds none that it did not make', async () => {
    const one = open();
    const two = open();
    const issuer = (await one.find()) as Issuer;
    await two.find();
    expect([one.trusts(issuer), two.trusts(issuer)]).toEqual([true, false]);
  });

  it('holds an issuer no longer than it may be used', async () => {
    const { clock, trusts, find, resolveBy } = open();
    const issuer = (await find()) as Issuer;
    resolveBy(() => Promise.reject(new Error('boom')));
    clock.advance(149.999);
    expect(trusts(issuer)).toBe(true);
    clock.advance(0.001);
    expect(trusts(issuer)).toBe(false);
    expect(await find()).toMatchObject({ reason: 'issuer_resolver_failed' });
  });

  it('gives up a lookup when it is closed, and begins no more', async () => {
    const { asked, closing, issuers, find, resolveBy } = open();
    resolveBy(() => new Promise(() => {}));
    const waiting = find();
    closing.abort();
    expect(await waiting).toMatchObject({ reason: 'verifier_closed' });
    expect(await issuers.find('https://other.test', TOKEN)).toMatchObject({ reason: 'verifier_closed' });
    expect(asked).toEqual([NAME]);
  });

  it('looks an issuer up again for tokens that were verified before, and looks without effect', async () => {
    const { clock, asked, issuers, find, trusts } = open();
    const issuer = (await find()) as Issuer;
    clock.advance(100);
    expect(trusts(issuer)).toBe(true);
    expect(asked).toHaveLength(1);
    issuers.refreshIfDue(issuer, clock.now());
    issuers.refreshIfDue(issuer, clock.now());
    expect(asked).toHaveLength(2);
    expect(trusts(issuer)).toBe(true);
  });

  it('refuses where the issuer cannot be made of what the resolver said', async () => {
    const { find, resolveBy } = open();
    resolveBy(async () => ({}) as IssuerConfig);
    expect(await find()).toMatchObject({ reason: 'issuer_resolver_failed', cause: expect.any(TypeError) });
  });
});
