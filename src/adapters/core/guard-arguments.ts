import { ConfigurationError } from '../../options/configuration-error.js';
import { describeValue } from '../../options/describe-value.js';
import { type Policy, parsePolicy } from '../../policy/policy.js';

/** The arguments of a guard, checked. A handler takes what its framework gives: nothing more is known of it. */
export interface GuardArguments<Handler> {
  readonly policy: Policy | undefined;
  readonly handlers: readonly Handler[];
}

// Shared by guards without handlers, so that it stays in the caches of the processor.
const NO_HANDLERS: readonly never[] = Object.freeze([]);

/** Parses an optional policy, and the handlers after it. @throws {ConfigurationError} */
export function parseGuardArguments<Handler>(input: readonly unknown[]): GuardArguments<Handler> {
  const [first, ...others] = input;
  if (input.length === 0 || typeof first === 'function') return { policy: undefined, handlers: parseHandlers(input) };

  refuseUndefinedPolicy(first);
  refuseRequest(first);
  const policy = parsePolicy(first, 'policy');
  return { policy, handlers: parseHandlers(others) };
}

/** @throws {ConfigurationError} */
export function parseHandlers<Handler>(input: readonly unknown[]): readonly Handler[] {
  return input.length === 0 ? NO_HANDLERS : Object.freeze(input.map(toHandler<Handler>));
}

/** Returns the one handler of a framework that has one a route. @throws {ConfigurationError} */
export function onlyHandler<Handler>(handlers: readonly Handler[]): Handler {
  const [handler] = handlers;
  if (handler !== undefined && handlers.length === 1) return handler;
  const problem = handlers.length === 0 ? 'is missing.' : `is one of ${handlers.length}.`;
  throw new ConfigurationError('handler', problem, 'Give one function after the policy.');
}

function toHandler<Handler>(handler: unknown, index: number): Handler {
  if (typeof handler === 'function') return handler as Handler;
  throw new ConfigurationError(
    `handlers[${index}]`,
    `is ${describeValue(handler)}.`,
    'Give request handlers after the policy. Several scopes stand in one string, or in allOf or anyOf.',
  );
}

/** A misspelt constant is undefined, and must not allow every token. */
function refuseUndefinedPolicy(policy: unknown): void {
  if (policy !== undefined) return;
  const fix = 'Call guard() or guard(handler) to demand a valid access token and no scope.';
  throw new ConfigurationError('policy', 'is undefined.', fix);
}

/** `app.use(guard)` makes Express call the guard with a request in place of a policy. */
function refuseRequest(policy: unknown): void {
  if (typeof policy !== 'object' || policy === null || !('headers' in policy)) return;
  throw new ConfigurationError(
    'policy',
    'is a request: the guard was used as a request handler.',
    "Call the guard: app.use(guard()), or app.get('/orders', guard('orders:read', handler)).",
  );
}
