import { displayPath, type Matches, type RoutePath, readExpress4Paths, readExpress5Path } from './route-path.js';

/** The members of a layer of Express that the list needs: Express 4, and Express 5 with `router` 2.3 or later. */
export interface Layer {
  readonly name?: string;
  readonly method?: string | undefined;
  readonly handle?: unknown;
  readonly route?: { readonly stack: readonly Layer[]; readonly path?: unknown } | undefined;
  /** The declared path. Since `router` 2.3. */
  readonly rawPath?: unknown;
  /** True for the root. Express 5. */
  readonly slash?: boolean;
  /** One for each path. Express 5. */
  readonly matchers?: readonly ((path: string) => unknown)[];
  /** The compiled path. Express 4. */
  readonly regexp?: RegExp & { readonly fast_slash?: boolean };
  readonly keys?: readonly { readonly name: string | number }[];
}

/** The members of a router that the list needs. */
export interface RouterStack {
  readonly stack: readonly Layer[];
  /** The callbacks of `param`, by the names of parameters. */
  readonly params?: object;
}

const EMPTY: RouterStack = { stack: [] };
const ROOT: RoutePath = { kind: 'root', text: '', isSensitive: undefined, display: '', names: [] };

/** Returns the router of an app, or a router itself; undefined for anything else. */
export function routerOf(app: unknown): RouterStack | undefined {
  if (typeof app !== 'function') return undefined;
  if (Array.isArray((app as { stack?: unknown }).stack)) return app as unknown as RouterStack;
  if (typeof (app as { set?: unknown }).set !== 'function') return undefined;
  return routerOf(innerRouterOf(app)) ?? EMPTY;
}

/** In Express 4, reading `app.router` throws, and there is no `_router` before the first route. */
function innerRouterOf(app: object): unknown {
  return '_router' in app ? app._router : 'lazyrouter' in app ? undefined : (app as { router?: unknown }).router;
}

/** Returns the paths of a layer; a request matches any of them. @throws {TypeError} they cannot be read */
export function pathsOf(layer: Layer): readonly RoutePath[] {
  const { route, rawPath, slash, regexp, matchers } = layer;
  if (slash === true || regexp?.fast_slash === true) return [ROOT];
  if (regexp !== undefined) return express4PathsOf(layer, regexp);

  const declared = rawPath ?? route?.path;
  if (declared === undefined) {
    throw new TypeError(
      'listGuards(app): this version of Express does not tell where routers are mounted. Update router to 2.3.',
    );
  }

  return [declared].flat(Number.POSITIVE_INFINITY).map((path, index) => {
    const matcher = matchers?.[index];
    const matches: Matches | undefined = matcher && ((text) => Boolean(matcher(text)));
    return readExpress5Path(path, route === undefined, matches);
  });
}

function express4PathsOf({ route, keys = [] }: Layer, regexp: RegExp): readonly RoutePath[] {
  const names = keys.map(({ name }) => String(name));
  const declared = [route?.path ?? []].flat(Number.POSITIVE_INFINITY);
  const isExpression = declared.some((path) => path instanceof RegExp);
  const paths = isExpression ? undefined : readExpress4Paths(regexp, route === undefined, names);
  if (paths !== undefined) return paths;

  const shown = declared.length === 0 ? [regexp] : declared;
  return shown.map((path) => ({
    kind: 'opaque',
    text: '',
    isSensitive: undefined,
    display: displayPath(path),
    names,
  }));
}

/**
 * Returns the path that a router matches, seen from its parent. Express 4 removes one slash more than was declared, so
 * that `/a//b` reaches the route `/b` of a router at `/a`.
 */
export function mountPathOf(layer: Layer, path: RoutePath): RoutePath {
  return layer.regexp !== undefined && path.kind === 'text' ? { ...path, kind: 'open' } : path;
}

/** Returns whether a callback of `param` runs before this layer. */
export function hasParamCallback({ params = {} }: RouterStack, { names }: RoutePath): boolean {
  const declared = Object.keys(params);
  return names === undefined ? declared.length > 0 : names.some((name) => declared.includes(name));
}

/** Express calls functions of four parameters for errors alone. */
export function isErrorHandler({ handle }: Layer): boolean {
  return typeof handle === 'function' && handle.length === 4;
}
