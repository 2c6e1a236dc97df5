import type { IncomingMessage, ServerResponse } from 'node:http';
import { ConfigurationError } from '../../options/configuration-error.js';
import { describeValue } from '../../options/describe-value.js';
import { type ReadersOf, type ReadOptions, readOptions } from '../../options/option-reader.js';
import { callback } from '../../options/readers.js';
import { notify } from '../../platform/notify.js';
import { UnguardedRouteError } from '../../protocol/errors.js';
import { quoteUntrusted } from '../../protocol/refusal.js';
import type { NextFunction } from './guard.js';
import { guardMetadataOf, hasPassed } from './guard-metadata.js';
import { readErrors } from './guard-options.js';
import { writeAnswer } from './write-answer.js';

/** The options of `denyUnguarded`. */
export interface DenyUnguardedOptions {
  /**
   * The response to a refused request. `respond`: 500. `next`: the error goes to the app's error handler, with `status`,
   * `headers` and `reason`.
   * @defaultValue `'respond'`
   */
  readonly errors?: 'respond' | 'next';
  /** Called for each such request, before the response. `error.detail` names the route. */
  readonly onRefusal?: (error: UnguardedRouteError, request: IncomingMessage) => void;
}

type HandleRequest = (this: RouteLayer, req: WatchedRequest, res: ServerResponse, next: NextFunction) => unknown;
type Handle = (req: WatchedRequest, res: ServerResponse, next: NextFunction | undefined) => unknown;

/** A handler in a route. Express 5 calls `handleRequest`, Express 4 calls `handle_request`. */
interface RouteLayer {
  readonly handle?: unknown;
  handleRequest?: HandleRequest;
  handle_request?: HandleRequest;
  [WATCHED]?: true;
}

interface Route {
  readonly path?: unknown;
  readonly stack?: readonly RouteLayer[];
}

interface WatchedRequest extends IncomingMessage {
  readonly baseUrl?: string;
  /** Of the innermost app or router that the request is in now. */
  [RULES]?: Rules | undefined;
  [ROUTE]?: Route | undefined;
  /** The routes that it entered while there were rules, and those rules. */
  [ENTERED]?: Map<Route, Rules>;
}

type Rules = ReadOptions<typeof READERS>;

const RULES = Symbol('scopegate.denyUnguarded');
const ROUTE = Symbol('scopegate.route');
const ENTERED = Symbol('scopegate.enteredRoutes');
const WATCHED = Symbol('scopegate.watched');
const READERS = {
  errors: readErrors,
  onRefusal: callback<NonNullable<DenyUnguardedOptions['onRefusal']>>(),
} satisfies ReadersOf<DenyUnguardedOptions>;
const METHODS = ['handleRequest', 'handle_request'] as const;

/**
 * Makes an Express app or router refuse every request that reaches a handler of a route before a guard or
 * `guard.public()` accepted it: 500, with the reason `route_unguarded`. It compares no paths: it records which guards ran
 * for the request. It covers routes that are declared later, and the routes of routers and apps that are mounted in this
 * app, for requests through this app.
 *
 * Middlewares of `use` and callbacks of `param` are no handlers of a route: they run.
 *
 * @returns the app
 * @throws {ConfigurationError}
 */
export function denyUnguarded<App extends object>(app: App, options: DenyUnguardedOptions = {}): App {
  const rules = readOptions(options, '', "Give an object such as { errors: 'next' }.", READERS);

  const target = requireApp(app);
  const { handle } = target;
  target.handle = function scopegateDenyUnguarded(req, res, next) {
    const outer = req[RULES];
    watch(req, rules);
    return handle.call(this, req, res, leave(req, outer, next));
  };
  return app;
}

function requireApp(app: unknown): { handle: Handle } {
  if (typeof app === 'function' && typeof (app as { handle?: unknown }).handle === 'function') return app as never;
  throw new ConfigurationError(
    'app',
    `is ${describeValue(app)} and no Express app or router.`,
    'Call denyUnguarded(express()).',
  );
}

/** Express sets `req.route` before it runs a handler of a route: in every version, router and mounted app. */
function watch(req: WatchedRequest, rules: Rules): void {
  if (req[ENTERED] === undefined) {
    req[ENTERED] = new Map();
    Object.defineProperty(req, 'route', ROUTE_PROPERTY);
  }
  req[RULES] = rules;
}

/** What is around the app or router has rules of its own, or none. */
function leave(
  req: WatchedRequest,
  outer: Rules | undefined,
  next: NextFunction | undefined,
): NextFunction | undefined {
  if (next === undefined) return undefined;
  return (error) => {
    req[RULES] = outer;
    next(error);
  };
}

// Not configurable: a middleware that deletes or redefines it would switch the check off.
const ROUTE_PROPERTY = {
  configurable: false,
  enumerable: true,
  get(this: WatchedRequest) {
    return this[ROUTE];
  },
  set(this: WatchedRequest, route: Route | undefined) {
    this[ROUTE] = route;
    if (route === undefined) return;
    // What counts is where the request entered the route: what it left since does not open the handlers to come.
    if (this[RULES] !== undefined) this[ENTERED]?.set(route, this[RULES]);
    for (const layer of route.stack ?? []) watchLayer(layer, route);
  },
};

/** Changes no prototype, since other apps share it. Requests of other apps that reach this layer run as before. */
function watchLayer(layer: RouteLayer, route: Route): void {
  if (layer[WATCHED] === true) return;
  Object.defineProperty(layer, WATCHED, { value: true });
  for (const name of METHODS) {
    const run = layer[name];
    if (run === undefined) continue;

    const value: HandleRequest = function handleIfPassed(req, res, next) {
      const rules = req[ENTERED]?.get(route);
      if (rules === undefined || mayRun(this, req)) return run.call(this, req, res, next);
      return refuse(rules, req, res, next);
    };
    Object.defineProperty(layer, name, { value, configurable: true, writable: true });
  }
}

function mayRun({ handle }: RouteLayer, req: WatchedRequest): boolean {
  if (hasPassed(req) || guardMetadataOf(handle) !== undefined) return true;
  // Express does not call a handler of errors here.
  return (handle as () => unknown).length > 3;
}

function refuse(rules: Rules, req: WatchedRequest, res: ServerResponse, next: NextFunction): void {
  const { errors, onRefusal } = rules;
  const { method, baseUrl = '' } = req;
  const route = quoteUntrusted(`${method} ${baseUrl}${req[ROUTE]?.path}`);
  const error = new UnguardedRouteError(`no guard let the request through before a handler of ${route}`);
  if (onRefusal !== undefined) void notify('onRefusal', () => onRefusal(error, req));
  if (errors === 'next' || res.headersSent) return next(error);
  writeAnswer(res, error);
}
