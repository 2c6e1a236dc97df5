import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ConfigurationError, createVerifier, type VerifierSnapshot } from '../../../src/index.js';
import { both, Clients, EVERLASTING, TOKEN_CACHES, verdictOf } from '../../support/clients.js';
import { covers } from '../../support/covers.js';
import { KeyServer, until } from '../../support/key-server.js';
import { messagesDuring } from '../../support/listening.js';
import { OwnKey } from '../../support/own-key.js';
import { rejectionsDuring } from '../../support/rejections.js';

const DAY_SECONDS = 86_400;
/** By default: `maxAgeSeconds` and `staleIfErrorSeconds`. */
const USABLE_SECONDS = 600 + 3600;

describe.each(TOKEN_CACHES)('a verifier that starts with the keys of another, %s', (_, tokenCache) => {
  /** What another process knew of the issuer, as it was written down. */
  async function openWithSnapshot() {
    const server = await KeyServer.create();
    const other = createVerifier(server.verifierOptions);
    await other.ready();
    const snapshot: VerifierSnapshot = JSON.parse(JSON.stringify(other.snapshot()));
    server.requests.length = 0;
    const start = (keys = {}, given: VerifierSnapshot = snapshot) =>
      createVerifier({ ...server.verifierOptions, tokenCache, snapshot: given, keys });
    return { server, snapshot, start };
  }

  it('answers its first request without waiting for a fetch, and refreshes behind it', async () => {
    const { server, start } = await openWithSnapshot();
    server.issuer.advance(3600);
    const held = server.hold('metadata');
    const verifier = start();
    expect(await verdictOf(verifier.verify(await server.issuer.token(EVERLASTING)))).toBe('accepted');
    expect(held).toHaveLength(1);
    expect(verifier.status().issuers[0]).toMatchObject({ state: 'stale', ageSeconds: 3600 });
    held[0]?.release();
    await until(() => verifier.status().issuers[0]?.state === 'fresh');
    expect(server.hits).toEqual({ metadata: 1, jwks: 1, elsewhere: 0 });
  });

  it('answers requests that come at once in the same way, with one refresh behind them', async () => {
    covers('H20');
    const { server, start } = await openWithSnapshot();
    const tokens = await Promise.all(Array.from({ length: 100 }, () => server.issuer.token(EVERLASTING)));
    const held = server.hold('metadata');
    const verifier = start();
    const verdicts = await Promise.all(tokens.map((token) => verdictOf(verifier.verify(token))));
    expect(new Set(verdicts)).toEqual(new Set(['accepted']));
    expect(held).toHaveLength(1);
    held[0]?.release();
  });

  it('fetches nothing by itself', async () => {
    const { server, start } = await openWithSnapshot();
    const verifier = start();
    await verifier.ready();
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
    expect(server.requests).toEqual([]);
  });

  it('a key that was withdrawn since dies with the first refresh', async () => {
    covers('H17');
    const { server, start } = await openWithSnapshot();
    const withdrawn = await server.issuer.token(EVERLASTING);
    const [kid = ''] = server.issuer.jwks.keys.map((key) => key.kid);
    await server.issuer.rotate();
    server.issuer.withdraw(kid);
    const held = server.hold('metadata');
    const verifier = start();
    expect(await verdictOf(verifier.verify(withdrawn))).toBe('accepted');
    held[0]?.release();
    await until(() => verifier.status().issuers[0]?.state === 'fresh');
    expect(await verdictOf(verifier.verify(withdrawn))).toBe('unknown_key');
    expect(await verdictOf(verifier.verify(await server.issuer.token()))).toBe('accepted');
  });

  it('a key rotated in since is accepted in the first request that names it', async () => {
    covers('H17');
    const { server, start } = await openWithSnapshot();
    await server.issuer.rotate();
    const verifier = start();
    expect(await verdictOf(verifier.verify(await server.issuer.token()))).toBe('accepted');
    expect(server.hits.jwks).toBeLessThanOrEqual(2);
  });

  it('refresh() is not undone by a snapshot that takes longer to read', async () => {
    covers('H19');
    const { server, snapshot, start } = await openWithSnapshot();
    const withdrawn = await server.issuer.token(EVERLASTING);
    const [kid = ''] = server.issuer.jwks.keys.map((key) => key.kid);
    await server.issuer.rotate();
    server.issuer.withdraw(kid);
    const [[name, { fetchedAt, keys }]] = Object.entries(snapshot.issuers) as [
      [string, VerifierSnapshot['issuers'][string]],
    ];
    const { jwk } = new OwnKey('ES256', 'own');
    const manyKeys = Array.from({ length: 500 }, (_, i) => ({ ...jwk, kid: `own-${i}` }));
    const large = { version: 1, issuers: { [name]: { fetchedAt, keys: [...keys, ...manyKeys] } } } as const;
    const verifier = start({}, large);
    await verifier.refresh();
    // No other fetch may put right what the snapshot did.
    server.answer('metadata', () => new Response(null, { status: 500 }));
    server.answer('jwks', () => new Response(null, { status: 500 }));
    for (let turn = 0; turn < 20; turn += 1) {
      expect(await verdictOf(verifier.verify(withdrawn))).not.toBe('accepted');
      await new Promise(setImmediate);
    }
    expect(await verdictOf(verifier.verify(await server.issuer.token()))).toBe('accepted');
    expect(verifier.status().issuers[0]?.keys.map((key) => key.kid)).toEqual(['es256-2']);
  });

  it('in an outage its keys answer as long as those of the process that fetched them', async () => {
    covers('H18');
    const { server, start } = await openWithSnapshot();
    server.answer('metadata', () => new Response(null, { status: 500 }));
    const verifier = start();
    const clients = await Clients.create(server.issuer, verifier);
    server.issuer.advance(USABLE_SECONDS - 1);
    expect(await clients.ask()).toEqual(both('accepted'));
    server.issuer.advance(1);
    expect(await clients.ask()).toEqual(both('metadata_unavailable'));
  });

  it.each([
    ['the default', {}, USABLE_SECONDS],
    ['snapshotMaxAgeSeconds', { snapshotMaxAgeSeconds: 60 }, 60],
    ['maxAgeSeconds and staleIfErrorSeconds', { maxAgeSeconds: 60, staleIfErrorSeconds: 40 }, 100],
    ['a long staleIfErrorSeconds', { staleIfErrorSeconds: 2 * DAY_SECONDS }, DAY_SECONDS],
  ])('one older than %s is not used', async (_, keys, most) => {
    covers('H18');
    for (const [age, verdict] of [
      [most - 1, 'accepted'],
      [most, 'metadata_unavailable'],
    ] as const) {
      const { server, start } = await openWithSnapshot();
      server.answer('metadata', () => new Response(null, { status: 500 }));
      server.issuer.advance(age);
      expect(await verdictOf(start(keys).verify(await server.issuer.token()))).toBe(verdict);
    }
  });

  it('one of keys that Cache-Control made younger is not used longer than they were', async () => {
    covers('H18');
    const { server, start } = await openWithSnapshot();
    server.jwksHeaders = { 'cache-control': 'max-age=60' };
    const other = createVerifier(server.verifierOptions);
    await other.ready();
    server.answer('metadata', () => new Response(null, { status: 500 }));
    const token = await server.issuer.token(EVERLASTING);
    const restarted = () => start({}, JSON.parse(JSON.stringify(other.snapshot())));
    server.issuer.advance(60 + 3600 - 1);
    expect(await verdictOf(restarted().verify(token))).toBe('accepted');
    const snapshotOfRestarted = async () => {
      const verifier = restarted();
      await verifier.ready();
      return verifier.snapshot();
    };
    expect(await snapshotOfRestarted()).toEqual(other.snapshot());
    server.issuer.advance(1);
    expect(await verdictOf(restarted().verify(token))).toBe('metadata_unavailable');
  });

  it('a server that is restarted three hours into an outage with its own snapshot says what it said before', async () => {
    covers('H18');
    const { server } = await openWithSnapshot();
    const token = await server.issuer.token(EVERLASTING);
    const before = createVerifier({ ...server.verifierOptions, tokenCache });
    expect(await verdictOf(before.verify(token))).toBe('accepted');
    server.answer('metadata', () => new Response(null, { status: 500 }));
    server.issuer.advance(3 * 3600);
    expect(await verdictOf(before.verify(token))).toBe('metadata_unavailable');
    expect(before.snapshot()).toEqual({ version: 1, issuers: {} });
    const after = createVerifier({ ...server.verifierOptions, tokenCache, snapshot: before.snapshot() });
    expect(await verdictOf(after.verify(token))).toBe('metadata_unavailable');
  });

  it('ready() fetches when the snapshot is past maxAgeSeconds, and is content with it in an outage', async () => {
    covers('H17');
    for (const [age, metadataHits] of [
      [599, 0],
      [600, 1],
    ] as const) {
      const { server, start } = await openWithSnapshot();
      server.issuer.advance(age);
      const verifier = start();
      await Promise.all([verifier.ready(), verifier.ready()]);
      expect(server.hits.metadata).toBe(metadataHits);
    }
    const { server, start } = await openWithSnapshot();
    server.issuer.advance(600);
    server.answer('metadata', () => new Response(null, { status: 500 }));
    const verifier = start();
    await verifier.ready();
    expect(server.hits.metadata).toBe(1);
    expect(verifier.status().issuers[0]?.state).toBe('failing');
    // Within the back-off it asks nobody.
    await verifier.ready();
    expect(server.hits.metadata).toBe(1);
    expect(await verdictOf(verifier.verify(await server.issuer.token()))).toBe('accepted');
  });

  it('with the recipe of docs/keys.md a withdrawn key is gone from the next start after maxAgeSeconds on', async () => {
    covers('H17');
    const { server } = await openWithSnapshot();
    const withdrawn = await server.issuer.token(EVERLASTING);
    const folder = await mkdtemp(join(tmpdir(), 'keys-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, 'keys.json');
    await writeFile(file, 'null');

    /** A function that starts, reads the keys of the last run, answers one request, and ends. */
    const run = async (token: string) => {
      const snapshot = JSON.parse(await readFile(file, 'utf8')) ?? undefined;
      const verifier = createVerifier({ ...server.verifierOptions, tokenCache, snapshot });
      await verifier.ready();
      await writeFile(file, JSON.stringify(verifier.snapshot()));
      return verdictOf(verifier.verify(token));
    };
    expect(await run(withdrawn)).toBe('accepted');
    const [kid = ''] = server.issuer.jwks.keys.map((key) => key.kid);
    await server.issuer.rotate();
    server.issuer.withdraw(kid);
    for (let start = 0; start < 47; start += 1) {
      server.issuer.advance(1800);
      expect(await run(withdrawn)).toBe('unknown_key');
    }
    expect(await run(await server.issuer.token())).toBe('accepted');
  });

  it('one from a clock that is ahead is used no longer than snapshotMaxAgeSeconds from now on', async () => {
    const { server, start } = await openWithSnapshot();
    server.issuer.advance(-1_000_000);
    server.answer('metadata', () => new Response(null, { status: 500 }));
    const verifier = start();
    const clients = await Clients.create(server.issuer, verifier);
    server.issuer.advance(DAY_SECONDS);
    expect(await clients.ask()).toEqual(both('metadata_unavailable'));
  });

  it('one of other issuers is not used', async () => {
    const { server, snapshot, start } = await openWithSnapshot();
    const [keys] = Object.values(snapshot.issuers);
    if (keys === undefined) throw new Error('there is no issuer');
    const verifier = start({}, { version: 1, issuers: { 'https://other.test': keys, 'https://issuer.test/': keys } });
    await verifier.ready();
    expect(server.hits.jwks).toBe(1);
  });

  it('one without a key that can be used starts like none', async () => {
    const { server, snapshot, start } = await openWithSnapshot();
    const [name = ''] = Object.keys(snapshot.issuers);
    const useless = { version: 1, issuers: { [name]: { fetchedAt: server.issuer.now(), keys: [{ kty: 'oct' }] } } };
    const verifier = start({}, useless as VerifierSnapshot);
    expect(await verdictOf(verifier.verify(await server.issuer.token()))).toBe('accepted');
    expect(server.hits).toEqual({ metadata: 1, jwks: 1, elsewhere: 0 });
  });

  it('members that JSON cannot hold are skipped, in a snapshot and in static keys', async () => {
    covers('H13');
    const circle: { self?: unknown } = {};
    circle.self = circle;
    const { server, snapshot, start } = await openWithSnapshot();
    const [[name, { fetchedAt, keys }]] = Object.entries(snapshot.issuers) as [
      [string, VerifierSnapshot['issuers'][string]],
    ];
    const odd = [...keys, circle, 1n, undefined, () => {}] as typeof keys;
    const rejections = await rejectionsDuring(async () => {
      const verifier = start({}, { version: 1, issuers: { [name]: { fetchedAt, keys: odd } } });
      expect(await verdictOf(verifier.verify(await server.issuer.token()))).toBe('accepted');
      const issuer = { issuer: name, jwks: { keys: odd as never } };
      const withStaticKeys = createVerifier({ ...server.verifierOptions, issuer, tokenCache });
      expect(await verdictOf(withStaticKeys.verify(await server.issuer.token()))).toBe('accepted');
      expect(withStaticKeys.status().issuers[0]?.skippedKeys).toHaveLength(4);
    });
    expect(rejections).toEqual([]);
  });

  it('an issuer that a resolver gives again does not start with the snapshot again', async () => {
    covers('H17');
    const server = await KeyServer.create();
    const other = createVerifier(server.verifierOptions);
    await other.ready();
    let clientIds = ['test-client'];
    const verifier = createVerifier({
      ...server.verifierOptions,
      issuer: (iss) => ({ issuer: iss, clientIds }),
      snapshot: other.snapshot(),
      tokenCache,
    });
    const withdrawn = await server.issuer.token(EVERLASTING);
    const [kid = ''] = server.issuer.jwks.keys.map((key) => key.kid);
    expect(await verdictOf(verifier.verify(withdrawn))).toBe('accepted');
    await server.issuer.rotate();
    server.issuer.withdraw(kid);
    await verifier.refresh();
    expect(await verdictOf(verifier.verify(withdrawn))).toBe('unknown_key');

    // The resolver says something new about the issuer.
    clientIds = ['test-client', 'another-client'];
    server.issuer.advance(600);
    expect(await verdictOf(verifier.verify(withdrawn))).toBe('unknown_key');
    server.answer('metadata', () => new Response(null, { status: 500 }));
    for (let i = 0; i < 3; i += 1) expect(await verdictOf(verifier.verify(withdrawn))).not.toBe('accepted');
  });
});

describe('a snapshot', () => {
  it('is plain data with public keys alone, and the same before and after JSON', async () => {
    const server = await KeyServer.create({ algorithms: ['RS256', 'ES256', 'EdDSA'] });
    server.extraKeys = [new OwnKey('ES256', 'private').privateJwk, null];
    const verifier = createVerifier(server.verifierOptions);
    expect(verifier.snapshot()).toEqual({ version: 1, issuers: {} });
    await verifier.ready();
    const snapshot = verifier.snapshot();
    expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
    expect(snapshot.issuers['https://issuer.test']).toEqual({
      fetchedAt: server.issuer.now(),
      maxAgeSeconds: 600,
      keys: server.issuer.jwks.keys.map(({ use: _, ...jwk }) => jwk),
    });
  });

  it('leaves issuers with static keys out', async () => {
    const server = await KeyServer.create();
    const issuer = { issuer: server.issuer.issuer, jwks: server.issuer.jwks };
    const verifier = createVerifier({ ...server.verifierOptions, issuer });
    await verifier.ready();
    expect(verifier.snapshot()).toEqual({ version: 1, issuers: {} });
  });

  it('that was used tells of the rotation which the first refresh found', async () => {
    const server = await KeyServer.create();
    const other = createVerifier(server.verifierOptions);
    await other.ready();
    await server.issuer.rotate();
    server.issuer.withdraw('es256-1');
    const verifier = createVerifier({ ...server.verifierOptions, snapshot: other.snapshot() });
    await verifier.ready();
    const messages = await messagesDuring('scopegate:rotation', () => verifier.refresh());
    expect(messages).toEqual([{ issuer: 'https://issuer.test', added: ['es256-2'], removed: ['es256-1'] }]);
  });

  const good = { version: 1, issuers: { 'https://issuer.test': { fetchedAt: 1, keys: [] } } };

  it.each([
    ['null', null, 'snapshot'],
    ['a string', '{}', 'snapshot'],
    ['a list', [], 'snapshot'],
    ['an empty object', {}, 'snapshot'],
    ['of another version', { ...good, version: 2 }, 'snapshot'],
    ['of no version', { issuers: good.issuers }, 'snapshot'],
    ['without issuers', { version: 1 }, 'snapshot.issuers'],
    ['with a list of issuers', { version: 1, issuers: [] }, 'snapshot.issuers'],
    ['with an issuer that is null', { version: 1, issuers: { a: null } }, 'snapshot.issuers["a"]'],
    ['without fetchedAt', { version: 1, issuers: { a: { keys: [] } } }, 'snapshot.issuers["a"]'],
    [
      'with a date for fetchedAt',
      { version: 1, issuers: { a: { fetchedAt: '2030', keys: [] } } },
      'snapshot.issuers["a"]',
    ],
    [
      'with a text for maxAgeSeconds',
      { version: 1, issuers: { a: { fetchedAt: 1, maxAgeSeconds: '60', keys: [] } } },
      'snapshot.issuers["a"].maxAgeSeconds',
    ],
    ['without keys', { version: 1, issuers: { a: { fetchedAt: 1 } } }, 'snapshot.issuers["a"]'],
    [
      'with a key set for keys',
      { version: 1, issuers: { a: { fetchedAt: 1, keys: { keys: [] } } } },
      'snapshot.issuers["a"]',
    ],
  ])('that is %s throws at once, and names the option', (_, snapshot, option) => {
    const create = (given: unknown) =>
      createVerifier({ issuer: 'https://issuer.test', audience: 'a', snapshot: given as VerifierSnapshot });
    expect(() => create(good)).not.toThrow();
    expect(() => create(snapshot)).toThrow(ConfigurationError);
    expect(() => create(snapshot)).toThrow(expect.objectContaining({ option }));
  });
});
