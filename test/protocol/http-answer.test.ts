import { describe, expect, it } from 'vitest';
import { formatAnswer } from '../../src/protocol/http-answer.js';
import { REFUSALS, Refusal, type RefusalReason } from '../../src/protocol/refusal.js';
import { covers } from '../support/covers.js';
import { parseWwwAuthenticate } from '../support/www-authenticate.js';

const REASONS = Object.keys(REFUSALS) as RefusalReason[];
const OF_CLIENTS = REASONS.filter((reason) => REFUSALS[reason].status < 500);
const OF_SERVERS = REASONS.filter((reason) => REFUSALS[reason].status === 503);

describe('formatAnswer', () => {
  it('RFC 6750 §3.1: tells no error, in header or body, when no credentials were sent', () => {
    const answer = formatAnswer(new Refusal('token_missing', 'why'), 'api');
    expect(answer.status).toBe(401);
    expect(answer.headers['WWW-Authenticate']).toBe('Bearer realm="api"');
    expect(answer.body).toBe('{}');
  });

  it.each(OF_CLIENTS)('RFC 6750 §3: answers %s with a challenge and a body that say the same', (reason) => {
    const { status, error, description } = new Refusal(reason, '').entry;
    const answer = formatAnswer(new Refusal(reason, 'a detail'), 'api');
    const [challenge, ...others] = parseWwwAuthenticate(answer.headers['WWW-Authenticate'] ?? '');
    const told = error === undefined ? {} : { error, error_description: description };

    expect(answer.status).toBe(status);
    expect(others).toEqual([]);
    expect(challenge).toEqual({ scheme: 'Bearer', params: { realm: 'api', ...told } });
    expect(JSON.parse(answer.body)).toEqual(told);
    expect(answer.headers).not.toHaveProperty('Retry-After');
  });

  it.each(OF_SERVERS)('RFC 9110 §15.6.4: answers %s with Retry-After and no challenge', (reason) => {
    const answer = formatAnswer(new Refusal(reason, 'a detail', { retryAfterSeconds: 30 }), 'api');
    expect(answer.status).toBe(503);
    expect(answer.headers['Retry-After']).toBe('30');
    expect(answer.headers).not.toHaveProperty('WWW-Authenticate');
    expect(JSON.parse(answer.body)).toEqual({
      error: 'temporarily_unavailable',
      error_description: REFUSALS[reason].description,
    });
  });

  it('CWE-209: answers the mistake of a program with no challenge, and tells nothing of it', () => {
    const answer = formatAnswer(new Refusal('route_unguarded', 'GET /orders'), 'api');
    expect(answer).toEqual({
      status: 500,
      headers: { 'Cache-Control': 'no-store', 'Content-Type': 'application/json' },
      body: '{"error":"server_error","error_description":"The server is not ready to answer this request."}',
    });
  });

  it.each([
    ['whole seconds', 7, '7'],
    ['a fraction, rounded up', 1.2, '2'],
    ['a second where it could start now', 0, '1'],
    ['five seconds where nothing is known', undefined, '5'],
  ])('RFC 9110 §10.2.3: Retry-After is %s', (_, given, sent) => {
    const context = given === undefined ? {} : { retryAfterSeconds: given };
    expect(formatAnswer(new Refusal('keys_unavailable', '', context), 'api').headers['Retry-After']).toBe(sent);
  });

  it('RFC 6750 §3: tells the scopes that a route needs', () => {
    const refusal = new Refusal('scope_insufficient', '', { scopes: ['orders:read', 'orders:write'] });
    const { headers } = formatAnswer(refusal, 'api');
    expect(parseWwwAuthenticate(headers['WWW-Authenticate'] ?? '')[0]?.params).toMatchObject({
      error: 'insufficient_scope',
      scope: 'orders:read orders:write',
    });
  });

  it.each(REASONS)('RFC 6750 §5.3: no cache keeps the answer to %s, which is JSON', (reason) => {
    expect(formatAnswer(new Refusal(reason, ''), 'api').headers).toMatchObject({
      'Cache-Control': 'no-store',
      'Content-Type': 'application/json',
    });
  });

  it.each(REASONS)('the answer to %s holds neither detail nor help nor cause', (reason) => {
    covers('F14', 'F15');
    const cause = new Error('cause-of-it');
    const answer = JSON.stringify(formatAnswer(new Refusal(reason, 'detail-of-it', { cause }), 'api'));
    expect(answer).toContain('no-store');
    expect(answer).not.toContain('detail-of-it');
    expect(answer).not.toContain('cause-of-it');
    expect(answer).not.toContain(REFUSALS[reason].help);
  });
});
