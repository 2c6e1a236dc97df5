import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createVerifier, IssuerUnavailableError } from '../../../src/index.js';
import { Clients, EVERLASTING, verdictOf } from '../../support/clients.js';
import { createKeyServers, fetchFrom, KeyServer, until } from '../../support/key-server.js';
import { rejectionsDuring } from '../../support/rejections.js';

const noAnswer = () => new Response('Service Unavailable', { status: 503 });

describe('ready()', () => {
  beforeEach(() => {
    // Deadlines pass when a test says so.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it('brings the keys, so that no request asks for them', async () => {
    const server = await KeyServer.create();
    const verifier = createVerifier(server.verifierOptions);
    await verifier.ready();
    expect(server.hits).toEqual({ metadata: 1, jwks: 1, elsewhere: 0 });
    expect(await verdictOf(verifier.verify(await server.issuer.token()))).toBe('accepted');
    await verifier.ready();
    expect(server.hits).toEqual({ metadata: 1, jwks: 1, elsewhere: 0 });
  });

  it('shares one fetch with requests and with other calls', async () => {
    const server = await KeyServer.create();
    const verifier = createVerifier(server.verifierOptions);
    const token = await server.issuer.token();
    await Promise.all([verifier.ready(), verifier.ready({ timeoutSeconds: 5 }), verifier.verify(token)]);
    expect(server.hits).toEqual({ metadata: 1, jwks: 1, elsewhere: 0 });
  });

  it('rejects when the keys cannot be had, and tries again when it is called again', async () => {
    const server = await KeyServer.create();
    server.answer('jwks', noAnswer);
    const verifier = createVerifier(server.verifierOptions);
    await expect(verifier.ready()).rejects.toThrow(IssuerUnavailableError);
    await expect(verifier.ready()).rejects.toMatchObject({ reason: 'keys_unavailable' });
    expect(server.hits.jwks).toBe(1);
    server.recover();
    server.issuer.advance(1);
    await verifier.ready();
    expect(server.hits.jwks).toBe(2);
  });

  it('rejects when those of one issuer of several cannot be had', async () => {
    const servers = await createKeyServers(3);
    const options = { audience: 'https://api.test', fetch: fetchFrom(servers) };
    const verifier = createVerifier({ ...options, issuer: servers.map(({ issuer }) => issuer.issuer) });
    servers[1]?.answer('metadata', noAnswer);
    await expect(verifier.ready()).rejects.toMatchObject({ reason: 'metadata_unavailable' });
    expect(verifier.status().issuers.map(({ state }) => state)).toEqual(['fresh', 'failing', 'fresh']);
  });

  it('rejects when they do not come within timeoutSeconds, while the fetch goes on', async () => {
    const server = await KeyServer.create();
    const held = server.hold('jwks');
    const verifier = createVerifier(server.verifierOptions);
    const rejections = await rejectionsDuring(async () => {
      const ready = verdictOf(verifier.ready({ timeoutSeconds: 2 }));
      await until(() => held.length === 1);
      await vi.advanceTimersByTimeAsync(2000);
      expect(await ready).toBe('keys_unavailable');
      held[0]?.release();
      await until(() => verifier.status().issuers[0]?.state === 'fresh');
    });
    expect(rejections).toEqual([]);
  });

  it('gives the reason of a failure that came before timeoutSeconds were over', async () => {
    const server = await KeyServer.create();
    server.answer('metadata', noAnswer);
    const verifier = createVerifier(server.verifierOptions);
    expect(await verdictOf(verifier.ready({ timeoutSeconds: 5 }))).toBe('metadata_unavailable');
  });

  it.each([[0], [-1], [601], [Number.NaN], ['5']])('refuses %s for timeoutSeconds', async (timeoutSeconds) => {
    const server = await KeyServer.create();
    const verifier = createVerifier(server.verifierOptions);
    const ready = verifier.ready({ timeoutSeconds: timeoutSeconds as number });
    await expect(ready).rejects.toMatchObject({ name: 'ConfigurationError', option: 'timeoutSeconds' });
    expect(server.requests).toEqual([]);
  });

  it('refuses a misspelt option', async () => {
    const verifier = createVerifier((await KeyServer.create()).verifierOptions);
    const ready = verifier.ready({ timeoutSecond: 5 } as object);
    await expect(ready).rejects.toMatchObject({ name: 'ConfigurationError', option: 'timeoutSecond' });
  });

  it('has nothing to wait for with a resolver, or with static keys', async () => {
    const server = await KeyServer.create();
    const { issuer, jwks } = server.issuer;
    await createVerifier({ ...server.verifierOptions, issuer: (iss) => ({ issuer: iss }) }).ready();
    await createVerifier({ ...server.verifierOptions, issuer: { issuer, jwks } }).ready();
    expect(server.requests).toEqual([]);
  });
});

describe('status()', () => {
  it('goes from empty to fresh, stale, failing and fresh again', async () => {
    const server = await KeyServer.create();
    const verifier = createVerifier({ ...server.verifierOptions, tokenCache: { max: 50 } });
    const status = () => verifier.status().issuers[0];
    expect(verifier.status()).toEqual({
      issuers: [
        {
          issuer: 'https://issuer.test',
          state: 'empty',
          keys: [],
          skippedKeys: [],
          ageSeconds: undefined,
          fetches: { metadata: 0, jwks: 0 },
          metadata: [],
          lastError: undefined,
          nextAttemptInSeconds: undefined,
        },
      ],
      tokenCache: { size: 0, max: 50, hits: 0, misses: 0 },
    });

    const clients = await Clients.create(server.issuer, verifier);
    server.issuer.advance(10);
    const fresh = {
      issuer: 'https://issuer.test',
      state: 'fresh',
      keys: [{ kid: 'es256-1', algorithms: ['ES256'], ageSeconds: 10 }],
      skippedKeys: [],
      ageSeconds: 10,
      fetches: { metadata: 1, jwks: 1 },
      metadata: [{ url: 'https://issuer.test/.well-known/openid-configuration', error: undefined }],
      lastError: undefined,
      nextAttemptInSeconds: undefined,
    };
    expect(status()).toEqual(fresh);

    server.issuer.advance(590);
    const keys = [{ ...fresh.keys[0], ageSeconds: 600 }];
    expect(status()).toEqual({ ...fresh, state: 'stale', keys, ageSeconds: 600 });

    server.answer('metadata', noAnswer);
    expect(await clients.askWithOld()).toBe('accepted');
    await until(() => status()?.state === 'failing');
    const failing = status();
    // 503 is an answer, so that the other place was asked too.
    expect(failing).toEqual({
      ...fresh,
      state: 'failing',
      keys,
      ageSeconds: 600,
      fetches: { metadata: 3, jwks: 1 },
      metadata: [
        {
          url: 'https://issuer.test/.well-known/openid-configuration',
          error: 'https://issuer.test/.well-known/openid-configuration answered 503',
        },
        {
          url: 'https://issuer.test/.well-known/oauth-authorization-server',
          error: 'https://issuer.test/.well-known/oauth-authorization-server answered 404',
        },
      ],
      lastError: expect.stringContaining('/.well-known/openid-configuration answered 503; '),
      nextAttemptInSeconds: expect.any(Number),
    });
    expect(failing?.nextAttemptInSeconds).toBeGreaterThanOrEqual(0.5);
    expect(failing?.nextAttemptInSeconds).toBeLessThanOrEqual(1);

    server.issuer.advance(1);
    expect(status()).toMatchObject({ state: 'failing', nextAttemptInSeconds: 0 });
    server.recover();
    await server.issuer.rotate();
    expect(await clients.askWithNew()).toBe('accepted');
    expect(status()).toEqual({
      ...fresh,
      keys: [
        { kid: 'es256-1', algorithms: ['ES256'], ageSeconds: 601 },
        { kid: 'es256-2', algorithms: ['ES256'], ageSeconds: 0 },
      ],
      ageSeconds: 0,
      fetches: { metadata: 4, jwks: 2 },
    });
  });

  it('shows no keys once they are too old to be used', async () => {
    const server = await KeyServer.create();
    const verifier = createVerifier(server.verifierOptions);
    await verifier.ready();
    server.issuer.advance(4199);
    expect(verifier.status().issuers[0]?.keys).toHaveLength(1);
    server.issuer.advance(1);
    expect(verifier.status().issuers[0]).toMatchObject({ keys: [], ageSeconds: 4200 });
  });

  it('counts fetches whatever came of them', async () => {
    const server = await KeyServer.create();
    const verifier = createVerifier(server.verifierOptions);
    server.answer('jwks', noAnswer);
    await verdictOf(verifier.ready());
    server.answer('jwks', () => Promise.reject(new TypeError('fetch failed')));
    await verdictOf(verifier.refresh());
    server.recover();
    await verifier.refresh();
    expect(verifier.status().issuers[0]?.fetches).toEqual({ metadata: 3, jwks: 3 });
  });

  it('is static for keys of the options', async () => {
    const server = await KeyServer.create();
    const { issuer, jwks } = server.issuer;
    const keys = [...jwks.keys, { kty: 'oct' }];
    const verifier = createVerifier({ ...server.verifierOptions, issuer: { issuer, jwks: { keys } } });
    await verifier.ready();
    server.issuer.advance(5);
    expect(verifier.status().issuers).toEqual([
      {
        issuer,
        state: 'static',
        keys: [{ kid: 'es256-1', algorithms: ['ES256'], ageSeconds: 5 }],
        skippedKeys: [{ index: 1, why: 'has a kty that is not RSA, EC, OKP or AKP' }],
        ageSeconds: undefined,
        fetches: { metadata: 0, jwks: 0 },
        metadata: [],
        lastError: undefined,
        nextAttemptInSeconds: undefined,
      },
    ]);
    expect(await verdictOf(verifier.refresh())).toBe('accepted');
    expect(server.requests).toEqual([]);
  });

  it('tells how the token cache does, and of none where there is none', async () => {
    const server = await KeyServer.create();
    const verifier = createVerifier({ ...server.verifierOptions, tokenCache: { max: 2 } });
    const token = await server.issuer.token(EVERLASTING);
    for (let i = 0; i < 3; i += 1) await verifier.verify(token);
    for (let i = 0; i < 3; i += 1) await verifier.verify(await server.issuer.token());
    expect(verifier.status().tokenCache).toEqual({ size: 2, max: 2, hits: 2, misses: 4 });
    expect(createVerifier({ ...server.verifierOptions, tokenCache: false }).status().tokenCache).toBe(undefined);
  });
});

describe('a process that has nothing else to do', () => {
  it('is not kept alive by a fetch, a deadline, or a resolver that never settles', async () => {
    const program = fileURLToPath(new URL('../../support/idle-verifiers.ts', import.meta.url));
    const args = ['--import', import.meta.resolve('tsx'), program];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { timeout: 15_000 });
    // A minute before any of the deadlines.
    expect(stderr).toBe('');
    expect(stdout).toBe('asked for metadata\nasked a resolver\nended\n');
  });
});
