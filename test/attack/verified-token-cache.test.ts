import { describe, expect, it } from 'vitest';
import { claim, createVerifier, type IssuerResolver, type VerifierOptions } from '../../src/index.js';
import type { AuthorizationServer } from '../support/authorization-server.js';
import { covers } from '../support/covers.js';
import type { GuardedApi } from '../support/guarded-api.js';
import { until } from '../support/key-server.js';
import { answerWell } from '../support/loopback-server.js';
import { type Mutation, nextKey, RawIssuer, unendingToken } from '../support/raw-issuer.js';
import { reasonOfCall } from '../support/reason-of.js';
import { schemaOf } from '../support/schema-of.js';
import { useTestbed } from '../support/testbed.js';
import { createSameSignatureTokens } from './same-signature-tokens.js';

const TOLERANCE_SECONDS = 5;

describe('H: what the cache of verified tokens must not change', () => {
  const testbed = useTestbed();
  const hitsOf = (api: GuardedApi) => api.verifier.status().tokenCache?.hits;

  /** Of a token that is remembered, and of one that is new but for that the same. */
  const askBoth = async (api: GuardedApi, [remembered, unseen]: readonly [string, string]) => [
    await api.ask(remembered),
    await api.ask(unseen),
  ];

  describe('fast-jwt to 6.3.3: a token that was accepted', () => {
    covers('H21');
    it.each<[string, Mutation['payload'], number]>([
      ['iat', {}, TOLERANCE_SECONDS],
      ['iat and nbf', { nbf: '1800000000' }, TOLERANCE_SECONDS],
      ['nbf and no iat', { nbf: '1', iat: undefined }, TOLERANCE_SECONDS],
      ['neither', { iat: undefined }, TOLERANCE_SECONDS],
      ['neither, and no tolerance', { iat: undefined }, 0],
      ['an exp with a fraction', { exp: '1800000001.5' }, TOLERANCE_SECONDS],
    ])('is refused from its exp on, with %s', async (_, payload, clockToleranceSeconds) => {
      const { issuer, api } = await testbed.open({ clockToleranceSeconds, profile: 'jwt' });
      const make = (jti: string) =>
        issuer.token({ payload: { exp: '1800000002', jti: JSON.stringify(jti), ...payload } });
      const pair = [make('remembered'), make('unseen')] as const;
      const lastsSeconds = Number(payload?.['exp'] ?? 1_800_000_002) - 1_800_000_000 + clockToleranceSeconds;
      expect(await api.ask(pair[0])).toBe('accepted');
      issuer.clock.advance(lastsSeconds - 0.001);
      expect(await api.ask(pair[0])).toBe('accepted');
      issuer.clock.advance(0.001);
      expect(await askBoth(api, pair)).toEqual(['token_expired', 'token_expired']);
      issuer.clock.advance(86_400);
      expect(await api.ask(pair[0])).toBe('token_expired');
      expect(hitsOf(api)).toBeGreaterThan(1);
    });

    it('is judged by the clock as it is, forwards and backwards', async () => {
      covers('J19');
      const { issuer, api } = await testbed.open({ maxTokenAgeSeconds: 1800 });
      const make = (jti: string) =>
        issuer.token({ payload: { jti: JSON.stringify(jti), nbf: String(issuer.now - 60) } });
      const pair = [make('remembered'), make('unseen')] as const;
      expect(await api.ask(pair[0])).toBe('accepted');
      for (const [seconds, reason] of [
        [1805, 'accepted'],
        [1, 'token_too_old'],
        [1799, 'token_expired'],
        // 66 seconds before nbf, and more than a minute before iat.
        [-3605 - 126, 'token_not_yet_valid'],
        [126, 'accepted'],
        [-1_800_000_000, 'token_not_yet_valid'],
        [1_800_000_000, 'accepted'],
      ] as const) {
        issuer.clock.advance(seconds);
        // A token that is refused is not remembered, so this one is new until it is accepted.
        expect(await askBoth(api, pair)).toEqual([reason, reason]);
      }
    });

    it.each(['its keys are fetched', 'the claims schema works'])(
      'is refused where it expires while %s',
      async (wait) => {
        let goOn = () => {};
        let isWaiting = false;
        const gate = new Promise<void>((resolve) => (goOn = resolve));
        const slow = schemaOf(async (value) => {
          isWaiting = true;
          await gate;
          return { value };
        });
        const { issuer, api } = await testbed.open(wait === 'its keys are fetched' ? {} : { claims: slow });
        if (wait === 'its keys are fetched') {
          issuer.answerJwks = async (...answering) => {
            isWaiting = true;
            await gate;
            answerWell(...answering);
          };
        }
        const token = issuer.token({ payload: { exp: String(issuer.now + 60) } });
        const asked = api.ask(token);
        await until(() => isWaiting);
        issuer.clock.advance(3600);
        goOn();
        expect(await asked).toBe('token_expired');
        expect(await api.ask(token)).toBe('token_expired');
        expect(await api.ask(issuer.token())).toBe('accepted');
      },
    );
  });

  // Revocation, logout and status lists come with later issues; their rows belong here.
  describe('a token that was accepted', () => {
    it('is refused once its key is withdrawn', async () => {
      const { issuer, api } = await testbed.open();
      const pair = [unendingToken(issuer, 'remembered'), unendingToken(issuer, 'unseen')] as const;
      expect(await api.ask(pair[0])).toBe('accepted');
      issuer.published = [nextKey(issuer).jwk];
      await api.verifier.refresh();
      expect(await askBoth(api, pair)).toEqual(['unknown_key', 'unknown_key']);
      expect(api.verifier.status().tokenCache?.size).toBe(0);
    });

    it('is 503 once the verifier is closed', async () => {
      const { issuer, api } = await testbed.open();
      const pair = [unendingToken(issuer, 'remembered'), unendingToken(issuer, 'unseen')] as const;
      expect(await api.ask(pair[0])).toBe('accepted');
      api.verifier.close();
      expect(await askBoth(api, pair)).toEqual(['verifier_closed', 'verifier_closed']);
      expect(api.verifier.status().tokenCache?.size).toBe(0);
    });

    /** An API whose resolver stops trusting the issuer, of which a token is remembered, while a request waits for a new key. */
    async function openDistrusting() {
      let trusts = true;
      const resolver: IssuerResolver = (iss) => (trusts ? { issuer: iss } : undefined);
      const { issuer, api } = await testbed.open({ issuer: resolver });
      const next = nextKey(issuer);
      const pair = [unendingToken(issuer, 'remembered'), unendingToken(issuer, 'unseen')] as const;
      expect(await api.ask(pair[0])).toBe('accepted');
      const held: (() => void)[] = [];
      issuer.answerJwks = (...answering) => void held.push(() => answerWell(...answering));
      issuer.published = [issuer.jwk, next.jwk];
      const waiting = api.ask(unendingToken(next, 'waiting'));
      await until(() => held.length === 1);
      trusts = false;
      issuer.clock.advance(600);
      expect(await api.ask(pair[0])).toBe('accepted');
      await until(() => api.verifier.status().issuers.length === 0);
      const release = () => {
        for (const answer of held) answer();
        return waiting;
      };
      return { api, pair, release };
    }

    it('is refused once a resolver stops trusting its issuer', async () => {
      const { api, pair, release } = await openDistrusting();
      expect(await askBoth(api, pair)).toEqual(['issuer_not_trusted', 'issuer_not_trusted']);
      await release();
      expect(await askBoth(api, pair)).toEqual(['issuer_not_trusted', 'issuer_not_trusted']);
    });

    it('is refused where a resolver stopped trusting its issuer while it waited for its key', async () => {
      const { release } = await openDistrusting();
      expect(await release()).toBe('issuer_not_trusted');
    });
  });

  describe('tokens that have much in common', () => {
    covers('H23');
    /** Asks for all, one by one and at once, cold and warm; the API checks that each gets its own claims. */
    async function expectApart(api: GuardedApi, tokens: readonly string[], cached = tokens.length) {
      const accepted = tokens.map(() => 'accepted');
      for (let round = 0; round < 2; round += 1) {
        expect(await Promise.all(tokens.map((token) => api.ask(token)))).toEqual(accepted);
        for (const token of tokens) expect(await api.ask(token)).toBe('accepted');
      }
      expect(api.verifier.status().tokenCache?.size).toBe(cached);
    }

    it('(CVE-2026-35039, CVE-2026-33496) have claims of their own where sub, aud, jti, iat, exp and kid agree', async () => {
      const { issuer, api } = await testbed.open();
      await expectApart(
        api,
        ['"blue"', '"red"', '"green"'].map((tenant) => issuer.token({ payload: { tenant } })),
      );
    });

    it('(CVE-2026-71326) have claims of their own where header, first claims, and the whole signature agree', async () => {
      const { issuer, api } = await testbed.open();
      const inputs = ['"blue"', '"rose"'].map((sub) =>
        issuer.token({ payload: { sub } }).split('.').slice(0, 2).join('.'),
      );
      const { jwk, tokens } = createSameSignatureTokens(inputs[0] as string, inputs[1] as string);
      issuer.published = [{ ...jwk, kid: issuer.jwk.kid }];
      const [blue, rose] = tokens;
      expect([rose.slice(0, 64), rose.slice(-86), rose.length]).toEqual([
        blue.slice(0, 64),
        blue.slice(-86),
        blue.length,
      ]);
      // They have one end, by which the cache finds a token: it holds the later one alone.
      await expectApart(api, tokens, 1);
    });

    it('are refused where a remembered token has their end and another body, or they are that token cut or prolonged', async () => {
      const { issuer, api } = await testbed.open();
      const token = issuer.token();
      const [header = '', , signature = ''] = token.split('.');
      const other = issuer.token({ payload: { sub: '"admin"' } }).split('.')[1];
      const strangers = [
        ['signature_invalid', [header, other, signature].join('.')],
        ['token_opaque', token.slice(-24)],
        ['token_malformed', `x${token}`],
        ['token_malformed', token.slice(1)],
        ['token_malformed', `${token.slice(0, -24)}.${token.slice(-24)}`.replace('..', '.')],
      ] as const;
      // Cold: nothing is remembered yet. Warm: the token is.
      for (const isWarm of [false, true]) {
        if (isWarm) expect(await api.ask(token)).toBe('accepted');
        for (const [reason, stranger] of strangers)
          expect([stranger, await api.ask(stranger)]).toEqual([stranger, reason]);
      }
      expect(await api.ask(token)).toBe('accepted');
    });

    it('are refused where they differ from one that is remembered by one character', async () => {
      const { issuer, api } = await testbed.open();
      const token = issuer.token();
      expect(await api.ask(token)).toBe('accepted');
      const change = (index: number) =>
        token.slice(0, index) + (token[index] === 'A' ? 'B' : 'A') + token.slice(index + 1);
      const [header, payload, last] = [token.indexOf('.') - 1, token.lastIndexOf('.') - 1, token.length - 2];
      for (const hostile of [
        change(header),
        change(payload),
        change(last),
        `${token}A`,
        token.slice(0, -1),
        `${token}=`,
      ]) {
        expect(await api.ask(hostile)).toMatch(/^(token_malformed|signature_invalid)$/);
        expect(await api.ask(token)).toBe('accepted');
      }
      expect(api.verifier.status().tokenCache).toMatchObject({ size: 1, hits: 6 });
    });
  });

  it('CVE-2021-32701, GO-2022-0406: the answer of one route, guard or verifier is not that of another', async () => {
    covers('H24');
    const issuer = await testbed.openIssuer();
    const stranger = new RawIssuer({ issuer: 'https://stranger.test' });
    const others: ReturnType<typeof createVerifier>[] = [];
    const ROUTES = {
      '/orders': 'accepted',
      '/write': 'scope_insufficient',
      '/blue': 'accepted',
      '/red': 'claim_rule_failed',
      '/b': 'accepted',
      '/c': 'audience_mismatch',
      '/client': 'client_not_allowed',
      '/stranger': 'issuer_not_trusted',
      '/old': 'token_too_old',
    } as const;
    const api = await testbed.startApi({
      routes: (app, { createGuard, handler }) => {
        const realm = 'https://api.test';
        const behind = (options: Partial<VerifierOptions>) => {
          const base = { audience: realm, clock: issuer.clock.now, dangerouslyAllowInsecureHttp: true };
          const other = createVerifier({ ...base, issuer: issuer.issuer, ...options } as Omit<
            VerifierOptions,
            'claims'
          >);
          others.push(other);
          return createGuard({}, other)();
        };
        app.get('/write', createGuard()('write'), handler);
        app.get('/blue', createGuard()(claim('tenant').equals('blue')), handler);
        app.get('/red', createGuard()(claim('tenant').equals('red')), handler);
        app.get('/b', createGuard({ audience: 'https://b.test', realm })(), handler);
        app.get('/c', createGuard({ audience: 'https://c.test', realm })(), handler);
        app.get('/client', behind({ clientIds: ['another-client'] }), handler);
        app.get('/stranger', behind({ issuer: stranger.verifierOptions.issuer }), handler);
        app.get('/old', behind({ maxTokenAgeSeconds: 60 }), handler);
      },
    });
    const aud = '["https://api.test","https://b.test"]';
    const make = (jti: string) => unendingToken(issuer, jti, { payload: { iat: '1', aud, tenant: '"blue"' } });
    const routes = Object.entries(ROUTES);
    for (const [route, answer] of routes) expect([route, await api.ask(make(route), route)]).toEqual([route, answer]);
    const token = make('one');
    for (const [first, firstAnswer] of routes) {
      for (const [second, answer] of routes) {
        expect([first, await api.ask(token, first)]).toEqual([first, firstAnswer]);
        expect([first, second, await api.ask(token, second)]).toEqual([first, second, answer]);
      }
      for (const [audience, answer] of [
        ['https://api.test', 'accepted'],
        ['https://c.test', 'audience_mismatch'],
        [['https://c.test', 'https://b.test'], 'accepted'],
      ] as const) {
        expect(await reasonOfCall(api.verifier.verify(token, { audience }))).toBe(answer);
      }
    }
    expect(hitsOf(api)).toBeGreaterThan(100);
    for (const other of others) other.close();
  });

  describe('a token that was refused', () => {
    covers('H26');
    it.each<[string, (issuer: AuthorizationServer, next: RawIssuer) => void, number, string, Mutation['payload']?]>([
      ['before its nbf', () => {}, 31, 'token_not_yet_valid', { nbf: '1800000030' }],
      ['before its key came', (issuer, next) => (issuer.published = [issuer.jwk, next.jwk]), 31, 'unknown_key'],
      ['while its keys could not be had', (issuer) => issuer.recover(), 61, 'keys_unavailable'],
    ])('%s is accepted afterwards', async (name, mend, seconds, reason, payload = {}) => {
      const { issuer, api } = await testbed.open();
      const next = nextKey(issuer);
      const signer = reason === 'unknown_key' ? next : issuer;
      if (name.startsWith('while')) issuer.answerJwks = (res) => void res.writeHead(500).end();
      const token = unendingToken(signer, 'token', { payload });
      for (let i = 0; i < 3; i += 1) expect(await api.ask(token)).toBe(reason);
      expect(api.verifier.status().tokenCache?.size).toBe(0);
      mend(issuer, next);
      issuer.clock.advance(seconds);
      expect([await api.ask(token), await api.ask(token)]).toEqual(['accepted', 'accepted']);
    });

    it('because its claims schema said no, or threw, is accepted where that says yes', async () => {
      const answers = [() => ({ issues: [{ message: 'no' }] }), () => Promise.reject(new Error('no'))];
      const claims = schemaOf((value) => answers.shift()?.() ?? { value });
      const { issuer, api } = await testbed.open({ claims });
      const token = issuer.token();
      const reasons = [await api.ask(token), await api.ask(token), await api.ask(token), await api.ask(token)];
      expect(reasons).toEqual(['claims_rejected', 'claims_schema_failed', 'accepted', 'accepted']);
    });

    it('for its kid, before the clock was set back, is accepted within refetchEverySeconds all the same', async () => {
      const { issuer, api } = await testbed.open({ profile: 'jwt' });
      const undated = { payload: { iat: undefined } };
      const [next, known] = [nextKey(issuer), unendingToken(issuer, 'known', undated)];
      const token = unendingToken(next, 'token', undated);
      expect([await api.ask(known), await api.ask(token)]).toEqual(['accepted', 'unknown_key']);
      issuer.clock.advance(-3600);
      expect(await api.ask(known)).toBe('accepted');
      await until(() => issuer.hits.jwks === 3 && api.verifier.status().issuers[0]?.state === 'fresh');
      issuer.published = [issuer.jwk, next.jwk];
      issuer.clock.advance(31);
      expect(await (await testbed.startApi({ verifier: { profile: 'jwt' } })).ask(token)).toBe('accepted');
      expect(await api.ask(token)).toBe('accepted');
    });

    it('for its issuer, before the clock was set back, is accepted within a minute all the same', async () => {
      let trusts = false;
      const { issuer, api } = await testbed.open({ issuer: (iss) => (trusts ? { issuer: iss } : undefined) });
      const token = unendingToken(issuer, 'token', { payload: { iat: '1' } });
      expect(await api.ask(token)).toBe('issuer_not_trusted');
      trusts = true;
      issuer.clock.advance(-3600);
      issuer.clock.advance(61);
      expect(await api.ask(token)).toBe('accepted');
    });
  });
});
