import { createServer, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type expressModule from 'express';
import type { Express, RequestHandler } from 'express';
import { expect } from 'vitest';
import {
  type AccessToken,
  type AuthorizationError,
  authOf,
  createGuard,
  createVerifier,
  type Guard,
  type GuardOptions,
  type IssuerUnavailableError,
  type RefusalReason,
  type Verifier,
  type VerifierOptions,
} from '../../src/index.js';
import {
  createTestIssuer,
  type TestIssuer,
  type TestIssuerOptions,
  type TestTokenOptions,
} from '../../src/testing/index.js';
import { closeAfterTest } from './close-after-test.js';
import { answerOf, expectAnswer } from './expect-answer.js';
import { EXPRESS_5 } from './express-versions.js';
import { listen, type TestServer } from './listen.js';
import { type RawRequest, type RawResponse, sendRaw } from './raw-http.js';

/** What differs from the request that every API here accepts: `GET /orders` with a good token. */
export interface Call {
  readonly method?: string;
  readonly target?: string | ((token: string) => string);
  /** The token string. By default one is issued for the call. */
  readonly token?: string;
  /** What is different about the token that a test issuer issues for the call. */
  readonly claims?: TestTokenOptions;
  /** All header lines but `Host`. By default the one with the token. */
  readonly lines?: (token: string) => readonly string[];
  readonly body?: (token: string) => string;
}

/** A request and all that came of it. */
export interface Exchange {
  readonly token: string;
  readonly request: RawRequest;
  readonly response: RawResponse;
  /** What the guards of the API told `onRefusal`. */
  readonly refusals: readonly (AuthorizationError | IssuerUnavailableError)[];
  /** How many handlers behind guards ran. */
  readonly handlerRuns: number;
}

/** What a route of a test is made of, so that its refusals and runs are seen. */
export interface RouteTools {
  /** The guard of `GET /orders`. */
  readonly guard: Guard;
  /** What stands behind the guards. */
  readonly handler: RequestHandler;
  createGuard(options?: GuardOptions, verifier?: Verifier): Guard;
}

export type DeclareRoutes = (app: Express, tools: RouteTools) => void;

export interface GuardedApiOptions {
  /** Closed with the API. */
  readonly verifier: Verifier;
  /** @defaultValue Express 5 */
  readonly express?: typeof expressModule | undefined;
  readonly guard?: GuardOptions | undefined;
  /** The audience of the verifier, which challenges name unless the guard has a realm. */
  readonly audience: string;
  /** What `GET /orders` wants. @defaultValue `read` */
  readonly scope?: string;
  /** Adds to `GET /orders`. */
  readonly routes?: DeclareRoutes | undefined;
  /** Issues the token of a call that names none. @defaultValue an empty text */
  readonly issue?: (claims?: TestTokenOptions) => string | Promise<string>;
  /** What the handler answers. @defaultValue the claims */
  readonly show?: (accessToken: AccessToken) => unknown;
  readonly maxHeaderBytes?: number;
}

/** An Express app on a loopback port. Many requests to it may be under way at once. */
export interface GuardedApi {
  readonly verifier: Verifier;
  readonly port: number;
  /** The realm that its challenges name. */
  readonly realm: string;
  send(call?: Call): Promise<Exchange>;
  /** Sends a token, and gives `accepted` or the reason of the refusal. The rest of the answer has to fit it. */
  ask(token: string, target?: string): Promise<'accepted' | RefusalReason>;
  close(): Promise<void>;
}

/** What a server is started with, so that its refusals and the runs of its handlers are seen. */
export interface ServerParts {
  readonly verifier: Verifier;
  /** For the option of the guards. Without the client's port it belongs to the one request under way. */
  readonly onRefusal: (error: AuthorizationError | IssuerUnavailableError, clientPort?: number) => void;
  /** For the handlers behind guards. */
  readonly onRun: (clientPort?: number) => void;
}

export type StartServer = (parts: ServerParts) => Promise<TestServer>;

/** Starts an API whose `GET /orders` is guarded. It is closed after the test that runs. */
export function startGuardedApi(options: GuardedApiOptions): Promise<GuardedApi> {
  const { verifier, guard, audience, issue = () => '' } = options;
  return serve({ verifier, realm: guard?.realm ?? audience, issue }, (parts) => startExpress(options, parts));
}

function startExpress(options: Omit<GuardedApiOptions, 'audience'>, parts: ServerParts): Promise<TestServer> {
  const { verifier, express = EXPRESS_5, scope = 'read', show = ({ claims }) => claims, maxHeaderBytes } = options;
  const ports = new WeakMap<Socket, number | undefined>();
  const portOf = ({ socket }: IncomingMessage) => ports.get(socket);

  const createGuardWith: RouteTools['createGuard'] = (given, own = verifier) =>
    createGuard(own, { ...given, onRefusal: (error, req) => parts.onRefusal(error, portOf(req)) });
  const guard = createGuardWith(options.guard);
  const handler: RequestHandler = (req, res) => {
    parts.onRun(portOf(req));
    res.json(show(authOf(req)));
  };

  const app = express();
  app.get('/orders', guard(scope), handler);
  options.routes?.(app, { guard, handler, createGuard: createGuardWith });
  const server = createServer(maxHeaderBytes === undefined ? {} : { maxHeaderSize: maxHeaderBytes }, app);
  server.on('connection', (socket) => ports.set(socket, socket.remotePort));
  return listen(server);
}

/** What came of one request. */
interface Outcome {
  readonly refusals: Exchange['refusals'][number][];
  handlerRuns: number;
}

/** What `serve` has to know besides the server. */
interface Client {
  readonly verifier: Verifier;
  readonly realm: string;
  readonly issue: NonNullable<GuardedApiOptions['issue']>;
}

async function serve({ verifier, realm, issue }: Client, startServer: StartServer): Promise<GuardedApi> {
  // The client's port tells which request a refusal or a run belongs to, and leaves the request as the test wrote it.
  const outcomes = new Map<number, Outcome>();
  const outcomeOf = (port?: number) => (port === undefined ? [...outcomes.values()].at(-1) : outcomes.get(port));
  const server = await startServer({
    verifier,
    onRefusal: (error, port) => void outcomeOf(port)?.refusals.push(error),
    onRun(port) {
      const outcome = outcomeOf(port);
      if (outcome !== undefined) outcome.handlerRuns += 1;
    },
  });

  const api: GuardedApi = {
    verifier,
    port: server.port,
    realm,

    async send({ method = 'GET', target = '/orders', claims, lines = bearer, body, ...call } = {}) {
      const token = call.token ?? (await issue(claims));
      const request: RawRequest = {
        method,
        target: typeof target === 'function' ? target(token) : target,
        lines: lines(token),
        ...(body && { body: body(token) }),
      };
      const outcome: Outcome = { refusals: [], handlerRuns: 0 };
      let ownPort = 0;
      const onConnect = (localPort: number) => {
        ownPort = localPort;
        outcomes.set(localPort, outcome);
      };
      const response = await sendRaw(server.port, request, onConnect).finally(() => outcomes.delete(ownPort));
      return { token, request, response, ...outcome };
    },

    async ask(token, target = '/orders') {
      const exchange = await api.send({ token, target });
      const [refusal] = exchange.refusals;
      if (refusal !== undefined) {
        expectAnswer(exchange, answerOf(refusal.reason), realm);
        return refusal.reason;
      }
      const { response, handlerRuns } = exchange;
      expect({ status: response.status, handlerRuns }).toEqual({ status: 200, handlerRuns: 1 });
      expect(JSON.parse(response.body)).toEqual(claimsOf(token));
      return 'accepted';
    },

    async close() {
      await server.close();
      verifier.close();
    },
  };
  closeAfterTest(api.close);
  return api;
}

/** A call whose token has other claims. */
export function withClaims(claims: object): Call {
  return { claims: { claims: { ...claims } } };
}

/** A call whose token has another header, which is signed with the rest. */
export function withTokenHeader(header: object): Call {
  return { claims: { header: { ...header } } };
}

/** The header line of a good client. */
export function bearer(token: string): readonly string[] {
  return [`Authorization: Bearer ${token}`];
}

function claimsOf(token: string): unknown {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
}

const SCOPE = 'orders:read';

export interface TestIssuerApiOptions {
  readonly express?: typeof expressModule;
  readonly issuer?: TestIssuerOptions;
  readonly verifier?: Partial<VerifierOptions> | ((issuer: TestIssuer) => Partial<VerifierOptions>);
  readonly guard?: GuardOptions;
  readonly routes?: DeclareRoutes;
}

/** An API with a test issuer of its own, whose tokens can be changed call by call with `claims`. */
export interface TestIssuerApi extends GuardedApi {
  readonly issuer: TestIssuer;
}

/** Starts an API whose `GET /orders` wants the scope `orders:read`. It is closed after the test that runs. */
export function startTestIssuerApi(options: TestIssuerApiOptions): Promise<TestIssuerApi> {
  const { express, guard, routes } = options;
  return openTestIssuerApi(options, (parts) =>
    startExpress(
      { verifier: parts.verifier, express, guard, routes, scope: SCOPE, show: ({ subject }) => ({ subject }) },
      parts,
    ),
  );
}

/** Opens a test issuer, and an API that trusts it, whatever its server is made of. */
export async function openTestIssuerApi(
  options: Pick<TestIssuerApiOptions, 'issuer' | 'verifier' | 'guard'>,
  startServer: StartServer,
): Promise<TestIssuerApi> {
  const issuer = await createTestIssuer(options.issuer);
  closeAfterTest(() => issuer.close());
  // A schema would change the type of claims, which no test of the HTTP contract looks at.
  const changes = typeof options.verifier === 'function' ? options.verifier(issuer) : options.verifier;
  const verifier = createVerifier({ ...issuer.verifierOptions, ...changes } as Omit<VerifierOptions, 'claims'>);
  const realm = options.guard?.realm ?? issuer.audience;
  const issue: Client['issue'] = (claims) => issuer.token({ scope: SCOPE, ...claims });
  const api = await serve({ verifier, realm, issue }, startServer);
  return {
    ...api,
    issuer,
    async close() {
      await api.close();
      await issuer.close();
    },
  };
}
