import type { PolicyInput } from '../../policy/policy.js';
import type { AccessToken } from '../../protocol/access-token.js';
import type { UntypedClaims } from '../../protocol/claims.js';
import type { Verifier } from '../../verifier/verifier.js';
import { cacheHeaders } from '../core/cache-headers.js';
import { onlyHandler, parseGuardArguments } from '../core/guard-arguments.js';
import { requireInternals } from '../core/require-internals.js';
import { type Decide, RouteGuard, type RouteGuardOptions } from '../core/route-guard.js';

/** The options of `createFetchGuard`. */
export type FetchGuardOptions = RouteGuardOptions<Request>;

/**
 * A handler of the Fetch API behind a guard. `others` are what the runtime gives besides the request, such as the context
 * of a route in Next.js.
 */
export type FetchHandler<Req, Auth, Others extends readonly unknown[]> = (
  request: Req,
  guarded: { readonly auth: Auth },
  ...others: Others
) => Response | Promise<Response>;

/** A handler that the runtime calls. */
export type GuardedFetchHandler<Req, Others extends readonly unknown[]> = (
  request: Req,
  ...others: Others
) => Promise<Response>;

/** Creates a handler from a policy and the handler that it guards. */
export interface Protect<Auth> {
  /** Requires a valid access token and no scope. @throws {ConfigurationError} */
  <Req extends Request = Request, Others extends readonly unknown[] = readonly []>(
    handler: FetchHandler<Req, Auth, Others>,
  ): GuardedFetchHandler<Req, Others>;
  /** Requires a valid access token that meets the policy. @throws {ConfigurationError} */
  <Req extends Request = Request, Others extends readonly unknown[] = readonly []>(
    policy: PolicyInput,
    handler: FetchHandler<Req, Auth, Others>,
  ): GuardedFetchHandler<Req, Others>;
}

/** Guards handlers of the Fetch API. The functions work without their object. */
export interface FetchGuard<Claims = UntypedClaims> {
  readonly protect: Protect<AccessToken<Claims>>;
  /** Accepts a request without a token too; `auth` is undefined then. A token that is given must be good. */
  readonly optional: Protect<AccessToken<Claims> | undefined>;
}

/**
 * Creates a guard for handlers that take a `Request` and return a `Response`: route handlers of Next.js, Hono, Bun, Deno,
 * Cloudflare Workers.
 *
 * @example
 * ```ts
 * import { createFetchGuard } from 'scopegate/fetch';
 *
 * const { protect } = createFetchGuard(verifier);
 *
 * export const GET = protect('orders:read', (request, { auth }) => {
 *   return Response.json({ subject: auth.subject });
 * });
 * ```
 *
 * @throws {ConfigurationError} an option is unknown or wrong, or the first argument is no verifier
 */
export function createFetchGuard<Claims = UntypedClaims>(
  verifier: Verifier<Claims>,
  options: FetchGuardOptions = {},
): FetchGuard<Claims> {
  const guard = new RouteGuard(requireInternals(verifier, 'createFetchGuard'), options);
  const protect = (input: readonly unknown[], isOptional: boolean) => {
    const { policy, handlers } = parseGuardArguments<AnyFetchHandler>(input);
    return createHandler(guard, guard.forRoute(policy, isOptional), onlyHandler(handlers));
  };

  return Object.freeze({
    protect: (...input: readonly unknown[]) => protect(input, false),
    optional: (...input: readonly unknown[]) => protect(input, true),
  }) as unknown as FetchGuard<Claims>;
}

type AnyFetchHandler = FetchHandler<Request, unknown, readonly unknown[]>;

function createHandler(
  guard: RouteGuard,
  decide: Decide,
  handler: AnyFetchHandler,
): GuardedFetchHandler<Request, readonly unknown[]> {
  return async function scopegateGuard(request, ...others) {
    const { answer, auth, caching } = await decide(request, request);
    if (answer !== undefined) return new Response(answer.body, answer);

    try {
      const response = await handler(request, { auth }, ...others);
      const headers = cacheHeaders(caching, (name) => response.headers.get(name));
      return withHeaders(response, headers);
    } catch (thrown) {
      const { body, ...init } = guard.answerThrown(thrown, request, request);
      return new Response(body, init);
    }
  };
}

/** The headers of a response may be immutable, as those of a redirect are. */
function withHeaders(response: Response, headers: ReturnType<typeof cacheHeaders>): Response {
  if (headers.length === 0) return response;
  const changed = new Response(response.body, response);
  for (const [name, value] of headers) changed.headers.set(name, value);
  return changed;
}
