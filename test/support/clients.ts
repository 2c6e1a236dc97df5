import { expect } from 'vitest';
import { AuthorizationError, IssuerUnavailableError, type RefusalReason, type Verifier } from '../../src/index.js';
import type { TestIssuer, TestTokenOptions } from '../../src/testing/index.js';

export type Verdict = 'accepted' | RefusalReason;

export interface Verdicts {
  /** Of a token that the verifier had never seen. */
  readonly newToken: Verdict;
  /** Of a token that the verifier accepted before. */
  readonly oldToken: Verdict;
}

/** Whether verified tokens are remembered must not change any answer. */
export const TOKEN_CACHES = [
  ['with the token cache', { max: 100 }],
  ['without the token cache', false],
] as const;

/** Tells what came of a call, and checks that the blame lies where the reason says. */
export async function verdictOf(call: Promise<unknown>): Promise<Verdict> {
  try {
    await call;
    return 'accepted';
  } catch (error) {
    return readReason(error);
  }
}

function readReason(error: unknown): RefusalReason {
  if (error instanceof AuthorizationError) {
    expect(error.status).toBe(401);
    expect(error.headers['WWW-Authenticate']).toContain('error="invalid_token"');
    return error.reason;
  }
  if (!(error instanceof IssuerUnavailableError)) throw error;
  expect(error.status).toBe(503);
  expect(error.headers['Retry-After']).toMatch(/^[1-9]\d*$/);
  expect(error.headers).not.toHaveProperty('WWW-Authenticate');
  return error.reason;
}

/** The same verdict on both tokens. */
export function both(verdict: Verdict): Verdicts {
  return { newToken: verdict, oldToken: verdict };
}

/**
 * Two clients of one verifier: one whose every token is new, one that always comes back with the same. They
 * take the two doors of the verifier.
 */
export class Clients {
  readonly #issuer: TestIssuer;
  readonly #verifier: Verifier;
  readonly #oldToken: string;

  private constructor(issuer: TestIssuer, verifier: Verifier, oldToken: string) {
    this.#issuer = issuer;
    this.#verifier = verifier;
    this.#oldToken = oldToken;
  }

  /** Brings the verifier a first token, which it must accept. */
  static async create(issuer: TestIssuer, verifier: Verifier): Promise<Clients> {
    const oldToken = await issuer.token(EVERLASTING);
    const clients = new Clients(issuer, verifier, oldToken);
    expect(await clients.askWithOld()).toBe('accepted');
    return clients;
  }

  async askWithNew(): Promise<Verdict> {
    const authorization = `Bearer ${await this.#issuer.token(EVERLASTING)}`;
    return verdictOf(this.#verifier.authenticate({ headers: { authorization } }));
  }

  async askWithOld(): Promise<Verdict> {
    return verdictOf(this.#verifier.verify(this.#oldToken));
  }

  async ask(): Promise<Verdicts> {
    const [newToken, oldToken] = await Promise.all([this.askWithNew(), this.askWithOld()]);
    return { newToken, oldToken };
  }
}

/** Tokens that no step of a clock makes good or bad: keys are what is judged. */
export const EVERLASTING: TestTokenOptions = { claims: { iat: undefined, exp: 253_402_300_000 } };

/** Changes the header of a token and leaves its signature as it is. */
export function withHeader(token: string, changes: object): string {
  const [header = '', ...rest] = token.split('.');
  const members: object = JSON.parse(Buffer.from(header, 'base64url').toString());
  return [Buffer.from(JSON.stringify({ ...members, ...changes })).toString('base64url'), ...rest].join('.');
}
