import type { IncomingMessage, ServerResponse } from 'node:http';
// biome-ignore lint/suspicious/noTsIgnore: an error is expected only where express has no types
/** @ts-ignore: express is an optional peer; without its types, handlers name their own. */
import type { Request as ExpressRequest, Response as ExpressResponse } from 'express';
import type { PolicyInput } from '../../policy/policy.js';
import type { AccessToken } from '../../protocol/access-token.js';
import type { UntypedClaims } from '../../protocol/claims.js';
import type { AuthorizationError, IssuerUnavailableError } from '../../protocol/errors.js';
import type { AuthenticateOptions } from '../../verifier/requirements.js';

/** The options of `createGuard`. */
export interface GuardOptions extends Omit<AuthenticateOptions, 'policy' | 'signal' | 'onRefusal'> {
  /**
   * The response to a refused request. `respond`: the guard writes the answer of docs/http.md. `next`: the error goes to
   * the app's error handler, with `status`, `headers`, `code` and `reason`.
   * @defaultValue `'respond'`
   */
  readonly errors?: 'respond' | 'next';
  /** Called for each refusal, before the response. For logs and metrics: it cannot change the response. */
  readonly onRefusal?: (error: AuthorizationError | IssuerUnavailableError, request: IncomingMessage) => void;
  /** Called for each request that `guard.reportOnly` would have refused, and lets through. */
  readonly onReport?: (error: AuthorizationError | IssuerUnavailableError, request: IncomingMessage) => void;
}

export type NextFunction = (error?: unknown) => void;

/** A middleware: a request handler for Express 4 and 5, and for anything else with `(req, res, next)`. */
export type Middleware<Req, Res> = (req: Req, res: Res, next: NextFunction) => void;

/** A request that a guard accepted. */
export type Guarded<Req, Claims> = Req & { readonly auth: AccessToken<Claims> };

/** A request that `guard.optional` accepted, with or without a token. */
export type MaybeGuarded<Req, Claims> = Req & { readonly auth?: AccessToken<Claims> | undefined };

/** Without the types of express, `ExpressRequest` is `any`. Handlers then have the types of Node. */
type IfTyped<T, Else> = 0 extends 1 & T ? Else : T;
type DefaultRequest = IfTyped<ExpressRequest, IncomingMessage>;
type DefaultResponse = IfTyped<ExpressResponse, ServerResponse>;

/** A handler that a guard runs for an accepted request. It may be asynchronous. */
export type Handler<Req, Res> = (req: Req, res: Res, next: NextFunction) => unknown;
type AtLeastOne<T> = readonly [T, ...(readonly T[])];

// Express also accepts an error handler, whose first parameter is `any`. Without `NoInfer`, guarded handlers would become
// untyped. A guard that is passed without a call does not compile: its parameters are a policy and functions.

/** Creates a middleware from a policy and the handlers that it guards. Both are optional. */
export interface GuardCall<Auth> {
  /** Requires a valid access token and no scope. Its handlers have a typed `req.auth`. @throws {ConfigurationError} */
  <Req extends IncomingMessage = DefaultRequest, Res extends ServerResponse = DefaultResponse>(
    ...handlers: AtLeastOne<Handler<Req & Auth, Res>>
  ): Middleware<NoInfer<Req>, NoInfer<Res>>;
  /** Requires a valid access token that meets the policy. @throws {ConfigurationError} */
  (...policy: readonly [] | readonly [policy: PolicyInput]): Middleware<IncomingMessage, ServerResponse>;
  /** Requires a valid access token that meets the policy. Its handlers have a typed `req.auth`. @throws {ConfigurationError} */
  <Req extends IncomingMessage = DefaultRequest, Res extends ServerResponse = DefaultResponse>(
    policy: PolicyInput,
    ...handlers: AtLeastOne<Handler<Req & Auth, Res>>
  ): Middleware<NoInfer<Req>, NoInfer<Res>>;
}

/** Creates middlewares that accept only requests with a valid access token. */
export interface Guard<Claims = UntypedClaims> extends GuardCall<Guarded<unknown, Claims>> {
  readonly optional: OptionalGuard<Claims>;
  readonly public: PublicGuard;
  readonly reportOnly: ReportOnlyGuard<Claims>;
}

/**
 * Accepts a request without a token, and sets no `req.auth` then. A token must be valid and meet the policy: an invalid
 * one is refused and never ignored.
 *
 * @example
 * ```ts
 * app.get(
 *   '/news',
 *   guard.optional('news:read', (req, res) => {
 *     res.json({ reader: req.auth?.subject ?? 'anonymous' });
 *   }),
 * );
 * ```
 */
export interface OptionalGuard<Claims = UntypedClaims> extends GuardCall<MaybeGuarded<unknown, Claims>> {}

/**
 * Accepts every request, and tells `onReport` which ones a guard would have refused: for the week before a migration. It
 * protects nothing: `listGuards` and `denyUnguarded` count its routes as unguarded. `req.auth` is there for requests that a
 * guard would have accepted.
 *
 * @example
 * ```ts
 * const watching = createGuard(verifier, {
 *   onReport: ({ reason, detail }, req) => console.warn(req.url, reason, detail),
 * });
 * app.get('/orders', watching.reportOnly('orders:read'), (req, res) => {
 *   res.json({ orders: [] });
 * });
 * ```
 *
 * @throws {ConfigurationError} the guard has no `onReport`
 */
export interface ReportOnlyGuard<Claims = UntypedClaims> extends GuardCall<MaybeGuarded<unknown, Claims>> {}

/**
 * Accepts every request: it declares a public route, so that `listGuards` and `npx scopegate routes` do not report it as
 * unguarded. Reads no token, and sets no `req.auth`.
 *
 * @example
 * ```ts
 * app.get('/health', guard.public(), (_req, res) => {
 *   res.send('ok');
 * });
 * ```
 */
export interface PublicGuard {
  (...handlers: readonly never[]): Middleware<IncomingMessage, ServerResponse>;
  <Req extends IncomingMessage = DefaultRequest, Res extends ServerResponse = DefaultResponse>(
    ...handlers: AtLeastOne<Handler<Req, Res>>
  ): Middleware<NoInfer<Req>, NoInfer<Res>>;
}
