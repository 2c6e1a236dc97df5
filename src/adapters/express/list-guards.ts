import { type GuardMetadata, guardMetadataOf } from './guard-metadata.js';
import { describeRow, type FoundGuard, type ListedRoute, listRoute } from './listed-route.js';
import { coversWay, extendWay, NO_WAY, type RoutePath, type Way } from './route-path.js';
import {
  hasParamCallback,
  isErrorHandler,
  type Layer,
  mountPathOf,
  pathsOf,
  type RouterStack,
  routerOf,
} from './router-stack.js';

/** What is found in an app. */
export interface AppRoutes {
  readonly routes: readonly ListedRoute[];
  /** Middlewares that may have routes within, which nobody can see. */
  readonly middlewares: readonly { readonly path: string; readonly name: string }[];
}

/** What Express 4 puts into each app. */
const OWN_MIDDLEWARES = ['query', 'expressInit'];

/** What is in a mounted app. */
const UNKNOWN: RoutePath = { kind: 'opaque', text: '', isSensitive: undefined, display: '/*', names: undefined };

/** A guard that `use` put into a router. */
interface StandingGuard extends FoundGuard {
  readonly path: RoutePath;
}

/** A router on the way, with the guards that stand in it before the way goes on. */
interface Level {
  readonly guards: readonly StandingGuard[];
  readonly way: Way;
  /** Whether a parameter of the way, as far as it goes, has a callback, which runs before the guards of lower levels. */
  readonly hasCallback: boolean;
}

interface Place {
  readonly levels: readonly Level[];
  readonly prefix: string;
  readonly isRoot: boolean;
  /** The routers that this place is in. */
  readonly routers: readonly RouterStack[];
}

/**
 * Lists the routes of an Express app or router, nested ones included, with what their guards demand. Guards count that
 * stand on the route, and those that `use` put before it, on the app or on the routers that it is in.
 *
 * Apps mounted in the app are told by one row each, with the method `ALL`: list them apart. Static files and other
 * middlewares are no routes and are not listed. A middleware that changes `req.url` leads past guards that stand at
 * paths: `denyUnguarded` sees that, and this list does not.
 *
 * @example
 * ```ts
 * const unguarded = listGuards(app).filter(({ access }) => access === 'unguarded');
 * if (unguarded.length > 0) throw new Error(`without a guard: ${unguarded.map(({ path }) => path).join(', ')}`);
 * ```
 *
 * @throws {TypeError} it is no Express app or router, or one whose mounted paths cannot be read (`router` below 2.3)
 */
export function listGuards(app: unknown): readonly ListedRoute[] {
  return findRoutes(app).routes;
}

/** The same, with what could not be looked into. @throws {TypeError} */
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
  let guards: readonly StandingGuard[] = [];
  for (const layer of router.stack) {
    const guarded = guardMetadataOf(layer.handle);
    const paths = pathsOf(layer);
    if (guarded !== undefined) guards = [...guards, ...standingGuards(guarded, paths, place.isRoot)];
    // Errors pass by guards. A handler of errors that goes on by next() leads to what stands behind it.
    else if (isErrorHandler(layer)) guards = guards.map((guard) => ({ ...guard, isCertain: false }));
    else for (const path of paths) visit(layer, enter(router, place, guards, { layer, path }), report);
  }
}

/** A guard counts for nothing that its paths may miss; and that everything is public nobody means. */
function standingGuards(
  guarded: GuardMetadata,
  paths: readonly RoutePath[],
  isRoot: boolean,
): readonly StandingGuard[] {
  if (paths.some(({ kind }) => kind === 'open' || kind === 'opaque')) return [];
  const meant = paths.filter(({ text }) => !(guarded.access === 'public' && isRoot && text === ''));
  return meant.map((path) => ({ guarded, path, isCertain: true }));
}

/** Goes on by the path of a layer. */
function enter(
  router: RouterStack,
  { levels, prefix, isRoot, routers }: Place,
  guards: readonly StandingGuard[],
  { layer, path }: { readonly layer: Layer; readonly path: RoutePath },
): Place {
  const own: Level = { guards, way: NO_WAY, hasCallback: hasParamCallback(router, path) };
  const step = layer.route === undefined ? mountPathOf(layer, path) : path;
  return {
    levels: [...levels, own].map((level) => ({ ...level, way: extendWay(level.way, step) })),
    prefix: joinPaths(prefix, path.display),
    isRoot: isRoot && path.kind !== 'open' && path.kind !== 'opaque' && path.text === '',
    routers: [...routers, router],
  };
}

function visit(layer: Layer, place: Place, report: (found: AppRoutes) => void): void {
  const { route, name = '' } = layer;
  const { levels, prefix, routers } = place;
  if (route !== undefined) {
    const before = guardsBefore(levels);
    const isBehindCallback = levels.some(({ hasCallback }) => hasCallback);
    return report({ routes: listRoute(route.stack, prefix, { before, isBehindCallback }), middlewares: [] });
  }
  const inner = routerOf(layer.handle);
  if (inner !== undefined && !routers.includes(inner)) return walk(inner, place, report);
  if (inner !== undefined || name === 'mounted_app') {
    const within = levels.map((level) => ({ ...level, way: extendWay(level.way, UNKNOWN) }));
    return report({ routes: [describeRow('ALL', joinPaths(prefix, '/*'), guardsBefore(within))], middlewares: [] });
  }
  if (OWN_MIDDLEWARES.includes(name)) return;
  report({ routes: [], middlewares: [{ path: prefix === '' ? '/' : prefix, name }] });
}

/** Gives the guards that reach the end of the way, from the app inwards. */
function guardsBefore(levels: readonly Level[]): readonly FoundGuard[] {
  const firstCallback = levels.findIndex(({ hasCallback }) => hasCallback);
  return levels.flatMap(({ guards, way }, depth) => {
    const isBehindCallback = firstCallback !== -1 && depth > firstCallback;
    const reaching = guards.filter(({ path }) => coversWay(path, way));
    return reaching.map(({ guarded, isCertain }) => ({ guarded, isCertain: isCertain && !isBehindCallback }));
  });
}

function joinPaths(prefix: string, path: string): string {
  return path === '' ? prefix : `${prefix}${path.startsWith('/') ? '' : '/'}${path}`;
}
