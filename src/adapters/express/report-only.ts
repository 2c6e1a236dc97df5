import type { ServerResponse } from 'node:http';
import { ConfigurationError } from '../../options/configuration-error.js';
import { notify } from '../../platform/notify.js';
import { toError } from '../../protocol/errors.js';
import { Refusal } from '../../protocol/refusal.js';
import { authenticateUnobserved, type VerifierContext } from '../../verifier/authenticate.js';
import { parsePolicyAlone } from '../core/guard-arguments.js';
import type { Middleware } from './guard.js';
import { type GuardableRequest, GuardedRoute, type GuardRuntime } from './guarded-route.js';

/**
 * Creates a middleware that tells what a guard would refuse. It waits for no key, changes no request, and publishes no
 * decision, since there is none.
 */
export function createReportOnly(
  context: VerifierContext,
  runtime: GuardRuntime,
  input: readonly unknown[],
): Middleware<GuardableRequest, ServerResponse> {
  const { onRefusal } = runtime;
  if (onRefusal === undefined) {
    throw new ConfigurationError(
      'onRefusal',
      'is missing, so guard.reportOnly would tell nobody.',
      'Call createGuard(verifier, { onRefusal: (error, req) => log.warn(req.url, error.reason) }).',
    );
  }

  const route = new GuardedRoute(runtime, { policy: parsePolicyAlone(input), handlers: [] }, false);
  const report = async (req: GuardableRequest) => {
    const outcome = await authenticateUnobserved(context, req, route);
    if (outcome instanceof Refusal) await notify(() => onRefusal(toError(outcome, route.realm), req));
  };

  return function scopegateReportOnly(req, _res, next) {
    void report(req);
    next();
  };
}
