import { createServer, type IncomingMessage } from 'node:http';
import type expressModule from 'express';
import type { Express, RequestHandler } from 'express';
import { afterEach, expect } from 'vitest';
import {
  authOf,
  createGuard,
  createVerifier,
  type Guard,
  type GuardOptions,
  type RefusalReason,
  type Verifier,
  type VerifierOptions,
} from '../../src/index.js';
import { type Answer, expectAnswer, insufficientScope, invalidToken, unavailable } from './expect-answer.js';
import { bearer, type Call, type Exchange } from './guarded-api.js';
import { listen } from './listen.js';
import { type Answering, answerWell, LoopbackServer } from './loopback-server.js';
import { sendRaw } from './raw-http.js';
import { type Mutation, RawIssuer, type RawIssuerOptions } from './raw-issuer.js';

const AUDIENCE = 'https://api.test';
const METADATA_PATH = '/.well-known/openid-configuration';

/** How often each document was asked for, and anything else. */
export interface IssuerHits {
  readonly metadata: number;
  readonly jwks: number;
  readonly elsewhere: number;
}

/** An authorization server over real HTTP, whose documents a test can break, and whose tokens can be of any shape. */
export class AttackIssuer extends RawIssuer {
  readonly server: LoopbackServer;
  /** The members of the key set. */
  published: readonly unknown[];
  /** Members of the metadata besides, or in place of, its own. */
  metadata: { readonly [name: string]: unknown } = {};
  answerMetadata: Answering = answerWell;
  answerJwks: Answering = answerWell;

  private constructor(server: LoopbackServer, options: RawIssuerOptions) {
    super({ issuer: server.origin, ...options });
    this.server = server;
    this.published = [this.jwk];
    server.answer = (req, res) => {
      if (req.url === METADATA_PATH) {
        const own = { issuer: this.issuer, jwks_uri: this.jwksUri };
        this.answerMetadata(res, JSON.stringify({ ...own, ...this.metadata }), req);
      } else if (req.url === '/jwks') this.answerJwks(res, JSON.stringify({ keys: this.published }), req);
      else res.writeHead(404).end();
    };
  }

  static async open(options: RawIssuerOptions = {}): Promise<AttackIssuer> {
    const server = new LoopbackServer();
    await server.open();
    return new AttackIssuer(server, options);
  }

  get jwksUri(): string {
    return `${this.issuer}/jwks`;
  }

  get hits(): IssuerHits {
    const count = (path: string) => this.server.paths.filter((seen) => seen === path).length;
    const [metadata, jwks] = [count(METADATA_PATH), count('/jwks')];
    return { metadata, jwks, elsewhere: this.server.paths.length - metadata - jwks };
  }

  /** Answers as it should from now on. */
  recover(): void {
    this.answerMetadata = answerWell;
    this.answerJwks = answerWell;
  }
}

/** Far away, so that no step of the clock makes a token bad. */
const LASTING = { exp: '253402300000' };

/** A token that the clock makes neither good nor bad. */
export function lasting(issuer: RawIssuer, jti: string, mutation: Mutation = {}): string {
  return issuer.token({ ...mutation, payload: { ...LASTING, jti: JSON.stringify(jti), ...mutation.payload } });
}

/** A second key of an issuer. */
export function nextKey({ issuer, clock }: RawIssuer): RawIssuer {
  return new RawIssuer({ issuer, clock, kid: 'key-2' });
}

export interface IssuerApiOptions {
  /** What differs from a verifier of the strict profile that lists every issuer of the world. */
  readonly verifier?: Partial<VerifierOptions>;
  /** Adds to `GET /orders`, which wants the scope `read`. */
  readonly routes?: (app: Express, tools: RouteTools) => void;
}

/** What a route of a test is made of, so that its refusals and runs are seen. */
export interface RouteTools {
  readonly handler: RequestHandler;
  createGuard(options?: GuardOptions, verifier?: Verifier): Guard;
}

/** An Express app in front of the issuers. Many of its requests may be under way at once. */
export interface IssuerApi {
  readonly verifier: Verifier;
  readonly port: number;
  readonly realm: string;
  send(call?: Call): Promise<Exchange>;
  /** Sends `GET /orders` with a token, and gives `accepted` or the reason of the refusal; the rest of the answer has to fit it. */
  ask(token: string, target?: string): Promise<'accepted' | RefusalReason>;
}

/** The servers of one test. All are closed after it. */
export interface AttackWorld {
  openIssuer(options?: RawIssuerOptions): Promise<AttackIssuer>;
  openServer(): Promise<LoopbackServer>;
  /** Starts an API with a new verifier, whose cache is cold. */
  startApi(options?: IssuerApiOptions): Promise<IssuerApi>;
  /** Opens an issuer, and starts an API that trusts it. */
  open(verifier?: IssuerApiOptions['verifier']): Promise<{ readonly issuer: AttackIssuer; readonly api: IssuerApi }>;
}

/** Call in a `describe`: gives each of its tests a world of its own. The clock is that of the first issuer. */
export function useAttackWorld(express: typeof expressModule): AttackWorld {
  const issuers: AttackIssuer[] = [];
  const closers: (() => Promise<void> | void)[] = [];
  afterEach(async () => {
    issuers.length = 0;
    for (const close of closers.splice(0).reverse()) await close();
  });
  const world: AttackWorld = {
    async openIssuer(options) {
      const issuer = await AttackIssuer.open(options);
      issuers.push(issuer);
      closers.push(() => issuer.server.close());
      return issuer;
    },
    async openServer() {
      const server = new LoopbackServer();
      await server.open();
      closers.push(() => server.close());
      return server;
    },
    async startApi(options = {}) {
      const { api, close } = await startApi(express, issuers, options);
      closers.push(close);
      return api;
    },
    async open(verifier = {}) {
      const issuer = await world.openIssuer();
      return { issuer, api: await world.startApi({ verifier }) };
    },
  };
  return world;
}

async function startApi(express: typeof expressModule, issuers: readonly AttackIssuer[], options: IssuerApiOptions) {
  const verifier = createVerifier({
    issuer: issuers.map(({ issuer }) => issuer),
    audience: AUDIENCE,
    profile: 'rfc9068',
    clock: issuers[0]?.clock.now,
    dangerouslyAllowInsecureHttp: true,
    ...options.verifier,
  } as Omit<VerifierOptions, 'claims'>);
  const exchanges = new Map<string, { refusals: Exchange['refusals'][number][]; handlerRuns: number }>();
  const noteOf = (req: IncomingMessage) => exchanges.get(String(req.headers['x-exchange']));
  const tools: RouteTools = {
    createGuard: (given, own = verifier) =>
      createGuard(own, { ...given, onRefusal: (error, req) => noteOf(req)?.refusals.push(error) }),
    handler: (req, res) => {
      const note = noteOf(req);
      if (note !== undefined) note.handlerRuns += 1;
      res.json(authOf(req).claims);
    },
  };
  const app = express();
  app.get('/orders', tools.createGuard()('read'), tools.handler);
  options.routes?.(app, tools);
  const { port, close } = await listen(createServer(app));

  let count = 0;
  const api: IssuerApi = {
    verifier,
    port,
    realm: AUDIENCE,

    async send({ method = 'GET', target = '/orders', token = '', lines = bearer } = {}) {
      count += 1;
      const id = String(count);
      const note = { refusals: [], handlerRuns: 0 };
      exchanges.set(id, note);
      const url = typeof target === 'function' ? target(token) : target;
      const request = { method, target: url, lines: [...lines(token), `X-Exchange: ${id}`] };
      const response = await sendRaw(port, request).finally(() => exchanges.delete(id));
      return { token, request, response, ...note };
    },

    async ask(token, target = '/orders') {
      const exchange = await api.send({ token, target });
      const [refusal] = exchange.refusals;
      if (refusal !== undefined) {
        expectAnswer(exchange, answerFor(refusal.reason), AUDIENCE);
        return refusal.reason;
      }
      const { response, handlerRuns } = exchange;
      expect({ status: response.status, handlerRuns }).toEqual({ status: 200, handlerRuns: 1 });
      expect(JSON.parse(response.body)).toEqual(claimsOf(token));
      return 'accepted';
    },
  };
  return {
    api,
    async close() {
      verifier.close();
      await close();
    },
  };
}

const UNAVAILABLE: readonly string[] = [
  'metadata_unavailable',
  'keys_unavailable',
  'issuer_resolver_failed',
  'verifier_closed',
];

/** What an answer has to be, told from the reason alone. The one scope that tokens lack is `write`. */
function answerFor(reason: RefusalReason): Answer {
  if (UNAVAILABLE.includes(reason)) return unavailable(reason);
  if (reason === 'scope_insufficient') return insufficientScope('write');
  if (reason === 'claim_rule_failed') return { reason, status: 403, error: 'insufficient_scope' };
  return invalidToken(reason);
}

function claimsOf(token: string): unknown {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
}
