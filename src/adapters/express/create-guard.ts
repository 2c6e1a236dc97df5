import type { IncomingMessage, ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import { describeValue, requireObject } from '../../options/option-reader.js';
import type { AccessToken } from '../../protocol/access-token.js';
import type { UntypedClaims } from '../../protocol/claims.js';
import { ConfigurationError, toError } from '../../protocol/errors.js';
import type { HttpAnswer } from '../../protocol/http-answer.js';
import { Refusal } from '../../protocol/refusal.js';
import { authenticate } from '../../verifier/authenticate.js';
import { internalsOf } from '../../verifier/create-verifier.js';
import { parseRequirements, type Requirements } from '../../verifier/requirements.js';
import type { Verifier, VerifierInternals } from '../../verifier/verifier.js';
import { AnswerCache } from './answer-cache.js';
import type { Guard, GuardOptions, Middleware, NextFunction } from './guard.js';
import { markGuarded } from './guard-metadata.js';
import { type AnyHandler, runHandlers } from './run-handlers.js';

type NodeMiddleware = Middleware<GuardableRequest, ServerResponse>;
type GuardableRequest = IncomingMessage & { auth?: AccessToken | undefined };

/** What one middleware was made for: all that a request has to do with, in one place. */
interface Route extends Requirements {
  readonly isOptional: boolean;
  readonly readsQuery: boolean;
  readonly handlers: readonly AnyHandler[];
  readonly answers: AnswerCache;
}

// One for all guards that have none: it stays in the processor's caches.
const NO_HANDLERS: readonly AnyHandler[] = [];
const GUARD_OPTION_NAMES = ['audience', 'realm', 'extraTokenLocations', 'errors', 'onRefusal'];
const VERIFIER_OF = Symbol('scopegate.guard');

/**
 * Creates a guard, which puts a verifier in front of the routes of an Express app. Several guards may share one
 * verifier, each with an audience of its own.
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
  const internals = requireInternals(verifier);
  requireObject(options, 'options', "Give an object such as { audience: 'https://orders.example.com' }.");
  const { errors = 'respond', onRefusal, ...demanded } = options;
  // Told now, not by the first route.
  parseRequirements(options, GUARD_OPTION_NAMES, internals.audience);
  checkGuardOptions(errors, onRefusal);

  function createMiddleware(isOptional: boolean, given: readonly unknown[]): NodeMiddleware {
    const [policy, ...handlers] = given;
    checkIsMeant(given);
    checkIsCalled(policy);
    checkHandlers(handlers);
    const demands = parseRequirements(
      { ...demanded, policy: policy as never },
      [...GUARD_OPTION_NAMES, 'policy'],
      internals.audience,
    );
    const route: Route = {
      ...demands,
      isOptional,
      readsQuery: demands.extraTokenLocations.includes('query'),
      handlers: handlers.length === 0 ? NO_HANDLERS : (handlers as readonly AnyHandler[]),
      answers: new AnswerCache(demands.realm),
    };

    function scopegateGuard(req: GuardableRequest, res: ServerResponse, next: NextFunction): void {
      const outcome = authenticate(internals.context, req, route);
      if (outcome instanceof Promise) outcome.then((known) => settle(known, route, req, res, next), next);
      else settle(outcome, route, req, res, next);
    }

    return markGuarded(scopegateGuard, {
      access: isOptional ? 'optional' : 'guarded',
      policy: demands.policy,
      audience: demands.audience,
      hasHandlers: handlers.length > 0,
    });
  }

  function settle(
    outcome: AccessToken | Refusal,
    route: Route,
    req: GuardableRequest,
    res: ServerResponse,
    next: NextFunction,
  ) {
    if (outcome instanceof Refusal) {
      if (!route.isOptional || outcome.reason !== 'token_missing') return refuse(outcome, route, req, res, next);
      req.auth = undefined;
    } else {
      req.auth = outcome;
      // RFC 6750 §2.3: a URL with a token in it must not end up in a shared cache.
      if (route.readsQuery) keepOutOfSharedCaches(res);
    }
    runHandlers(route.handlers, req, res, next);
  }

  function refuse(
    refusal: Refusal,
    { realm, answers }: Route,
    req: GuardableRequest,
    res: ServerResponse,
    next: NextFunction,
  ) {
    if (onRefusal !== undefined) void notify(() => onRefusal(toError(refusal, realm), req));
    if (errors === 'next' || res.headersSent) return next(toError(refusal, realm));
    writeAnswer(res, answers.for(refusal));
  }

  const guard = (...given: unknown[]) => createMiddleware(false, given);
  const optional = (...given: unknown[]) => createMiddleware(true, given);
  Object.defineProperties(guard, {
    optional: { value: optional },
    public: { value: createPublic },
    [VERIFIER_OF]: { value: internals },
  });
  return Object.freeze(guard) as unknown as Guard<Claims>;
}

/** Lets every request through and looks at no token. */
function createPublic(...handlers: readonly unknown[]): NodeMiddleware {
  checkHandlers(handlers);
  const scopegatePublic: NodeMiddleware = (req, res, next) => {
    runHandlers(handlers as readonly AnyHandler[], req, res, next);
  };
  const hasHandlers = handlers.length > 0;
  return markGuarded(scopegatePublic, { access: 'public', policy: undefined, audience: false, hasHandlers });
}

/** Gives the verifier behind a guard, or undefined for anything that `createGuard` did not make. */
export function internalsOfGuard(guard: unknown): VerifierInternals | undefined {
  return typeof guard === 'function' ? (guard as { [VERIFIER_OF]?: VerifierInternals })[VERIFIER_OF] : undefined;
}

function requireInternals(verifier: unknown): VerifierInternals {
  const internals = internalsOf(verifier);
  if (internals !== undefined) return internals;
  throw new ConfigurationError(
    'verifier',
    `is ${describeValue(verifier)} and not a verifier.`,
    'Call createGuard(createVerifier({ ... })), with both functions from the same copy of scopegate.',
  );
}

function checkGuardOptions(errors: unknown, onRefusal: unknown): void {
  if (errors !== 'respond' && errors !== 'next') {
    throw new ConfigurationError('errors', `is ${describeValue(errors)}.`, "Give 'respond' or 'next'.");
  }
  if (onRefusal !== undefined && typeof onRefusal !== 'function') {
    throw new ConfigurationError('onRefusal', `is ${describeValue(onRefusal)}.`, 'Give a function, or leave it out.');
  }
}

/** A constant that is misspelt is undefined, and must not open a route to every token. */
function checkIsMeant(given: readonly unknown[]): void {
  if (given.length !== 1 || given[0] !== undefined) return;
  throw new ConfigurationError('policy', 'is undefined.', 'Call guard() to demand a valid access token and no scope.');
}

/** `app.use(guard)` makes Express call the guard with a request in place of a policy. */
function checkIsCalled(policy: unknown): void {
  const isRequest = typeof policy === 'object' && policy !== null && 'headers' in policy;
  if (!isRequest && typeof policy !== 'function') return;
  throw new ConfigurationError(
    'policy',
    isRequest ? 'is a request: the guard was used as a request handler.' : 'is a function.',
    "Call the guard: app.use(guard()), or app.get('/orders', guard('orders:read', handler)).",
  );
}

function checkHandlers(handlers: readonly unknown[]): void {
  for (const [index, handler] of handlers.entries()) {
    if (typeof handler === 'function') continue;
    throw new ConfigurationError(
      `handlers[${index}]`,
      `is ${describeValue(handler)}.`,
      'Give request handlers after the policy. Several scopes stand in one string, or in allOf or anyOf.',
    );
  }
}

/** What was said before stays where it says enough: `no-store` is stricter than what is asked for here. */
function keepOutOfSharedCaches(res: ServerResponse): void {
  if (res.headersSent || /\b(?:private|no-store)\b/i.test(String(res.getHeader('Cache-Control')))) return;
  res.setHeader('Cache-Control', 'private');
}

async function notify(tell: () => unknown): Promise<void> {
  try {
    await tell();
  } catch (error) {
    process.emitWarning(`onRefusal threw: ${error instanceof Error ? String(error) : inspect(error)}`, {
      code: 'SCOPEGATE_ON_REFUSAL',
    });
  }
}

function writeAnswer(res: ServerResponse, { status, headers, body }: HttpAnswer): void {
  res.statusCode = status;
  for (const name of Object.keys(headers)) res.setHeader(name, headers[name] as string);
  res.end(body);
}
