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
export interface GuardOptions extends Omit<AuthenticateOptions, 'policy' | 'signal'> {
  /**
   * What becomes of a refused request. `respond`: the guard writes the answer of docs/http.md. `next`: it
   * gives the error to the app's error handler, with `status`, `headers`, `code` and `reason`.
   * @defaultValue `'respond'`
   */
  readonly errors?: 'respond' | 'next';
  /** Told of every refusal, before the answer. For logs and metrics; nothing it does changes the answer. */
  readonly onRefusal?: (error: AuthorizationError | IssuerUnavailableError, request: IncomingMessage) => void;
}

/** Express' `next`. */
export type NextFunction = (error?: unknown) => void;

/** A middleware: a request handler for Express 4 and 5, and for anything else with `(req, res, next)`. */
export type Middleware<Req, Res> = (req: Req, res: Res, next: NextFunction) => void;

/** A request that a guard let through. */
export type Guarded<Req, Claims> = Req & { readonly auth: AccessToken<Claims> };

/** A request that `guard.optional` let through, with or without a token. */
export type MaybeGuarded<Req, Claims> = Req & { readonly auth?: AccessToken<Claims> | undefined };

/** Without express' types, `ExpressRequest` is `any`: handlers then get what Node has. */
type IfTyped<T, Else> = 0 extends 1 & T ? Else : T;
type DefaultRequest = IfTyped<ExpressRequest, IncomingMessage>;
type DefaultResponse = IfTyped<ExpressResponse, ServerResponse>;

/** What a guard runs after it let a request through. It may be asynchronous. */
export type Handler<Req, Res> = (req: Req, res: Res, next: NextFunction) => unknown;
type AtLeastOne<T> = readonly [T, ...(readonly T[])];

// `NoInfer` keeps guarded handlers from becoming untyped where Express takes an error handler, whose first parameter is
// `any`. A guard that was not called passes for no handler at all: its parameters are a policy and functions.

/** Makes a middleware of a policy and the handlers that it guards, either of which may be left out. */
export interface GuardCall<Auth> {
  /** Demands a valid access token and no scope, with the handlers that it guards: they see `req.auth`, typed. @throws {ConfigurationError} */
  <Req extends IncomingMessage = DefaultRequest, Res extends ServerResponse = DefaultResponse>(
    ...handlers: AtLeastOne<Handler<Req & Auth, Res>>
  ): Middleware<NoInfer<Req>, NoInfer<Res>>;
  /** Demands a valid access token, and what the policy says. @throws {ConfigurationError} */
  (...policy: readonly [] | readonly [policy: PolicyInput]): Middleware<IncomingMessage, ServerResponse>;
  /** Demands what the policy says, with the handlers that it guards: they see `req.auth`, typed. @throws {ConfigurationError} */
  <Req extends IncomingMessage = DefaultRequest, Res extends ServerResponse = DefaultResponse>(
    policy: PolicyInput,
    ...handlers: AtLeastOne<Handler<Req & Auth, Res>>
  ): Middleware<NoInfer<Req>, NoInfer<Res>>;
}

/** Makes request handlers that let a request through with a good access token alone. */
export interface Guard<Claims = UntypedClaims> extends GuardCall<Guarded<unknown, Claims>> {
  readonly optional: OptionalGuard<Claims>;
  readonly public: PublicGuard;
}

/**
 * Lets a request without a token through, without `req.auth`. A token that is there must be good and meet
 * the policy: a bad one is refused, never taken for none.
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
 * Lets every request through: it declares that a route is public on purpose, so that `listGuards` and
 * `npx scopegate routes` do not report it as one that was forgotten. Looks at no token, and sets no `req.auth`.
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
