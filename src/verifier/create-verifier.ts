import { Introspector } from '../introspection/introspector.js';
import { UserInfoCache } from '../introspection/user-info-cache.js';
import { createIssuerRegistry } from '../issuer/create-issuer-registry.js';
import { type Issuer, readyIssuer, refreshIssuer } from '../issuer/issuer.js';
import { HeaderCache } from '../jws/header-cache.js';
import { SignatureQueue } from '../jws/signature-queue.js';
import type { KeySnapshot } from '../keys/key-source.js';
import type { MaybePromise } from '../platform/maybe-promise.js';
import { type AccessToken, isAccessTokenFrom } from '../protocol/access-token.js';
import type { ClaimsOf } from '../protocol/claims.js';
import { toError } from '../protocol/errors.js';
import type { HttpRequest } from '../protocol/http-request.js';
import { Refusal } from '../protocol/refusal.js';
import type { StandardClaims } from '../protocol/standard-claims.js';
import type { SchemaOutput, StandardSchema } from '../protocol/standard-schema.js';
import { DeadlineError, untilAborted, withinSeconds } from '../resilience/deadline.js';
import { ScopeCache } from '../token/scope-cache.js';
import { VerifiedTokenCache } from '../token/verified-token-cache.js';
import { authenticate, authenticateToken, type VerifierContext } from './authenticate.js';
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

/** Creates a verifier. Nothing is fetched until the first token or `ready()`. @throws {ConfigurationError} */
export function createVerifier<Schema extends StandardSchema<object>>(
  options: VerifierOptions<Schema> & { readonly claims: Schema },
): Verifier<ClaimsOf<SchemaOutput<Schema>>>;
/** The same without a schema, or with options that may or may not have one: claims are untyped. */
export function createVerifier(options: VerifierOptions): Verifier;
export function createVerifier(options: VerifierOptions): Verifier {
  const config = parseVerifierOptions(options);
  const internals: VerifierInternals = Object.freeze({
    context: createContext(config),
    audience: config.audience,
    userInfos: new UserInfoCache(config.clock),
  });
  // Arrow functions, so that a method can be taken from the verifier and called alone.
  const verifier: Verifier = {
    verify: (token, given) => verifyToken(internals, token, given),
    authenticate: (request, given) => authenticateRequest(internals, request, given),
    userInfo: (accessToken, given) => findUserInfo(internals, accessToken, given),
    ready: (given) => ready(internals, given),
    refresh: () => forEachIssuer(internals, refreshIssuer),
    status: () => statusOf(internals),
    snapshot: () => snapshotOf(internals),
    close: () => close(internals),
  };
  return Object.freeze(Object.defineProperty(verifier, INTERNALS, { value: internals }));
}

/** Gives what is inside a verifier, or undefined for anything that `createVerifier` of this package did not make. */
export function internalsOf(verifier: unknown): VerifierInternals | undefined {
  if (typeof verifier !== 'object' || verifier === null) return undefined;
  return (verifier as { readonly [INTERNALS]?: VerifierInternals })[INTERNALS];
}

function createContext(config: VerifierConfig): VerifierContext {
  const { tokenCacheMax, clock, clockToleranceSeconds, keyLimits } = config;
  const issuers = createIssuerRegistry(config.issuers, config);
  const signatures = new SignatureQueue();
  const { maxResponseBytes } = keyLimits;
  const introspector = new Introspector({ clock, clockToleranceSeconds, maxResponseBytes, signatures });

  return Object.freeze({
    ...config,
    issuers,
    cache: tokenCacheMax === 0 ? undefined : new VerifiedTokenCache({ max: tokenCacheMax, issuers, clock }),
    lifetime: { isOver: false },
    headers: new HeaderCache(),
    introspector,
    scopes: new ScopeCache(),
    signatures,
  });
}

async function verifyToken(
  { context, audience }: VerifierInternals,
  token: string,
  options: VerifyOptions | undefined,
): Promise<AccessToken> {
  const { requirements, signal } = parseVerifyOptions(options, audience);
  const outcome =
    typeof token === 'string'
      ? authenticateToken(context, { token }, requirements)
      : new Refusal('token_malformed', 'it is not a string');
  return orThrow(await untilAborted(signal, Promise.resolve(outcome)), requirements.realm);
}

async function authenticateRequest(
  { context, audience }: VerifierInternals,
  request: HttpRequest,
  options: AuthenticateOptions | undefined,
): Promise<AccessToken> {
  const { requirements, signal } = parseAuthenticateOptions(options, audience);
  const outcome = authenticate(context, request, requirements);
  return orThrow(await untilAborted(signal, Promise.resolve(outcome)), requirements.realm);
}

async function findUserInfo(
  { context, audience, userInfos }: VerifierInternals,
  accessToken: AccessToken<unknown>,
  options: UserInfoOptions | undefined,
): Promise<StandardClaims> {
  const { signal } = parseUserInfoOptions(options);
  if (!isAccessTokenFrom(accessToken, context)) throw new TypeError('not an access token of this verifier');

  async function find(): Promise<StandardClaims | Refusal> {
    if (context.lifetime.isOver) return new Refusal('verifier_closed', 'close() was called');
    const issuer = await context.issuers.find(accessToken.issuer);
    return issuer instanceof Refusal ? issuer : userInfos.find(accessToken as AccessToken, issuer);
  }
  return orThrow(await untilAborted(signal, find()), defaultRealm(audience));
}

async function ready(internals: VerifierInternals, options: ReadyOptions | undefined): Promise<void> {
  const { timeoutSeconds } = parseReadyOptions(options);
  const settled = forEachIssuer(internals, readyIssuer);
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
  const issuers = context.issuers.all().map(({ issuer, keys, introspection }) => {
    return { issuer, ...keys.status(), introspection: introspection?.status() };
  });
  return { issuers, tokenCache: context.cache?.status() };
}

function snapshotOf({ context }: VerifierInternals): VerifierSnapshot {
  const snapshots = context.issuers.all().map(({ issuer, keys }) => [issuer, keys.snapshot()] as const);
  const fetched = snapshots.filter((entry): entry is readonly [string, KeySnapshot] => entry[1] !== undefined);
  return { version: 1, issuers: Object.fromEntries(fetched) };
}

function close({ context, userInfos }: VerifierInternals): void {
  context.lifetime.isOver = true;
  context.issuers.close();
  context.cache?.clear();
  context.introspector.clear();
  userInfos.clear();
}

function orThrow<T>(outcome: T | Refusal, realm: string): T {
  if (outcome instanceof Refusal) throw toError(outcome, realm);
  return outcome;
}
