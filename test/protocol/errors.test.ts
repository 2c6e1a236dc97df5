import { describe, expect, it, vi } from 'vitest';
import { ConfigurationError } from '../../src/options/configuration-error.js';
import {
  AuthorizationError,
  IssuerUnavailableError,
  isRefusal,
  toError,
  UnguardedRouteError,
} from '../../src/protocol/errors.js';
import { formatAnswer } from '../../src/protocol/http-answer.js';
import { REFUSALS, Refusal, type RefusalReason } from '../../src/protocol/refusal.js';
import { covers } from '../support/covers.js';

// That of a route without a guard has an error of its own.
const REASONS = (Object.keys(REFUSALS) as RefusalReason[]).filter((reason) => reason !== 'route_unguarded');

describe('toError', () => {
  it.each(REASONS)('blames %s on whom its status blames', (reason) => {
    const error = toError(new Refusal(reason, 'a detail'), 'api');
    const isOurs = REFUSALS[reason].status === 503;
    expect(error).toBeInstanceOf(isOurs ? IssuerUnavailableError : AuthorizationError);
    expect(error.name).toBe(isOurs ? 'IssuerUnavailableError' : 'AuthorizationError');
    expect(error).toBeInstanceOf(Error);
  });

  it.each(REASONS)('gives %s the answer that the guard would write, for an error handler to use', (reason) => {
    const refusal = new Refusal(reason, 'a detail');
    const answer = formatAnswer(refusal, 'api');
    const error = toError(refusal, 'api');
    expect(error).toMatchObject({ status: answer.status, statusCode: answer.status, headers: answer.headers });
    expect(error.body).toBe(answer.body);
  });

  it.each(REASONS)('answers %s by itself where nobody caught it, by the conventions of frameworks', async (reason) => {
    const error = toError(new Refusal(reason, 'a detail'), 'api');
    expect(error.expose).toBe(true);

    const response = error.getResponse();
    const { status, headers, body } = formatAnswer(new Refusal(reason, 'a detail'), 'api');
    expect([response.status, await response.text()]).toEqual([status, body]);
    expect(Object.fromEntries(response.headers)).toEqual(
      Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    );
  });

  it.each(REASONS)('gives %s a message for clients, and detail and help for the server', (reason) => {
    const error = toError(new Refusal(reason, 'a detail'), 'api');
    expect(error.message).toBe(REFUSALS[reason].description);
    expect(error.help).toBe(REFUSALS[reason].help);
    expect(error).toMatchObject({ reason, detail: 'a detail' });
  });

  it.each(REASONS)('%s turned into JSON says what the answer says and no more', (reason) => {
    covers('F14', 'F15');
    const cause = new Error('a cause');
    const error = toError(new Refusal(reason, 'a detail', { cause }), 'api');
    expect(JSON.stringify(error)).toBe(error.body);
    expect(error.body).not.toContain('a detail');
  });

  it('keeps what a function of the user threw as the cause', () => {
    const cause = new Error('a bug');
    expect(toError(new Refusal('claim_rule_threw', '', { cause }), 'api').cause).toBe(cause);
    expect(toError(new Refusal('claim_rule_threw', ''), 'api')).not.toHaveProperty('cause');
  });
});

describe('AuthorizationError', () => {
  it.each([
    ['token_missing', undefined],
    ['multiple_tokens', 'invalid_request'],
    ['token_expired', 'invalid_token'],
    ['scope_insufficient', 'insufficient_scope'],
  ] as const)('RFC 6750 §3.1: has for %s the code %s', (reason, code) => {
    expect((toError(new Refusal(reason, ''), 'api') as AuthorizationError).code).toBe(code);
  });

  it('has the scopes that would satisfy the route', () => {
    const refusal = new Refusal('scope_insufficient', '', { scopes: ['orders:read'] });
    expect(toError(refusal, 'api')).toMatchObject({ scopes: ['orders:read'] });
  });
});

describe('UnguardedRouteError', () => {
  it('CWE-209: names the route for the log, and says nothing of it to the client', () => {
    const error = new UnguardedRouteError('GET /orders');
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'UnguardedRouteError',
      reason: 'route_unguarded',
      status: 500,
      statusCode: 500,
      code: 'server_error',
      detail: 'GET /orders',
      headers: { 'Cache-Control': 'no-store', 'Content-Type': 'application/json' },
    });
    expect(isRefusal(error)).toBe(false);
    expect(JSON.stringify(error)).toBe(error.body);
    expect(`${error.body}${error.message}`).not.toContain('orders');
  });
});

describe('IssuerUnavailableError', () => {
  it('says when asking again makes sense, and that the fault is not the client’s', () => {
    const refusal = new Refusal('keys_unavailable', '', { retryAfterSeconds: 2.5 });
    expect(toError(refusal, 'api')).toMatchObject({ code: 'temporarily_unavailable', retryAfterSeconds: 2.5 });
  });
});

describe('isRefusal', () => {
  it.each(REASONS)('knows the error of %s', (reason) => {
    expect(isRefusal(toError(new Refusal(reason, ''), 'api'))).toBe(true);
  });

  it('knows the errors of another copy of the package', async () => {
    vi.resetModules();
    const other = await import('../../src/protocol/errors.js');
    const { Refusal: OtherRefusal } = await import('../../src/protocol/refusal.js');
    const error = other.toError(new OtherRefusal('token_missing', ''), 'api');
    expect(error).not.toBeInstanceOf(AuthorizationError);
    expect([isRefusal(error), other.isRefusal(error)]).toEqual([true, true]);
  });

  it.each<[what: string, error: unknown]>([
    ['another error', new Error('token_missing')],
    ['a mistake in the program', new ConfigurationError('a', 'is.', 'Fix.')],
    ['an object with a status', { status: 401, reason: 'token_missing' }],
    ['a refusal that is no error yet', new Refusal('token_missing', '')],
    ['a text', 'token_missing'],
    ['null', null],
    ['undefined', undefined],
  ])('is false for %s', (_, error) => {
    expect(isRefusal(error)).toBe(false);
  });
});
