export { authOf } from './adapters/express/auth-of.js';
export { createGuard } from './adapters/express/create-guard.js';
export { type DenyUnguardedOptions, denyUnguarded } from './adapters/express/deny-unguarded.js';
export type {
  Guard,
  GuardCall,
  Guarded,
  GuardOptions,
  Handler,
  MaybeGuarded,
  Middleware,
  NextFunction,
  OptionalGuard,
  PublicGuard,
  ReportOnlyGuard,
} from './adapters/express/guard.js';
export { listGuards } from './adapters/express/list-guards.js';
export type { ListedRoute } from './adapters/express/listed-route.js';
export {
  createScopeRecorder,
  type ScopeRecorder,
  type ScopeRecorderOptions,
  type ScopeUse,
} from './integrations/audit/scope-recorder.js';
export type { IntrospectionStatus } from './introspection/introspection-endpoint.js';
export type {
  BearerIntrospection,
  IntrospectionOptions,
  IntrospectionSettings,
  PrivateKeyIntrospection,
  SecretIntrospection,
  TextSource,
  UnauthenticatedIntrospection,
} from './issuer/introspection-options.js';
export type {
  DiscoveredIssuer,
  IssuerIdentity,
  IssuerOptions,
  IssuerResolver,
  JwksUriIssuer,
  PublicKeyIssuer,
  SharedSecretIssuer,
  StaticKeysIssuer,
  UnverifiedParts,
} from './issuer/issuer-options.js';
export type { SecretSource, SharedSecret } from './issuer/key-location.js';
export type { CryptoKeyLike, PublicKeyInput } from './issuer/public-key-option.js';
export type { Profile, ScopeSource, SharedRules } from './issuer/shared-rules.js';
export type { Algorithm, HmacAlgorithm, SignatureAlgorithm } from './jws/algorithm.js';
export type { Jwk, JwkSet } from './jws/jwk.js';
export type { KeySnapshot, KeySourceStatus, KeyStatus } from './keys/key-source.js';
export { ConfigurationError } from './options/configuration-error.js';
export type { Clock } from './platform/clock.js';
export type { DiagnosticsChannel, DiagnosticsMessages } from './platform/diagnostics.js';
export type { Fetch, FetchInit, FetchResponse } from './platform/fetch.js';
export { meets } from './policy/meets.js';
export {
  allOf,
  anyOf,
  type ClaimPolicy,
  type ClaimRules,
  type ClaimTest,
  type ClaimValue,
  claim,
  type Policy,
  type PolicyInput,
  type ScopePolicy,
} from './policy/policy.js';
export type { AccessToken } from './protocol/access-token.js';
export type { ClaimsOf, RegisteredClaims, UntypedClaims } from './protocol/claims.js';
export {
  AuthorizationError,
  IssuerUnavailableError,
  isRefusal,
  type RefusalDetails,
  type RefusalError,
  UnguardedRouteError,
} from './protocol/errors.js';
export type { HttpAnswer } from './protocol/http-answer.js';
export type { HeaderMap, HeaderRecord, HttpRequest } from './protocol/http-request.js';
export type { JsonObject } from './protocol/json-object.js';
export {
  type OAuthErrorCode,
  REFUSALS,
  type Refusal,
  type RefusalContext,
  type RefusalEntry,
  type RefusalReason,
} from './protocol/refusal.js';
export type { Register, RegisterClaims } from './protocol/register.js';
export type { AddressClaim, StandardClaims } from './protocol/standard-claims.js';
export type { SchemaIssue, SchemaOutput, SchemaResult, StandardSchema } from './protocol/standard-schema.js';
export type { CookieLocation, ExtraTokenLocation, HeaderLocation } from './protocol/token-location.js';
export type { TokenCacheStatus } from './token/verified-token-cache.js';
export { type AccessTokenSignalOptions, accessTokenSignal } from './verifier/access-token-signal.js';
export { createVerifier } from './verifier/create-verifier.js';
export type { KeyOptions, VerifierOptions, VerifierSnapshot } from './verifier/options.js';
export type { AuthenticateOptions, ReadyOptions, UserInfoOptions, VerifyOptions } from './verifier/requirements.js';
export type { IssuerStatus, Verifier, VerifierStatus } from './verifier/verifier.js';
