import { formatPolicy } from '../../policy/format-policy.js';
import type { Policy } from '../../policy/policy.js';
import { type GuardMetadata, guardMetadataOf } from './guard-metadata.js';
import { isErrorHandler, type Layer } from './router-stack.js';

/** A route of an app, and its requirements. */
export interface ListedRoute {
  /** In upper case. `ALL`: every method without a row of its own. The row of GET is also that of HEAD. */
  readonly method: string;
  /** As it was declared, with the paths of the routers around it. */
  readonly path: string;
  /**
   * `guarded`: every request needs a valid token. `optional`: a request needs a valid token or none. `public`: declared
   * by `guard.public()`. `unclear`: there is a guard, and Express does not show whether every request passes it before a
   * handler runs. `unguarded`: there is no guard.
   */
  readonly access: 'guarded' | 'optional' | 'public' | 'unclear' | 'unguarded';
  /** The policies as data; a request must meet all of them. If access is `unclear`, those of its guards. */
  readonly policies: readonly Policy[];
  /** The policies as a text for people. Empty if a valid token suffices. */
  readonly policy: string;
  /** The audience that tokens must have. Undefined if none is required. */
  readonly audience: readonly string[] | undefined;
  /**
   * Issuers with `audience: false`, whose tokens need no audience. `unknown`: a function finds issuers. Undefined if there
   * are none, or no audience.
   */
  readonly issuersWithoutAudience?: readonly string[] | 'unknown' | undefined;
}

/** A guard before a route, or on it. */
export interface FoundGuard {
  readonly guarded: GuardMetadata;
  /** Whether every request for the route passes it before anything else of the route runs. */
  readonly isCertain: boolean;
}

/** The guards before a route. */
export interface GuardsBefore {
  readonly guards: readonly FoundGuard[];
  /** Whether a callback of `param` runs between them and the route. */
  readonly isBehindCallback: boolean;
}

// app.all() declares more methods than this. Single declarations have fewer.
const MAX_DECLARED_METHODS = 20;

/** Lists a route by its methods. */
export function listRoute(stack: readonly Layer[], path: string, before: GuardsBefore): readonly ListedRoute[] {
  const methods = [...new Set(stack.map(({ method }) => method))];
  const named = methods.filter((method) => method !== undefined);
  const rows = named.map((method) => {
    const layers = stack.filter((layer) => layer.method === undefined || layer.method === method);
    return describeLayers(method.toUpperCase(), path, layers, before);
  });

  // Layers of `all` answer the other methods, unless they are guards without a handler.
  const rest = stack.filter(({ method }) => method === undefined);
  const hasRest = rest.length > 0 && (named.length === 0 || rest.some(isHandler));
  const all = hasRest ? [...rows, describeLayers('ALL', path, rest, before)] : rows;
  return named.length > MAX_DECLARED_METHODS ? mergeAlike(all) : all;
}

/** Merges the rows of `app.all`, which declares every method of Node.js, into one row. */
function mergeAlike(rows: readonly ListedRoute[]): readonly ListedRoute[] {
  const alike = new Map<string, ListedRoute[]>();
  for (const row of rows) {
    const key = JSON.stringify([row.access, row.policy, row.audience]);
    alike.set(key, [...(alike.get(key) ?? []), row]);
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
  { guards, isBehindCallback }: GuardsBefore,
): ListedRoute {
  const own = guardsOf(layers).map(({ guarded, isCertain }) => ({
    guarded,
    isCertain: isCertain && !isBehindCallback,
  }));
  return describeRow(method, path === '' ? '/' : path, [...guards, ...own]);
}

/** Finds the guards of a route. A guard behind a handler is not certain. If no handler follows it either, it is no guard. */
function guardsOf(layers: readonly Layer[]): readonly FoundGuard[] {
  const firstHandler = layers.findIndex((layer) => isBareHandler(layer));
  return layers.flatMap((layer, index) => {
    const guarded = guardMetadataOf(layer.handle);
    if (guarded === undefined) return [];

    const isBehindHandler = firstHandler !== -1 && firstHandler < index;
    if (isBehindHandler && !layers.slice(index).some(isHandler)) return [];

    // An error, or a refusal by next(error), reaches a handler of errors. If that calls next(), the guard is bypassed.
    const behind = layers.slice(index + 1);
    const firstErrorHandler = behind.findIndex(isErrorHandler);
    const isBypassed = firstErrorHandler !== -1 && behind.slice(firstErrorHandler).some(isHandler);
    return [{ guarded, isCertain: !isBehindHandler && !isBypassed }];
  });
}

function isBareHandler(layer: Layer): boolean {
  return guardMetadataOf(layer.handle) === undefined && !isErrorHandler(layer);
}

/** Returns whether this layer runs a function of the user's. */
function isHandler(layer: Layer): boolean {
  return isBareHandler(layer) || guardMetadataOf(layer.handle)?.hasHandlers === true;
}

/** Merges the requirements of guards into one row. */
export function describeRow(method: string, path: string, guards: readonly FoundGuard[]): ListedRoute {
  const requiring = guards.map(({ guarded }) => guarded).filter(({ access }) => access !== 'public');
  const policies = requiring.flatMap(({ policy }) => (policy === undefined ? [] : [policy]));
  return {
    method,
    path,
    access: accessOf(guards),
    policies,
    policy: policies.map(formatPolicy).join(policies.length > 1 ? ', and ' : ''),
    ...audienceOf(requiring),
  };
}

function accessOf(guards: readonly FoundGuard[]): ListedRoute['access'] {
  // A guard behind a handler protects nothing, so its policy must not be listed as certain.
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
