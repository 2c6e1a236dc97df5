import type { IncomingMessage } from 'node:http';
// biome-ignore lint/suspicious/noTsIgnore: an error is expected only where koa has no types
/** @ts-ignore: koa is an optional peer; without its types, handlers name their own. */
import type { Context } from 'koa';
import type { PolicyInput } from '../../policy/policy.js';
import type { AccessToken } from '../../protocol/access-token.js';
import type { UntypedClaims } from '../../protocol/claims.js';
import type { HttpAnswer } from '../../protocol/http-answer.js';
import type { HttpRequest } from '../../protocol/http-request.js';
import type { Verifier } from '../../verifier/verifier.js';
import { cacheHeaders } from '../core/cache-headers.js';
import { parseGuardArguments } from '../core/guard-arguments.js';
import { requireInternals } from '../core/require-internals.js';
import { type Decide, RouteGuard, type RouteGuardOptions } from '../core/route-guard.js';

/** The part of a Koa context that the guard uses. */
export interface KoaContext {
  readonly req: IncomingMessage;
  readonly request: object;
  readonly ip?: string;
  readonly response: { get(name: string): string | string[] };
  // biome-ignore lint/suspicious/noExplicitAny: Koa gives it this type
  state: any;
  status: number;
  body: unknown;
  set(name: string, value: string): void;
}

/** The options of `createKoaGuard`. */
export interface KoaGuardOptions extends RouteGuardOptions<KoaDefaultContext> {}

/** Without the types of koa, `Context` is `any`. */
export type KoaDefaultContext = 0 extends 1 & Context ? KoaContext : Context;
/** Goes on to what comes after the guard. */
export type KoaNext = () => Promise<unknown>;

/** A middleware of Koa. */
export type KoaMiddleware<Ctx> = (ctx: Ctx, next: KoaNext) => Promise<unknown>;
/** A handler behind a guard. It may go on by `next`. */
export type KoaHandler<Ctx, Auth> = (ctx: Ctx & { state: { readonly auth: Auth } }, next: KoaNext) => unknown;

/** Creates a middleware from a policy and the handlers that it guards. Both are optional. */
export interface KoaGuardCall<Auth> {
  /** Requires a valid access token and no scope. @throws {ConfigurationError} */
  <Ctx extends KoaContext = KoaDefaultContext>(
    ...handlers: readonly [KoaHandler<Ctx, Auth>, ...(readonly KoaHandler<Ctx, Auth>[])]
  ): KoaMiddleware<NoInfer<Ctx>>;
  /** Requires a valid access token that meets the policy. @throws {ConfigurationError} */
  (...policy: readonly [] | readonly [policy: PolicyInput]): KoaMiddleware<KoaContext>;
  /** Requires a valid access token that meets the policy. @throws {ConfigurationError} */
  <Ctx extends KoaContext = KoaDefaultContext>(
    policy: PolicyInput,
    ...handlers: readonly [KoaHandler<Ctx, Auth>, ...(readonly KoaHandler<Ctx, Auth>[])]
  ): KoaMiddleware<NoInfer<Ctx>>;
}

/** Creates middlewares for Koa that accept only requests with a valid access token. */
export interface KoaGuard<Claims = UntypedClaims> extends KoaGuardCall<AccessToken<Claims>> {
  /** Accepts a request without a token too. A token that is given must be good. */
  readonly optional: KoaGuardCall<AccessToken<Claims> | undefined>;
}

/**
 * Creates a guard for Koa. It puts the access token on `ctx.state.auth`.
 *
 * @example
 * ```ts
 * const guard = createKoaGuard(verifier);
 *
 * app.use(
 *   guard('orders:read', (ctx) => {
 *     ctx.body = { subject: ctx.state.auth.subject };
 *   }),
 * );
 * ```
 *
 * @throws {ConfigurationError} an option is unknown or wrong, or the first argument is no verifier
 */
export function createKoaGuard<Claims = UntypedClaims>(
  verifier: Verifier<Claims>,
  options: KoaGuardOptions = {},
): KoaGuard<Claims> {
  const guard = new RouteGuard(requireInternals(verifier, 'createKoaGuard'), options);
  const create = (input: readonly unknown[], isOptional: boolean) => {
    const { policy, handlers } = parseGuardArguments<AnyKoaHandler>(input);
    return createMiddleware(guard, guard.forRoute(policy, isOptional), handlers);
  };

  const koaGuard = (...input: readonly unknown[]) => create(input, false);
  const optional = (...input: readonly unknown[]) => create(input, true);
  return Object.freeze(Object.assign(koaGuard, { optional })) as unknown as KoaGuard<Claims>;
}

type AnyKoaHandler = KoaMiddleware<KoaContext>;

function createMiddleware(guard: RouteGuard, decide: Decide, handlers: readonly AnyKoaHandler[]): AnyKoaHandler {
  return async function scopegateGuard(ctx, next) {
    const request = requestOf(ctx);
    const { answer, auth, caching } = await decide(request, ctx);
    if (answer !== undefined) return writeAnswer(ctx, answer);

    ctx.state.auth = auth;
    for (const [name, value] of cacheHeaders(caching, (name) => ctx.response.get(name))) ctx.set(name, value);

    try {
      return await runHandlers(handlers, ctx, next);
    } catch (thrown) {
      return writeAnswer(ctx, guard.answerThrown(thrown, request, ctx));
    }
  };
}

function requestOf({ req, request, ip }: KoaContext): HttpRequest {
  const { method, url, headers, rawHeaders, socket } = req;
  // A body parser, if one ran before, left it here.
  const { body } = request as { readonly body?: unknown };
  return { method, url, headers, rawHeaders, body, ip, socket };
}

function writeAnswer(ctx: KoaContext, { status, headers, body }: HttpAnswer): void {
  ctx.status = status;
  for (const [name, value] of Object.entries(headers)) ctx.set(name, value);
  ctx.body = body;
}

/** Runs handlers in turn, as Koa does: each goes on by `next`, and the last one to what comes after the guard. */
async function runHandlers(handlers: readonly AnyKoaHandler[], ctx: KoaContext, next: KoaNext): Promise<unknown> {
  const [handler, ...others] = handlers;
  if (handler === undefined) return next();
  return handler(ctx, () => runHandlers(others, ctx, next));
}
