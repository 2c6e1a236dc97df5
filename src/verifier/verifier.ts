import type { IntrospectionStatus } from '../introspection/introspection-endpoint.js';
import type { UserInfoCache } from '../introspection/user-info-cache.js';
import type { KeySourceStatus } from '../keys/key-source.js';
import type { AccessToken } from '../protocol/access-token.js';
import type { UntypedClaims } from '../protocol/claims.js';
import type { HttpRequest } from '../protocol/http-request.js';
import type { StandardClaims } from '../protocol/standard-claims.js';
import type { TokenCacheStatus } from '../token/verified-token-cache.js';
import type { VerifierContext } from './authenticate.js';
import type { VerifierSnapshot } from './options.js';
import type { AuthenticateOptions, ReadyOptions, UserInfoOptions, VerifyOptions } from './requirements.js';

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
   * @example
   * ```ts
   * const { subject, scopes, claims } = await verifier.verify(token);
   * ```
   *
   * @throws {AuthorizationError} the token is not good
   * @throws {IssuerUnavailableError} the issuer's keys cannot be had, so nobody can tell
   */
  verify(token: string, options?: VerifyOptions): Promise<AccessToken<Claims>>;
  /**
   * Takes the token out of an HTTP request and verifies it: for WebSocket upgrades and for frameworks that
   * no guard fits. Errors are those of `verify`; they carry `status`, `headers` and `body` of the answer.
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
   * Settles when the keys of every listed issuer are at hand, so that no request has to wait for them. Asks
   * once; call it again to try again.
   *
   * @example
   * ```ts
   * await verifier.ready({ timeoutSeconds: 10 });
   * app.listen(3000);
   * ```
   *
   * @throws {IssuerUnavailableError} those of one of them cannot be had, or not within `timeoutSeconds`
   */
  ready(options?: ReadyOptions): Promise<void>;
  /** Tells how keys and cache are doing. */
  status(): VerifierStatus;
  /**
   * Asks the issuer about the person that an access token stands for, at the UserInfo endpoint that its metadata
   * names. Answers are kept for five minutes, and never beyond the end of the token. Their `sub` is that of the token.
   *
   * @example
   * ```ts
   * const accessToken = await verifier.verify(token);
   * const { name, email } = await verifier.userInfo(accessToken);
   * ```
   *
   * @throws {IssuerUnavailableError} no answer came, or none that can be used
   * @throws {AuthorizationError} the issuer does not accept the token any more
   * @throws {TypeError} it is no access token of this verifier
   * @see OpenID Connect Core §5.3
   */
  userInfo(accessToken: AccessToken<unknown>, options?: UserInfoOptions): Promise<StandardClaims>;
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
  /** Ends fetches that are under way and forgets tokens. Requests are refused from then on, with 503. */
  close(): void;
}

/** What is inside a verifier: for guards, and for nobody else. */
export interface VerifierInternals {
  readonly context: VerifierContext;
  readonly audience: readonly string[] | false;
  /** Issuers whose tokens are held to no audience. `unknown`: a function finds the issuers. */
  readonly issuersWithoutAudience: readonly string[] | 'all' | 'unknown';
  readonly userInfos: UserInfoCache;
}
