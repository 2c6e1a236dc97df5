import { createServer, type RequestListener } from 'node:http';
import type expressModule from 'express';
import type { Express, RequestHandler } from 'express';
import type { JWK } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import {
  authOf,
  createGuard,
  createVerifier,
  type Guard,
  type Verifier,
  type VerifierOptions,
} from '../../src/index.js';
import type { JsonObject } from '../../src/protocol/json-object.js';
import { type Answer, expectAccepted, expectAnswer } from './expect-answer.js';
import { bearer, type Call, type Exchange } from './guarded-api.js';
import { listen, type TestServer } from './listen.js';
import { answerWell, LoopbackServer } from './loopback-server.js';
import { sendRaw } from './raw-http.js';
import { type Mutation, RawIssuer, sharedKeys } from './raw-issuer.js';

const AUDIENCE = 'https://api.test';

export interface AttackApiOptions {
  readonly express: typeof expressModule;
  /** @defaultValue the strict profile of RFC 9068 */
  readonly verifier?: Partial<Omit<VerifierOptions, 'claims' | 'issuer'>>;
  /** Changes the members of the key set that the issuer publishes. */
  readonly jwks?: (keys: readonly JWK[]) => readonly unknown[];
  /** Adds to `GET /orders`; `handler` is what stands behind the guards. */
  readonly routes?: (app: Express, guard: Guard, handler: RequestHandler) => void;
}

/** What an API may have besides its version of Express. */
export type AttackApiSettings = Omit<AttackApiOptions, 'express'>;

/** How often the authorization server was asked, and whether anything was asked that nobody should ask. */
export interface AttackHits {
  readonly metadata: number;
  readonly jwks: number;
  readonly elsewhere: number;
  readonly sink: number;
}

/**
 * An API over real HTTP whose issuer, over real HTTP too, signs whatever a test wants: an ES256 key `ec` and
 * an RS256 key `rsa`, found by discovery. Its verifier is new, so its cache of tokens is cold.
 */
export interface AttackApi {
  /** Its tokens are signed with ES256. */
  readonly issuer: RawIssuer;
  /** The same issuer; its tokens are signed with RS256. */
  readonly rsaIssuer: RawIssuer;
  readonly verifier: Verifier;
  /** The origin of a server that no verifier should ever ask. */
  readonly sinkOrigin: string;
  readonly hits: AttackHits;
  readonly realm: string;
  /** Sends `GET /orders`, which wants the scope `read`; its answer holds the claims that the handler saw. */
  send(call?: Call): Promise<Exchange>;
  close(): Promise<void>;
}

/** The listening servers of an API: to open and close them for each test would take longer than the test. */
class AttackServers {
  readonly issuer = new LoopbackServer();
  readonly sink = new LoopbackServer();
  app: RequestListener = (_, res) => res.destroy();
  // Tokens beyond 16 KiB have to get as far as the verifier.
  readonly #api = createServer({ maxHeaderSize: 4 * 1024 * 1024 }, (req, res) => this.app(req, res));
  #listening: TestServer | undefined;

  get port(): number {
    return this.#listening?.port ?? 0;
  }

  async open(): Promise<void> {
    const [listening] = await Promise.all([listen(this.#api), this.issuer.open(), this.sink.open()]);
    this.#listening = listening;
  }

  async close(): Promise<void> {
    await Promise.all([this.#listening?.close(), this.issuer.close(), this.sink.close()]);
  }
}

export async function startAttackApi(options: AttackApiOptions): Promise<AttackApi> {
  const servers = new AttackServers();
  await servers.open();
  const api = createAttackApi(options, servers);
  const { close } = api;
  return Object.assign(api, {
    async close() {
      await close();
      await servers.close();
    },
  });
}

/** Puts a new API behind servers that listen already. Closing it leaves them open. */
function createAttackApi(options: AttackApiOptions, servers: AttackServers): AttackApi {
  const { issuer: server, sink } = servers;
  for (const { paths } of [server, sink]) paths.length = 0;
  const issuer = new RawIssuer({ issuer: server.origin, kid: 'ec', keys: sharedKeys('ES256') });
  const rsaIssuer = new RawIssuer({ issuer: server.origin, algorithm: 'RS256', kid: 'rsa', keys: sharedKeys('RS256') });
  const published = [issuer.jwk, rsaIssuer.jwk];
  const documents: Record<string, object> = {
    '/.well-known/openid-configuration': { issuer: server.origin, jwks_uri: `${server.origin}/jwks` },
    '/jwks': { keys: options.jwks?.(published) ?? published },
  };
  server.answer = (req, res) => {
    const document = documents[req.url ?? ''];
    if (document === undefined) res.writeHead(404).end();
    else answerWell(res, JSON.stringify(document), req);
  };

  const verifier = createVerifier({
    issuer: server.origin,
    audience: AUDIENCE,
    profile: 'rfc9068',
    clock: issuer.clock.now,
    dangerouslyAllowInsecureHttp: true,
    // A cache takes the memory for all of its entries at once.
    tokenCache: { max: 50 },
    ...options.verifier,
  });
  let refusals: Exchange['refusals'][number][] = [];
  let handlerRuns = 0;
  const guard = createGuard(verifier, { onRefusal: (error) => refusals.push(error) });
  const handler: RequestHandler = (req, res) => {
    handlerRuns += 1;
    res.json(authOf(req).claims);
  };
  const app = options.express();
  app.get('/orders', guard('read'), handler);
  options.routes?.(app, guard, handler);
  servers.app = app;

  return {
    issuer,
    rsaIssuer,
    verifier,
    sinkOrigin: sink.origin,
    realm: AUDIENCE,

    get hits() {
      const count = (path: string) => server.paths.filter((seen) => seen === path).length;
      const [metadata, jwks] = [count('/.well-known/openid-configuration'), count('/jwks')];
      return { metadata, jwks, elsewhere: server.paths.length - metadata - jwks, sink: sink.paths.length };
    },

    async send(call = {}) {
      const { method = 'GET', target = '/orders', token = issuer.token(), lines = bearer } = call;
      const url = typeof target === 'function' ? target(token) : target;
      const request = { method, target: url, lines: lines(token) };
      refusals = [];
      handlerRuns = 0;
      const response = await sendRaw(servers.port, request);
      return { token, request, response, refusals, handlerRuns };
    },

    async close() {
      verifier.close();
    },
  };
}

/** Starts an API for one call, and closes it afterwards. */
export async function withAttackApi(
  options: AttackApiOptions,
  use: (api: AttackApi) => Promise<unknown>,
): Promise<void> {
  const api = await startAttackApi(options);
  try {
    await use(api);
  } finally {
    await api.close();
  }
}

/** The same for calls that have one version of Express in common. */
export function withAttackApiOn(
  express: typeof expressModule,
): (settings: AttackApiSettings, use: (api: AttackApi) => Promise<unknown>) => Promise<void> {
  return (settings, use) => withAttackApi({ express, ...settings }, use);
}

/** The API of the test that runs. */
export interface TestedAttackApi extends AttackApi {
  /** Puts an API with another verifier and another issuer in its place. */
  restart(verifier: NonNullable<AttackApiOptions['verifier']>): Promise<void>;
}

/** Call in a `describe`: gives each of its tests an API of its own, which is closed after it. They share its servers. */
export function useAttackApi(express: typeof expressModule): TestedAttackApi {
  const servers = new AttackServers();
  let api: AttackApi;
  beforeAll(() => servers.open());
  beforeEach(() => {
    api = createAttackApi({ express }, servers);
  });
  afterEach(() => api.close());
  afterAll(() => servers.close());
  return {
    get issuer() {
      return api.issuer;
    },
    get rsaIssuer() {
      return api.rsaIssuer;
    },
    get verifier() {
      return api.verifier;
    },
    get sinkOrigin() {
      return api.sinkOrigin;
    },
    get hits() {
      return api.hits;
    },
    get realm() {
      return api.realm;
    },
    send: (call) => api.send(call),
    close: () => api.close(),
    async restart(verifier) {
      await api.close();
      api = createAttackApi({ express, verifier }, servers);
    },
  };
}

/** A hostile request that differs by one thing from one that passes. */
export interface Attack {
  /** The hostile token. */
  readonly token: (api: AttackApi) => string;
  /** What the API has to answer. */
  readonly answer: Answer;
  /** The token that is changed by one mutation. @defaultValue the one that `api.issuer.token()` gives */
  readonly control?: (api: AttackApi) => string;
  /** @defaultValue `/orders` */
  readonly target?: string;
  /** How often the key set may be asked for, by all four requests. @defaultValue once */
  readonly jwksHits?: number;
}

/**
 * Sends the hostile request to a verifier that has seen nothing yet, then the control, then both again when
 * the cache of verified tokens knows the control. The answers have to be the same, and nobody is asked for
 * anything but the metadata and the key set.
 */
export async function expectRepelled(api: AttackApi, attack: Attack): Promise<readonly [Exchange, Exchange]> {
  const { token, answer, control = ({ issuer }) => issuer.token(), target = '/orders', jwksHits = 1 } = attack;
  const [hostile, good] = [token(api), control(api)];
  expect(hostile, 'the attack has to differ from its control').not.toBe(good);

  const cold = await api.send({ token: hostile, target });
  expectAnswer(cold, answer, api.realm);
  await expectAccepted(api, { token: good, target });
  const warm = await api.send({ token: hostile, target });
  expectAnswer(warm, answer, api.realm);
  await expectAccepted(api, { token: good, target });

  // A policy refuses tokens that are genuine, which the cache remembers.
  const remembered = answer.status === 403 ? 2 : 1;
  expect(api.verifier.status().tokenCache).toMatchObject({ size: remembered, hits: remembered });
  expect(api.hits).toEqual({ metadata: 1, jwks: jwksHits, elsewhere: 0, sink: 0 });
  return [cold, warm];
}

/** The same for a token that has to be refused before anybody is asked for metadata or keys. */
export async function expectRepelledUnasked(api: AttackApi, attack: Attack): Promise<void> {
  const first = await api.send({ token: attack.token(api), target: attack.target ?? '/orders' });
  expectAnswer(first, attack.answer, api.realm);
  expect(api.hits).toEqual({ metadata: 0, jwks: 0, elsewhere: 0, sink: 0 });
  await expectRepelled(api, attack);
}

/** Sends a token that has to reach the handler, cold and warm. Gives the claims that the handler saw. */
export async function expectPassed(api: AttackApi, token: string, target = '/orders'): Promise<JsonObject> {
  const cold = await expectAccepted(api, { token, target });
  const before = api.verifier.status().tokenCache?.hits ?? 0;
  const warm = await expectAccepted(api, { token, target });
  expect(api.verifier.status().tokenCache?.hits).toBe(before + 1);
  expect(warm.response.body).toBe(cold.response.body);
  return JSON.parse(Buffer.from(cold.response.body, 'latin1').toString());
}

/** A token whose claims or header differ from those of the control. */
export function mutated(mutation: Mutation): (api: AttackApi) => string {
  return ({ issuer }) => issuer.token(mutation);
}
