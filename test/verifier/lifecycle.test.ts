import { getEventListeners } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { IssuerUnavailableError } from '../../src/protocol/errors.js';
import { createTestIssuer } from '../../src/testing/index.js';
import { createVerifier, internalsOf } from '../../src/verifier/create-verifier.js';
import type { VerifierInternals } from '../../src/verifier/verifier.js';
import { covers } from '../support/covers.js';
import { until } from '../support/key-server.js';
import { RawIssuer } from '../support/raw-issuer.js';
import { reasonOfCall } from '../support/reason-of.js';

const A = 'https://a.test';
const B = 'https://b.test';

/** A verifier for two issuers, each of which can be down on its own. */
async function createBoth() {
  const [a, b] = [await createTestIssuer({ issuer: A }), await createTestIssuer({ issuer: B })];
  const fetchEither: typeof fetch = (url, init) => {
    const { fetch: fetchOne } = (String(url).startsWith(A) ? a : b).verifierOptions;
    return (fetchOne as typeof fetch)(url, init);
  };
  return { a, b, verifier: createVerifier({ ...a.verifierOptions, issuer: [A, B], fetch: fetchEither }) };
}

async function errorOf(call: Promise<unknown>): Promise<IssuerUnavailableError> {
  return call.then(
    () => Promise.reject(new Error('it was accepted')),
    (error) => error,
  );
}

describe('createVerifier', () => {
  it('asks nobody for anything before the first token', async () => {
    const { a, verifier } = await createBoth();
    verifier.status();
    expect(a.hits).toEqual({ metadata: 0, jwks: 0 });
    expect(Object.isFrozen(verifier)).toBe(true);
  });
});

describe('verifier.ready', () => {
  it('has the keys of every issuer at hand, so that no token waits for them', async () => {
    const { a, b, verifier } = await createBoth();
    await verifier.ready();
    expect([a.hits, b.hits]).toEqual([
      { metadata: 1, jwks: 1 },
      { metadata: 1, jwks: 1 },
    ]);
    expect(await reasonOfCall(verifier.verify(await a.token()))).toBe('accepted');
    expect(await reasonOfCall(verifier.verify(await b.token()))).toBe('accepted');
    await verifier.ready();
    expect([a.hits.jwks, b.hits.jwks]).toEqual([1, 1]);
  });

  it('decision 6: rejects when the keys of one issuer cannot be had, and has those of the other', async () => {
    const { a, b, verifier } = await createBoth();
    await b.outage('error');
    const error = await errorOf(verifier.ready());
    expect(error).toBeInstanceOf(IssuerUnavailableError);
    expect(error).toMatchObject({ reason: 'metadata_unavailable', status: 503 });
    expect(error.detail).toContain(`${B}/.well-known/openid-configuration answered 500`);
    expect(await reasonOfCall(verifier.verify(await a.token()))).toBe('accepted');
    expect(await reasonOfCall(verifier.verify(await b.token()))).toBe('metadata_unavailable');
  });

  it('has nothing to wait for with keys from the options', async () => {
    const raw = new RawIssuer();
    const verifier = createVerifier(raw.verifierOptions);
    await verifier.ready();
    expect(raw.requests).toEqual([]);
    expect(verifier.status().issuers[0]).toMatchObject({ state: 'static', keys: [{ kid: 'key-1' }] });
  });
});

describe('verifier.status', () => {
  it('tells how keys and cache are doing', async () => {
    const { a, verifier } = await createBoth();
    const untouched = {
      state: 'empty',
      keys: [],
      skippedKeys: [],
      ageSeconds: undefined,
      fetches: { metadata: 0, jwks: 0 },
      metadata: [],
      lastError: undefined,
      nextAttemptInSeconds: undefined,
    };
    expect(verifier.status()).toEqual({
      issuers: [
        { issuer: A, ...untouched },
        { issuer: B, ...untouched },
      ],
      tokenCache: { size: 0, max: 10_000, hits: 0, misses: 0 },
    });
    const token = await a.token();
    await verifier.verify(token);
    await verifier.verify(token);
    a.advance(10);
    expect(verifier.status()).toEqual({
      issuers: [
        {
          ...untouched,
          issuer: A,
          state: 'fresh',
          keys: [{ kid: 'es256-1', algorithms: ['ES256'], ageSeconds: 10 }],
          ageSeconds: 10,
          fetches: { metadata: 1, jwks: 1 },
          metadata: [{ url: `${A}/.well-known/openid-configuration`, error: undefined }],
        },
        { issuer: B, ...untouched },
      ],
      tokenCache: { size: 1, max: 10_000, hits: 1, misses: 1 },
    });
  });

  it('has no token cache to tell of where there is none', async () => {
    const raw = new RawIssuer();
    const bounded = createVerifier({ ...raw.verifierOptions, tokenCache: { max: 7 } });
    expect(bounded.status().tokenCache?.max).toBe(7);
    expect(createVerifier({ ...raw.verifierOptions, tokenCache: false }).status().tokenCache).toBeUndefined();
  });

  it('is a snapshot, through which nothing can be changed', async () => {
    const { a, verifier } = await createBoth();
    await verifier.ready();
    const [before] = verifier.status().issuers as unknown as [{ keys: unknown[] }];
    before.keys.length = 0;
    expect(verifier.status().issuers[0]).toMatchObject({ keys: [{ kid: 'es256-1' }] });
    expect(await reasonOfCall(verifier.verify(await a.token()))).toBe('accepted');
  });
});

describe('verifier.refresh', () => {
  it('drops a key that was withdrawn, at once and with the tokens that it verified', async () => {
    covers('H19');
    const { a, b, verifier } = await createBoth();
    const [token, other] = [await a.token(), await b.token()];
    expect(await reasonOfCall(verifier.verify(token))).toBe('accepted');
    expect(await reasonOfCall(verifier.verify(other))).toBe('accepted');

    const [old] = a.jwks.keys;
    await a.rotate();
    a.withdraw(String(old?.kid));
    expect(await reasonOfCall(verifier.verify(token))).toBe('accepted');

    await verifier.refresh();
    expect(await reasonOfCall(verifier.verify(token))).toBe('unknown_key');
    expect(await reasonOfCall(verifier.verify(other))).toBe('accepted');
    expect(await reasonOfCall(verifier.verify(await a.token()))).toBe('accepted');
  });

  it('keeps the last good keys when it fails, and tells which issuer failed', async () => {
    covers('H18');
    const { a, b, verifier } = await createBoth();
    await verifier.ready();
    await b.outage('html');
    const error = await errorOf(verifier.refresh());
    expect(error).toMatchObject({ reason: 'metadata_unavailable', status: 503 });
    expect(error.detail).toContain(B);
    for (const token of [await a.token(), await b.token()]) {
      expect(await reasonOfCall(verifier.verify(token))).toBe('accepted');
    }
    expect(verifier.status().issuers[1]?.lastError).toContain(B);
  });
});

describe('verifier.close', () => {
  it('refuses every request from then on, and blames itself', async () => {
    const { a, verifier } = await createBoth();
    const token = await a.token();
    expect(await reasonOfCall(verifier.verify(token))).toBe('accepted');
    verifier.close();
    const headers = { authorization: `Bearer ${token}` };
    expect(await reasonOfCall(verifier.verify(token))).toBe('verifier_closed');
    expect(await reasonOfCall(verifier.verify('x'))).toBe('verifier_closed');
    const error = await errorOf(verifier.authenticate({ headers }));
    expect(error).toBeInstanceOf(IssuerUnavailableError);
    expect(error).toMatchObject({ reason: 'verifier_closed', status: 503 });
  });

  it('goes on to tell a request without credentials that it has none', async () => {
    covers('F1');
    const { verifier } = await createBoth();
    verifier.close();
    expect(await reasonOfCall(verifier.authenticate({ headers: {} }))).toBe('token_missing');
  });

  it('forgets tokens', async () => {
    const { a, verifier } = await createBoth();
    await verifier.verify(await a.token());
    expect(verifier.status().tokenCache?.size).toBe(1);
    verifier.close();
    expect(verifier.status().tokenCache?.size).toBe(0);
  });

  it('remembers no token whose verification ends after it', async () => {
    const { a, verifier } = await createBoth();
    const token = await a.token();
    await verifier.ready();
    const underWay = reasonOfCall(verifier.verify(token));
    verifier.close();
    expect(['accepted', 'verifier_closed']).toContain(await underWay);
    expect(verifier.status().tokenCache?.size).toBe(0);
  });

  it('ends fetches that are under way', async () => {
    const { a, verifier } = await createBoth();
    await a.outage('hang');
    const [waiting, token] = [errorOf(verifier.ready()), await a.token()];
    const verifying = reasonOfCall(verifier.verify(token));
    verifier.close();
    expect((await waiting).reason).toBe('verifier_closed');
    expect(await verifying).toBe('verifier_closed');
  });

  it('starts no fetch from then on', async () => {
    const online = await createTestIssuer({ network: true });
    onTestFinished(online.close);
    const verifier = createVerifier(online.verifierOptions);
    verifier.close();
    expect((await errorOf(verifier.ready())).reason).toBe('verifier_closed');
    expect((await errorOf(verifier.refresh())).reason).toBe('verifier_closed');
    expect(online.hits).toEqual({ metadata: 0, jwks: 0 });
  });

  it('bears hundreds of requests under way without a warning, and none of them leaves a listener behind', async () => {
    const warnings: string[] = [];
    const onWarning = ({ name }: Error) => void warnings.push(name);
    process.on('warning', onWarning);
    onTestFinished(() => void process.off('warning', onWarning));
    const answers: (() => void)[] = [];
    const introspection = { endpoint: `${A}/introspect`, clientId: 'api', clientSecret: 'secret', maxInFlight: 300 };
    const verifier = createVerifier({
      issuer: { issuer: A, introspection },
      audience: 'https://api.test',
      fetch: () => new Promise((resolve) => answers.push(() => resolve(Response.json({ active: false })))),
    });
    const { signal } = (internalsOf(verifier) as VerifierInternals).context;
    const waiting = Array.from({ length: 300 }, (_, i) => reasonOfCall(verifier.verify(`opaque-${i}`)));
    await until(() => answers.length === 300);
    await new Promise(setImmediate);
    expect(getEventListeners(signal, 'abort').length).toBeGreaterThanOrEqual(300);
    for (const answer of answers) answer();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['token_inactive']));
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it('can be called twice', async () => {
    const { verifier } = await createBoth();
    verifier.close();
    verifier.close();
    expect(await reasonOfCall(verifier.verify('x'))).toBe('verifier_closed');
  });
});
