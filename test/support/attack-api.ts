import type expressModule from 'express';
import type { JWK } from 'jose';
import { expect } from 'vitest';
import { createVerifier, type VerifierOptions } from '../../src/index.js';
import type { JsonObject } from '../../src/protocol/json-object.js';
import { AuthorizationServer, type AuthorizationServerHits, NO_HITS } from './authorization-server.js';
import { type Answer, expectAccepted, expectAnswer } from './expect-answer.js';
import { type DeclareRoutes, type Exchange, type GuardedApi, startGuardedApi } from './guarded-api.js';
import { LoopbackServer } from './loopback-server.js';
import { type Mutation, RawIssuer, sharedKeys } from './raw-issuer.js';

export interface AttackApiOptions {
  /** @defaultValue Express 5 */
  readonly express?: typeof expressModule;
  /** @defaultValue the strict profile of RFC 9068 */
  readonly verifier?: Partial<Omit<VerifierOptions, 'claims' | 'issuer'>>;
  /** Changes the members of the key set that the issuer publishes. */
  readonly jwks?: (keys: readonly JWK[]) => readonly unknown[];
  readonly routes?: DeclareRoutes;
}

/**
 * An API whose authorization server signs whatever a test wants, with an ES256 key `ec` and an RS256 key `rsa` that are
 * found by discovery. Its verifier is new, so its cache of tokens is cold. A call that names no token bears a good one.
 */
export interface AttackApi extends GuardedApi {
  /** Its tokens are signed with ES256. */
  readonly issuer: AuthorizationServer;
  /** The same issuer; its tokens are signed with RS256. */
  readonly rsaIssuer: RawIssuer;
  /** A server that no verifier should ever send a request to. */
  readonly sink: LoopbackServer;
  /** Requests to the authorization server. */
  readonly hits: AuthorizationServerHits;
}

/** Starts one, which is closed after the test that runs. */
export async function startAttackApi(options: AttackApiOptions = {}): Promise<AttackApi> {
  const issuer = await AuthorizationServer.start({ kid: 'ec', keys: sharedKeys('ES256') });
  const rsaIssuer = new RawIssuer({ issuer: issuer.issuer, algorithm: 'RS256', kid: 'rsa', keys: sharedKeys('RS256') });
  const sink = await LoopbackServer.start();
  const published = [issuer.jwk, rsaIssuer.jwk];
  issuer.published = options.jwks?.(published) ?? published;
  const verifier = createVerifier({
    issuer: issuer.issuer,
    audience: issuer.audience,
    profile: 'rfc9068',
    clock: issuer.clock.now,
    dangerouslyAllowInsecureHttp: true,
    // A cache takes the memory for all of its entries at once.
    tokenCache: { max: 50 },
    ...options.verifier,
  });
  const api = await startGuardedApi({
    verifier,
    audience: issuer.audience,
    express: options.express,
    routes: options.routes,
    issue: () => issuer.token(),
    // Tokens beyond 16 KiB have to get as far as the verifier.
    maxHeaderBytes: 4 * 1024 * 1024,
  });
  return {
    ...api,
    issuer,
    rsaIssuer,
    sink,

    get hits() {
      return issuer.hits;
    },

    async close() {
      await api.close();
      await Promise.all([issuer.close(), sink.close()]);
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
  /** How often the key set may be requested, by all four requests. @defaultValue once */
  readonly jwksHits?: number;
}

/**
 * Sends the hostile request to a verifier that has seen nothing yet, then the control, then both again when the cache of
 * verified tokens holds the control. The answers have to be the same, and nothing is requested but the metadata and the
 * key set.
 */
export async function expectAttackRefused(api: AttackApi, attack: Attack): Promise<readonly [Exchange, Exchange]> {
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
  expect(api.hits).toEqual({ ...NO_HITS, metadata: 1, jwks: jwksHits });
  expect(api.sink.paths).toEqual([]);
  return [cold, warm];
}

/** The same for a token that has to be refused before anything is fetched. */
export async function expectAttackRefusedBeforeFetch(api: AttackApi, attack: Attack): Promise<void> {
  const first = await api.send({ token: attack.token(api), target: attack.target ?? '/orders' });
  expectAnswer(first, attack.answer, api.realm);
  expectNoFetch(api);
  await expectAttackRefused(api, attack);
}

/** Demands that neither the authorization server nor any other was sent a request. */
export function expectNoFetch(api: AttackApi): void {
  expect(api.hits).toEqual(NO_HITS);
  expect(api.sink.paths).toEqual([]);
}

/** Sends a token that has to reach the handler, cold and warm. Gives the claims that the handler saw. */
export async function expectTokenAccepted(api: AttackApi, token: string, target = '/orders'): Promise<JsonObject> {
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
