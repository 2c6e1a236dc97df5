import { formatPolicy } from '../../policy/format-policy.js';
import type { Policy } from '../../policy/policy.js';
import { type GuardMetadata, guardMetadataOf } from './guard-metadata.js';
import { isUnder, joinPaths, type Layer, pathsOf, stackOf } from './router-stack.js';

/** One route of an app, and what it demands. */
export interface ListedRoute {
  /** In upper case; `ALL` for every one. */
  readonly method: string;
  /** As it was declared, with those of the routers that it is in. */
  readonly path: string;
  /**
   * `guarded`: no request comes through without a good token. `optional`: only a good token or none does. `public`:
   * declared so by `guard.public()`. `unguarded`: nobody said anything.
   */
  readonly access: 'guarded' | 'optional' | 'public' | 'unguarded';
  /** What every request must meet, as data; all of them count. */
  readonly policies: readonly Policy[];
  /** The same for a person. Empty where a good token suffices. */
  readonly policy: string;
  /** Who tokens must be meant for. Undefined where none is asked for. */
  readonly audience: readonly string[] | undefined;
}

// Nobody declares a route for so many methods one by one; app.all() does.
const MAX_DECLARED_METHODS = 20;

/** A middleware of a guard, and the path under which it stands. */
interface Reach {
  readonly path: string;
  readonly guarded: GuardMetadata;
}

/**
 * Lists the routes of an Express app or router, nested ones included, with what their guards demand. Guards count that
 * stand on the route, and those that `use` put before it, on the app or on the routers that it is in.
 *
 * Apps mounted in the app are told by one row each, with the method `ALL`: list them apart. Static files and other
 * middlewares are no routes and are not listed.
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
  const stack = stackOf(app);
  if (stack === undefined) throw new TypeError('listGuards(app): give an Express app or router.');
  return walk(stack, '', []);
}

function walk(stack: readonly Layer[], prefix: string, outer: readonly Reach[]): readonly ListedRoute[] {
  const reaches = [...outer];
  return stack.flatMap((layer) => {
    const guarded = guardMetadataOf(layer.handle);
    const paths = pathsOf(layer).map((path) => joinPaths(prefix, path));
    if (guarded !== undefined) {
      reaches.push(...paths.map((path) => ({ path, guarded })));
      return [];
    }
    return paths.flatMap((path) => {
      const before = reaches.filter((reach) => covers(reach, path)).map((reach) => reach.guarded);
      if (layer.route !== undefined) return listRoute(layer.route, path, before);
      const inner = stackOf(layer.handle);
      if (inner !== undefined)
        return walk(
          inner,
          path,
          reaches.filter((reach) => covers(reach, path) || isUnder(reach.path, path)),
        );
      return layer.name === 'mounted_app' ? [describe('ALL', joinPaths(path, '/*'), before)] : [];
    });
  });
}

/** That everything is public nobody means: at the root `guard.public()` declares nothing. */
function covers({ path: reach, guarded }: Reach, path: string): boolean {
  return isUnder(path, reach) && !(guarded.access === 'public' && reach === '');
}

function listRoute(
  route: NonNullable<Layer['route']>,
  path: string,
  before: readonly GuardMetadata[],
): readonly ListedRoute[] {
  const methods = [...new Set(route.stack.map(({ method }) => method))];
  // Handlers of `all` run for every method, so that a row of their own would tell nothing where others are.
  const listed = methods.length > 1 ? methods.filter((method) => method !== undefined) : methods;
  const rows = listed.map((method) => {
    const handlers = route.stack.filter((layer) => layer.method === undefined || layer.method === method);
    const name = method === undefined ? 'ALL' : method.toUpperCase();
    return describe(name, path === '' ? '/' : path, [...before, ...guardsOf(handlers)]);
  });
  return methods.length > MAX_DECLARED_METHODS ? mergeAlike(rows) : rows;
}

/** What `app.all` declared for every method that Node.js knows is told in one row. */
function mergeAlike(rows: readonly ListedRoute[]): readonly ListedRoute[] {
  const alike = new Map<string, ListedRoute[]>();
  for (const row of rows) {
    const name = JSON.stringify([row.access, row.policy, row.audience]);
    alike.set(name, [...(alike.get(name) ?? []), row]);
  }
  return [...alike.values()].flatMap((group) => {
    const [first] = group as [ListedRoute];
    return group.length > MAX_DECLARED_METHODS ? [{ ...first, method: 'ALL' }] : group;
  });
}

/** A guard with nothing behind it guards nothing. */
function guardsOf(handlers: readonly Layer[]): readonly GuardMetadata[] {
  return handlers.flatMap(({ handle }, index) => {
    const guarded = guardMetadataOf(handle);
    if (guarded === undefined) return [];
    const isBehindHandlers = handlers.slice(0, index).some((layer) => guardMetadataOf(layer.handle) === undefined);
    const isLast = index === handlers.length - 1;
    return isLast && isBehindHandlers && !guarded.hasHandlers ? [] : [guarded];
  });
}

function describe(method: string, path: string, guards: readonly GuardMetadata[]): ListedRoute {
  const strict = guards.filter(({ access }) => access !== 'public');
  const policies = strict.flatMap(({ policy }) => (policy === undefined ? [] : [policy]));
  const audiences = strict.flatMap(({ audience }) => (audience === false ? [] : [audience]));
  return {
    method,
    path,
    access: accessOf(guards),
    policies,
    policy: policies.map(formatPolicy).join(policies.length > 1 ? ', and ' : ''),
    audience: audiences[0],
  };
}

function accessOf(guards: readonly GuardMetadata[]): ListedRoute['access'] {
  for (const access of ['guarded', 'optional', 'public'] as const) {
    if (guards.some((guarded) => guarded.access === access)) return access;
  }
  return 'unguarded';
}
