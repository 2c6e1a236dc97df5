import { describe, expect, it } from 'vitest';
import { DURATIONS, REFETCH_BURST } from './durations.js';
import { type Answer, type Asked, DOCUMENTS, type History, type Served, type TokenClass } from './history.js';
import { Oracle } from './oracle.js';

/*
 * The oracle of the trial with histories that are written by hand: each permits what the documents permit, and no more.
 * Times are seconds from a start.
 */

const START = 1_800_000_000_000;
const SLACK = 0.1;
const NEVER = Number.POSITIVE_INFINITY;
const at = (seconds: number) => START + seconds * 1000;
const NO_HISTORY: History = {
  served: [],
  troubles: [],
  keys: new Map([
    ['old', { publishedAt: at(-100), withdrawnAt: NEVER }],
    ['new', { publishedAt: at(5), withdrawnAt: NEVER }],
  ]),
  moves: [],
  revocations: new Map(),
  clockAheadMs: 0,
  slackMs: SLACK * 1000,
  lateTimes: [],
};

const jwks = (seconds: number, ...kids: string[]): Served => ({
  server: 'a',
  source: 'direct',
  document: 'jwks',
  requestedAt: at(seconds),
  finishedAt: at(seconds + 0.01),
  kids: new Set(kids),
});
const trouble = (from: number, to: number) => ({
  from: at(from),
  to: at(to),
  documents: DOCUMENTS,
  mayHaveMoved: false,
});

function asked(kind: TokenClass, seconds: number, more: Partial<Asked> = {}): Asked {
  const times = { sentAt: at(seconds), answeredAt: at(seconds + 0.01) };
  const issuedAt = START / 1000 + Math.floor(seconds);
  const token = { kid: 'old', issuedAt, expiresAt: issuedAt + 300 };
  return { server: 'a', source: 'direct', class: kind, ...token, ...times, answer: 'ok', ...more };
}

function permitted(history: Partial<History>, request: Asked): readonly Answer[] {
  return [...new Oracle({ ...NO_HISTORY, ...history }).permitted(request)].sort();
}

describe('the oracle of the trial', () => {
  /** Fetched each `maxAgeSeconds`, as on a server with traffic. */
  const regular = [0, 2, 4, 6, 8].map((seconds) => jwks(seconds, 'old'));

  it.each<[TokenClass, Answer]>([
    ['known', 'ok'],
    ['new', 'ok'],
    ['expired', 'invalid_token'],
    ['audience', 'invalid_token'],
    ['signature', 'invalid_token'],
    ['scope', 'insufficient_scope'],
    ['garbage', 'invalid_token'],
    ['none', 'missing'],
    ['two-words', 'invalid_request'],
    ['open', 'ok'],
  ])('permits one answer to %s while nothing happens', (kind, answer) => {
    const times = kind === 'expired' ? { issuedAt: at(-120) / 1000, expiresAt: at(-60) / 1000 } : {};
    expect(permitted({ served: regular }, asked(kind, 5, times))).toEqual([answer]);
  });

  it('permits one answer to a known token in an outage, until the keys are too old', () => {
    const history = { served: [jwks(0, 'old')], troubles: [trouble(0.5, 20)] };
    const usable = DURATIONS.maxAge + DURATIONS.staleIfError;
    expect(permitted(history, asked('known', usable - 2 * SLACK))).toEqual(['ok']);
    expect(permitted(history, asked('known', usable + 2 * SLACK))).toEqual(['ok', 'unavailable']);
    expect(permitted({ ...history, keys: new Map() }, asked('known', usable + 2 * SLACK))).toEqual([
      'invalid_token',
      'unavailable',
    ]);
  });

  it('permits a token of a withdrawn key until the next set came, and no longer than that may take', () => {
    const keys = new Map([['old', { publishedAt: at(-100), withdrawnAt: at(1) }]]);
    const token = { issuedAt: at(-120) / 1000 };
    expect(permitted({ keys, served: [jwks(0, 'old')] }, asked('withdrawn', 1.5, token))).toEqual(['ok']);
    const replaced = { keys, served: [jwks(0, 'old'), jwks(2, 'other')] };
    expect(permitted(replaced, asked('withdrawn', 2.5, token))).toEqual(['invalid_token']);
    const late = DURATIONS.maxAge + DURATIONS.timeout + 3 * SLACK;
    expect(permitted({ keys, served: [jwks(0, 'old')] }, asked('withdrawn', late, token))).not.toContain('ok');
  });

  it('demands that a new key is found at once, unless an outage or the allowance hinders it', () => {
    const token = { kid: 'new' };
    expect(permitted({ served: regular }, asked('new', 5.5, token))).toEqual(['ok']);
    expect(permitted({ served: regular, troubles: [trouble(5, 5.2)] }, asked('new', 5.5, token))).toEqual([
      'ok',
      'unavailable',
    ]);
    const many = Array.from({ length: REFETCH_BURST + 1 }, (_, i) => jwks(4.5 + i / 10, 'old'));
    expect(permitted({ served: many }, asked('new', 5.5, token))).toEqual(['ok', 'unavailable']);
  });

  it('demands that a server notices soon that the issuer is back', () => {
    const history = { served: [jwks(0, 'old')], troubles: [trouble(1, 2)] };
    const soon = 2 + 2 + 1 + DURATIONS.timeout;
    expect(
      permitted({ ...history, served: [jwks(0, 'old'), jwks(4.5, 'old')] }, asked('new', soon - 0.1, { kid: 'new' })),
    ).toEqual(['ok', 'unavailable']);
    const after = [jwks(0, 'old'), jwks(4.5, 'old'), jwks(6.4, 'old')];
    expect(permitted({ ...history, served: after }, asked('new', soon + 1, { kid: 'new' }))).toEqual(['ok']);
  });

  it('calls a made-up key unknown, at once and in an outage too where its token is older than the set', () => {
    const old = { kid: 'made-up', issuedAt: at(-120) / 1000 };
    expect(permitted({ served: regular }, asked('made-up-old', 5, old))).toEqual(['invalid_token']);
    expect(permitted({ served: regular, troubles: [trouble(4, 20)] }, asked('made-up-old', 5, old))).toEqual([
      'invalid_token',
    ]);
    const fresh = { kid: 'made-up' };
    expect(permitted({ served: regular, troubles: [trouble(4, 20)] }, asked('made-up', 5, fresh))).toContain(
      'unavailable',
    );
  });

  it('goes by the clock of the server', () => {
    expect(permitted({ served: regular, clockAheadMs: -30_000 }, asked('new', 5))).toEqual(['invalid_token']);
    expect(permitted({ served: regular, clockAheadMs: 30_000 }, asked('new', 5))).toEqual(['ok']);
  });

  it('permits an introspected token that was revoked for `cacheSeconds`', () => {
    const token = { source: 'opaque', token: 't', kid: '' } as const;
    const said = (seconds: number, active: boolean): Served => {
      const times = { requestedAt: at(seconds), finishedAt: at(seconds + 0.01) };
      return { server: 'a', source: 'opaque', document: 'introspection', token: 't', active, ...times };
    };
    const revoked = { revocations: new Map([['t', at(1)]]), served: [said(0, true)] };
    expect(permitted(revoked, asked('known', 0.5, token))).toEqual(['ok']);
    expect(permitted(revoked, asked('revoked', 2, token))).toEqual(['ok']);
    expect(permitted(revoked, asked('revoked', 1 + DURATIONS.cache + DURATIONS.timeout, token))).toContain('ok');
    const late = 1 + DURATIONS.cache + DURATIONS.timeout + 2 * SLACK;
    expect(permitted(revoked, asked('revoked', late, token))).toEqual(['invalid_token']);
    const troubled = { ...revoked, troubles: [trouble(1.5, 20)] };
    expect(permitted(troubled, asked('known', 2, token))).toEqual(['ok']);
  });

  it('allows for a machine that was late around a request, and at no other time', () => {
    const late = { served: regular, lateTimes: [{ from: at(5), to: at(5.4) }] };
    const request = { ...asked('known', 5), answeredAt: at(5.5) };
    expect(new Oracle({ ...NO_HISTORY, ...late }).check(request)).toBeUndefined();
    const later = { ...asked('known', 7.5), answeredAt: at(8) };
    expect(new Oracle({ ...NO_HISTORY, ...late }).check(later)?.why).toContain('took 500 ms');
  });

  it('does not rely on an answer of the issuer that a machine may have kept too long', () => {
    const served = [jwks(0, 'old'), jwks(2, 'old')];
    const usable = DURATIONS.maxAge + DURATIONS.staleIfError;
    const troubles = [trouble(2.5, 20)];
    const request = asked('known', usable + 1);
    expect(permitted({ served, troubles }, request)).toEqual(['ok']);
    const lateTimes = [{ from: at(1.9), to: at(2.3) }];
    expect(permitted({ served, troubles, lateTimes }, request)).toEqual(['ok', 'unavailable']);
  });

  it('finds an answer that came too late', () => {
    const oracle = new Oracle({ ...NO_HISTORY, served: regular });
    const request = asked('known', 5);
    expect(oracle.check(request)).toBeUndefined();
    expect(oracle.check({ ...request, answeredAt: at(5.5) })?.why).toContain('took 500 ms');
    expect(oracle.check({ ...request, answer: 'unavailable' })?.why).toBe('unavailable is not permitted');
  });
});
