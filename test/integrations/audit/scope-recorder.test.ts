import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  allOf,
  anyOf,
  createScopeRecorder,
  createVerifier,
  type PolicyInput,
  type ScopeRecorder,
  type Verifier,
} from '../../../src/index.js';
import { createTestIssuer, type TestIssuer } from '../../../src/testing/index.js';
import { messagesDuring } from '../../support/listening.js';

let issuer: TestIssuer;
let verifier: Verifier;
let recorder: ScopeRecorder | undefined;

beforeEach(async () => {
  issuer = await createTestIssuer();
  verifier = createVerifier(issuer.verifierOptions);
});
afterEach(() => {
  recorder?.close();
  recorder = undefined;
  verifier.close();
});

async function request(policy: PolicyInput | undefined, token: object): Promise<string> {
  const authorization = `Bearer ${await issuer.token(token)}`;
  const demands = policy === undefined ? {} : { policy };
  return verifier.authenticate({ headers: { authorization } }, demands).then(
    () => 'accepted',
    (error: { reason: string }) => error.reason,
  );
}

describe('scopegate:decision', () => {
  it('tells of a token that was let through what it was granted, and what of it was needed', async () => {
    const heard = await messagesDuring('scopegate:decision', async () => {
      expect(await request('b', { clientId: 'job', scope: 'a b c' })).toBe('accepted');
      expect(await request(undefined, { clientId: 'job', scope: 'a' })).toBe('accepted');
    });
    const of = { reason: undefined, issuer: issuer.issuer, clientId: 'job' };
    expect(heard).toEqual([
      { ...of, granted: ['a', 'b', 'c'], needed: ['b'] },
      { ...of, granted: ['a'], needed: [] },
    ]);
  });

  it('tells of a refusal why, and of nobody', async () => {
    const heard = await messagesDuring('scopegate:decision', async () => {
      expect(await request('b', { scope: 'a' })).toBe('scope_insufficient');
      await expect(verifier.authenticate({ headers: {} })).rejects.toThrow();
    });
    const nobody = { issuer: undefined, clientId: undefined, granted: [], needed: [] };
    expect(heard).toEqual([
      { ...nobody, reason: 'scope_insufficient' },
      { ...nobody, reason: 'token_missing' },
    ]);
  });
});

describe('createScopeRecorder', () => {
  it('reports for each client which scopes its requests needed, and which none did', async () => {
    recorder = createScopeRecorder();
    await request('a', { clientId: 'job', scope: 'a b c' });
    await request(allOf('a', anyOf('x', 'b')), { clientId: 'job', scope: 'a b c' });
    await request(anyOf('d', 'e'), { clientId: 'app', scope: 'e d' });
    await request('e', { clientId: 'other', scope: 'e' });
    await request('admin', { clientId: 'app', scope: 'z' });
    const of = { issuer: issuer.issuer };
    expect([...recorder.report()].sort((x, y) => y.requests - x.requests)).toEqual([
      { ...of, clientId: 'job', requests: 2, used: ['a', 'b'], unused: ['c'] },
      { ...of, clientId: 'app', requests: 1, used: ['d'], unused: ['e'] },
      { ...of, clientId: 'other', requests: 1, used: ['e'], unused: [] },
    ]);
    expect(recorder.report().at(-1)?.clientId).toBe('other');
  });

  it('counts tokens that are verified for the first time and known ones alike', async () => {
    recorder = createScopeRecorder();
    const authorization = `Bearer ${await issuer.token({ clientId: 'job', scope: 'a b' })}`;
    for (const _ of [1, 2, 3]) await verifier.authenticate({ headers: { authorization } }, { policy: 'a' });
    expect(recorder.report()).toMatchObject([{ requests: 3, used: ['a'], unused: ['b'] }]);
  });

  it('remembers the clients that came last, and 256 scopes of each', async () => {
    recorder = createScopeRecorder({ maxClients: 2 });
    for (const clientId of ['one', 'two', 'one', 'three']) await request('a', { clientId, scope: 'a' });
    expect(
      recorder
        .report()
        .map(({ clientId }) => clientId)
        .sort(),
    ).toEqual(['one', 'three']);
    for (const part of [0, 1, 2]) {
      const scope = Array.from({ length: 100 }, (_, i) => `s${part}-${i}`).join(' ');
      await request(undefined, { clientId: 'one', scope });
    }
    const one = recorder.report().find(({ clientId }) => clientId === 'one');
    expect((one?.unused.length ?? 0) + (one?.used.length ?? 0)).toBe(256);
  });

  it('writes a table in which a client cannot write', async () => {
    recorder = createScopeRecorder();
    await request('a', { clientId: 'evil | <b>x', scope: 'a b' });
    expect(recorder.toMarkdown().split('\n')).toEqual([
      '| issuer | client | requests | scopes used | scopes never needed |',
      '| --- | --- | --- | --- | --- |',
      `| ${issuer.issuer} | evil \\| \\<b\\>x | 1 | a | b |`,
      '',
    ]);
  });

  it('records nothing after close, and keeps what it has', async () => {
    const closed = createScopeRecorder();
    await request('a', { scope: 'a' });
    closed.close();
    await request('a', { scope: 'a' });
    expect(closed.report()).toMatchObject([{ requests: 1 }]);
  });

  it.each([
    [{ maxClients: 0 }, 'maxClients'],
    [{ maxClients: 1.5 }, 'maxClients'],
    [{ max: 1 }, 'max'],
  ])('refuses %j', (options, option) => {
    expect(() => createScopeRecorder(options as never)).toThrow(option);
    recorder = createScopeRecorder({ maxClients: 1 });
  });
});
