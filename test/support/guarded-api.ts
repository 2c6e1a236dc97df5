import { createServer } from 'node:http';
import type expressModule from 'express';
import type { Express, RequestHandler } from 'express';
import {
  type AuthorizationError,
  authOf,
  createGuard,
  createVerifier,
  type Guard,
  type GuardOptions,
  type IssuerUnavailableError,
  type Verifier,
  type VerifierOptions,
} from '../../src/index.js';
import {
  createTestIssuer,
  type TestIssuer,
  type TestIssuerOptions,
  type TestTokenOptions,
} from '../../src/testing/index.js';
import { listen, type TestServer } from './listen.js';
import { type RawRequest, type RawResponse, sendRaw } from './raw-http.js';

/** What differs from the request that every API here accepts: `GET /orders` with a good token for `orders:read`. */
export interface Call {
  readonly method?: string;
  readonly target?: string | ((token: string) => string);
  /** The token string. By default one is issued for the call. */
  readonly token?: string;
  /** What is different about the token that is issued for the call. */
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

export interface GuardedApiOptions {
  readonly express: typeof expressModule;
  readonly issuer?: TestIssuerOptions;
  readonly verifier?: Partial<VerifierOptions> | ((issuer: TestIssuer) => Partial<VerifierOptions>);
  readonly guard?: GuardOptions;
  /** Adds to `GET /orders`; `handler` is what stands behind the guards. */
  readonly routes?: (app: Express, guard: Guard, handler: RequestHandler) => void;
}

/** An API on a loopback port with a test issuer of its own. */
export interface GuardedApi {
  readonly issuer: TestIssuer;
  readonly verifier: Verifier;
  /** The realm that its challenges name. */
  readonly realm: string;
  send(call?: Call): Promise<Exchange>;
  close(): Promise<void>;
}

/** What a server is started with, so that its refusals and the runs of its handlers are seen. */
export interface ServerParts {
  readonly verifier: Verifier;
  /** For the option of the guards. */
  readonly onRefusal: (error: AuthorizationError | IssuerUnavailableError) => void;
  /** For the handlers behind guards. */
  readonly onRun: () => void;
}

/** Starts an Express app whose `GET /orders` wants the scope `orders:read`. */
export function startGuardedApi(options: GuardedApiOptions): Promise<GuardedApi> {
  return openApi(options, ({ verifier, onRefusal, onRun }) => {
    const guard = createGuard(verifier, { ...options.guard, onRefusal });
    const handler: RequestHandler = (req, res) => {
      onRun();
      res.json({ subject: authOf(req).subject });
    };

    const app = options.express();
    app.get('/orders', guard('orders:read'), handler);
    options.routes?.(app, guard, handler);
    return listen(createServer(app));
  });
}

/** Opens a test issuer, and an API that trusts it, whatever its server is made of. */
export async function openApi(
  options: Pick<GuardedApiOptions, 'issuer' | 'verifier' | 'guard'>,
  startServer: (parts: ServerParts) => Promise<TestServer>,
): Promise<GuardedApi> {
  const issuer = await createTestIssuer(options.issuer);
  // A schema would change the type of claims, which no test of the HTTP contract looks at.
  const { verifier: changes } = options;
  const changed = typeof changes === 'function' ? changes(issuer) : changes;
  const verifierOptions = { ...issuer.verifierOptions, ...changed } as Omit<VerifierOptions, 'claims'>;
  const verifier = createVerifier(verifierOptions);
  let refusals: Exchange['refusals'][number][] = [];
  let handlerRuns = 0;
  const server = await startServer({
    verifier,
    onRefusal: (error) => void refusals.push(error),
    onRun: () => {
      handlerRuns += 1;
    },
  });

  return {
    issuer,
    verifier,
    realm: options.guard?.realm ?? issuer.audience,

    async send(call = {}) {
      const { method = 'GET', target = '/orders', claims, lines = bearer, body } = call;
      const token = call.token ?? (await issuer.token({ scope: 'orders:read', ...claims }));
      const request: RawRequest = {
        method,
        target: typeof target === 'function' ? target(token) : target,
        lines: lines(token),
        ...(body && { body: body(token) }),
      };
      refusals = [];
      handlerRuns = 0;
      const response = await sendRaw(server.port, request);
      return { token, request, response, refusals, handlerRuns };
    },

    async close() {
      await server.close();
      verifier.close();
      await issuer.close();
    },
  };
}

/** The header line of a good client. */
export function bearer(token: string): readonly string[] {
  return [`Authorization: Bearer ${token}`];
}
