import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DiagnosticsMessages } from '../../src/index.js';
import { Introspector } from '../../src/introspection/introspector.js';
import { createIssuerRegistry } from '../../src/issuer/create-issuer-registry.js';
import type { IntrospectionOptions } from '../../src/issuer/introspection-options.js';
import type { IntrospectedIssuer } from '../../src/issuer/issuer.js';
import { SignatureQueue } from '../../src/jws/signature-queue.js';
import { Refusal } from '../../src/protocol/refusal.js';
import type { VerifiedToken } from '../../src/token/verified-token.js';
import { parseVerifierOptions } from '../../src/verifier/options.js';
import { AuthorizationServer, answerIntrospectionWell } from '../support/authorization-server.js';
import { covers } from '../support/covers.js';
import { usedHeapBytes } from '../support/heap.js';
import { until } from '../support/key-server.js';
import { reasonOf } from '../support/reason-of.js';

describe('Introspector', () => {
  let server: AuthorizationServer;
  let closing: AbortController;
  beforeEach(async () => {
    server = await AuthorizationServer.start();
    closing = new AbortController();
  });
  afterEach(async () => {
    closing.abort();
    await server.close();
  });

  function create(introspection: Partial<IntrospectionOptions> = {}) {
    const { audience, clock } = server;
    const config = parseVerifierOptions({ issuer: server.issuerOptions(introspection), audience, clock: clock.now });
    const { signal } = closing;
    const introspector = new Introspector({
      clock: clock.now,
      fetch,
      signal,
      clockToleranceSeconds: 5,
      maxResponseBytes: 65_536,
      signatures: new SignatureQueue(),
    });
    const createAnIssuer = () =>
      createIssuerRegistry(config.issuers, { ...config, signal }).introspectedIssuer() as IntrospectedIssuer;
    const issuer = createAnIssuer();
    const ask = (token: string, of = issuer, ip?: string) =>
      introspector.introspect(token, of, { request: { headers: {}, ip } });
    return { introspector, issuer, createAnIssuer, ask };
  }

  it('RFC 7662 §2.2: gives what was said, by whom and when, and no key', async () => {
    const { ask, issuer } = create();
    const token = server.issue({ tenant: '"blue"', nickname: 'null' });
    const verified = (await ask(token)) as VerifiedToken;
    const at = server.clock.now();
    expect(verified).toMatchObject({
      key: undefined,
      header: undefined,
      introspected: { at, validUntil: at + 60_000 },
    });
    expect(verified.issuer).toBe(issuer);
    expect(verified.payload).toEqual(JSON.parse(server.answer({ tenant: '"blue"' })));
    expect(verified.validated).toMatchObject({
      subject: 'test-user',
      clientId: 'test-client',
      expiresAt: server.now + 3600,
    });
  });

  it.each([
    ['exp, where that comes first', 20, 20],
    ['cacheSeconds, where that comes first', 61, 60],
  ])('lets an answer hold until %s', async (_, seconds, held) => {
    covers('J9', '7662-3');
    const { ask } = create();
    const verified = (await ask(server.issue({ exp: String(server.now + seconds) }))) as VerifiedToken;
    expect(verified.introspected?.validUntil).toBe(server.clock.now() + held * 1000);
  });

  it('counts the time of an answer from its question on, however slow it was', async () => {
    covers('J9');
    const { ask } = create();
    const token = server.issue();
    server.answerIntrospection = (...reply) => {
      server.clock.advance(50);
      answerIntrospectionWell(...reply);
    };
    const at = server.clock.now();
    expect(((await ask(token)) as VerifiedToken).introspected).toEqual({ at, validUntil: at + 60_000 });
    server.clock.advance(9);
    expect(reasonOf(await ask(token))).toBe('accepted');
    expect(server.introspections.length).toBe(1);
    server.clock.advance(1);
    expect(reasonOf(await ask(token))).toBe('accepted');
    expect(server.introspections.length).toBe(2);
  });

  it('answers at once from memory, with the very same answer, good or bad', async () => {
    const { ask } = create();
    const [good, bad] = [server.issue(), server.issue()];
    server.revoke(bad);
    for (const token of [good, bad]) {
      const first = ask(token);
      expect(first).toBeInstanceOf(Promise);
      const answer = await first;
      expect(ask(token)).toBe(answer);
    }
    expect(server.introspections.length).toBe(2);
  });

  it('asks once about a token that several sources bring, whoever of them gets a place first', async () => {
    covers('J10', 'J23');
    const { ask, issuer, introspector } = create({ maxInFlight: 2 });
    const held: (() => void)[] = [];
    server.answerIntrospection = (...reply) => void held.push(() => answerIntrospectionWell(...reply));
    const [first, second, shared] = [server.issue(), server.issue(), server.issue()];
    const calls = [ask(first, issuer, 'a'), ask(second, issuer, 'a')];
    for (const source of ['a', 'b', 'a']) calls.push(ask(shared, issuer, source));
    await until(() => held.length === 2);
    expect(introspector.status(issuer)).toMatchObject({ inFlight: 2, waiting: 2 });
    for (const answer of held.splice(0)) answer();
    await until(() => held.length === 1);
    // It is asked about now: whoever brings it waits for the answer, and for no place.
    calls.push(ask(shared, issuer, 'c'));
    held[0]?.();
    expect((await Promise.all(calls)).map(reasonOf)).toEqual(Array(6).fill('accepted'));
    expect(server.introspections.filter(({ form }) => form.get('token') === shared)).toHaveLength(1);
    expect(introspector.status(issuer)).toMatchObject({ calls: 3, inFlight: 0, waiting: 0 });
  });

  it('refuses those that wait for a place when it is closed', async () => {
    covers('J20');
    const { ask, introspector, issuer } = create({ maxInFlight: 1 });
    server.answerIntrospection = () => {};
    const calls = Array.from({ length: 2 }, () => ask(server.issue()));
    await until(() => server.introspections.length === 1);
    closing.abort();
    expect((await Promise.all(calls)).map(reasonOf)).toEqual(['verifier_closed', 'verifier_closed']);
    expect(introspector.status(issuer)).toMatchObject({ calls: 1, inFlight: 0, waiting: 0 });
  });

  it.each<[string, () => unknown, string]>([
    [
      'throws',
      () => {
        throw new Error('boom');
      },
      'boom',
    ],
    ['gives no text', () => 7, 'the function gave no text'],
  ])('CWE-636: refuses a token where sourceOf %s, and asks nobody', async (_, sourceOf, message) => {
    covers('J20');
    let give = sourceOf;
    const { ask } = create({ sourceOf: () => give() as string });
    const token = server.issue();
    const refusal = await ask(token);
    const detail = 'the function given as sourceOf failed';
    expect(refusal).toMatchObject({ reason: 'introspection_unavailable', detail, cause: { message } });
    expect(server.introspections).toEqual([]);
    give = () => 'a';
    expect(reasonOf(await ask(token))).toBe('accepted');
  });

  it('lets all who bring one token wait for one answer, and asks again after a failure', async () => {
    covers('J10');
    const { ask } = create();
    const token = server.issue();
    server.answerIntrospection = (res) => void res.writeHead(500).end();
    const failed = [ask(token), ask(token), ask(token)];
    expect(new Set(failed).size).toBe(1);
    expect((await Promise.all(failed)).map(reasonOf)).toEqual(Array(3).fill('introspection_unavailable'));
    expect(server.introspections.length).toBe(1);
    server.answerIntrospection = answerIntrospectionWell;
    const good = [ask(token), ask(token)];
    expect((await Promise.all(good)).map(reasonOf)).toEqual(['accepted', 'accepted']);
    expect(server.introspections.length).toBe(2);
  });

  it('keeps the answers of issuers apart, though they have one name', async () => {
    covers('J9');
    const { ask, issuer, createAnIssuer } = create();
    const other = createAnIssuer();
    const token = server.issue();
    const answers = [await ask(token, issuer), await ask(token, other)] as VerifiedToken[];
    expect(answers.map((answer) => answer.issuer)).toEqual([issuer, other]);
    expect(answers[0]?.issuer).not.toBe(answers[1]?.issuer);
    expect(server.introspections.length).toBe(2);
    for (const of of [issuer, other]) expect(((await ask(token, of)) as VerifiedToken).issuer).toBe(of);
    expect(server.introspections.length).toBe(2);
  });

  it('forgets all answers when it is cleared', async () => {
    const { ask, introspector, issuer } = create();
    const [good, bad] = [server.issue(), server.issue()];
    server.revoke(bad);
    for (const token of [good, bad]) await ask(token);
    introspector.clear([issuer]);
    expect([good, bad].map((token) => ask(token) instanceof Promise)).toEqual([true, true]);
    await until(() => server.introspections.length === 4);
  });

  it('remembers no longer that a token is not active than active ones are, and 5 s at most', async () => {
    covers('J9');
    for (const [cacheSeconds, seconds] of [
      [60, 5],
      [3, 3],
      [0, 0],
    ] as const) {
      const { ask } = create({ cacheSeconds });
      const token = server.issue();
      server.revoke(token);
      expect(reasonOf(await ask(token))).toBe('token_inactive');
      server.setAnswer(token, server.answer());
      if (seconds > 0) {
        server.clock.advance(seconds - 0.001);
        expect(reasonOf(await ask(token))).toBe('token_inactive');
        server.clock.advance(0.001);
      }
      expect(reasonOf(await ask(token))).toBe('accepted');
    }
  });

  it.each<[string, string, DiagnosticsMessages['scopegate:introspection']['outcome'], string | undefined]>([
    ['active', '{"active":true}', 'active', undefined],
    ['inactive', '{"active":false}', 'inactive', undefined],
    ['of a refresh token', '{"active":true,"token_type":"refresh_token"}', 'inactive', undefined],
    ['no JSON', 'active', 'failed', 'the answer is not JSON'],
    ['without active', '{}', 'failed', 'the answer has no active member'],
  ])('tells the channel what came of an answer that is %s, once', async (_, text, outcome, error) => {
    const { ask, introspector, issuer } = create();
    const token = server.issue();
    server.setAnswer(token, text);
    const seen: unknown[] = [];
    const note = (message: unknown) => seen.push(message);
    subscribe('scopegate:introspection', note);
    await ask(token);
    if (outcome !== 'failed') await ask(token);
    unsubscribe('scopegate:introspection', note);
    expect(seen).toEqual([{ issuer: issuer.issuer, outcome, error }]);
    expect(introspector.status(issuer)).toMatchObject({ calls: 1, inFlight: 0, waiting: 0, lastError: error });
  });

  it('says nothing of the token or of the secret when it refuses', async () => {
    covers('F15');
    const { ask } = create();
    const token = server.issue();
    const replies = [
      () => server.setAnswer(token, `"${token}"`),
      () => server.setAnswer(token, `{"active":"${token}"}`),
      () => server.setAnswer(token, '{'),
    ];
    for (const [index, spoil] of replies.entries()) {
      spoil();
      const refusal = (await ask(token)) as Refusal;
      expect(refusal).toBeInstanceOf(Refusal);
      // What the issuer said of `active` is quoted for the log; nothing else is.
      if (index !== 1) expect(`${refusal.detail} ${refusal.cause}`).not.toContain(token);
      expect(`${refusal.detail} ${refusal.cause}`).not.toContain('api-secret');
      server.clock.advance(5);
    }
  });

  it('keeps nothing of an issuer that a resolver has replaced', async () => {
    const { ask, createAnIssuer } = create();
    const askOne = async () => {
      const issuer = createAnIssuer();
      expect(await ask(server.issue(), issuer)).not.toBeInstanceOf(Refusal);
      return new WeakRef(issuer);
    };
    const replaced = await askOne();
    await usedHeapBytes();
    expect(replaced.deref()).toBeUndefined();
  });
});
