import { describe, expect, it } from 'vitest';
import { AuthorizationError, IssuerUnavailableError, isRefusal } from '../../../src/index.js';
import { covers } from '../../support/covers.js';
import {
  expectAccepted,
  expectAnswer,
  insufficientScope,
  invalidToken,
  unavailable,
} from '../../support/expect-answer.js';
import { startTestIssuerApi } from '../../support/guarded-api.js';

const fail = (error: unknown) => () => {
  throw error;
};

/** An API whose routes throw these errors in handlers that their guard runs. */
function open(errors: Readonly<Record<string, unknown>>, guardOptions: object = {}) {
  return startTestIssuerApi({
    guard: guardOptions,
    routes: (app, { guard, createGuard: _ }) => {
      for (const [path, error] of Object.entries(errors)) app.get(path, guard('orders:read', fail(error)));
      app.get(
        '/rejected',
        guard('orders:read', () => Promise.reject(errors['/scope'])),
      );
      app.get(
        '/next',
        guard('orders:read', (_req, _res, next) => next(errors['/scope'])),
      );
      app.get('/plain', guard('orders:read'), fail(errors['/scope']));
      app.use(
        (
          error: { message?: unknown },
          _req: unknown,
          res: { status(code: number): { json(body: unknown): void } },
          next: unknown,
        ) => {
          void next;
          res.status(500).json({ handled: isRefusal(error) ? error.reason : String(error) });
        },
      );
    },
  });
}

const ERRORS = {
  '/scope': new AuthorizationError('scope_insufficient', { scopes: ['orders:admin', 'orders:read'] }),
  '/rule': new AuthorizationError('claim_rule_failed', { detail: 'the order is of another tenant' }),
  '/expired': new AuthorizationError('token_expired'),
  '/away': new IssuerUnavailableError('introspection_unavailable', { retryAfterSeconds: 7 }),
  '/other': new Error('x'),
};

describe('a refusal that a handler throws', () => {
  it('becomes the answer of the contract, with the realm of the guard, and is told to onRefusal', async () => {
    covers('F14');
    const api = await open(ERRORS);
    const get = (target: string) => api.send({ target, claims: { scope: 'orders:read' } });
    for (const target of ['/scope', '/rejected', '/next']) {
      const exchange = await get(target);
      expectAnswer(exchange, insufficientScope('orders:admin orders:read'), api.realm);
    }
    expectAnswer(
      await get('/rule'),
      { reason: 'claim_rule_failed', status: 403, error: 'insufficient_scope' },
      api.realm,
    );
    expectAnswer(await get('/expired'), invalidToken('token_expired'), api.realm);
    const away = await get('/away');
    expectAnswer(away, unavailable('introspection_unavailable'), api.realm);
    expect(away.response.headers.get('retry-after')).toEqual(['7']);
    expect((await get('/rule')).refusals[0]?.detail).toBe('the order is of another tenant');
    await expectAccepted(api);
  });

  it('other errors go to the error handler of the app, and with errors: next all do', async () => {
    const api = await open(ERRORS);
    const get = (of: typeof api, target: string) => of.send({ target, claims: { scope: 'orders:read' } });
    expect((await get(api, '/other')).response.body).toBe('{"handled":"Error: x"}');
    expect((await get(api, '/plain')).response.body).toBe('{"handled":"scope_insufficient"}');
    const passing = await open(ERRORS, { errors: 'next' });
    expect((await get(passing, '/scope')).response.body).toBe('{"handled":"scope_insufficient"}');
  });
});

describe('new AuthorizationError(reason)', () => {
  it('RFC 6750 §3: has the answer, so that an error handler can send it', () => {
    covers('F14');
    const error = ERRORS['/scope'];
    expect(error).toMatchObject({
      reason: 'scope_insufficient',
      status: 403,
      code: 'insufficient_scope',
      scopes: ['orders:admin', 'orders:read'],
      headers: { 'WWW-Authenticate': expect.stringContaining('scope="orders:admin orders:read"') },
    });
    expect(isRefusal(error)).toBe(true);
    expect(new AuthorizationError('token_missing', { cause: 1 })).toMatchObject({
      status: 401,
      code: undefined,
      cause: 1,
    });
    expect(new IssuerUnavailableError('keys_unavailable')).toMatchObject({ status: 503 });
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      'an unknown reason',
      () => new AuthorizationError('forbidden' as never),
      /reason of docs\/refusals.md with the status 400, 401, 403/,
    ],
    ['an inherited name', () => new AuthorizationError('constructor' as never), /reason of docs/],
    ['no reason', () => new AuthorizationError(undefined as never), /reason of docs/],
    ['the reason of another class', () => new AuthorizationError('keys_unavailable'), /400, 401, 403/],
    ['the reason of another class', () => new IssuerUnavailableError('token_expired'), /503/],
    ['a scope with a quote', () => new AuthorizationError('scope_insufficient', { scopes: ['a"b'] }), /scope tokens/],
    [
      'a scope with a line break',
      () => new AuthorizationError('scope_insufficient', { scopes: ['a\r\nb'] }),
      /scope tokens/,
    ],
    ['scopes as a text', () => new AuthorizationError('scope_insufficient', { scopes: 'a' as never }), /scope tokens/],
    [
      'a time that is none',
      () => new IssuerUnavailableError('keys_unavailable', { retryAfterSeconds: Number.NaN }),
      /number/,
    ],
  ])('refuses %s', (_, make, message) => {
    covers('F12');
    expect(make).toThrow(TypeError);
    expect(make).toThrow(message);
  });
});
