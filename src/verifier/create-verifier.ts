import { setMaxListeners } from 'node:events';
import { Introspector } from '../introspection/introspector.js';
import { UserInfoCache } from '../introspection/user-info-cache.js';
import { createIssuerRegistry, type IssuerConfigs } from '../issuer/create-issuer-registry.js';
import { type Issuer, readyKeys, refreshKeys } from '../issuer/issuer.js';
import type { UnverifiedParts } from '../issuer/issuer-options.js';
import { parseCompactJws } from '../jws/compact-jws.js';
import { HeaderCache } from '../jws/header-cache.js';
import { JwsProblem } from '../jws/malformed.js';
import { SignatureQueue } from '../jws/signature-queue.js';
import type { KeySnapshot } from '../keys/key-source.js';
import type { MaybePromise } from '../platform/maybe-promise.js';
import { notify } from '../platform/notify.js';
import { type AccessToken, isAccessTokenFrom } from '../protocol/access-token.js';
import type { ClaimsOf } from '../protocol/claims.js';
import { toError } from '../protocol/errors.js';
import type { HttpRequest } from '../protocol/http-request.js';
import { Refusal } from '../protocol/refusal.js';
import type { StandardClaims } from '../protocol/standard-claims.js';
import type { SchemaOutput, StandardSchema } from '../protocol/standard-schema.js';
import { AbortListeners } from '../resilience/abort-listeners.js';
import { Deadline, DeadlineError, withinSeconds } from '../resilience/deadline.js';
import { ScopeCache } from '../token/scope-cache.js';
import { VerifiedTokenCache } from '../token/verified-token-cache.js';
import { authenticate, authenticateToken, type VerifierContext } from './authenticate.js';
import { debugRefusal } from './debug-refusal.js';
import { parseVerifierOptions, type VerifierConfig, type VerifierOptions, type VerifierSnapshot } from './options.js';
import {
  type AuthenticateOptions,
  defaultRealm,
  parseAuthenticateOptions,
  parseReadyOptions,
  parseUserInfoOptions,
  parseVerifyOptions,
  type ReadyOptions,
  type UserInfoOptions,
  type VerifyOptions,
} from './requirements.js';
import type { Verifier, VerifierInternals, VerifierStatus } from './verifier.js';

const INTERNALS = Symbol('scopegate.verifier');
// Registered: tells a verifier of another copy of this package from what is none.
const VERIFIER = Symbol.for('scopegate.verifier');

/**
 * Creates a verifier. Nothing is fetched until the first token or `ready()`.
 *
 * @example
 * ```ts
 * const verifier = createVerifier({
 *   issuer: 'https://login.example.com',
 *   audience: 'https://orders.example.com',
 *   claims: z.object({ tenant: z.string() }), // any Standard Schema; may be left out
 * });
 * ```
 *
 * @throws {ConfigurationError} an option is missing, unknown, out of bounds, or at odds with another
 */
export function createVerifier<Schema extends StandardSchema<object>>(
  options: VerifierOptions<Schema> & { readonly claims: Schema },
): Verifier<ClaimsOf<SchemaOutput<Schema>>>;
/** The same without a schema, or with options that may or may not have one: claims are untyped. */
export function createVerifier(options: VerifierOptions): Verifier;
export function createVerifier(options: VerifierOptions): Verifier {
  const config = parseVerifierOptions(options);
  const closing = new AbortController();
  const internals = createInternals(config, closing.signal);

  // Arrow functions, so that a method works without its object.
  const verifier: Verifier = {
    verify: (token, callOptions) => verifyToken(internals, token, callOptions),
    authenticate: (request, callOptions) => authenticateRequest(internals, request, callOptions),
    userInfo: (accessToken, callOptions) => findUserInfo(internals, accessToken, callOptions),
    ready: (callOptions) => ready(internals, callOptions),
    refresh: () => forEachIssuer(internals, refreshKeys),
    status: () => statusOf(internals),
    snapshot: () => snapshotOf(internals),
    close() {
      closing.abort();
      clear(internals);
    },
  };

  Object.defineProperties(verifier, { [INTERNALS]: { value: internals }, [VERIFIER]: { value: true } });
  return Object.freeze(verifier);
}

/** Returns the internals of a verifier; undefined for anything that `createVerifier` of this copy did not create. */
export function internalsOf(verifier: unknown): VerifierInternals | undefined {
  if (typeof verifier !== 'object' || verifier === null) return undefined;
  return (verifier as { readonly [INTERNALS]?: VerifierInternals })[INTERNALS];
}

/** Returns whether some copy of this package created a value as a verifier. */
export function isVerifierOfAnyCopy(value: unknown): boolean {
  return typeof value === 'object' && value !== null && (value as { [VERIFIER]?: unknown })[VERIFIER] === true;
}

function createInternals(config: VerifierConfig, signal: AbortSignal): VerifierInternals {
  const { audience, clock, fetch, keyLimits } = config;
  const { maxResponseBytes, fetchTimeoutSeconds: timeoutSeconds } = keyLimits;
  // Each running fetch has a listener, and there may be hundreds.
  setMaxListeners(0, signal);
  const context = createContext(config, signal);
  const { signatures } = context;
  return Object.freeze({
    context,
    audience,
    issuersWithoutAudience: findIssuersWithoutAudience(config.issuers),
    abortListeners: new AbortListeners(),
    userInfos: new UserInfoCache({ clock, fetch, signal, maxResponseBytes, timeoutSeconds, signatures }),
  });
}

function findIssuersWithoutAudience(issuers: IssuerConfigs): VerifierInternals['issuersWithoutAudience'] {
  if (typeof issuers === 'function') return 'unknown';
  const without = issuers.filter(({ audience }) => audience === false);
  return without.length === issuers.length ? 'all' : without.map(({ issuer }) => issuer);
}

function createContext(config: VerifierConfig, signal: AbortSignal): VerifierContext {
  const { tokenCacheMax, clock, keyLimits } = config;
  const { maxResponseBytes } = keyLimits;
  const issuers = createIssuerRegistry(config.issuers, { ...config, signal });
  const signatures = new SignatureQueue();
  const introspector = new Introspector({ ...config, signal, maxResponseBytes, signatures });

  return Object.freeze({
    ...config,
    issuers,
    cache: tokenCacheMax === 0 ? undefined : new VerifiedTokenCache({ max: tokenCacheMax, issuers, clock }),
    signal,
    headers: new HeaderCache(),
    introspector,
    scopes: new ScopeCache(),
    signatures,
  });
}

async function verifyToken(
  { context, audience, abortListeners }: VerifierInternals,
  token: string | null | undefined,
  options: VerifyOptions | undefined,
): Promise<AccessToken> {
  const { requirements, signal } = parseVerifyOptions(options, audience);
  const outcome =
    typeof token === 'string' ? authenticateToken(context, { token }, requirements) : refuseNoString(token);
  return orThrow(await abortListeners.untilAborted(signal, Promise.resolve(outcome)), requirements.realm);
}

/** Whoever has no token to give, gives nothing. */
function refuseNoString(token: unknown): Refusal {
  const isMissing = token === undefined || token === null;
  return isMissing
    ? new Refusal('token_missing', `it is ${token}`)
    : new Refusal('token_malformed', 'it is not a string');
}

async function authenticateRequest(
  { context, audience, abortListeners }: VerifierInternals,
  request: HttpRequest,
  options: AuthenticateOptions | undefined,
): Promise<AccessToken> {
  const { requirements, signal, onRefusal } = parseAuthenticateOptions(options, audience);
  const outcome = authenticate(context, request, requirements);
  const settled = await abortListeners.untilAborted(signal, Promise.resolve(outcome));
  if (!(settled instanceof Refusal)) return settled;

  debugRefusal(settled, request);
  const error = toError(settled, requirements.realm);
  if (onRefusal !== undefined) void notify(() => onRefusal(error, request));
  throw error;
}

async function findUserInfo(
  { context, audience, userInfos, abortListeners }: VerifierInternals,
  accessToken: AccessToken<unknown>,
  options: UserInfoOptions | undefined,
): Promise<StandardClaims> {
  const { signal } = parseUserInfoOptions(options);
  if (typeof accessToken === 'string')
    throw new TypeError('a text is no access token: give req.auth, or what verify() returned');
  if (!isAccessTokenFrom(accessToken, context)) throw new TypeError('not an access token of this verifier');

  const deadline = new Deadline(context.keyLimits.fetchTimeoutSeconds, context.clock);
  const refuseLate = (seconds: number) => {
    return new Refusal('userinfo_unavailable', `no answer within ${seconds} s in all`, { retryAfterSeconds: 1 });
  };
  async function find(): Promise<StandardClaims | Refusal> {
    const issuer = await deadline.wait(
      context.issuers.find(accessToken.issuer, partsOf(accessToken.token, context)),
      refuseLate,
    );
    if (issuer instanceof Refusal) return issuer;
    return deadline.wait(userInfos.find(accessToken as AccessToken, issuer), refuseLate);
  }
  const found = await abortListeners.untilAborted(signal, find()).finally(() => deadline.end());
  return orThrow(found, defaultRealm(audience));
}

/** An opaque token has no parts. */
export function partsOf(token: string, { maxTokenBytes }: VerifierContext): UnverifiedParts {
  const jws = parseCompactJws(token, maxTokenBytes);
  return jws instanceof JwsProblem ? { header: {}, claims: {} } : { header: jws.header, claims: jws.payload };
}

async function ready(internals: VerifierInternals, options: ReadyOptions | undefined): Promise<void> {
  const { timeoutSeconds, introspect } = parseReadyOptions(options);
  const { introspector } = internals.context;
  const settled = forEachIssuer(internals, async (issuer) => {
    const [keyRefusal, introspectionRefusal] = await Promise.all([
      readyKeys(issuer),
      introspector.ready(issuer, introspect),
    ]);
    return keyRefusal ?? introspectionRefusal;
  });
  if (timeoutSeconds === undefined) return settled;

  await withinSeconds(timeoutSeconds, settled).catch((error: unknown) => {
    if (!(error instanceof DeadlineError)) throw error;
    const refusal = new Refusal('keys_unavailable', `not ready within ${timeoutSeconds} s`);
    throw toError(refusal, defaultRealm(internals.audience));
  });
}

async function forEachIssuer(
  { context, audience }: VerifierInternals,
  run: (issuer: Issuer) => MaybePromise<Refusal | undefined>,
): Promise<void> {
  const outcomes = await Promise.all(context.issuers.all().map(run));
  const refusal = outcomes.find((outcome) => outcome !== undefined);
  if (refusal !== undefined) throw toError(refusal, defaultRealm(audience));
}

function statusOf({ context }: VerifierInternals): VerifierStatus {
  const issuers = context.issuers.all().map((issuer) => {
    return { issuer: issuer.issuer, ...issuer.keys.status(), introspection: context.introspector.status(issuer) };
  });
  return { issuers, tokenCache: context.cache?.status() };
}

function snapshotOf({ context }: VerifierInternals): VerifierSnapshot {
  const entries = context.issuers.all().map(({ issuer, keys }) => [issuer, keys.snapshot()] as const);
  const fetched = entries.filter((entry): entry is readonly [string, KeySnapshot] => entry[1] !== undefined);
  return { version: 1, issuers: Object.fromEntries(fetched) };
}

/** Clears the caches. */
function clear({ context, userInfos }: VerifierInternals): void {
  context.cache?.clear();
  context.introspector.clear(context.issuers.all());
  userInfos.clear();
}

function orThrow<T>(outcome: T | Refusal, realm: string, request: Partial<HttpRequest> = {}): T {
  if (outcome instanceof Refusal) {
    debugRefusal(outcome, request);
    throw toError(outcome, realm);
  }
  return outcome;
}
