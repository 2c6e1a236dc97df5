import express from 'express';
import express4 from 'express4';
import { describe, expect, it } from 'vitest';
import { allOf, anyOf, claim, createGuard, createVerifier, listGuards } from '../../../src/index.js';

const verifier = createVerifier({ issuer: 'https://login.example.com', audience: 'https://orders.example.com' });
const guard = createGuard(verifier);
const staff = createGuard(verifier, { audience: 'https://manager.example.com' });
const handler = () => {};
const VERSIONS = [
  ['4', express4 as unknown as typeof express],
  ['5', express],
] as const;

/** Each route in one line. */
function linesOf(app: unknown): readonly string[] {
  return listGuards(app).map(({ method, path, access, policy }) => [method, path, access, policy].join(' ').trim());
}

describe.each(VERSIONS)('listGuards, Express %s', (_version, create) => {
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
      'GET /r/admin/x guarded inner, and router',
      'GET /last guarded late',
    ]);
  });

  it('does not count a guard behind the handler, which guards nothing', () => {
    const app = create();
    app.get('/late', handler, guard('a'));
    app.get('/with-its-own', handler, guard('a', handler));
    app.get('/early', guard('a'), handler);
    expect(linesOf(app)).toEqual(['GET /late unguarded', 'GET /with-its-own guarded a', 'GET /early guarded a']);
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
