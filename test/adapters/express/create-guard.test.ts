import type { RequestHandler } from 'express';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { internalsOfGuard } from '../../../src/adapters/express/create-guard.js';
import {
  type AccessToken,
  authOf,
  createGuard,
  createVerifier,
  type Guard,
  type Verifier,
} from '../../../src/index.js';
import { createTestIssuer, type TestIssuer } from '../../../src/testing/index.js';
import { covers } from '../../support/covers.js';
import { EXPRESS_VERSIONS } from '../../support/express-versions.js';
import { bearerHeaders, startApp, type TestApp } from '../../support/test-app.js';

let issuer: TestIssuer;
let verifier: Verifier;
let guard: Guard;
let app: TestApp | undefined;
let ran: string[];

beforeEach(async () => {
  issuer = await createTestIssuer();
  verifier = createVerifier(issuer.verifierOptions);
  guard = createGuard(verifier);
  ran = [];
});
afterEach(async () => {
  await app?.close();
  app = undefined;
  verifier.close();
});

/** A handler that notes that it ran, then acts, by default by going on. */
function handler(name: string, act: RequestHandler = (_req, _res, next) => next()): RequestHandler {
  return (req, res, next) => {
    ran.push(name);
    return act(req, res, next);
  };
}

const end = handler('end', (_req, res) => {
  res.end();
});

const goodHeaders = async (scope = 'read') => bearerHeaders(await issuer.token({ scope }));

describe.each(EXPRESS_VERSIONS)('the handlers of a guard, in %s', (_version, express) => {
  it('run in turn behind a good token, and see it', async () => {
    const seen: (AccessToken | undefined)[] = [];
    const look: RequestHandler = (req, _res, next) => {
      seen.push(authOf(req, guard), (req as { auth?: AccessToken }).auth);
      next();
    };
    app = await startApp(express, (it) => it.get('/', guard('read', handler('a', look), handler('b')), end));
    expect((await app.get('/', await goodHeaders())).status).toBe(200);
    expect(ran).toEqual(['a', 'b', 'end']);
    expect(seen[0]).toMatchObject({ subject: 'test-user', scopes: ['read'] });
    expect(seen[1]).toBe(seen[0]);
  });

  it('run behind any good token where there is no policy before them, and behind no other', async () => {
    app = await startApp(express, (it) => {
      it.get('/', guard(handler('a'), handler('b')), end);
      it.get('/optional', guard.optional(handler('c')), end);
    });
    expect((await app.get('/', await goodHeaders('nothing'))).status).toBe(200);
    expect((await app.get('/optional')).status).toBe(200);
    expect(ran).toEqual(['a', 'b', 'end', 'c', 'end']);

    ran = [];
    expect((await app.get('/')).status).toBe(401);
    expect((await app.get('/', bearerHeaders(await issuer.token({ expiresInSeconds: -60 })))).status).toBe(401);
    expect((await app.get('/optional', bearerHeaders('abc'))).status).toBe(401);
    expect({ ran, errors: app.errors }).toEqual({ ran: [], errors: [] });
  });

  it('do not run behind a refusal', async () => {
    covers('J20');
    app = await startApp(express, (it) => it.get('/', guard('read', handler('a')), end));
    expect((await app.get('/', await goodHeaders('read'))).status).toBe(200);
    ran = [];
    const { status, headers } = await app.get('/', await goodHeaders('write'));
    expect({ status, ran, errors: app.errors }).toEqual({ status: 403, ran: [], errors: [] });
    expect(headers.get('www-authenticate')).toContain('scope="read"');
  });

  const bug = new Error('a bug');
  it.each<[how: string, act: RequestHandler]>([
    [
      'throws',
      () => {
        throw bug;
      },
    ],
    ['rejects', () => Promise.reject(bug)],
    ['gives an error to next', (_req, _res, next) => next(bug)],
  ])('the app’s error handler is told, once, when one %s, cold and warm', async (_, act) => {
    covers('J20');
    app = await startApp(express, (it) => it.get('/', guard('read', handler('a', act), handler('b')), end));
    const headers = await goodHeaders();
    for (const warmth of ['cold', 'warm']) {
      expect({ warmth, status: (await app.get('/', headers)).status }).toEqual({ warmth, status: 500 });
    }
    expect(ran).toEqual(['a', 'a']);
    expect(app.errors).toEqual([bug, bug]);
  });

  it("go on with the next route by next('route')", async () => {
    const leave: RequestHandler = (_req, _res, next) => next('route');
    app = await startApp(express, (it) => {
      it.get('/', guard('read', handler('a', leave), handler('b')), handler('c'));
      it.get('/', end);
    });
    expect((await app.get('/', await goodHeaders())).status).toBe(200);
    expect({ ran, errors: app.errors }).toEqual({ ran: ['a', 'end'], errors: [] });
  });

  it("leave the router by next('router')", async () => {
    const leave: RequestHandler = (_req, _res, next) => next('router');
    app = await startApp(express, (it) => {
      const router = express.Router();
      router.get('/', guard('read', handler('a', leave), handler('b')), handler('c'));
      router.get('/', handler('d'));
      it.use(router).get('/', end);
    });
    expect((await app.get('/', await goodHeaders())).status).toBe(200);
    expect({ ran, errors: app.errors }).toEqual({ ran: ['a', 'end'], errors: [] });
  });

  it('the app’s error handler is told when the clock throws, and no handler runs', async () => {
    covers('J20');
    let isBroken = false;
    const clock = () => {
      if (isBroken) throw bug;
      return issuer.now();
    };
    const broken = createVerifier({ ...issuer.verifierOptions, clock });
    app = await startApp(express, (it) => it.get('/', createGuard(broken)('read', handler('a')), end));
    const headers = await goodHeaders();
    expect((await app.get('/', headers)).status).toBe(200);
    ran = [];
    isBroken = true;
    expect((await app.get('/', headers)).status).toBe(500);
    expect({ ran, errors: app.errors }).toEqual({ ran: [], errors: [bug] });
    broken.close();
  });

  it('the app’s error handler is told when the clock throws once keys were fetched', async () => {
    covers('J20');
    let isBroken = false;
    const clock = () => {
      if (isBroken) throw bug;
      return issuer.now();
    };
    const breakingFetch: typeof fetch = async (input, init) => {
      isBroken = String(input) === issuer.jwksUri;
      return (issuer.verifierOptions.fetch as typeof fetch)(input, init);
    };
    const broken = createVerifier({ ...issuer.verifierOptions, clock, fetch: breakingFetch });
    app = await startApp(express, (it) => it.get('/', createGuard(broken)('read', handler('a')), end));
    const headers = await goodHeaders();
    expect((await app.get('/', headers)).status).toBe(500);
    expect({ ran, errors: app.errors }).toEqual({ ran: [], errors: [bug] });
    broken.close();
  });
});

describe.each(EXPRESS_VERSIONS)('guard.optional, in %s', (_version, express) => {
  let auth: unknown;

  const look: RequestHandler = (req, _res, next) => {
    ({ auth } = req as { auth?: unknown });
    next();
  };

  beforeEach(async () => {
    auth = 'not looked at';
    app = await startApp(express, (it) => {
      it.use((req, _res, next) => {
        Object.assign(req, { auth: { subject: 'forged' } });
        next();
      });
      it.get('/', guard.optional('read', look), end);
    });
  });

  const get = (headers?: Record<string, string>) => (app as TestApp).get('/', headers);

  it('goes on with a good token', async () => {
    expect((await get(await goodHeaders())).status).toBe(200);
    expect(auth).toMatchObject({ subject: 'test-user' });
  });

  it.each<[what: string, headers: Record<string, string>]>([
    ['no Authorization header', {}],
    ['credentials of another scheme', { authorization: 'Basic dXNlcjpwdw==' }],
  ])('goes on with %s and without req.auth, whoever put one there before', async (_, headers) => {
    const { status, headers: answered } = await get(headers);
    expect({ status, ran, auth }).toEqual({ status: 200, ran: ['end'], auth: undefined });
    expect(answered.has('www-authenticate')).toBe(false);
  });

  it.each<[what: string, authorization: () => Promise<string>, status: number, error: string]>([
    ['that has expired', () => issuer.token({ scope: 'read', expiresInSeconds: -60 }), 401, 'invalid_token'],
    ['for another audience', () => issuer.token({ scope: 'read', audience: 'x' }), 401, 'invalid_token'],
    ['that is opaque', async () => 'abc', 401, 'invalid_token'],
    ['that is empty', async () => '', 400, 'invalid_request'],
    ['that lacks the scope of the route', () => issuer.token({ scope: 'write' }), 403, 'insufficient_scope'],
  ])('CVE-2021-21378: never takes a token %s for none', async (_, issue, status, error) => {
    expect((await get(await goodHeaders())).status).toBe(200);
    ran = [];
    auth = 'not looked at';
    const answer = await get(bearerHeaders(await issue()));
    expect({ status: answer.status, ran, auth }).toEqual({ status, ran: [], auth: 'not looked at' });
    expect(answer.headers.get('www-authenticate')).toContain(`error="${error}"`);
  });
});

describe.each(EXPRESS_VERSIONS)('guards that share a verifier, in %s', (_version, express) => {
  it('CVE-2021-32701: each accepts tokens for its own audience alone, cold and warm', async () => {
    covers('H24');
    app = await startApp(express, (it) => {
      it.get('/orders', createGuard(verifier, { audience: 'https://orders.test' })(), end);
      it.get('/report', createGuard(verifier, { audience: 'https://report.test' })(), end);
    });
    const orders = bearerHeaders(await issuer.token({ audience: 'https://orders.test' }));
    const report = bearerHeaders(await issuer.token({ audience: 'https://report.test' }));
    for (const warmth of ['cold', 'warm']) {
      const statuses: number[] = [];
      for (const headers of [orders, report]) {
        for (const path of ['/orders', '/report']) statuses.push((await app.get(path, headers)).status);
      }
      expect({ warmth, statuses }).toEqual({ warmth, statuses: [200, 401, 401, 200] });
    }
  });

  it('RFC 6750 §3: each names its own realm, and nothing of the request', async () => {
    covers('F13');
    app = await startApp(express, (it) => {
      it.get('/a', guard(), end);
      it.get('/b', createGuard(verifier, { audience: ['https://b.test', 'c'] })(), end);
      it.get('/c', createGuard(verifier, { audience: 'https://b.test', realm: 'orders' })(), end);
      it.get('/d', createGuard(verifier, { audience: 'a"b' })(), end);
    });
    const challenges: (string | null)[] = [];
    for (const path of ['/a', '/b', '/c', '/d']) {
      const { headers } = await app.get(path, { 'x-forwarded-host': 'evil.test' });
      challenges.push(headers.get('www-authenticate'));
    }
    expect(challenges).toEqual([
      'Bearer realm="https://api.test"',
      'Bearer realm="https://b.test"',
      'Bearer realm="orders"',
      'Bearer realm="api"',
    ]);
  });
});

describe('a guard', () => {
  it('gives middlewares that have a name, for stack traces, and three parameters, for Express', () => {
    for (const middleware of [guard(), guard.optional('read')]) {
      expect([middleware.name, middleware.length]).toEqual(['scopegateGuard', 3]);
    }
  });

  it('cannot be changed', () => {
    expect(Object.isFrozen(guard)).toBe(true);
    expect(() => Object.assign(guard, { optional: () => {} })).toThrow(TypeError);
  });

  it('shows nothing of its verifier to those who look for members', () => {
    expect(Object.keys(guard)).toEqual([]);
    expect(Object.keys(verifier)).not.toContain('context');
  });
});

describe('verifierOf', () => {
  it('finds the verifier behind a guard', () => {
    expect(internalsOfGuard(guard)?.audience).toEqual(['https://api.test']);
    expect(internalsOfGuard(createGuard(verifier))).toBe(internalsOfGuard(guard));
  });

  it.each<[what: string, given: unknown]>([
    ['a function', () => {}],
    ['an object', {}],
    ['undefined', undefined],
  ])('finds none behind %s', (_, given) => {
    expect(internalsOfGuard(given)).toBeUndefined();
  });
});
