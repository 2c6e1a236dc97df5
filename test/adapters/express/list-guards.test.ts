import express from 'express';
import express4 from 'express4';
import { describe, expect, it } from 'vitest';
import { allOf, anyOf, claim, createGuard, createVerifier, listGuards } from '../../../src/index.js';
import { covers } from '../../support/covers.js';

const verifier = createVerifier({ issuer: 'https://login.example.com', audience: 'https://orders.example.com' });
const guard = createGuard(verifier);
const staff = createGuard(verifier, { audience: 'https://manager.example.com' });
const handler = () => {};
const rescue = (_error: unknown, _req: unknown, _res: unknown, next: () => void) => next();
type App = ReturnType<typeof express>;
const VERSIONS = [
  ['4', express4 as unknown as typeof express],
  ['5', express],
] as const;

/** Each route in one line. */
function linesOf(app: unknown): readonly string[] {
  return listGuards(app).map(({ method, path, access, policy }) => [method, path, access, policy].join(' ').trim());
}

describe.each(VERSIONS)('listGuards, Express %s', (version, create) => {
  it('lists method, path, policy and audience of each route, in the order of the app', () => {
    const app = create();
    app.get('/orders', guard('orders:read'), handler);
    app.post('/orders', guard('orders:write', handler));
    app.get('/staff/:id', staff(anyOf('staff:read', 'admin')), handler);
    app.get('/', guard(), handler);
    expect(listGuards(app)).toEqual([
      {
        method: 'GET',
        path: '/orders',
        access: 'guarded',
        policies: [{ scope: 'orders:read' }],
        policy: 'orders:read',
        audience: ['https://orders.example.com'],
      },
      expect.objectContaining({ method: 'POST', path: '/orders', access: 'guarded', policy: 'orders:write' }),
      expect.objectContaining({
        path: '/staff/:id',
        policy: 'staff:read or admin',
        audience: ['https://manager.example.com'],
      }),
      expect.objectContaining({ path: '/', access: 'guarded', policies: [], policy: '' }),
    ]);
  });

  it('tells routes without a guard from optional and public ones', () => {
    const app = create();
    app.get('/forgotten', handler);
    app.get('/maybe', guard.optional('a'), handler);
    app.get('/health', guard.public(), handler);
    app.get('/about', guard.public(handler));
    app.all('/any', guard('a'), handler);
    expect(linesOf(app)).toEqual([
      'GET /forgotten unguarded',
      'GET /maybe optional a',
      'GET /health public',
      'GET /about public',
      'ALL /any guarded a',
    ]);
  });

  it('goes into routers, and puts paths together', () => {
    const inner = create.Router();
    inner.get('/:item', guard('items:read'), handler);
    const outer = create.Router();
    outer.use('/items', inner);
    outer.get('/', handler);
    const app = create();
    app.use('/api/v1', outer);
    app.use(inner);
    expect(linesOf(app)).toEqual([
      'GET /api/v1/items/:item guarded items:read',
      'GET /api/v1 unguarded',
      'GET /:item guarded items:read',
    ]);
  });

  it('counts guards that use() put before a route, where they reach it, and no others', () => {
    const router = create.Router();
    router.get('/before', handler);
    router.use(guard('router'));
    router.get('/after', guard('route'), handler);
    router.get('/admin/x', handler);
    const app = create();
    app.use('/admin', guard('admin'));
    app.get('/admin/users', handler);
    app.get('/administrators', handler);
    app.use('/r/admin', guard('inner'));
    app.use('/r', router);
    app.use(guard('late'));
    app.get('/last', handler);
    expect(linesOf(app)).toEqual([
      'GET /admin/users guarded admin',
      'GET /administrators unguarded',
      'GET /r/before unguarded',
      'GET /r/after guarded router, and route',
      // Express 4 brings /r//admin/x to this route, past the guard at /r/admin.
      `GET /r/admin/x guarded ${version === '4' ? '' : 'inner, and '}router`,
      'GET /last guarded late',
    ]);
  });

  it('does not count a guard behind the handler, which guards nothing', () => {
    const app = create();
    app.get('/late', handler, guard('a'));
    app.get('/with-its-own', handler, guard('a', handler));
    app.get('/early', guard('a'), handler);
    expect(linesOf(app)).toEqual(['GET /late unguarded', 'GET /with-its-own unclear a', 'GET /early guarded a']);
  });

  it('does not take a public declaration at the root for one about everything', () => {
    const app = create();
    app.use(guard.public());
    app.use('/assets', guard.public());
    app.get('/assets/logo', handler);
    app.get('/orders', handler);
    expect(linesOf(app)).toEqual(['GET /assets/logo public', 'GET /orders unguarded']);
  });

  it('lists what route() declares, method by method, with what is for all of them', () => {
    const app = create();
    app.route('/orders').all(guard('orders')).get(handler).put(guard('orders:write'), handler);
    expect(linesOf(app)).toEqual(['GET /orders guarded orders', 'PUT /orders guarded orders, and orders:write']);
  });

  it('tells of a mounted app in one row', () => {
    const inner = create();
    inner.get('/x', handler);
    const app = create();
    app.use('/inner', inner);
    app.use('/safe', guard('a'), inner);
    expect(linesOf(app)).toEqual(['ALL /inner/* unguarded', 'ALL /safe/* guarded a']);
  });

  it('reads several paths, parameters in the middle, and routers by themselves', () => {
    const router = create.Router();
    router.get(['/a', '/b'], guard(allOf('x', anyOf('y', claim('role').equals('z')))), handler);
    const app = create();
    app.use('/t/:tenant/u-v.w', router);
    const policy = 'x and (y or claim role equals "z")';
    expect(linesOf(app)).toEqual([
      `GET /t/:tenant/u-v.w/a guarded ${policy}`,
      `GET /t/:tenant/u-v.w/b guarded ${policy}`,
    ]);
    expect(linesOf(router)).toEqual([`GET /a guarded ${policy}`, `GET /b guarded ${policy}`]);
    expect(linesOf(create())).toEqual([]);
  });

  it('gives a row to the methods that are left to all()', () => {
    covers('E14');
    const app = create();
    app.route('/o').get(guard('a'), handler).all(handler);
    app.route('/p').all(guard('a')).get(handler).all(handler);
    app.all('/q', guard('a'), handler);
    expect(linesOf(app)).toEqual([
      'GET /o guarded a',
      'ALL /o unguarded',
      'GET /p guarded a',
      'ALL /p guarded a',
      'ALL /q guarded a',
    ]);
  });

  it('knows that a slash in a list is the root on Express 4, and on Express 5 the path / alone', () => {
    const app = create();
    app.use(['/'], guard('a'));
    app.get('/', handler);
    app.get('/x', handler);
    app.use(['/'], create.Router().get('/y', handler));
    expect(linesOf(app)).toEqual(
      version === '4'
        ? ['GET / guarded a', 'GET /x guarded a', 'GET /y guarded a']
        : ['GET / guarded a', 'GET /x unguarded', 'GET //y guarded a'],
    );
  });

  it('heeds the case of the router in which a layer stands', () => {
    covers('E14');
    const lax = create.Router().get('/admin/users', handler).get('/admin/:id', handler).get('/1/x', handler);
    const strict = create.Router({ caseSensitive: true }).get('/admin/users', handler).get('/admin/:id', handler);
    const app = create().enable('case sensitive routing');
    app.use('/admin', guard('a'));
    app.use('/1', guard('b'));
    app.use(lax);
    app.use(strict);
    app.get('/ADMIN/users', handler);
    expect(linesOf(app)).toEqual([
      'GET /admin/users unguarded',
      'GET /admin/:id unguarded',
      'GET /1/x guarded b',
      'GET /admin/users guarded a',
      'GET /admin/:id guarded a',
      'GET /ADMIN/users unguarded',
    ]);
    const folded = create();
    folded.use('/ADMIN', guard('a'));
    folded.use('/é', guard('b'));
    folded.get('/admin/users', handler);
    folded.get('/é/x', handler);
    folded.get('/É/x', handler);
    expect(linesOf(folded)).toEqual(['GET /admin/users guarded a', 'GET /é/x guarded b', 'GET /É/x unguarded']);
  });

  it('takes an expression or a parameter at a guard for nothing, and at a route for something under the root alone', () => {
    const app = create();
    app.use(/^\/a\/?$/i, guard('expression'));
    app.use('/t/:tenant', guard('parameter'));
    app.use(['/a', /x$/], guard('both'));
    app.use('/a', guard('text'));
    app.get('/a/x', handler);
    app.get(/^\/a\/x$/, handler);
    app.get('/t/:tenant', handler);
    app.use('/a', create.Router().get(/x/, handler));
    app.use(guard('root'));
    app.get(/y/, handler);
    expect(linesOf(app)).toEqual([
      'GET /a/x guarded text',
      'GET /^\\/a\\/x$/ unguarded',
      'GET /t/:tenant unguarded',
      'GET /a/x/ guarded text',
      'GET /y/ guarded root',
    ]);
  });

  it.each([
    ['a handler before the guard', (app: App) => app.get('/x', handler, guard('a'), handler)],
    [
      'a handler of errors behind a guard of the route',
      (app: App) => app.get('/x', guard('a'), rescue as never, handler),
    ],
    [
      'a handler of errors behind a guard of the app',
      (app: App) => app.use(guard('a'), rescue as never).get('/x', handler),
    ],
    [
      'a callback of param before a guard of the route',
      (app: App) => app.param('id', handler).get('/:id', guard('a'), handler),
    ],
    [
      'a callback of param before a guard of a router',
      (app: App) => app.param('id', handler).use('/:id', create.Router().use(guard('a')).get('/x', handler)),
    ],
    ['a guard of a policy behind a handler', (app: App) => app.use(guard()).get('/x', handler, guard('a'), handler)],
    ['guard.public() behind a handler', (app: App) => app.get('/x', handler, guard.public(handler))],
  ] as const)('says unclear of %s', (_, declare) => {
    const app = create();
    declare(app);
    expect(listGuards(app).map(({ access }) => access)).toEqual(['unclear']);
  });

  it.each([
    ['a handler of errors before the guard', (app: App) => app.use(rescue as never, guard('a')).get('/x', handler)],
    ['one at the end of the route', (app: App) => app.get('/x', guard('a'), handler, rescue as never)],
    ['a callback of another parameter', (app: App) => app.param('no', handler).get('/:id', guard('a'), handler)],
    ['a callback behind the guard', (app: App) => app.param('id', handler).use(guard('a')).get('/:id', handler)],
    ['a handler before a second guard', (app: App) => app.use(guard('a')).get('/x', handler, guard(), handler)],
  ] as const)('says guarded all the same of %s', (_, declare) => {
    const app = create();
    declare(app);
    expect(listGuards(app).map(({ access }) => access)).toEqual(['guarded']);
  });

  it.each(
    version === '4'
      ? [
          ['/a/:id?', '/a/:id?', 'guarded'],
          ['/a/*', '/a/*', 'guarded'],
          ['/a/(b)', '/a/(b)', 'unguarded'],
          ['/a?', '/a?', 'unguarded'],
          ['/a/?b', '/a/?b', 'unguarded'],
          ['*', '/*', 'unguarded'],
          ['/a.b', '/a.b', 'unguarded'],
          [/^\/a\/b/g, '/^\\/a\\/b/g', 'unguarded'],
        ]
      : [
          ['/a/*rest', '/a/*rest', 'guarded'],
          ['/a/:"id"', '/a/:"id"', 'guarded'],
          ['/a/b{/:id}', '/a/b{/:id}', 'guarded'],
          ['/a{/b}', '/a{/b}', 'unguarded'],
          ['{/a}', '/{/a}', 'unguarded'],
          ['a/b', '/a/b', 'unguarded'],
          ['/\\a/b', '/\\a/b', 'unguarded'],
        ],
  )('knows the begin of %s, or nothing of it', (path, shown, access) => {
    covers('E14');
    const app = create();
    app.use('/a', guard('a'));
    app.get(path, handler);
    const [row] = listGuards(app);
    expect([row?.path, row?.access]).toEqual([shown, access]);
  });

  it('tells of a router that is in itself in one row, and ends', () => {
    const router = create.Router();
    router.use('/again', router);
    router.get('/x', guard('a'), handler);
    expect(linesOf(router)).toEqual(['ALL /again/* unguarded', 'GET /x guarded a']);
  });

  it('tells which issuers need no audience', () => {
    const free = { issuer: 'https://free.example.com', audience: false, clientIds: ['c'] } as const;
    const audience = 'https://orders.example.com';
    const rowOf = (issuer: Parameters<typeof createVerifier>[0]['issuer']) => {
      const app = create();
      app.get('/x', createGuard(createVerifier({ issuer, audience }))(), handler);
      const [row] = listGuards(app);
      return [row?.audience, row?.issuersWithoutAudience];
    };
    expect(rowOf('https://login.example.com')).toEqual([[audience], undefined]);
    expect(rowOf(free)).toEqual([undefined, undefined]);
    expect(rowOf(['https://login.example.com', free])).toEqual([[audience], ['https://free.example.com']]);
    expect(rowOf(() => undefined)).toEqual([[audience], 'unknown']);
  });

  it.each([undefined, null, {}, 'app', () => {}, []])('refuses %j', (given) => {
    expect(() => listGuards(given)).toThrow('listGuards(app): give an Express app or router.');
  });
});

describe('guard.public', () => {
  it('runs its handlers, sets no req.auth, and looks at no token', async () => {
    const app = express();
    app.get(
      '/',
      guard.public((req, res) => void res.json({ hasAuth: 'auth' in req })),
    );
    const server = app.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    try {
      const { port } = server.address() as { port: number };
      const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { authorization: 'Bearer garbage' } });
      expect([answer.status, await answer.json()]).toEqual([200, { hasAuth: false }]);
    } finally {
      server.close();
    }
  });

  it('refuses what is no handler', () => {
    expect(() => guard.public('orders:read' as never)).toThrow('handlers[0]');
  });
});

describe('listGuards, where Express does not tell where a router is mounted', () => {
  it('says so', () => {
    const layer = { handle: Object.assign(() => {}, { stack: [] }), slash: false };
    expect(() => listGuards(Object.assign(() => {}, { stack: [layer] }))).toThrow('Update router to 2.3.');
  });
});
