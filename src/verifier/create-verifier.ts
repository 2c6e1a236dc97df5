import { createIssuer, type Issuer } from '../issuer/issuer.js';
import { IssuerRegistry } from '../issuer/issuer-registry.js';
import type { KeySourceStatus } from '../issuer/key-source.js';
import type { MaybePromise } from '../platform/maybe-promise.js';
import type { AccessToken } from '../protocol/access-token.js';
import type { ClaimsOf, UntypedClaims } from '../protocol/claims.js';
import { toError } from '../protocol/errors.js';
import type { HttpRequest } from '../protocol/http-request.js';
import { Refusal } from '../protocol/refusal.js';
import type { SchemaOutput, StandardSchema } from '../protocol/standard-schema.js';
import { type TokenCacheStatus, VerifiedTokenCache } from '../token/verified-token-cache.js';
import { authenticate, type VerifierContext, verifyToken } from './authenticate.js';
import { type AuthenticateOptions, type Demands, parseDemands, type VerifyOptions } from './demands.js';
import { parseVerifierOptions, type VerifierOptions } from './options.js';

/** A snapshot of what a verifier holds. */
export interface VerifierStatus {
  readonly issuers: readonly ({ readonly issuer: string } & KeySourceStatus)[];
  /** Undefined when `tokenCache` is false. */
  readonly tokenCache: TokenCacheStatus | undefined;
}

/**
 * Verifies access tokens. Create one for a process and share it: it holds the keys and caches of its
 * issuers. It knows no HTTP framework.
 */
export interface Verifier<Claims = UntypedClaims> {
  /**
   * Verifies a token string.
   *
   * @throws {AuthorizationError} the token is not good
   * @throws {IssuerUnavailableError} the issuer's keys cannot be had, so nobody can tell
   */
  verify(token: string, options?: VerifyOptions): Promise<AccessToken<Claims>>;
  /**
   * Takes the token out of an HTTP request and verifies it: for WebSocket upgrades and for frameworks that
   * no guard fits. Errors are those of `verify`; they carry `status`, `headers` and `body` of the answer.
   *
   * @throws {AuthorizationError}
   * @throws {IssuerUnavailableError}
   */
  authenticate(request: HttpRequest, options?: AuthenticateOptions): Promise<AccessToken<Claims>>;
  /**
   * Settles when the keys of every issuer are at hand, so that no request has to wait for them.
   *
   * @throws {IssuerUnavailableError} those of one of them cannot be had
   */
  ready(): Promise<void>;
  /** Tells how keys and cache are doing. */
  status(): VerifierStatus;
  /**
   * Fetches the keys of every issuer now. Keys that are gone are gone from then on, and tokens that they
   * verified are refused.
   *
   * @throws {IssuerUnavailableError} those of one of them cannot be had; the last good ones stay in use
   */
  refresh(): Promise<void>;
  /** Ends fetches that are under way and forgets tokens. Requests are refused from then on, with 503. */
  close(): void;
}

/** What guards need of a verifier and nobody else should. */
export interface VerifierInternals {
  readonly context: VerifierContext;
  readonly audience: readonly string[] | false;
}

const INTERNALS = Symbol('scopegate.verifier');

/** Creates a verifier. Nothing is fetched until the first token or `ready()`. @throws {ConfigurationError} */
export function createVerifier<Schema extends StandardSchema<object>>(
  options: VerifierOptions<Schema> & { readonly claims: Schema },
): Verifier<ClaimsOf<SchemaOutput<Schema>>>;
/** The same without a schema, or with options that may or may not have one: claims are untyped. */
export function createVerifier(options: VerifierOptions): Verifier;
export function createVerifier(options: VerifierOptions): Verifier {
  const config = parseVerifierOptions(options);
  const { audience, tokenCacheMax } = config;
  const closing = new AbortController();
  const issuers = config.issuers.map((issuer) => createIssuer(issuer, config));
  const context: VerifierContext = Object.freeze({
    ...config,
    issuers: new IssuerRegistry(issuers),
    cache: tokenCacheMax === 0 ? undefined : new VerifiedTokenCache(tokenCacheMax),
    closed: closing.signal,
    issued: new WeakSet<AccessToken>(),
  });
  const ownDemands = parseDemands({}, [], audience);

  async function askIssuers(ask: (issuer: Issuer) => MaybePromise<Refusal | undefined>): Promise<void> {
    const outcomes = await Promise.all(issuers.map(ask));
    const refusal = outcomes.find((outcome) => outcome !== undefined);
    if (refusal !== undefined) throw toError(refusal, ownDemands.realm);
  }

  const verifier: Verifier = {
    async verify(token, given = {}) {
      const demands = parseDemands(given, ['audience'], audience);
      return orThrow(await verifyToken(context, token, demands.audience), demands);
    },

    async authenticate(request, given = {}) {
      const demands = parseDemands(given, ['audience', 'policy', 'realm', 'extraTokenLocations'], audience);
      return orThrow(await authenticate(context, request, demands), demands);
    },

    ready: () => askIssuers(({ keys }) => keys.ready()),

    refresh: () => askIssuers(({ keys }) => keys.refresh()),

    status: () => ({
      issuers: issuers.map(({ issuer, keys }) => ({ issuer, ...keys.status() })),
      tokenCache: context.cache?.status(),
    }),

    close() {
      closing.abort();
      for (const { keys } of issuers) keys.close();
      context.cache?.clear();
    },
  };
  const internals: VerifierInternals = Object.freeze({ context, audience });
  return Object.freeze(Object.defineProperty(verifier, INTERNALS, { value: internals }));
}

function orThrow(outcome: AccessToken | Refusal, { realm }: Demands): AccessToken {
  if (outcome instanceof Refusal) throw toError(outcome, realm);
  return outcome;
}

/** Gives what is inside a verifier, or undefined for anything that `createVerifier` of this package did not make. */
export function internalsOf(verifier: unknown): VerifierInternals | undefined {
  if (typeof verifier !== 'object' || verifier === null) return undefined;
  return (verifier as { readonly [INTERNALS]?: VerifierInternals })[INTERNALS];
}
