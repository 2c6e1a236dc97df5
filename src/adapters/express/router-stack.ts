/** As much of a layer of Express' routers as listing needs: Express 4, and Express 5 with `router` 2.3 or later. */
export interface Layer {
  readonly name?: string;
  readonly method?: string | undefined;
  readonly handle?: unknown;
  readonly route?: { readonly stack: readonly Layer[]; readonly path?: unknown } | undefined;
  /** The path as it was given. Since `router` 2.3. */
  readonly rawPath?: unknown;
  /** True for the root. Express 5. */
  readonly slash?: boolean;
  /** What Express 4 made of the path. */
  readonly regexp?: RegExp & { readonly fast_slash?: boolean };
  readonly keys?: readonly { readonly name: string | number }[];
}

/** Gives the layers of an app or router; undefined for anything else. */
export function stackOf(app: unknown): readonly Layer[] | undefined {
  if (typeof app !== 'function') return undefined;
  const { stack } = app as { stack?: unknown };
  if (Array.isArray(stack)) return stack as readonly Layer[];
  if (typeof (app as { set?: unknown }).set !== 'function') return undefined;
  return stackOf(routerOf(app)) ?? [];
}

/** Express 4 throws where one asks for `app.router`, and has none before the first route. */
function routerOf(app: object): unknown {
  return '_router' in app ? app._router : 'lazyrouter' in app ? undefined : (app as { router?: unknown }).router;
}

/** Gives the paths of a layer, as they were declared: none for the root. @throws {TypeError} they cannot be read */
export function pathsOf(layer: Layer): readonly string[] {
  const { route, rawPath, slash, regexp, keys = [] } = layer;
  const given = route?.path ?? rawPath;
  if (given !== undefined) return [given].flat(Number.POSITIVE_INFINITY).map((path) => withoutSlash(String(path)));
  if (slash === true || regexp?.fast_slash === true) return [''];
  if (regexp !== undefined) return [decode(regexp, keys)];
  throw new TypeError(
    'listGuards(app): this version of Express does not tell where routers are mounted. Update router to 2.3.',
  );
}

// What path-to-regexp 0.1 writes for a parameter, and at the end of a path that others may follow.
const PARAMETER = /\(\?:\\\/\(\[\^\\?\/\]\+\?\)\)|\\\/\(\?:\(\[\^\\?\/\]\+\?\)\)|\(\?:\(\[\^\\?\/\]\+\?\)\)/g;
const END = /\\\/\?\(\?=\\\/\|\$\)$/;

/** Reads a path out of what Express 4 made of it; one that is more than names and parameters stays an expression. */
function decode(regexp: RegExp, keys: readonly { readonly name: string | number }[]): string {
  const names = keys.map(({ name }) => `:${name}`);
  const source = regexp.source.replace(/^\^/, '').replace(END, '');
  const path = source.replaceAll(PARAMETER, (text) => `${text.includes('\\/(') ? '/' : ''}${names.shift() ?? ':'}`);
  const plain = path.replaceAll(/\\([/.-])/g, '$1');
  return /[\\()[\]^$*+?|]/.test(plain) ? String(regexp) : withoutSlash(plain);
}

export function joinPaths(prefix: string, path: string): string {
  return path === '' ? prefix : `${prefix}${path.startsWith('/') ? '' : '/'}${path}`;
}

/** Tells whether a middleware that stands at `prefix` sees every request for `path`. Where it might not, it does not. */
export function isUnder(path: string, prefix: string): boolean {
  return prefix === '' || path === prefix || path.startsWith(`${prefix}/`);
}

function withoutSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path;
}
