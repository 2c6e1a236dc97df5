import type expressModule from 'express';
import type { Express, RequestHandler } from 'express';
import { authOf, type Guard } from '../../src/index.js';
import { type Exchange, startTestIssuerApi, type TestIssuerApi } from '../support/guarded-api.js';

/** The handlers of the app, and the scope that the policy of each asks for; undefined where there is no guard. */
export const SCOPES = {
  public: undefined,
  admin: 'admin',
  item: 'items:read',
  file: 'files:read',
  wrapped: 'wrapped',
  mounted: 'mounted:admin',
  read: 'things:read',
  write: 'things:write',
  remove: 'things:delete',
  head: 'head',
  everything: 'everything',
} as const;

export type Ran = keyof typeof SCOPES;

/** Every scope that a policy of the app asks for. */
export const ALL_SCOPES = Object.values(SCOPES).filter((scope) => scope !== undefined);

/** How an app, and the routers in it, compare paths. */
export interface RoutingSettings {
  readonly caseSensitive: boolean;
  readonly strict: boolean;
}

/** Starts an API with a handler of every kind of route, each behind a policy of its own. */
export function startRoutedApi(
  express: typeof expressModule,
  settings: RoutingSettings = { caseSensitive: false, strict: false },
): Promise<TestIssuerApi> {
  return startTestIssuerApi({
    express: withSettings(express, settings),
    routes(app, { guard, handler }) {
      declareRewriting(app);
      declarePaths(express, settings, app, guard, handler);
      declareMethods(express, app, guard, handler);
      declareArea(express, app, guard, handler);
    },
  });
}

/** Names the handler that ran. */
export function ranOf({ response }: Exchange): Ran | undefined {
  return response.headers.get('x-ran')?.[0] as Ran | undefined;
}

/** Express whose apps have their settings before the first route, as they must. */
function withSettings(express: typeof expressModule, settings: RoutingSettings): typeof expressModule {
  const { caseSensitive, strict } = settings;
  const create = () => express().set('case sensitive routing', caseSensitive).set('strict routing', strict);
  return Object.assign(create, express);
}

/** Tells by a header which handler of the app it was that ran. */
function marked(name: Ran): RequestHandler {
  return (_req, res, next) => {
    res.set('X-Ran', name);
    next();
  };
}

/** What apps do to keep old paths alive: routes then see another path than the client sent. */
function declareRewriting(app: Express): void {
  app.use((req, _res, next) => {
    req.url = req.get('Test-Rewrite-To') ?? req.url;
    req.method = req.get('Test-Method-To') ?? req.method;
    next();
  });
}

function declarePaths(
  express: typeof expressModule,
  settings: RoutingSettings,
  app: Express,
  guard: Guard,
  handler: RequestHandler,
): void {
  const guarded = (name: Ran) => [guard(SCOPES[name] as string), marked(name), handler];
  app.get('/public', marked('public'), (_req, res) => void res.json({}));
  app.get('/admin', guarded('admin'));
  app.get('/items/:id', guarded('item'));
  app.get('/items/special', guarded('admin'));
  app.get(/^\/files\/(.*)$/, guarded('file'));
  app.get(
    '/wrapped',
    guard(SCOPES.wrapped, (_req, res) => void res.set('X-Ran', 'wrapped').json({})),
  );
  app.use('/mounted', express.Router(settings).get('/admin', guarded('mounted')));
  app.get('/twice', guard(SCOPES.read), (_req, _res, next) => next('route'));
  app.get('/twice', guarded('admin'));
}

function declareMethods(express: typeof expressModule, app: Express, guard: Guard, handler: RequestHandler): void {
  const guarded = (name: Ran) => [guard(SCOPES[name] as string), marked(name), handler];
  app.use(express.urlencoded({ extended: false }));
  app.get('/things', guarded('read'));
  app.post('/things', guarded('write'));
  app.delete('/things', guarded('remove'));
  app.head('/headed', guarded('head'));
  app.get('/headed', guarded('read'));
  app.post('/written', guarded('write'));
  app.all('/everything', guarded('everything'));
}

/** A part of the app behind one guard, in which somebody forgot the policies of some routes. */
function declareArea(express: typeof expressModule, app: Express, guard: Guard, handler: RequestHandler): void {
  const area = express.Router();
  area.use(guard());
  area.all('/forgotten', handler);
  area.get('/ruled', guard(SCOPES.admin), handler);
  area.use('/deeper', express.Router().get('/forgotten', handler));
  app.use('/area', area);

  app.use('/prefix', guard(SCOPES.admin));
  app.get('/prefix/secret', handler);

  app.get('/optional', guard.optional(SCOPES.read), (req, res) => {
    res.json({ subject: (req as { auth?: { subject: string } }).auth?.subject ?? 'nobody' });
  });
  app.get('/bare', (req, res) => {
    const { subject } = authOf(req);
    res.set('X-Ran', 'public').json(subject);
  });
  // Types forbid it; programs in JavaScript do it all the same.
  app.use('/uncalled', guard as never);
  app.get('/uncalled', handler);
}
