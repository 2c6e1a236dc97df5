import type { ServerResponse } from 'node:http';
import { ConfigurationError } from '../../options/configuration-error.js';
import { notify } from '../../platform/notify.js';
import type { UntypedClaims } from '../../protocol/claims.js';
import { toError } from '../../protocol/errors.js';
import { Refusal } from '../../protocol/refusal.js';
import { authenticate } from '../../verifier/authenticate.js';
import type { Requirements } from '../../verifier/requirements.js';
import type { Verifier, VerifierInternals } from '../../verifier/verifier.js';
import { AnswerCache } from '../core/answer-cache.js';
import { parseGuardArguments, parseHandlers } from '../core/guard-arguments.js';
import { requireInternals } from '../core/require-internals.js';
import type { Guard, GuardOptions, Middleware, NextFunction } from './guard.js';
import { markGuarded, markPassed } from './guard-metadata.js';
import { parseGuardOptions } from './guard-options.js';
import { type GuardableRequest, GuardedRoute, type GuardRuntime } from './guarded-route.js';
import { type AnyHandler, runHandlers } from './run-handlers.js';

type NodeMiddleware = Middleware<GuardableRequest, ServerResponse>;

const INTERNALS = Symbol('scopegate.guard');

/**
 * Creates a guard, which protects the routes of an Express app with a verifier. Several guards may share one verifier,
 * each with its own audience.
 *
 * @example
 * ```ts
 * const guard = createGuard(verifier);
 *
 * app.get('/orders', guard('orders:read'), (req, res) => {
 *   res.json({ orders: [] });
 * });
 * app.post(
 *   '/orders',
 *   guard('orders:write', (req, res) => {
 *     res.json({ tenant: req.auth.claims.tenant });
 *   }),
 * );
 * ```
 *
 * @throws {ConfigurationError} an option is unknown or wrong, or the first argument is no verifier
 */
export function createGuard<Claims = UntypedClaims>(
  verifier: Verifier<Claims>,
  options: GuardOptions = {},
): Guard<Claims> {
  const internals = requireInternals(verifier, 'createGuard');
  const config = parseGuardOptions(options, internals.audience);
  const runtime: GuardRuntime = Object.freeze({ ...config, answers: new AnswerCache(config.requirements.realm) });

  const create = (input: readonly unknown[], isOptional: boolean) => {
    return createMiddleware(internals, new GuardedRoute(runtime, parseGuardArguments(input), isOptional));
  };
  const guard = (...input: unknown[]) => create(input, false);
  const optional = (...input: unknown[]) => create(input, true);

  Object.defineProperties(guard, {
    optional: { value: optional },
    public: { value: createPublic },
    reportOnly: { value: (...input: unknown[]) => createReportOnly(internals, runtime, input) },
    [INTERNALS]: { value: internals },
  });

  return Object.freeze(guard) as unknown as Guard<Claims>;
}

function createMiddleware(internals: VerifierInternals, route: GuardedRoute): NodeMiddleware {
  const { context, issuersWithoutAudience } = internals;

  function scopegateGuard(req: GuardableRequest, res: ServerResponse, next: NextFunction): void {
    const outcome = authenticate(context, req, route);
    if (outcome instanceof Promise) outcome.then((settled) => route.settle(settled, req, res, next), next);
    else route.settle(outcome, req, res, next);
  }

  return markGuarded(scopegateGuard, {
    access: route.isOptional ? 'optional' : 'guarded',
    policy: route.policy,
    audience: route.audience,
    issuersWithoutAudience,
    hasHandlers: route.handlers.length > 0,
  });
}

/** Creates a middleware that accepts every request and reads no token. */
function createPublic(...input: readonly unknown[]): NodeMiddleware {
  const handlers = parseHandlers<AnyHandler>(input);
  const hasHandlers = handlers.length > 0;
  const scopegatePublic: NodeMiddleware = (req, res, next) => {
    markPassed(req);
    runHandlers(handlers, req, res, next);
  };

  return markGuarded(scopegatePublic, {
    access: 'public',
    policy: undefined,
    audience: false,
    issuersWithoutAudience: [],
    hasHandlers,
  });
}

/** Creates a middleware that accepts every request, and is marked as no guard. */
function createReportOnly(
  { context }: VerifierInternals,
  runtime: GuardRuntime,
  input: readonly unknown[],
): NodeMiddleware {
  const { onReport } = runtime;
  const { policy, handlers } = parseGuardArguments<AnyHandler>(input);
  if (onReport === undefined) {
    const fix = 'Give createGuard a function: { onReport: (error, req) => log(req.url, error.reason) }.';
    throw new ConfigurationError('onReport', 'is missing, so guard.reportOnly would tell nobody.', fix);
  }

  const requirements: Requirements = Object.freeze({ ...runtime.requirements, policy });
  return async function scopegateReportOnly(req, res, next) {
    const outcome = await authenticate(context, req, requirements);
    if (outcome instanceof Refusal) {
      void notify('onReport', () => onReport(toError(outcome, requirements.realm), req));
    } else {
      req.auth = outcome;
    }
    runHandlers(handlers, req, res, next);
  };
}

/** Returns the internals of the verifier of a guard; undefined for anything that `createGuard` did not create. */
export function internalsOfGuard(guard: unknown): VerifierInternals | undefined {
  return typeof guard === 'function' ? (guard as { [INTERNALS]?: VerifierInternals })[INTERNALS] : undefined;
}
