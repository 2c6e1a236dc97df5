import { type GuardMetadata, guardMetadataOf } from './guard-metadata.js';
import { describeRow, type FoundGuard, type ListedRoute, listRoute } from './listed-route.js';
import { coversPath, EMPTY_PATH, extendPath, type PathBelow, type RoutePath } from './route-path.js';
import {
  hasParamCallback,
  isErrorHandler,
  type Layer,
  mountPathOf,
  pathsOf,
  type RouterStack,
  routerOf,
} from './router-stack.js';

/** The routes of an app, and what may hide more of them. */
export interface AppRoutes {
  readonly routes: readonly ListedRoute[];
  /** Middlewares that may have routes. These cannot be read. */
  readonly middlewares: readonly { readonly path: string; readonly name: string }[];
}

/** The middlewares that Express 4 adds to each app. */
const OWN_MIDDLEWARES = ['query', 'expressInit'];

/** The path of a route in a mounted app. */
const UNKNOWN: RoutePath = { kind: 'opaque', text: '', isSensitive: undefined, display: '/*', names: undefined };

/** A guard that `use` added to a router. */
interface MountedGuard extends FoundGuard {
  readonly path: RoutePath;
}

/** A router on the path to a route, and its guards before that path. */
interface Level {
  readonly guards: readonly MountedGuard[];
  /** The path from this router to the route. */
  readonly path: PathBelow;
  /** Whether a parameter of the path has a callback. It runs before the guards of lower levels. */
  readonly hasCallback: boolean;
}

interface Place {
  readonly levels: readonly Level[];
  readonly prefix: string;
  readonly isRoot: boolean;
  /** The routers around this place. */
  readonly routers: readonly RouterStack[];
}

/**
 * Lists the routes of an Express app or router, and those of nested routers, with the requirements of their guards. The
 * guards of a route count, and those that `use` added before it, to the app or to the routers around it.
 *
 * A mounted app has one row, with the method `ALL`: list it apart. Static files and other middlewares are no routes and
 * are not listed. A middleware that changes `req.url` bypasses guards at paths: `denyUnguarded` refuses such requests, and
 * this list does not show them.
 *
 * @example
 * ```ts
 * const unguarded = listGuards(app).filter(({ access }) => access === 'unguarded');
 * if (unguarded.length > 0) throw new Error(`without a guard: ${unguarded.map(({ path }) => path).join(', ')}`);
 * ```
 *
 * @throws {TypeError} not an Express app or router, or its mounted paths cannot be read (`router` below 2.3)
 */
export function listGuards(app: unknown): readonly ListedRoute[] {
  return findRoutes(app).routes;
}

/** Finds the routes of an app, and the middlewares that cannot be read. @throws {TypeError} */
export function findRoutes(app: unknown): AppRoutes {
  const router = routerOf(app);
  if (router === undefined) throw new TypeError('listGuards(app): give an Express app or router.');
  const found: AppRoutes[] = [];
  walk(router, { levels: [], prefix: '', isRoot: true, routers: [] }, (more) => found.push(more));
  return {
    routes: found.flatMap(({ routes }) => routes),
    middlewares: found.flatMap(({ middlewares }) => middlewares),
  };
}

function walk(router: RouterStack, place: Place, report: (found: AppRoutes) => void): void {
  let guards: readonly MountedGuard[] = [];
  for (const layer of router.stack) {
    const guarded = guardMetadataOf(layer.handle);
    const paths = pathsOf(layer);
    if (guarded !== undefined) guards = [...guards, ...mountedGuards(guarded, paths, place.isRoot)];
    // An error skips guards. A handler of errors that calls next() then reaches the routes behind them.
    else if (isErrorHandler(layer)) guards = guards.map((guard) => ({ ...guard, isCertain: false }));
    else for (const path of paths) visit(layer, enter(router, place, guards, { layer, path }), report);
  }
}

/** Ignores a guard whose paths may miss requests, and `guard.public()` at the root: nobody means to open the whole app. */
function mountedGuards(guarded: GuardMetadata, paths: readonly RoutePath[], isRoot: boolean): readonly MountedGuard[] {
  if (paths.some(({ kind }) => kind === 'open' || kind === 'opaque')) return [];
  const counted = paths.filter(({ text }) => !(guarded.access === 'public' && isRoot && text === ''));
  return counted.map((path) => ({ guarded, path, isCertain: true }));
}

/** Returns the place below a layer. */
function enter(
  router: RouterStack,
  { levels, prefix, isRoot, routers }: Place,
  guards: readonly MountedGuard[],
  { layer, path }: { readonly layer: Layer; readonly path: RoutePath },
): Place {
  const own: Level = { guards, path: EMPTY_PATH, hasCallback: hasParamCallback(router, path) };
  const step = layer.route === undefined ? mountPathOf(layer, path) : path;
  return {
    levels: [...levels, own].map((level) => ({ ...level, path: extendPath(level.path, step) })),
    prefix: joinPaths(prefix, path.display),
    isRoot: isRoot && path.kind !== 'open' && path.kind !== 'opaque' && path.text === '',
    routers: [...routers, router],
  };
}

function visit(layer: Layer, place: Place, report: (found: AppRoutes) => void): void {
  const { route, name = '' } = layer;
  const { levels, prefix, routers } = place;
  if (route !== undefined) {
    const guards = guardsBefore(levels);
    const isBehindCallback = levels.some(({ hasCallback }) => hasCallback);
    return report({ routes: listRoute(route.stack, prefix, { guards, isBehindCallback }), middlewares: [] });
  }

  const inner = routerOf(layer.handle);
  if (inner !== undefined && !routers.includes(inner)) return walk(inner, place, report);
  if (inner !== undefined || name === 'mounted_app') {
    const inside = levels.map((level) => ({ ...level, path: extendPath(level.path, UNKNOWN) }));
    return report({ routes: [describeRow('ALL', joinPaths(prefix, '/*'), guardsBefore(inside))], middlewares: [] });
  }
  if (OWN_MIDDLEWARES.includes(name)) return;
  report({ routes: [], middlewares: [{ path: prefix === '' ? '/' : prefix, name }] });
}

/** Returns the guards that cover the whole path, from the app inwards. */
function guardsBefore(levels: readonly Level[]): readonly FoundGuard[] {
  const firstCallback = levels.findIndex(({ hasCallback }) => hasCallback);
  return levels.flatMap(({ guards, path: pathBelow }, depth) => {
    const isBehindCallback = firstCallback !== -1 && depth > firstCallback;
    const covering = guards.filter(({ path }) => coversPath(path, pathBelow));
    return covering.map(({ guarded, isCertain }) => ({ guarded, isCertain: isCertain && !isBehindCallback }));
  });
}

function joinPaths(prefix: string, path: string): string {
  return path === '' ? prefix : `${prefix}${path.startsWith('/') ? '' : '/'}${path}`;
}
