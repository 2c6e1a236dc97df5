import type { IntrospectionStatus } from '../introspection/introspection-endpoint.js';
import type { UserInfoCache } from '../introspection/user-info-cache.js';
import type { KeySourceStatus } from '../keys/key-source.js';
import type { AccessToken } from '../protocol/access-token.js';
import type { UntypedClaims } from '../protocol/claims.js';
import type { HttpRequest } from '../protocol/http-request.js';
import type { StandardClaims } from '../protocol/standard-claims.js';
import type { AbortListeners } from '../resilience/abort-listeners.js';
import type { TokenCacheStatus } from '../token/verified-token-cache.js';
import type { VerifierContext } from './authenticate.js';
import type { VerifierSnapshot } from './options.js';
import type { AuthenticateOptions, ReadyOptions, UserInfoOptions, VerifyOptions } from './requirements.js';

/** The status of a verifier. */
export interface VerifierStatus {
  readonly issuers: readonly IssuerStatus[];
  /** Undefined if `tokenCache` is false. */
  readonly tokenCache: TokenCacheStatus | undefined;
}

/** The status of one issuer: its keys, and its introspection if it has any. */
export interface IssuerStatus extends KeySourceStatus {
  readonly issuer: string;
  readonly introspection: IntrospectionStatus | undefined;
}

/**
 * Verifies access tokens. Create one for a process and share it: it has the keys and the caches of its issuers. It uses
 * no HTTP framework.
 */
export interface Verifier<Claims = UntypedClaims> {
  /**
   * Verifies a token string. Without one, the reason of the refusal is `token_missing`.
   *
   * @example
   * ```ts
   * const { subject, scopes, claims } = await verifier.verify(token);
   * ```
   *
   * @throws {AuthorizationError} the token is refused
   * @throws {IssuerUnavailableError} the issuer's keys are not available, so the token was not verified
   */
  verify(token: string | null | undefined, options?: VerifyOptions): Promise<AccessToken<Claims>>;
  /**
   * Finds the token of an HTTP request and verifies it: for WebSocket upgrades, and for frameworks without a guard.
   * Errors are those of `verify`; they have `status`, `headers` and `body` of the answer.
   *
   * @example
   * ```ts
   * import { createServer } from 'node:http';
   *
   * const server = createServer();
   * server.on('upgrade', async (request, socket) => {
   *   try {
   *     const accessToken = await verifier.authenticate(request, { policy: 'orders:read' });
   *     socket.write(`hello ${accessToken.subject}`);
   *   } catch {
   *     socket.destroy();
   *   }
   * });
   * ```
   *
   * @throws {AuthorizationError}
   * @throws {IssuerUnavailableError}
   */
  authenticate(request: HttpRequest, options?: AuthenticateOptions): Promise<AccessToken<Claims>>;
  /**
   * Resolves when the keys of every listed issuer are fetched, so that no request waits for them. It tries once; call it
   * again to try again.
   *
   * @example
   * ```ts
   * await verifier.ready({ timeoutSeconds: 10 });
   * app.listen(3000);
   * ```
   *
   * @throws {IssuerUnavailableError} the keys of an issuer are not available, or not within `timeoutSeconds`
   */
  ready(options?: ReadyOptions): Promise<void>;
  /** Returns the status of keys and caches. */
  status(): VerifierStatus;
  /**
   * Fetches the claims about the user of an access token, from the UserInfo endpoint in the metadata of its issuer. They
   * are cached for five minutes, and never beyond the end of the token. Their `sub` is that of the token; where
   * introspection gave none, it is that of the response. A signed response is verified with the issuer's keys.
   *
   * @example
   * ```ts
   * const accessToken = await verifier.verify(token);
   * const { name, email } = await verifier.userInfo(accessToken);
   * ```
   *
   * @throws {IssuerUnavailableError} there was no response, or none that can be used
   * @throws {AuthorizationError} the issuer does not accept the token any more, or the token stands for no user
   * @throws {TypeError} not an access token of this verifier, or the issuer has no UserInfo endpoint
   * @see OpenID Connect Core §5.3
   */
  userInfo(accessToken: AccessToken<unknown>, options?: UserInfoOptions): Promise<StandardClaims>;
  /**
   * Fetches the keys of every issuer now. Withdrawn keys are out of use at once, and tokens that they verified are
   * refused.
   *
   * @throws {IssuerUnavailableError} the keys of an issuer are not available; its last good ones stay in use
   */
  refresh(): Promise<void>;
  /**
   * Returns the fetched keys as data for JSON, for the option `snapshot` of a verifier in another process, which then need
   * not wait for its first fetch.
   *
   * @example
   * ```ts
   * import { writeFile } from 'node:fs/promises';
   *
   * await verifier.ready();
   * await writeFile('keys.json', JSON.stringify(verifier.snapshot()));
   * ```
   */
  snapshot(): VerifierSnapshot;
  /** Ends running fetches and clears the caches. Later requests are refused with 503. */
  close(): void;
}

/** The internals of a verifier, for guards alone. */
export interface VerifierInternals {
  readonly context: VerifierContext;
  readonly audience: readonly string[] | false;
  /** Issuers whose tokens need no audience. `unknown`: a function finds the issuers. */
  readonly issuersWithoutAudience: readonly string[] | 'all' | 'unknown';
  readonly userInfos: UserInfoCache;
  /** For the signals that callers give. */
  readonly abortListeners: AbortListeners;
}
