import { afterEach, describe, expect, it, vi } from 'vitest';
import { createVerifier, type Fetch } from '../../src/index.js';
import { createTestIssuer } from '../../src/testing/index.js';
import { catchWarnings } from '../support/caught-warnings.js';
import { closeAfterTest } from '../support/close-after-test.js';
import { reasonOfCall } from '../support/reason-of.js';

const HOUR = 3600;

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function createIssuer() {
  const issuer = await createTestIssuer();
  closeAfterTest(() => issuer.close());
  const { clock, fetch, ...options } = issuer.verifierOptions;
  return { issuer, fetch: fetch as typeof globalThis.fetch, options };
}

describe('time', () => {
  it('is that of vi.useFakeTimers() which is called after the verifier was created', async () => {
    const { issuer, fetch, options } = await createIssuer();
    const verifier = createVerifier({ ...options, fetch });
    closeAfterTest(() => verifier.close());
    const token = await issuer.token({ expiresInSeconds: HOUR });
    expect(await reasonOfCall(verifier.verify(token))).toBe('accepted');

    vi.useFakeTimers({ now: Date.now() + 2 * HOUR * 1000 });
    expect(await reasonOfCall(verifier.verify(token))).toBe('token_expired');
    issuer.advance(2 * HOUR);
    expect(await reasonOfCall(verifier.verify(await issuer.token()))).toBe('accepted');
    vi.setSystemTime(Date.now() + 2 * HOUR * 1000);
    expect(await reasonOfCall(verifier.verify(token))).toBe('token_expired');
  });
});

describe('fetch', () => {
  it('is the global one of the moment, and a given one stays', async () => {
    const { issuer, fetch, options } = await createIssuer();
    const late = createVerifier(options);
    const given = createVerifier({ ...options, fetch });
    closeAfterTest(() => late.close());
    closeAfterTest(() => given.close());

    const replaced = vi.fn(fetch);
    vi.stubGlobal('fetch', replaced);
    const token = await issuer.token();
    expect(await reasonOfCall(given.verify(token))).toBe('accepted');
    expect(replaced).not.toHaveBeenCalled();
    expect(await reasonOfCall(late.verify(token))).toBe('accepted');
    expect(replaced.mock.calls.map(([url]) => url)).toEqual([
      `${issuer.issuer}/.well-known/openid-configuration`,
      issuer.jwksUri,
    ]);
  });
});

describe('many questions in flight', () => {
  it('cause no warning of a memory leak, with one signal for all of them', async () => {
    const warnings = catchWarnings();
    const { promise: released, resolve: release } = deferred();
    const fetch: Fetch = async (_, { signal }) => {
      // As the fetch of Node.js does, and those who wrap it.
      signal.addEventListener('abort', () => {}, { once: true });
      await released;
      return Response.json({ active: true, client_id: 'app', exp: Date.now() / 1000 + HOUR });
    };
    const endpoint = 'https://issuer.test/introspect';
    const introspection = { endpoint, clientId: 'api', clientSecret: 'a secret of the API' };
    const verifier = createVerifier({
      issuer: { issuer: 'https://issuer.test', introspection, audience: false, clientIds: ['app'] },
      audience: 'https://api.test',
      fetch,
    });
    closeAfterTest(() => verifier.close());

    const { signal } = new AbortController();
    const asked = Array.from({ length: 60 }, (_, index) => verifier.verify(`opaque-token-${index}`, { signal }));
    const authenticated = Array.from({ length: 60 }, (_, index) => {
      const headers = { authorization: `Bearer opaque-token-${index}` };
      return verifier.authenticate({ method: 'GET', url: '/', headers }, { signal });
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(verifier.status().issuers[0]?.introspection?.inFlight).toBe(60);
    release();
    const reasons = await Promise.all([...asked, ...authenticated].map(reasonOfCall));
    expect(new Set(reasons)).toEqual(new Set(['accepted']));
    // Warnings come in a tick of their own.
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).toEqual([]);
  });
});

function deferred(): { readonly promise: Promise<void>; resolve(): void } {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve: () => resolve() };
}
