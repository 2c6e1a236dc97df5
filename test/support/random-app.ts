import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type expressModule from 'express';
import type { NextFunction, Request, Response } from 'express';
import fc from 'fast-check';
import { createGuard, type Verifier } from '../../src/index.js';

/** A router, or the app itself, as data. */
export interface RouterPlan {
  readonly caseSensitive: boolean;
  readonly strict: boolean;
  readonly mergeParams: boolean;
  readonly steps: readonly Step[];
}

type Path = string | RegExp;
type Paths = Path | readonly Path[] | undefined;

/** What a middleware or handler does. `guard+` has a handler of its own, and `guard!` gives its refusals to the app. */
export type Act =
  | 'answer'
  | 'next'
  | 'route'
  | 'router'
  | 'fail'
  | 'guard'
  | 'guard+'
  | 'guard!'
  | 'optional'
  | 'public'
  | 'rescue';

export type Step =
  | { readonly kind: 'use'; readonly paths: Paths; readonly act: Act }
  | { readonly kind: 'mount'; readonly paths: Paths; readonly router: RouterPlan; readonly isApp: boolean }
  | { readonly kind: 'verb'; readonly paths: Paths; readonly method: Verb; readonly acts: readonly Act[] }
  | { readonly kind: 'route'; readonly paths: Paths; readonly verbs: readonly (readonly [Verb, readonly Act[]])[] }
  | { readonly kind: 'param'; readonly name: string; readonly act: Act };

type Verb = 'get' | 'post' | 'head' | 'all';

/** A handler of a route that ran, and whether a guard had let the request through by then. */
export interface Run {
  readonly route: object;
  /** The apps that the route is in, the outermost first. */
  readonly apps: readonly object[];
  readonly hasPassed: boolean;
}

/** An app of one plan, and what its handlers tell. */
export interface BuiltApp {
  readonly app: Handleable;
  /** Every app and router in it. */
  readonly routers: readonly object[];
  /** The layers by which apps stand in other apps, with the app. */
  readonly mounts: ReadonlyMap<object, object>;
  readonly runs: Run[];
}

type Handleable = (req: never, res: never, next: (error?: unknown) => void) => void;

/** As much of an app or router as is used here: what is given to it is random, as no type is. */
interface Target extends Handleable {
  use(...given: unknown[]): unknown;
  param(name: string, callback: (...given: unknown[]) => void): unknown;
  route(...paths: unknown[]): Record<Verb, (...handlers: unknown[]) => unknown>;
}

const SEGMENTS = ['/A', '/b', '/a/b', '/b/a', '/a/', '//a', '/a//b'] as const;
const ROOTS = ['/', ''] as const;
const PATTERNS = {
  4: [
    '/:p',
    '/a/:p',
    '/:p/b',
    '/:p?',
    '/a/:p?',
    '/a/*',
    '*',
    '/a?',
    '/a(b)?',
    '/a|/b',
    '/a+',
    '/[ab]',
    '/a/?b',
    '/(a|b)',
  ],
  5: [
    '/:p',
    '/a/:p',
    '/:p/b',
    '/*rest',
    '/a/*rest',
    '/a{/b}',
    '/{a}',
    '/a{/:p}',
    '/:p{/*rest}',
    '/a{b}',
    '\\/a',
    '/a:"p"',
  ],
} as const;
const EXPRESSIONS = [
  /^\/a$/,
  /^\/a\/b\/?$/i,
  /^\/a/,
  /a/i,
  /^\/a\/?(?=\/|$)/,
  /^\/A$/,
  /.*/,
  /b$/,
  /^\/(a|b)/,
  /^\/a\/?$/i,
  /\/a/g,
];

/** Paths that routes of the plans have, and others that are nearly the same. */
const TARGETS = [
  ...[
    '/',
    '//',
    '/a',
    '/A',
    '/b',
    '/B',
    '/a/',
    '/a/b',
    '/A/b',
    '/a/B',
    '/a//b',
    '//a',
    '//a/b',
    '/b/a',
    '/b//a',
    '/ab',
  ],
  ...['/a/b/', '/a/a', '/a/b/a', '/a/b//a', '/b/b', '/%61', '/a%2Fb', '/%', '/a/%', '/x', '/a/x', '/x/b', '/a/b/a/b'],
  ...[
    '/a?b',
    '/A/B/',
    '/a/a/b',
    '/a//a/b',
    '///a',
    '/a.b',
    '/a%00',
    '*',
    'http://h/a',
    'http://h/a/b',
    '/a#/b',
    '/a\\b#',
  ],
];

/** Requests for some of them, and for the commonest each time. */
export const requests = fc
  .array(fc.tuple(fc.constantFrom('GET', 'GET', 'POST', 'HEAD', 'PUT'), fc.constantFrom(...TARGETS)), {
    minLength: 16,
    maxLength: 16,
  })
  .map((some) => [...['/a', '/A', '/a/b', '/A/b'].map((target) => ['GET', target] as const), ...some]);

/** Makes plans of apps: routers in routers, and in each whatever Express can do with a path. */
export function planOf(version: 4 | 5): fc.Arbitrary<RouterPlan> {
  const path = fc.oneof(
    { weight: 10, arbitrary: fc.constant<Path>('/a') },
    { weight: 6, arbitrary: fc.constantFrom<Path>(...SEGMENTS) },
    { weight: 3, arbitrary: fc.constantFrom<Path>(...ROOTS) },
    { weight: 2, arbitrary: fc.constantFrom<Path>(...PATTERNS[version]) },
    { weight: 1, arbitrary: fc.constantFrom<Path>(...EXPRESSIONS) },
  );
  const paths: fc.Arbitrary<Paths> = fc.oneof(
    { weight: 6, arbitrary: path },
    { weight: 2, arbitrary: fc.array(path, { maxLength: 2 }) },
  );
  const mountPaths = fc.oneof({ weight: 1, arbitrary: fc.constant(undefined) }, { weight: 5, arbitrary: paths });
  const act = fc.constantFrom<Act>(
    'answer',
    'answer',
    'next',
    'route',
    'router',
    'fail',
    'guard',
    'guard',
    'guard+',
    'guard!',
    'optional',
    'public',
    'rescue',
  );
  const middleware = fc.constantFrom<Act>(
    ...([
      'next',
      'next',
      'next',
      'route',
      'router',
      'fail',
      'guard',
      'guard',
      'guard',
      'guard+',
      'optional',
      'public',
      'rescue',
    ] as const),
  );
  const acts = fc.oneof(
    fc.array(act, { minLength: 1, maxLength: 3 }),
    fc.constantFrom<readonly Act[]>(
      ['guard', 'answer'],
      ['answer'],
      ['guard+'],
      ['guard!', 'rescue', 'answer'],
      ['next', 'guard', 'answer'],
    ),
  );
  const verb = fc.constantFrom<Verb>('get', 'get', 'post', 'head', 'all');
  const { plan } = fc.letrec<{ plan: RouterPlan; step: Step }>((tie) => ({
    plan: fc.record({
      caseSensitive: fc.boolean(),
      strict: fc.boolean(),
      mergeParams: fc.boolean(),
      steps: fc.array(tie('step'), { minLength: 1, maxLength: 5, depthIdentifier: 'routers' }),
    }),
    step: fc.oneof(
      { depthIdentifier: 'routers', maxDepth: 3 },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('use' as const), paths: mountPaths, act: middleware }) },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('verb' as const), paths, method: verb, acts }) },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant('route' as const),
          paths,
          verbs: fc.array(fc.tuple(verb, acts), { minLength: 1, maxLength: 3 }),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant('param' as const),
          name: fc.constantFrom('p', 'rest', '0'),
          act: fc.constantFrom<Act>('next', 'route', 'fail', 'answer'),
        }),
      },
      {
        weight: 4,
        arbitrary: fc.record({
          kind: fc.constant('mount' as const),
          paths: mountPaths,
          router: tie('plan'),
          isApp: fc.boolean(),
        }),
      },
    ),
  }));
  // Where the whole of an app is at random, few requests come far. These are guards, and a route behind them.
  const settings = { caseSensitive: fc.boolean(), strict: fc.boolean(), mergeParams: fc.constant(false) };
  const step = (fields: Record<string, fc.Arbitrary<unknown>>) => fc.record(fields) as unknown as fc.Arbitrary<Step>;
  const guarding = step({
    kind: fc.constant('use'),
    paths: mountPaths,
    act: fc.constantFrom('guard', 'guard', 'guard', 'guard!', 'rescue', 'fail'),
  });
  const standing = fc.array(guarding, { maxLength: 2 });
  const routed = step({
    kind: fc.constant('verb'),
    paths,
    method: fc.constantFrom('get', 'all'),
    acts: fc.constantFrom(['answer'], ['answer'], ['answer'], ['guard', 'answer'], ['optional', 'answer']),
  });
  const innermost = fc.record({ ...settings, steps: fc.tuple(standing, routed).map((steps) => steps.flat()) });
  const mounted = step({
    kind: fc.constant('mount'),
    paths: fc.oneof(fc.constant(undefined), paths),
    router: innermost,
    isApp: fc.constantFrom(false, false, false, true),
  });
  const shaped = fc.record({
    ...settings,
    steps: fc
      .tuple(standing, fc.oneof(routed, mounted), standing, fc.oneof(routed, mounted))
      .map((steps) => steps.flat()),
  });
  return fc.oneof({ weight: 1, arbitrary: plan }, { weight: 2, arbitrary: shaped });
}

/** Builds the app of a plan. Some plans are none: Express refuses the path. */
export function buildApp(
  express: typeof expressModule,
  plan: RouterPlan,
  verifier: Verifier,
  prepare: (app: object) => void,
): BuiltApp {
  const guard = createGuard(verifier);
  const runs: Run[] = [];
  const routers: object[] = [];
  const mounts = new Map<object, object>();
  const passed = new WeakSet<object>();
  const createApp = ({ caseSensitive, strict }: Omit<RouterPlan, 'steps'>) =>
    express().set('case sensitive routing', caseSensitive).set('strict routing', strict).set('env', 'test');

  function fill(target: Target, { steps }: RouterPlan, apps: readonly object[]): Target {
    routers.push(target);
    for (const step of steps) add(target, step, apps);
    return target;
  }

  function add(target: Target, step: Step, apps: readonly object[]): unknown {
    const at = 'paths' in step && step.paths !== undefined ? [copyOf(step.paths)] : [];
    if (step.kind === 'use') return target.use(...at, actor(step.act));
    if (step.kind === 'mount') return mount(target, at, step, apps);
    if (step.kind === 'param') {
      const act = actor(step.act) as (req: unknown, res: unknown, next: unknown) => void;
      return target.param(step.name, (req, res, next) => act(req, res, next));
    }
    const verbs = step.kind === 'verb' ? [[step.method, step.acts] as const] : step.verbs;
    const route = target.route(...at);
    for (const [method, acts] of verbs) route[method](...acts.map((act) => actor(act, { route, apps })));
    return route;
  }

  function mount(target: Target, at: unknown[], { router, isApp }: Step & { kind: 'mount' }, apps: readonly object[]) {
    const inner = (isApp ? createApp(router) : express.Router(router)) as unknown as Target;
    fill(inner, router, isApp ? [...apps, inner] : apps);
    target.use(...at, inner);
    const layer = stackOf(target).stack.at(-1);
    if (layer?.name === 'mounted_app') mounts.set(layer, inner);
  }

  function actor(act: Act, where?: Omit<Run, 'hasPassed'>): unknown {
    const note = (req: object) => void (where && runs.push({ ...where, hasPassed: passed.has(req) }));
    const pass = (req: object, _res: unknown, next: NextFunction) => {
      passed.add(req);
      next();
    };
    if (act === 'guard') return guard();
    if (act === 'guard!') return createGuard(verifier, { errors: 'next' })();
    if (act === 'guard+') return guard((req) => note(req));
    if (act === 'optional') return guard.optional(pass);
    if (act === 'public') return guard.public(pass);
    if (act === 'rescue') return (_error: unknown, _req: Request, _res: Response, next: NextFunction) => next();
    return (req: Request, res: Response, next: NextFunction) => {
      note(req);
      if (act === 'answer') res.end();
      else if (act === 'next') next();
      else next(act === 'fail' ? new Error('failed') : act);
    };
  }

  const app = createApp(plan) as unknown as Target;
  prepare(app);
  return { app: fill(app, plan, [app]), routers, mounts, runs };
}

/** Express keeps regular expressions as they are, and those may keep where they were. */
function copyOf(paths: Path | readonly Path[]): unknown {
  if (typeof paths === 'string') return paths;
  return paths instanceof RegExp ? new RegExp(paths) : paths.map(copyOf);
}

/** Gives the router that an app has inside, or a router itself. */
export function stackOf(target: object): { stack: { readonly route?: object; readonly name: string }[] } {
  const { stack, _router: inner } = target as { stack?: unknown; _router?: object };
  if (stack !== undefined) return target as never;
  return (inner ?? (target as { router: object }).router) as never;
}

/** Sends a request into an app, without a socket. Settles when it is answered, or nobody answers. */
export function dispatch(
  app: Handleable,
  method: string,
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<ServerResponse> {
  const req = new IncomingMessage(new Socket());
  const rawHeaders = Object.entries(headers).flat();
  Object.assign(req, { method, url, headers, rawHeaders });
  const res = new ServerResponse(req);
  return new Promise((resolve) => {
    const end = res.end.bind(res) as (...given: unknown[]) => ServerResponse;
    res.end = (...given: unknown[]) => {
      const ended = end(...given);
      resolve(res);
      return ended;
    };
    app(req as never, res as never, () => resolve(res));
  });
}
