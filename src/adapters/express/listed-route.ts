import { formatPolicy } from '../../policy/format-policy.js';
import type { Policy } from '../../policy/policy.js';
import { type GuardMetadata, guardMetadataOf } from './guard-metadata.js';
import { isErrorHandler, type Layer } from './router-stack.js';

/** One route of an app, and what it demands. */
export interface ListedRoute {
  /** In upper case; `ALL` for every one for which the route has no other row. The row of GET is that of HEAD, too. */
  readonly method: string;
  /** As it was declared, with those of the routers that it is in. */
  readonly path: string;
  /**
   * `guarded`: no request comes through without a good token. `optional`: only a good token or none does. `public`:
   * declared so by `guard.public()`. `unclear`: there is a guard, and Express does not tell whether every request passes
   * it before a handler runs. `unguarded`: nobody said anything.
   */
  readonly access: 'guarded' | 'optional' | 'public' | 'unclear' | 'unguarded';
  /** What every request must meet, as data; all of them count. Where access is `unclear`, what its guards demand. */
  readonly policies: readonly Policy[];
  /** The same for a person. Empty where a good token suffices. */
  readonly policy: string;
  /** Who tokens must be meant for. Undefined where none is asked for. */
  readonly audience: readonly string[] | undefined;
  /**
   * Issuers with `audience: false`, whose tokens need not be meant for the audience. `unknown` where a function finds
   * issuers. Undefined where there are none, or no audience.
   */
  readonly issuersWithoutAudience?: readonly string[] | 'unknown' | undefined;
}

/** A guard on the way to a route. */
export interface FoundGuard {
  readonly guarded: GuardMetadata;
  /** Whether every request for the route passes it before anything else of the route runs. */
  readonly isCertain: boolean;
}

/** What happens before a route. */
export interface Before {
  readonly before: readonly FoundGuard[];
  /** Whether a callback of `param` runs between those and the route. */
  readonly isBehindCallback: boolean;
}

// Nobody declares a route for so many methods one by one; app.all() does.
const MAX_DECLARED_METHODS = 20;

/** Lists a route by its methods. */
export function listRoute(stack: readonly Layer[], path: string, before: Before): readonly ListedRoute[] {
  const methods = [...new Set(stack.map(({ method }) => method))];
  const named = methods.filter((method) => method !== undefined);
  const rows = named.map((method) => {
    const layers = stack.filter((layer) => layer.method === undefined || layer.method === method);
    return describeLayers(method.toUpperCase(), path, layers, before);
  });
  // What `all` declared answers the methods that are left, unless it is guards with nothing behind them.
  const rest = stack.filter(({ method }) => method === undefined);
  const hasRest = rest.length > 0 && (named.length === 0 || rest.some(isHandler));
  const all = hasRest ? [...rows, describeLayers('ALL', path, rest, before)] : rows;
  return named.length > MAX_DECLARED_METHODS ? mergeAlike(all) : all;
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

function describeLayers(
  method: string,
  path: string,
  layers: readonly Layer[],
  { before, isBehindCallback }: Before,
): ListedRoute {
  const own = guardsOf(layers).map(({ guarded, isCertain }) => ({
    guarded,
    isCertain: isCertain && !isBehindCallback,
  }));
  return describeRow(method, path === '' ? '/' : path, [...before, ...own]);
}

/** Finds the guards of a route. One behind a handler is not certain; one with nothing behind it as well is none. */
function guardsOf(layers: readonly Layer[]): readonly FoundGuard[] {
  const firstHandler = layers.findIndex((layer) => isBareHandler(layer));
  return layers.flatMap((layer, index) => {
    const guarded = guardMetadataOf(layer.handle);
    if (guarded === undefined) return [];
    const isBehindHandler = firstHandler !== -1 && firstHandler < index;
    if (isBehindHandler && !layers.slice(index).some(isHandler)) return [];
    const behind = layers.slice(index + 1);
    // A refusal that goes to next(error), or an error from before the guard, and a handler of errors that goes on.
    const firstRescue = behind.findIndex(isErrorHandler);
    const isPassedBy = firstRescue !== -1 && behind.slice(firstRescue).some(isHandler);
    return [{ guarded, isCertain: !isBehindHandler && !isPassedBy }];
  });
}

function isBareHandler(layer: Layer): boolean {
  return guardMetadataOf(layer.handle) === undefined && !isErrorHandler(layer);
}

/** Tells whether something of the user's runs here. */
function isHandler(layer: Layer): boolean {
  return isBareHandler(layer) || guardMetadataOf(layer.handle)?.hasHandlers === true;
}

/** Puts what guards demand together into one row. */
export function describeRow(method: string, path: string, guards: readonly FoundGuard[]): ListedRoute {
  const demanding = guards.map(({ guarded }) => guarded).filter(({ access }) => access !== 'public');
  const policies = demanding.flatMap(({ policy }) => (policy === undefined ? [] : [policy]));
  return {
    method,
    path,
    access: accessOf(guards),
    policies,
    policy: policies.map(formatPolicy).join(policies.length > 1 ? ', and ' : ''),
    ...audienceOf(demanding),
  };
}

function accessOf(guards: readonly FoundGuard[]): ListedRoute['access'] {
  // What is behind a handler promises nothing, and no promise may rest on it.
  if (guards.some(({ guarded, isCertain }) => !isCertain && guarded.policy !== undefined)) return 'unclear';
  for (const access of ['guarded', 'optional', 'public'] as const) {
    const alike = guards.filter(({ guarded }) => guarded.access === access);
    if (alike.some(({ isCertain }) => isCertain)) return access;
    if (alike.length > 0) return 'unclear';
  }
  return 'unguarded';
}

function audienceOf(guards: readonly GuardMetadata[]): Pick<ListedRoute, 'audience' | 'issuersWithoutAudience'> {
  const first = guards.find(({ audience }) => audience !== false);
  if (first === undefined) return { audience: undefined };
  const { audience, issuersWithoutAudience } = first;
  if (issuersWithoutAudience === 'all') return { audience: undefined };
  return {
    audience: audience === false ? undefined : audience,
    ...(issuersWithoutAudience.length > 0 && { issuersWithoutAudience }),
  };
}
