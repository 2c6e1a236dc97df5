import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type AccessToken,
  accessTokenSignal,
  createVerifier,
  type Verifier,
  type VerifierOptions,
} from '../../src/index.js';
import { createTestIssuer, type TestIssuer } from '../../src/testing/index.js';

let issuer: TestIssuer;
let verifier: Verifier;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  issuer = await createTestIssuer();
});
afterEach(() => {
  verifier.close();
  vi.useRealTimers();
});

async function begin(options: Partial<VerifierOptions> = {}, expiresInSeconds = 600): Promise<AbortSignal> {
  verifier = createVerifier({ ...issuer.verifierOptions, ...options });
  const accessToken = await verifier.verify(await issuer.token({ expiresInSeconds }));
  const signal = accessTokenSignal(accessToken, { verifier });
  await vi.advanceTimersByTimeAsync(0);
  return signal;
}

/** Lets time pass for the clock of the issuer and for timers. */
async function pass(seconds: number): Promise<void> {
  issuer.advance(seconds);
  await vi.advanceTimersByTimeAsync(seconds * 1000);
  // A token whose key set is old is verified anew.
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

const reasonOf = (signal: AbortSignal) => (signal.aborted ? (signal.reason as { reason?: unknown }).reason : 'good');

describe('accessTokenSignal', () => {
  it('is aborted when the token has expired, after the tolerance of clocks', async () => {
    const signal = await begin({ clockToleranceSeconds: 5 });
    await pass(604);
    expect(reasonOf(signal)).toBe('good');
    await pass(2);
    expect(reasonOf(signal)).toBe('token_expired');
  });

  it('is aborted when the token is too old for its issuer', async () => {
    const signal = await begin({ maxTokenAgeSeconds: 60, clockToleranceSeconds: 0 } as Partial<VerifierOptions>);
    await pass(59);
    expect(reasonOf(signal)).toBe('good');
    await pass(2);
    expect(reasonOf(signal)).toBe('token_too_old');
  });

  it('waits for more than the 24 days that a timer can take', async () => {
    const days = 86_400;
    const signal = await begin({}, 60 * days);
    await pass(30 * days);
    expect(reasonOf(signal)).toBe('good');
    await pass(31 * days);
    expect(reasonOf(signal)).toBe('token_expired');
  });

  it('is aborted at once for a token that has expired since, and when the verifier is closed', async () => {
    verifier = createVerifier(issuer.verifierOptions);
    const accessToken = await verifier.verify(await issuer.token({ expiresInSeconds: 60 }));
    await pass(120);
    const late = accessTokenSignal(accessToken, { verifier });
    await vi.advanceTimersByTimeAsync(0);
    expect(reasonOf(late)).toBe('token_expired');

    const signal = accessTokenSignal(await verifier.verify(await issuer.token()), { verifier });
    await vi.advanceTimersByTimeAsync(0);
    verifier.close();
    await vi.advanceTimersByTimeAsync(0);
    expect(reasonOf(signal)).toBe('verifier_closed');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('RFC 7662 §4: introspects a token without exp again, and ends when it is not active any more', async () => {
    let active = true;
    let introspections = 0;
    const answer = () => ({ active, iss: 'https://as.test', aud: 'https://api.test', sub: 'alice', scope: 'read' });
    verifier = createVerifier({
      issuer: {
        issuer: 'https://as.test',
        introspection: { endpoint: 'https://as.test/introspect', clientId: 'api', clientSecret: 'secret' },
      },
      audience: 'https://api.test',
      clock: issuer.verifierOptions.clock,
      fetch: async () => {
        introspections += 1;
        return Response.json(answer());
      },
    });
    const signal = accessTokenSignal(await verifier.verify('b4d455be'), { verifier });
    await vi.advanceTimersByTimeAsync(0);
    expect(introspections).toBe(1);

    await pass(66);
    expect([introspections, reasonOf(signal)]).toEqual([2, 'good']);
    active = false;
    await pass(66);
    expect([introspections, reasonOf(signal)]).toEqual([3, 'token_inactive']);
  });

  it('is aborted when its issuer is trusted no more, at the end of the token at the latest', async () => {
    let isTrusted = true;
    const { issuer: name, jwksUri } = issuer;
    verifier = createVerifier({
      ...issuer.verifierOptions,
      issuer: () => (isTrusted ? { issuer: name, jwksUri } : undefined),
    });
    const accessToken = await verifier.verify(await issuer.token({ expiresInSeconds: 9000 }));
    isTrusted = false;
    await pass(8000);
    const signal = accessTokenSignal(accessToken, { verifier });
    await pass(1010);
    expect(reasonOf(signal)).toBe('issuer_not_trusted');
  });

  it('refuses a token of another verifier', async () => {
    await begin();
    const other = createVerifier(issuer.verifierOptions);
    const accessToken = await other.verify(await issuer.token());
    expect(() => accessTokenSignal(accessToken, { verifier })).toThrow(TypeError);
    expect(() => accessTokenSignal({ ...accessToken } as AccessToken, { verifier: other })).toThrow(TypeError);
    expect(() => accessTokenSignal(accessToken, { verifier: {} as Verifier })).toThrow(TypeError);
    other.close();
  });
});
