import type { IntrospectionStatus } from '../introspection/introspection-endpoint.js';
import { Introspector } from '../introspection/introspector.js';
import { UserInfoCache } from '../introspection/user-info-cache.js';
import { createIssuerRegistry, type IssuerConfigs } from '../issuer/create-issuer-registry.js';
import { type Issuer, readyIssuer, refreshIssuer } from '../issuer/issuer.js';
import { HeaderCache } from '../jws/header-cache.js';
import { SignatureQueue } from '../jws/signature-queue.js';
import type { KeySnapshot, KeySourceStatus } from '../keys/key-source.js';
import { checkOptionNames, readNumber } from '../options/option-reader.js';
import type { MaybePromise } from '../platform/maybe-promise.js';
import { type AccessToken, isAccessTokenFrom } from '../protocol/access-token.js';
import type { ClaimsOf, UntypedClaims } from '../protocol/claims.js';
import { toError } from '../protocol/errors.js';
import type { HttpRequest } from '../protocol/http-request.js';
import { Refusal } from '../protocol/refusal.js';
import type { StandardClaims } from '../protocol/standard-claims.js';
import type { SchemaOutput, StandardSchema } from '../protocol/standard-schema.js';
import { DeadlineError, untilAborted, withinSeconds } from '../resilience/deadline.js';
import { ScopeCache } from '../token/scope-cache.js';
import { type TokenCacheStatus, VerifiedTokenCache } from '../token/verified-token-cache.js';
import { authenticate, type VerifierContext, verifyToken } from './authenticate.js';
import { parseVerifierOptions, type VerifierOptions, type VerifierSnapshot } from './options.js';
import { type AuthenticateOptions, parseRequirements, type VerifyOptions } from './requirements.js';

/** How a verifier is doing. */
export interface VerifierStatus {
  readonly issuers: readonly IssuerStatus[];
  /** Undefined when `tokenCache` is false. */
  readonly tokenCache: TokenCacheStatus | undefined;
}

/** How one issuer is doing: its keys, and its introspection where it has any. */
export interface IssuerStatus extends KeySourceStatus {
  readonly issuer: string;
  readonly introspection: IntrospectionStatus | undefined;
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
   * Settles when the keys of every listed issuer are at hand, so that no request has to wait for them. Asks
   * once; call it again to try again.
   *
   * @throws {IssuerUnavailableError} those of one of them cannot be had, or not within `timeoutSeconds`
   */
  ready(options?: { readonly timeoutSeconds?: number }): Promise<void>;
  /** Tells how keys and cache are doing. */
  status(): VerifierStatus;
  /**
   * Asks the issuer about the person that an access token stands for, at the UserInfo endpoint that its metadata
   * names. Answers are kept for five minutes, and never beyond the end of the token. Their `sub` is that of the token.
   *
   * @throws {IssuerUnavailableError} no answer came, or none that can be used
   * @throws {AuthorizationError} the issuer does not accept the token any more
   * @throws {TypeError} it is no access token of this verifier
   * @see OpenID Connect Core §5.3
   */
  userInfo(accessToken: AccessToken<unknown>, options?: { readonly signal?: AbortSignal }): Promise<StandardClaims>;
  /**
   * Fetches the keys of every issuer now. Keys that are gone are gone from then on, and tokens that they
   * verified are refused.
   *
   * @throws {IssuerUnavailableError} those of one of them cannot be had; the last good ones stay in use
   */
  refresh(): Promise<void>;
  /**
   * Gives the keys that were fetched, as data that JSON can hold, for the option `snapshot` of a verifier that
   * starts elsewhere or later, and should not wait for its first fetch.
   */
  snapshot(): VerifierSnapshot;
  /** Ends fetches that are under way and forgets tokens. Requests are refused from then on, with 503. */
  close(): void;
}

/** What guards need of a verifier and nobody else should. */
export interface VerifierInternals {
  readonly context: VerifierContext;
  readonly audience: readonly string[] | false;
  /** Issuers whose tokens are held to no audience. `unknown`: a function finds the issuers. */
  readonly issuersWithoutAudience: readonly string[] | 'all' | 'unknown';
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
  const { audience, tokenCacheMax, clock, clockToleranceSeconds, keyLimits } = config;
  const lifetime = { isOver: false };
  const issuers = createIssuerRegistry(config.issuers, config);
  const signatures = new SignatureQueue();
  const { maxResponseBytes } = keyLimits;
  const introspector = new Introspector({ clock, clockToleranceSeconds, maxResponseBytes, signatures });
  const context: VerifierContext = Object.freeze({
    ...config,
    issuers,
    cache: tokenCacheMax === 0 ? undefined : new VerifiedTokenCache(tokenCacheMax, issuers, clock),
    lifetime,
    headers: new HeaderCache(),
    introspector,
    scopes: new ScopeCache(),
    signatures,
  });
  const userInfos = new UserInfoCache(clock);
  const ownDemands = parseRequirements({}, [], audience);

  async function askIssuers(ask: (issuer: Issuer) => MaybePromise<Refusal | undefined>): Promise<void> {
    const outcomes = await Promise.all(issuers.all().map(ask));
    const refusal = outcomes.find((outcome) => outcome !== undefined);
    if (refusal !== undefined) throw toError(refusal, ownDemands.realm);
  }

  async function findUserInfo(accessToken: AccessToken): Promise<StandardClaims | Refusal> {
    if (lifetime.isOver) return new Refusal('verifier_closed', 'close() was called');
    const issuer = await issuers.find(accessToken.issuer);
    return issuer instanceof Refusal ? issuer : userInfos.find(accessToken, issuer);
  }

  const verifier: Verifier = {
    async verify(token, given = {}) {
      const demands = parseRequirements(given, ['audience', 'signal'], audience);
      const outcome = Promise.resolve(verifyToken(context, token, demands.audience));
      return orThrow(await untilAborted(given.signal, outcome), demands.realm);
    },

    async authenticate(request, given = {}) {
      const demands = parseRequirements(
        given,
        ['audience', 'signal', 'policy', 'realm', 'extraTokenLocations'],
        audience,
      );
      const outcome = Promise.resolve(authenticate(context, request, demands));
      return orThrow(await untilAborted(given.signal, outcome), demands.realm);
    },

    async userInfo(accessToken, given = {}) {
      checkOptionNames(given, ['signal'], '');
      if (!isAccessTokenFrom(accessToken, context)) throw new TypeError('not an access token of this verifier');
      const outcome = findUserInfo(accessToken as AccessToken);
      return orThrow(await untilAborted(given.signal, outcome), ownDemands.realm);
    },

    async ready(given = {}) {
      checkOptionNames(given, ['timeoutSeconds'], '');
      const bounds = { least: 0.01, most: 600, unit: 'seconds' };
      const timeoutSeconds = readNumber(given, 'timeoutSeconds', '', bounds);
      const asked = askIssuers(readyIssuer);
      if (timeoutSeconds === undefined) return asked;
      await withinSeconds(timeoutSeconds, asked).catch((error: unknown) => {
        if (!(error instanceof DeadlineError)) throw error;
        throw toError(new Refusal('keys_unavailable', `not ready within ${timeoutSeconds} s`), ownDemands.realm);
      });
    },

    refresh: () => askIssuers(refreshIssuer),

    status: () => ({
      issuers: issuers.all().map(({ issuer, keys, introspection }) => {
        return { issuer, ...keys.status(), introspection: introspection?.status() };
      }),
      tokenCache: context.cache?.status(),
    }),

    snapshot() {
      const snapshots = issuers.all().map(({ issuer, keys }) => [issuer, keys.snapshot()] as const);
      const known = snapshots.filter((entry): entry is readonly [string, KeySnapshot] => entry[1] !== undefined);
      return { version: 1, issuers: Object.fromEntries(known) };
    },

    close() {
      lifetime.isOver = true;
      issuers.close();
      context.cache?.clear();
      introspector.clear();
      userInfos.clear();
    },
  };
  const internals: VerifierInternals = Object.freeze({
    context,
    audience,
    issuersWithoutAudience: findIssuersWithoutAudience(config.issuers),
  });
  return Object.freeze(Object.defineProperty(verifier, INTERNALS, { value: internals }));
}

function findIssuersWithoutAudience(issuers: IssuerConfigs): VerifierInternals['issuersWithoutAudience'] {
  if (typeof issuers === 'function') return 'unknown';
  const without = issuers.filter(({ audience }) => audience === false);
  return without.length === issuers.length ? 'all' : without.map(({ issuer }) => issuer);
}

function orThrow<T>(outcome: T | Refusal, realm: string): T {
  if (outcome instanceof Refusal) throw toError(outcome, realm);
  return outcome;
}

/** Gives what is inside a verifier, or undefined for anything that `createVerifier` of this package did not make. */
export function internalsOf(verifier: unknown): VerifierInternals | undefined {
  if (typeof verifier !== 'object' || verifier === null) return undefined;
  return (verifier as { readonly [INTERNALS]?: VerifierInternals })[INTERNALS];
}
