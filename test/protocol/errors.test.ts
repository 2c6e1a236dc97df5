import { describe, expect, it } from 'vitest';
import { AuthorizationError, ConfigurationError, IssuerUnavailableError, toError } from '../../src/protocol/errors.js';
import { formatAnswer } from '../../src/protocol/http-answer.js';
import { REFUSALS, Refusal, type RefusalReason } from '../../src/protocol/refusal.js';
import { covers } from '../support/covers.js';

const REASONS = Object.keys(REFUSALS) as RefusalReason[];

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

describe('IssuerUnavailableError', () => {
  it('says when asking again makes sense, and that the fault is not the client’s', () => {
    const refusal = new Refusal('keys_unavailable', '', { retryAfterSeconds: 2.5 });
    expect(toError(refusal, 'api')).toMatchObject({ code: 'temporarily_unavailable', retryAfterSeconds: 2.5 });
  });
});

describe('ConfigurationError', () => {
  it('names the option, the problem and the fix', () => {
    const error = new ConfigurationError('issuer[1].jwksUri', 'is null.', 'Give an absolute https URL.');
    expect(error.name).toBe('ConfigurationError');
    expect(error.option).toBe('issuer[1].jwksUri');
    expect(error.message).toBe('issuer[1].jwksUri: is null. Give an absolute https URL.');
  });
});
