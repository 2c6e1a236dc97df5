import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { AccessToken, PolicyInput, Verifier, VerifierOptions } from '../../src/index.js';
import type { HttpRequest } from '../../src/protocol/http-request.js';
import { AuthorizationServer } from '../support/authorization-server.js';
import { catchWarnings } from '../support/caught-warnings.js';
import {
  expectAccepted,
  expectAnswer,
  expectRefused,
  invalidToken,
  noCredentials,
  unavailable,
} from '../support/expect-answer.js';
import {
  type Exchange,
  openTestIssuerApi,
  type TestIssuerApi,
  type TestIssuerApiOptions,
} from '../support/guarded-api.js';
import type { TestServer } from '../support/listen.js';
import { CONTRACT_OPTIONS, CONTRACT_ROWS, type ContractRow, GOLD_POLICY, OUTAGE_ROWS } from './contract-rows.js';

/*
 * The contract of docs/http.md, for every adapter
 *
 * An adapter translates a request and an answer, and adds no rules. So one table of requests has one table of answers,
 * whatever the framework is. What an adapter can do besides is tested in its own folder.
 */

/** A route that the adapter's server has to have, for `GET`. */
export type ContractRoute = {
  readonly path: string;
  /** Gives what the handler sends as JSON. `auth` is what the guard left on the request. */
  readonly respond: (auth: AccessToken<unknown> | undefined) => object;
} & (
  | { readonly access: 'guarded' | 'optional'; readonly policy: PolicyInput }
  | { readonly access: 'unguarded'; readonly policy?: never }
);

/** What a server of an adapter is made of. */
export interface AdapterSetup {
  readonly verifier: Verifier;
  /** For the option of the guards. */
  readonly onRefusal: (error: Exchange['refusals'][number]) => unknown;
  readonly routes: readonly ContractRoute[];
}

export type StartAdapter = (setup: AdapterSetup) => Promise<TestServer>;

type ApiOptions = Pick<TestIssuerApiOptions, 'issuer' | 'verifier'> & Partial<Pick<AdapterSetup, 'onRefusal'>>;

/** Takes away what a framework adds to every answer of its own accord, and demands that it was there. */
export type WithoutAdditions = (headers: Exchange['response']['headers']) => Exchange['response']['headers'];

/** Describes what every adapter has to do, over real HTTP. `startServer` is all that it says of itself. */
export function describeAdapterContract(
  name: string,
  startServer: StartAdapter,
  withoutAdditions?: WithoutAdditions,
): void {
  const open = async (options: ApiOptions = {}) => {
    const api = await openContractApi(startServer, options);
    return withoutAdditions === undefined ? api : { ...api, send: sendWithout(withoutAdditions, api) };
  };

  describe(`the HTTP contract on ${name}`, () => {
    describeRefusals(open);
    describeOutages(open);
    describeFetchedFacts(open, name.includes('Fetch API') ? undefined : '127.0.0.1');
    describeOptionalGuard(open);
    describeAcceptance(open);
  });
}

function sendWithout(withoutAdditions: WithoutAdditions, api: TestIssuerApi): TestIssuerApi['send'] {
  return async (call) => {
    const exchange = await api.send(call);
    const { response, refusals } = exchange;
    if (refusals.length === 0) return exchange;
    return { ...exchange, response: { ...response, headers: withoutAdditions(response.headers) } };
  };
}

type OpenApi = (options?: ApiOptions) => Promise<TestIssuerApi>;

function describeRefusals(open: OpenApi): void {
  describe.each([
    ['with a token cache', {}],
    ['without a token cache', { tokenCache: false }],
  ] as const)('%s', (_, changes) => {
    const api = useApi(() => open(changedOptions(changes)));

    it.each(titled(CONTRACT_ROWS))(
      'docs/http.md: answers %s with %d, its challenge, its body and nothing else',
      async (_, __, { answer, call, control }) => {
        const { token, response } = await expectRefused(api(), call, answer, control);
        const again = await api().send({ ...call, token });
        expectAnswer(again, answer, api().realm);
        expect(again.response.body).toBe(response.body);
        expect(again.response.headers.get('www-authenticate')).toEqual(response.headers.get('www-authenticate'));
      },
    );
  });
}

function describeOutages(open: OpenApi): void {
  it.each(titled(OUTAGE_ROWS))(
    'docs/http.md: answers %s with %d, Retry-After and no challenge',
    async (_, __, { answer, begin, verifier }) => {
      const options = verifier === undefined ? {} : { verifier };
      const [control, api] = [await openForTest(open, options), await openForTest(open, options)];
      await expectAccepted(control);
      await begin(api);
      expectAnswer(await api.send(), answer, api.realm);
      expectAnswer(await api.send(), answer, api.realm);
      expectAnswer(await api.send({ lines: () => [] }), noCredentials, api.realm);
    },
  );

  it('docs/http.md: says what the client did wrong before it says that the issuer is down', async () => {
    const api = await openForTest(open);
    await api.issuer.outage('error');
    expectAnswer(await api.send({ token: 'opaque' }), invalidToken('token_opaque'), api.realm);
    const foreign = { claims: { claims: { iss: 'https://evil.example' } } };
    expectAnswer(await api.send(foreign), invalidToken('issuer_not_trusted'), api.realm);
    expect(api.issuer.hits).toEqual({ metadata: 0, jwks: 0 });
    await api.issuer.recover();
    await expectAccepted(api);
  });
}

/** What is known of a token, or of its key, only by a request or a function. A test for each of FETCHED_REASONS. */
function describeFetchedFacts(open: OpenApi, addressOfClient: string | undefined): void {
  const openServer = async () => {
    const server = await AuthorizationServer.start();
    onTestFinished(() => server.close());
    return server;
  };
  const optionsOf = (server: AuthorizationServer, issuer: VerifierOptions['issuer']) => {
    const { audience, clock } = server;
    return { verifier: { issuer, audience, clock: clock.now, fetch: globalThis.fetch } };
  };
  const issue = (server: AuthorizationServer) => server.issue({ scope: '"orders:read"' });

  it('docs/http.md: answers token_inactive with 401', async () => {
    const server = await openServer();
    const api = await openForTest(open, optionsOf(server, server.issuerOptions()));
    const [good, revoked] = [issue(server), issue(server)];
    server.revoke(revoked);
    await expectAccepted(api, { token: good });
    expectAnswer(await api.send({ token: revoked }), invalidToken('token_inactive'), server.audience);
  });

  it('docs/http.md: answers introspection_unavailable with 503', async () => {
    const server = await openServer();
    const api = await openForTest(open, optionsOf(server, server.issuerOptions()));
    await expectAccepted(api, { token: issue(server) });
    server.answerIntrospection = (res) => void res.writeHead(403).end();
    const answer = unavailable('introspection_unavailable');
    expectAnswer(await api.send({ token: issue(server) }), answer, server.audience);
  });

  it('docs/introspection.md: tells sourceOf the address of the client, which keeps a flood from others', async () => {
    const server = await openServer();
    const { introspection, ...issuer } = server.issuerOptions();
    const sources: unknown[] = [];
    const sourceOf = ({ ip, socket }: HttpRequest) => {
      sources.push(ip, socket?.remoteAddress);
      return ip;
    };
    const withSource = { ...issuer, introspection: { ...Object(introspection), sourceOf } };
    await expectAccepted(await openForTest(open, optionsOf(server, withSource)), { token: issue(server) });
    expect(sources.find((source) => source !== undefined)).toBe(addressOfClient);
  });

  it('docs/http.md: answers secret_unavailable with 503', async () => {
    const server = await openServer();
    const openWith = (secret: () => string) =>
      openForTest(open, optionsOf(server, { issuer: 'legacy', secret, algorithms: ['HS256'] }));
    const token = legacyToken(server);
    await expectAccepted(await openWith(() => SECRET), { token });
    const closed = await openWith(() => {
      throw new Error('the vault is closed');
    });
    expectAnswer(await closed.send({ token }), unavailable('secret_unavailable'), server.audience);
  });
}

function describeOptionalGuard(open: OpenApi): void {
  describe('an optional guard', () => {
    const api = useApi(() => open(CONTRACT_OPTIONS));
    const isOfOrders = (row: ContractRow) => row.control === undefined;

    it.each(titled(CONTRACT_ROWS.filter(isOfOrders)))(
      'docs/http.md: answers %s as a guard does, but lets a request without a token through',
      async (reason, _, { answer, call }) => {
        const target = (token: string) => {
          const given = typeof call.target === 'function' ? call.target(token) : (call.target ?? '/orders');
          return given.replace('/orders', '/optional');
        };
        if (reason !== 'token_missing') {
          await expectRefused(api(), { ...call, target }, answer, { target: '/optional' });
          return;
        }
        const { response, refusals } = await api().send({ ...call, target });
        expect({ status: response.status, body: response.body, refusals }).toEqual({
          status: 200,
          body: '{"anonymous":true}',
          refusals: [],
        });
      },
    );
  });
}

function describeAcceptance(open: OpenApi): void {
  it('docs/http.md: adds nothing to the response to a request that it lets through', async () => {
    const api = await openForTest(open);
    const guarded = await expectAccepted(api);
    const unguarded = await api.send({ target: '/unguarded', lines: () => [] });
    const withoutDate = ({ response }: Exchange) => response.text.replace(/^Date: .*$/im, '');
    expect(withoutDate(guarded)).toBe(withoutDate(unguarded));
  });

  it('H24: a token that one route let through is held to the policy of the next', async () => {
    const api = await openForTest(open, CONTRACT_OPTIONS);
    const { token } = await expectAccepted(api);
    const answer = { reason: 'claim_rule_failed', status: 403, error: 'insufficient_scope' } as const;
    expectAnswer(await api.send({ token, target: '/gold' }), answer, api.realm);
    await expectAccepted(api, { token });
    expect(api.verifier.status().tokenCache).toMatchObject({ size: 1, hits: 2 });
  });

  it('docs/http.md: an onRefusal that rejects changes no answer and ends no process', async () => {
    const warnings = catchWarnings();
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    onTestFinished(() => void process.off('unhandledRejection', note));

    const api = await openForTest(open, { onRefusal: () => Promise.reject(new Error('the log is full')) });
    expectAnswer(await api.send({ lines: () => [] }), noCredentials, api.realm);
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
    expect(warnings.map(({ code }) => code)).toEqual(['SCOPEGATE_ON_REFUSAL']);
  });
}

function openContractApi(
  startServer: StartAdapter,
  { onRefusal: also, ...options }: ApiOptions,
): Promise<TestIssuerApi> {
  return openTestIssuerApi(options, ({ verifier, onRefusal, onRun }) => {
    const respond: ContractRoute['respond'] = (auth) => {
      onRun();
      return auth === undefined ? { anonymous: true } : { subject: auth.subject };
    };
    return startServer({
      verifier,
      onRefusal: (error) => {
        onRefusal(error);
        return also?.(error);
      },
      routes: [
        { path: '/orders', access: 'guarded', policy: 'orders:read', respond },
        { path: '/gold', access: 'guarded', policy: GOLD_POLICY, respond },
        { path: '/optional', access: 'optional', policy: 'orders:read', respond },
        { path: '/unguarded', access: 'unguarded', respond: () => ({ subject: 'test-user' }) },
      ],
    });
  });
}

/** Opens an API before the tests of a `describe`, and closes it after them. */
function useApi(open: () => Promise<TestIssuerApi>): () => TestIssuerApi {
  let api: TestIssuerApi;
  beforeAll(async () => {
    api = await open();
  });
  afterAll(() => api.close());
  return () => api;
}

/** Opens an API that is closed after the test. */
async function openForTest(open: OpenApi, options?: ApiOptions): Promise<TestIssuerApi> {
  const api = await open(options);
  onTestFinished(() => api.close());
  return api;
}

function changedOptions(changes: Partial<VerifierOptions>): ApiOptions {
  return { ...CONTRACT_OPTIONS, verifier: { ...CONTRACT_OPTIONS.verifier, ...changes } };
}

function titled<Row extends { readonly answer: { readonly reason: string; readonly status: number } }>(
  rows: readonly Row[],
) {
  return rows.map((row) => [row.answer.reason, row.answer.status, row] as const);
}

const SECRET = 'a secret of 32 bytes, or of more of them';

function legacyToken({ audience, now }: AuthorizationServer): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { iss: 'legacy', aud: audience, sub: 'alice', scope: 'orders:read', exp: now + 60 };
  const input = `${encode({ alg: 'HS256' })}.${encode(claims)}`;
  return `${input}.${createHmac('sha256', SECRET).update(input).digest('base64url')}`;
}
