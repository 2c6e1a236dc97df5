import { createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IssuerResolver } from '../../src/index.js';
import { lasting, nextKey, useAttackWorld } from '../support/attack-issuer.js';
import { withHeader } from '../support/clients.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { until } from '../support/key-server.js';
import { answerWell } from '../support/loopback-server.js';
import { type Mutation, RawIssuer } from '../support/raw-issuer.js';
import { reasonOfCall } from '../support/reason-of.js';
import { schemaOf } from '../support/schema-of.js';

const MANY = 100_000;
const PATIENCE_MS = 60_000;
const AT_ONCE = 100;

/** Something that comes or goes. Numbers of tokens and keys. */
type Step =
  | 'refresh'
  | { readonly ask: number }
  | { readonly advance: number }
  | { readonly publish: readonly number[] };

describe.each(EXPRESS_VERSIONS)('H: the cache of verified tokens under load and in races on %s', (_, express) => {
  const world = useAttackWorld(express);

  describe('H27', () => {
    it(
      '100,000 good tokens leave as many entries as there may be, and a token that is used all along stays',
      async () => {
        const secret = randomBytes(32);
        const issuer = await world.openIssuer();
        const legacy = { issuer: issuer.issuer, secret, algorithms: ['HS256'] } as const;
        const api = await world.startApi({ verifier: { issuer: legacy, tokenCache: { max: 1000 } } });
        const signing: Mutation = { header: { alg: '"HS256"' }, key: createSecretKey(secret), signWith: 'HS256' };
        const used = lasting(issuer, 'used', signing);
        expect(await api.ask(used)).toBe('accepted');
        for (let sent = 0; sent < MANY; sent += 500) {
          const wave = Array.from({ length: 500 }, (_unused, i) => lasting(issuer, `token-${sent + i}`, signing));
          expect(new Set(await Promise.all(wave.map((token) => reasonOfCall(api.verifier.verify(token)))))).toEqual(
            new Set(['accepted']),
          );
          expect(api.verifier.status().tokenCache?.size).toBeLessThanOrEqual(1000);
          await api.verifier.verify(used);
        }
        const { size, hits, misses } = api.verifier.status().tokenCache ?? {};
        expect({ size, hits, misses }).toEqual({ size: 1000, hits: MANY / 500, misses: MANY + 1 });
        expect(await api.ask(used)).toBe('accepted');
      },
      PATIENCE_MS,
    );

    it(
      'H26 (CVE-2026-48524): a burst of bad tokens neither fills the cache nor evicts anything',
      async () => {
        const { issuer, api } = await world.open({ tokenCache: { max: 2 } });
        const good = [lasting(issuer, 'one'), lasting(issuer, 'two')];
        for (const token of good) expect(await api.ask(token)).toBe('accepted');
        const stranger = nextKey(issuer).keys.privateKey;
        const makers: readonly ((i: number) => string)[] = [
          (i) => `not-a-token-${i}`,
          (i) => `${good[i % 2]}A`,
          (i) => lasting(issuer, `${i}`, { key: stranger }),
          (i) => lasting(issuer, `${i}`, { payload: { exp: '1' } }),
          (i) => lasting(issuer, `${i}`, { payload: { aud: '"https://other.test"' } }),
          (i) => lasting(issuer, `${i}`, { payload: { cnf: '{"jkt":"x"}' } }),
          (i) => lasting(issuer, `${i}`, { payload: { iss: `"https://${i}.test"` } }),
          (i) => lasting(issuer, `${i}`, { payload: { sub: '1' } }),
          (i) => lasting(issuer, `${i}`, { header: { typ: '"JWT"' } }),
          (i) => withHeader(lasting(issuer, `${i}`), { kid: `kid-${i}` }),
        ];
        for (let i = 0; i < 2000; i += AT_ONCE) {
          const wave = Array.from({ length: AT_ONCE }, (_unused, j) => makers[(i + j) % makers.length]?.(i + j) ?? '');
          const reasons = await Promise.all(wave.map((token) => api.ask(token)));
          expect(reasons).not.toContain('accepted');
          // Beyond the allowance of fetches, a kid that is not known may be too new to be.
          const kinds = reasons.map((reason) => (reason === 'keys_unavailable' ? 'unknown_key' : reason));
          expect(new Set(kinds).size).toBe(9);
        }
        const before = api.verifier.status().tokenCache;
        expect(before).toMatchObject({ size: 2, hits: 0 });
        for (const token of good) expect(await api.ask(token)).toBe('accepted');
        expect(api.verifier.status().tokenCache).toEqual({ ...before, hits: 2 });
      },
      PATIENCE_MS,
    );
  });

  describe('H28: 100 requests at once with one new token', () => {
    it('are all accepted where its key is fetched meanwhile, by one fetch', async () => {
      const { issuer, api } = await world.open();
      const next = nextKey(issuer);
      expect(await api.ask(lasting(issuer, 'known'))).toBe('accepted');
      issuer.published = [issuer.jwk, next.jwk];
      const token = lasting(next, 'new');
      const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => api.ask(token)));
      expect(new Set(answers)).toEqual(new Set(['accepted']));
      expect(issuer.hits.jwks).toBe(2);
      expect(api.verifier.status().tokenCache?.size).toBe(2);
    });

    it('are accepted or refused, and refused after the refresh in which its key is gone', async () => {
      const { issuer, api } = await world.open();
      const token = lasting(issuer, 'new');
      expect(await api.ask(lasting(issuer, 'known'))).toBe('accepted');
      issuer.published = [nextKey(issuer).jwk];
      const asked = Array.from({ length: AT_ONCE }, () => api.ask(token));
      await api.verifier.refresh();
      const later = Array.from({ length: AT_ONCE }, () => api.ask(token));
      for (const answer of await Promise.all(asked)) expect(['accepted', 'unknown_key']).toContain(answer);
      expect(new Set(await Promise.all(later))).toEqual(new Set(['unknown_key']));
      expect(await api.ask(token)).toBe('unknown_key');
    });

    it('are accepted while a refresh is under way, and refused once it took the key away', async () => {
      const { issuer, api } = await world.open();
      expect(await api.ask(lasting(issuer, 'known'))).toBe('accepted');
      const held: (() => void)[] = [];
      issuer.published = [nextKey(issuer).jwk];
      issuer.answerJwks = (...answering) => void held.push(() => answerWell(...answering));
      const refreshed = api.verifier.refresh();
      await until(() => held.length === 1);
      const token = lasting(issuer, 'new');
      const ask = async () => new Set(await Promise.all(Array.from({ length: AT_ONCE }, () => api.ask(token))));
      expect(await ask()).toEqual(new Set(['accepted']));
      expect(await ask()).toEqual(new Set(['accepted']));
      issuer.recover();
      held[0]?.();
      await refreshed;
      expect(await ask()).toEqual(new Set(['unknown_key']));
    });

    it('are refused where its key is withdrawn while a claims schema works, and the cache does not keep it', async () => {
      let [goOn, running] = [() => {}, 0];
      const gate = new Promise<void>((resolve) => (goOn = resolve));
      const slow = schemaOf(async (value) => {
        running += 1;
        await gate;
        return { value };
      });
      const { issuer, api } = await world.open({ claims: slow });
      const token = lasting(issuer, 'new');
      const asked = Array.from({ length: AT_ONCE }, () => api.ask(token));
      await until(() => running === AT_ONCE);
      issuer.published = [nextKey(issuer).jwk];
      await api.verifier.refresh();
      goOn();
      const answers = new Set(await Promise.all(asked));
      expect(await api.ask(token)).toBe('unknown_key');
      expect(answers).toEqual(new Set(['unknown_key']));
    });

    it('get the output of the schema that ran for them, and those after them what one of them got', async () => {
      let runs = 0;
      const impure = schemaOf(async () => {
        runs += 1;
        const value = { run: runs };
        for (let turns = runs % 7; turns > 0; turns -= 1) await new Promise(setImmediate);
        return { value };
      });
      const { issuer, api } = await world.open({ claims: impure });
      const token = lasting(issuer, 'new');
      const runOf = async () => JSON.parse((await api.send({ token })).response.body).run as number;
      const seen = await Promise.all(Array.from({ length: AT_ONCE }, runOf));
      const after = await Promise.all(Array.from({ length: AT_ONCE }, runOf));
      expect(seen.every((run) => run >= 1 && run <= runs)).toBe(true);
      expect(new Set(after).size).toBe(1);
      expect(seen).toContain(after[0]);
    });
  });

  describe('H29: a token that is remembered', () => {
    it('is refused where a resolver gives its issuer other rules', async () => {
      let rules = {};
      const resolver: IssuerResolver = (iss) => ({ issuer: iss, ...rules });
      const { issuer, api } = await world.open({ issuer: resolver });
      const [remembered, unseen] = [lasting(issuer, 'remembered'), lasting(issuer, 'unseen')];
      expect(await api.ask(remembered)).toBe('accepted');
      for (const [given, reason] of [
        [{ clientIds: ['another-client'] }, 'client_not_allowed'],
        [{ audience: 'https://narrower.test' }, 'audience_mismatch'],
        [{ maxTokenAgeSeconds: 60 }, 'token_too_old'],
        [{ algorithms: ['RS256'] }, 'algorithm_not_allowed'],
        [{ requireKid: true }, 'accepted'],
        [{ scopesFrom: ['roles'] }, 'scope_insufficient'],
      ] as const) {
        rules = given;
        issuer.clock.advance(600);
        await api.send({ token: remembered });
        await new Promise(setImmediate);
        for (const token of [remembered, unseen]) {
          const { refusals } = await api.send({ token });
          expect([reason, ...refusals.map((refusal) => refusal.reason)]).toEqual(
            reason === 'accepted' ? [reason] : [reason, reason],
          );
        }
      }
    });

    it('is never one that is bound to a key', async () => {
      const { issuer, api } = await world.open();
      const bound = lasting(issuer, 'bound', {
        payload: { cnf: '{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}' },
      });
      const free = lasting(issuer, 'free');
      for (let i = 0; i < 3; i += 1) {
        expect(await api.ask(bound)).toBe('binding_not_proven');
        expect(await api.ask(free)).toBe('accepted');
      }
      expect(api.verifier.status().tokenCache).toMatchObject({ size: 1, hits: 2 });
    });

    it.each(['with a kid', 'without a kid'])(
      'is refused as a new one is, %s, where its key is not one of the two that are tried any more',
      async (name) => {
        const { issuer, api } = await world.open();
        const header = name === 'with a kid' ? {} : { kid: undefined };
        const token = lasting(issuer, 'token', { header });
        expect(await api.ask(token)).toBe('accepted');
        const others = [nextKey(issuer), nextKey(issuer)].map(({ jwk }) => ({ ...jwk, kid: issuer.jwk.kid }));
        issuer.published = [...others, issuer.jwk];
        await api.verifier.refresh();
        expect(await (await world.startApi()).ask(token)).toBe('signature_invalid');
        expect(await api.ask(token)).toBe('signature_invalid');
      },
    );

    it(
      'is answered as by a verifier that remembers nothing, whatever comes and goes',
      async () => {
        const step: fc.Arbitrary<Step> = fc.oneof(
          { weight: 6, arbitrary: fc.record({ ask: fc.nat(5) }) },
          fc.record({ advance: fc.constantFrom(1, 31, 300, 600, 3000, -31, -600) }),
          fc.record({ publish: fc.subarray([0, 1, 2], { minLength: 1 }) }),
          fc.constant('refresh' as const),
        );
        const property = fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
          const pair = await openPair();
          for (const taken of steps) await take(taken, pair);
        });
        await fc.assert(property, { numRuns: 25 });
      },
      PATIENCE_MS,
    );
  });

  /** Two verifiers of one issuer with three keys: one remembers tokens. */
  async function openPair() {
    const issuer = await world.openIssuer();
    const keys = [0, 1, 2].map((i) => new RawIssuer({ issuer: issuer.issuer, kid: `key-${i}` }));
    const tokens = keys.flatMap((key, i) => [
      lasting(key, `lasting-${i}`),
      key.token({ payload: { jti: `"short-${i}"`, nbf: String(key.now - 60) } }),
    ]);
    issuer.published = keys.slice(0, 1).map(({ jwk }) => jwk);
    const verifier = { issuer: issuer.issuer, clock: issuer.clock.now };
    const caching = await world.startApi({ verifier });
    const forgetful = await world.startApi({ verifier: { ...verifier, tokenCache: false } });
    await Promise.all([caching.verifier.ready(), forgetful.verifier.ready()]);
    return { issuer, keys, tokens, caching, forgetful };
  }

  async function take(step: Step, { issuer, keys, tokens, caching, forgetful }: Awaited<ReturnType<typeof openPair>>) {
    const both = [caching, forgetful];
    if (step === 'refresh') await Promise.all(both.map(({ verifier }) => verifier.refresh()));
    else if ('advance' in step) issuer.clock.advance(step.advance);
    else if ('publish' in step) issuer.published = step.publish.map((i) => keys[i]?.jwk);
    else {
      const token = tokens[step.ask] as string;
      const isFresh = () => both.every(({ verifier }) => verifier.status().issuers[0]?.state === 'fresh');
      // A refresh behind a request may be done before the request is or after it.
      if (!isFresh()) await Promise.all(both.map((api) => api.ask(token)));
      await until(isFresh);
      const [answer, expected] = await Promise.all(both.map((api) => api.ask(token)));
      expect(answer).toBe(expected);
    }
  }
});
