import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { VerifierOptions } from '../../src/index.js';
import { type AuthorizationServer, NO_HITS } from '../support/authorization-server.js';
import { covers } from '../support/covers.js';
import { until } from '../support/key-server.js';
import { type Answering, LoopbackServer } from '../support/loopback-server.js';
import { useTestbed } from '../support/testbed.js';

const MIB = Buffer.alloc(1_048_576, ' ');
const GZIP_OF_64_MIB = gzipSync(Buffer.concat(Array(64).fill(MIB)));
const DEADLINE_MS = 5000;
const DAY_SECONDS = 86_400;
/** Longer than any back-off. */
const BACK_OFF_SECONDS = 61;

type Document = 'metadata' | 'jwks';
const BOTH: readonly Document[] = ['metadata', 'jwks'];

/** One way in which a document is bad. `decoy` is a server that has the document, and should not be asked. */
interface BadAnswer {
  readonly name: string;
  readonly answer: (decoy: LoopbackServer) => Answering;
  /** @defaultValue either */
  readonly of?: readonly Document[];
  /** It ends by the deadline alone. */
  readonly hangs?: boolean;
}

const json =
  (body: string | Buffer, status = 200, headers = {}): BadAnswer['answer'] =>
  () =>
  (res) => {
    res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
  };
const changed =
  (change: (good: string) => string | Buffer): BadAnswer['answer'] =>
  () =>
  (res, good) => {
    res.writeHead(200, { 'content-type': 'application/json' }).end(change(good));
  };
const redirect =
  (status: number, to: (decoy: string, path: string) => string): BadAnswer['answer'] =>
  (decoy) =>
  (res, _, req) => {
    res.writeHead(status, { location: to(decoy.origin, req.url ?? '') }).end();
  };

const REDIRECTS: readonly BadAnswer[] = [
  ...[301, 302, 303, 307, 308].map((status) => ({
    name: `a redirect to another server, ${status}`,
    answer: redirect(status, (decoy, path) => decoy + path),
  })),
  { name: 'a redirect without a scheme', answer: redirect(302, (decoy, path) => decoy.slice('http:'.length) + path) },
  { name: 'a redirect to https', answer: redirect(302, (decoy, path) => decoy.replace('http', 'https') + path) },
  { name: 'a redirect to itself', answer: redirect(302, (_, path) => path) },
  { name: 'a redirect on the same server', answer: redirect(302, () => '/elsewhere') },
  { name: 'a redirect to a data URL', answer: redirect(302, () => 'data:application/json,{}') },
  { name: 'a redirect to nowhere', answer: () => (res) => void res.writeHead(302).end() },
];

const BAD_ANSWERS: readonly BadAnswer[] = [
  {
    name: 'a page of HTML',
    answer: json('<!doctype html><title>Sign in</title>', 200, { 'content-type': 'text/html' }),
  },
  ...[400, 401, 403, 404, 429, 500, 502, 503].map((status) => ({
    name: `the good document with status ${status}`,
    answer: (() => (res, good) => void res.writeHead(status).end(good)) satisfies BadAnswer['answer'],
  })),
  { name: '204', answer: json('', 204) },
  { name: 'a 304 that nobody asked for', answer: json('', 304) },
  { name: '206, as if it were a part', answer: () => (res, good) => void res.writeHead(206).end(good) },
  { name: 'nothing', answer: json('') },
  { name: 'null', answer: json('null') },
  { name: 'a text', answer: json('"keys"') },
  { name: '{}', answer: json('{}') },
  { name: '[]', answer: json('[]') },
  { name: 'the good document in a list', answer: changed((good) => `[${good}]`) },
  { name: 'the good document without its end', answer: changed((good) => good.slice(0, -1)) },
  { name: 'something after the good document', answer: changed((good) => `${good}}`) },
  { name: 'no keys in a set', answer: json('{"keys":[]}'), of: ['jwks'] },
  { name: 'keys that are no list', answer: changed((good) => good.replace(/\[(.*)\]/, '$1')), of: ['jwks'] },
  { name: 'keys in another spelling', answer: changed((good) => good.replace('"keys"', '"Keys"')), of: ['jwks'] },
  { name: 'one of the keys alone', answer: changed((good) => good.slice('{"keys":['.length, -2)), of: ['jwks'] },
  { name: '64 MiB of gzip', answer: json(GZIP_OF_64_MIB, 200, { 'content-encoding': 'gzip' }) },
  { name: 'an unknown encoding', answer: json(GZIP_OF_64_MIB, 200, { 'content-encoding': 'x-unknown' }) },
  { name: 'the good document and 512 KiB of space', answer: changed((good) => good + ' '.repeat(524_288)) },
  { name: 'a body without end', answer: () => pour },
  { name: 'a connection that is reset', answer: () => (res) => void res.destroy() },
  {
    name: 'a body that is reset in the middle',
    answer: () => (res, good) => {
      res.writeHead(200, { 'content-length': good.length }).write(good.slice(0, -5), () => res.destroy());
    },
  },
  { name: 'no HTTP', answer: () => (res) => void res.socket?.end('what do you want?\n') },
  { name: 'no headers, ever', answer: () => () => {}, hangs: true },
  {
    name: 'a body that stops',
    hangs: true,
    answer: () => (res, good) => {
      res.writeHead(200, { 'content-length': good.length }).write(good.slice(0, -5));
    },
  },
  { name: 'a body that drips', answer: () => drip, hangs: true },
];

const cases = (answers: readonly BadAnswer[]) =>
  answers.flatMap((bad) => (bad.of ?? BOTH).map((document) => [document, bad.name, { ...bad, document }] as const));
const REASONS = { metadata: 'metadata_unavailable', jwks: 'keys_unavailable' } as const;

describe('H: documents of an issuer that are bad', () => {
  const testbed = useTestbed();
  beforeEach(() => {
    // Deadlines pass when a test says so. Sockets have timers of their own.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => vi.useRealTimers());

  interface Scene {
    readonly issuer: AuthorizationServer;
    readonly decoy: LoopbackServer;
    spoil(): void;
    /** Lets the deadline pass, where nothing else ends it, once the document was asked for so often. */
    passDeadline(hits: number): Promise<void>;
  }

  async function open({ document, answer, hangs }: BadAnswer & { document: Document }): Promise<Scene> {
    const [issuer, decoy] = [await testbed.openIssuer(), await LoopbackServer.start()];
    decoy.answer = (req, res) => issuer.server.answer(req, res);
    const passDeadline = async (hits: number) => {
      if (!hangs) return;
      await until(() => issuer.hits[document] === hits);
      await vi.advanceTimersByTimeAsync(DEADLINE_MS);
    };
    return {
      issuer,
      decoy,
      spoil() {
        if (document === 'metadata') issuer.answerMetadata = answer(decoy);
        else issuer.answerJwks = answer(decoy);
      },
      passDeadline,
    };
  }

  const longLived = (issuer: AuthorizationServer, jti: string) =>
    issuer.token({ payload: { exp: String(issuer.now + DAY_SECONDS), jti: JSON.stringify(jti) } });

  /** With nothing cached: 503, nobody else is asked, and it recovers. With keys cached: they go on. */
  async function expectBorne(bad: BadAnswer & { document: Document }): Promise<void> {
    const scene = await open(bad);
    const { issuer, decoy } = scene;
    const [old, fresh] = [longLived(issuer, 'old'), longLived(issuer, 'fresh')];

    scene.spoil();
    const cold = await testbed.startApi();
    const asked = cold.ask(old);
    await scene.passDeadline(1);
    expect(await asked).toBe(REASONS[bad.document]);
    issuer.recover();
    issuer.clock.advance(BACK_OFF_SECONDS);
    expect(await cold.ask(old)).toBe('accepted');

    const warm = await testbed.startApi();
    expect(await warm.ask(old)).toBe('accepted');
    scene.spoil();
    issuer.clock.advance(600);
    expect(await warm.ask(old)).toBe('accepted');
    await scene.passDeadline(4);
    await until(() => warm.verifier.status().issuers[0]?.state === 'failing');
    expect([await warm.ask(old), await warm.ask(fresh)]).toEqual(['accepted', 'accepted']);

    expect(decoy.paths).toEqual([]);
    const places = new Set(issuer.server.paths.map((path) => path.split('/')[1]));
    expect(places).toEqual(new Set(['.well-known', 'jwks']));
  }

  it.each(cases(REDIRECTS))('CVE-2026-49478; RFC 8414 §3.2: %s: %s is not followed', async (_document, _name, bad) => {
    covers('H4', 'H9');
    return expectBorne(bad);
  });

  it.each(cases(BAD_ANSWERS))(
    '%s: %s is 503 with nothing cached, and leaves cached keys in use',
    async (_document, _name, bad) => {
      covers('H7', 'H8');
      return expectBorne(bad);
    },
  );

  it('nothing that a client sent goes to an issuer', async () => {
    covers('H4');
    const issuer = await testbed.openIssuer();
    const seen: string[] = [];
    const note: Answering = (res, good, { headers }) => {
      seen.push(...Object.keys(headers));
      res.end(good);
    };
    issuer.answerMetadata = note;
    issuer.answerJwks = note;
    const api = await testbed.startApi();
    const lines = (token: string) => [`Authorization: Bearer ${token}`, 'Cookie: session=1', 'X-Api-Key: 1'];
    const { response } = await api.send({ token: issuer.token(), lines });
    expect(response.status).toBe(200);
    expect(seen).toContain('accept');
    expect(seen.filter((name) => /authorization|cookie|^x-/.test(name))).toEqual([]);
  });

  it('requests that need no keys are answered while a key set hangs', async () => {
    covers('H8');
    const scene = await open({ name: '', document: 'jwks', answer: () => () => {}, hangs: true });
    const { issuer } = scene;
    scene.spoil();
    const api = await testbed.startApi();
    let isAnswered = false;
    const hanging = api.ask(issuer.token()).finally(() => {
      isAnswered = true;
    });
    await until(() => issuer.hits.jwks === 1);
    expect(await api.ask('not-a-token')).toBe('token_opaque');
    expect((await api.send({ lines: () => [] })).response.status).toBe(401);
    expect(isAnswered).toBe(false);
    await vi.advanceTimersByTimeAsync(DEADLINE_MS);
    expect(await hanging).toBe('keys_unavailable');
  });

  it.each<[string, (issuer: string) => unknown]>([
    ['has a slash more', (issuer) => `${issuer}/`],
    ['is in upper case', (issuer) => issuer.toUpperCase()],
    ['has another scheme', (issuer) => issuer.replace('http', 'https')],
    ['is another server', () => 'https://other.test'],
    ['begins with ours', (issuer) => `${issuer}.evil.test`],
    ['is missing', () => undefined],
    ['is null', () => null],
    ['is a list with ours in it', (issuer) => [issuer]],
  ])('RFC 8414 §3.3: metadata whose issuer %s is not used, nor are its keys', async (_, issuerOf) => {
    covers('H5');
    const issuer = await testbed.openIssuer();
    issuer.metadata = { issuer: issuerOf(issuer.issuer) };
    const api = await testbed.startApi();
    const token = issuer.token();
    expect(await api.ask(token)).toBe('metadata_unavailable');
    expect(issuer.hits).toEqual({ ...NO_HITS, metadata: 1, elsewhere: 1 });
    issuer.metadata = {};
    issuer.clock.advance(BACK_OFF_SECONDS);
    expect(await api.ask(token)).toBe('accepted');
    issuer.metadata = { issuer: issuerOf(issuer.issuer) };
    issuer.clock.advance(600);
    expect(await api.ask(token)).toBe('accepted');
    await until(() => api.verifier.status().issuers[0]?.state === 'failing');
    expect(await api.ask(token)).toBe('accepted');
    expect(issuer.hits).toEqual({ ...NO_HITS, metadata: 3, jwks: 1, elsewhere: 2 });
  });

  describe('an issuer by https', () => {
    const ISSUER = 'https://issuer.test';

    async function openHttps(metadata: object) {
      const issuer = await testbed.openIssuer({ issuer: ISSUER });
      issuer.metadata = { ...metadata };
      const asked: string[] = [];
      // A proxy: every host is behind it.
      const proxy: VerifierOptions['fetch'] = (input, init) => {
        asked.push(String(input));
        return fetch(issuer.server.origin + new URL(String(input)).pathname, init);
      };
      const api = await testbed.startApi({ verifier: { dangerouslyAllowInsecureHttp: false, fetch: proxy } });
      return { issuer, api, asked };
    }

    const METADATA = `${ISSUER}/.well-known/openid-configuration`;

    it.each<[string, unknown]>([
      ['is http', 'http://issuer.test/jwks'],
      ['is http of another host', 'http://keys.test/jwks'],
      ['is http in upper case', 'HTTP://issuer.test/jwks'],
      ['is a file', 'file:///jwks'],
      ['is a data URL', 'data:application/json,{"keys":[]}'],
      ['is relative', '/jwks'],
      ['has no scheme', '//issuer.test/jwks'],
      ['is empty', ''],
      ['is missing', undefined],
      ['is null', null],
      ['is a list', ['https://issuer.test/jwks']],
    ])('RFC 8414 §2, §6.1: a jwks_uri that %s is not asked', async (_, jwksUri) => {
      covers('H6');
      const { issuer, api, asked } = await openHttps({ jwks_uri: jwksUri });
      const token = issuer.token();
      expect(await api.ask(token)).toBe('metadata_unavailable');
      expect(asked).toEqual([METADATA]);
      issuer.metadata = {};
      issuer.clock.advance(BACK_OFF_SECONDS);
      expect(await api.ask(token)).toBe('accepted');
      issuer.metadata = { jwks_uri: jwksUri };
      issuer.clock.advance(600);
      expect(await api.ask(token)).toBe('accepted');
      await until(() => api.verifier.status().issuers[0]?.state === 'failing');
      expect(await api.ask(token)).toBe('accepted');
      expect(asked).toEqual([METADATA, METADATA, `${ISSUER}/jwks`, METADATA]);
    });

    it('a jwks_uri at another host is asked: whoever speaks for the issuer may say where its keys are', async () => {
      covers('H6');
      const { issuer, api, asked } = await openHttps({ jwks_uri: 'https://keys.test/jwks' });
      const token = issuer.token();
      expect([await api.ask(token), await api.ask(token)]).toEqual(['accepted', 'accepted']);
      expect(asked).toEqual([METADATA, 'https://keys.test/jwks']);
    });
  });
});

/** Gives a mebibyte after another for as long as somebody reads. */
function pour(res: Parameters<Answering>[0]): void {
  res.writeHead(200);
  res.on('error', () => {});
  const send = () => {
    if (!res.destroyed) res.write(MIB, (error) => error ?? setImmediate(send));
  };
  send();
}

function drip(res: Parameters<Answering>[0]): void {
  res.writeHead(200).flushHeaders();
  const timer = setInterval(() => res.write(' '), 10);
  res.on('close', () => clearInterval(timer));
}
