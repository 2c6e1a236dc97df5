import { expect } from 'vitest';
import { type OAuthErrorCode, REFUSALS, type RefusalReason } from '../../src/index.js';
import type { Call, Exchange, GuardedApi } from './guarded-api.js';
import { parseWwwAuthenticate } from './www-authenticate.js';

/** The answer that a row of the HTTP contract promises. */
export interface Answer {
  readonly reason: RefusalReason;
  readonly status: number;
  /** Undefined where the challenge tells the realm alone. */
  readonly error?: OAuthErrorCode;
  readonly scope?: string;
  /** @defaultValue the realm of the API */
  readonly realm?: string;
}

/** No credentials: 401 without an error code. */
export const noCredentials: Answer = { reason: 'token_missing', status: 401 };

export function invalidRequest(reason: RefusalReason): Answer {
  return { reason, status: 400, error: 'invalid_request' };
}

export function invalidToken(reason: RefusalReason): Answer {
  return { reason, status: 401, error: 'invalid_token' };
}

export function insufficientScope(scope: string): Answer {
  return { reason: 'scope_insufficient', status: 403, error: 'insufficient_scope', scope };
}

export function unavailable(reason: RefusalReason): Answer {
  return { reason, status: 503 };
}

const UNAVAILABLE: readonly RefusalReason[] = [
  'metadata_unavailable',
  'keys_unavailable',
  'issuer_resolver_failed',
  'verifier_closed',
];

/** What an answer has to be, told from the reason alone. The one scope that tokens lack is `write`. */
export function answerOf(reason: RefusalReason): Answer {
  if (UNAVAILABLE.includes(reason)) return unavailable(reason);
  if (reason === 'scope_insufficient') return insufficientScope('write');
  if (reason === 'claim_rule_failed') return { reason, status: 403, error: 'insufficient_scope' };
  return invalidToken(reason);
}

/** Sends a call between two controls that must pass, and demands the whole of an answer of the contract. */
export async function expectRefused(
  api: Pick<GuardedApi, 'send' | 'realm'>,
  call: Call,
  answer: Answer,
  control: Call = {},
): Promise<Exchange> {
  await expectAccepted(api, control);
  const exchange = await api.send(call);
  expectAnswer(exchange, answer, api.realm);
  await expectAccepted(api, control);
  return exchange;
}

/** Sends a call that must reach the handler, once. */
export async function expectAccepted(api: Pick<GuardedApi, 'send'>, call: Call = {}): Promise<Exchange> {
  const exchange = await api.send(call);
  const { response, refusals, handlerRuns } = exchange;
  expect({ status: response.status, reasons: refusals.map(({ reason }) => reason), handlerRuns }).toEqual({
    status: 200,
    reasons: [],
    handlerRuns: 1,
  });
  expect(response.headers.has('www-authenticate')).toBe(false);
  return exchange;
}

/** Demands the whole of an answer: nothing missing, nothing more. */
export function expectAnswer(
  { request, response, refusals, handlerRuns }: Exchange,
  answer: Answer,
  realm: string,
): void {
  const { description } = REFUSALS[answer.reason];
  expect({ reasons: refusals.map(({ reason }) => reason), status: response.status, handlerRuns }).toEqual({
    reasons: [answer.reason],
    status: answer.status,
    handlerRuns: 0,
  });
  expect(ownHeaders(response.headers)).toEqual({
    'cache-control': ['no-store'],
    'content-type': ['application/json'],
    ...(answer.status === 503
      ? { 'retry-after': [expect.stringMatching(/^[1-9]\d*$/)] }
      : { 'www-authenticate': [expect.any(String)] }),
  });
  if (answer.status !== 503) expectChallenge(response.headers.get('www-authenticate')?.[0] ?? '', answer, realm);

  const error = answer.status === 503 ? 'temporarily_unavailable' : answer.error;
  const body = error === undefined ? {} : { error, error_description: description };
  expect(response.body).toBe(request.method === 'HEAD' ? '' : JSON.stringify(body));
}

function expectChallenge(value: string, answer: Answer, realm: string): void {
  const { error, scope } = answer;
  expect(parseWwwAuthenticate(value)).toEqual([
    {
      scheme: 'Bearer',
      params: {
        realm: answer.realm ?? realm,
        ...(error !== undefined && { error, error_description: REFUSALS[answer.reason].description }),
        ...(scope !== undefined && { scope }),
      },
    },
  ]);
  // RFC 6750 §3: printable ASCII; a backslash would be an escape, which none of its values can hold.
  expect(value).toMatch(/^[\x20-\x5b\x5d-\x7e]+$/);
}

// What Node and Express put into every response.
const FRAMING = new Set(['connection', 'content-length', 'date', 'transfer-encoding', 'x-powered-by']);

function ownHeaders(headers: Exchange['response']['headers']): Record<string, readonly string[]> {
  return Object.fromEntries([...headers].filter(([name]) => !FRAMING.has(name)));
}
