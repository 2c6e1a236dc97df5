import { formatAnswer, type HttpAnswer } from './http-answer.js';
import { type OAuthErrorCode, REFUSALS, Refusal, type RefusalReason } from './refusal.js';

// Registered: an error handler may have another copy of this package than the guard.
const REFUSAL = Symbol.for('scopegate.refusal');

/**
 * The base of all refusals. `message` is the fixed text that a client may read. `detail`, `help` and `cause` are for
 * the server alone.
 */
export abstract class RefusalError extends Error {
  /** The machine-readable reason, a row of docs/refusals.md. */
  readonly reason: RefusalReason;
  /** The HTTP status of the answer. `statusCode` is the same: error handlers look for either. */
  readonly status: number;
  readonly statusCode: number;
  /** `message` may be sent to clients (the convention of http-errors). */
  readonly expose: boolean;
  /** The headers of the answer; Express' default error handler sends them. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body of the answer, a JSON text. */
  declare readonly body: string;
  /** Expected and actual values, for the server's log. Not for clients. */
  readonly detail: string;
  /** The usual cause of this reason and what to do about it. Not for clients. */
  declare readonly help: string;

  constructor(refusal: Refusal, answer: HttpAnswer) {
    const { description, help } = REFUSALS[refusal.reason];
    super(description, refusal.cause === undefined ? undefined : { cause: refusal.cause });
    this.reason = refusal.reason;
    this.status = answer.status;
    this.statusCode = answer.status;
    this.expose = answer.status !== 500;
    this.headers = answer.headers;
    this.detail = refusal.detail;
    Object.defineProperty(this, 'body', { value: answer.body });
    Object.defineProperty(this, 'help', { value: help });
  }

  /** The mark that `isRefusal` checks. */
  get [REFUSAL](): boolean {
    return true;
  }

  /** Returns the whole answer. Hono calls this for an error that nobody caught. */
  getResponse(): Response {
    return new Response(this.body, { status: this.status, headers: this.headers });
  }

  /** Returns the body of the answer, so that an error handler that sends the error leaks nothing. */
  toJSON(): unknown {
    return JSON.parse(this.body);
  }
}

/**
 * The client's fault: no token, a bad one, or one that does not suffice. `status` is 400, 401 or 403, and
 * `headers` hold the challenge.
 *
 * @see RFC 6750 §3
 */
export class AuthorizationError extends RefusalError {
  override readonly name = 'AuthorizationError';
  /** The OAuth error code; undefined when the request carried no credentials. */
  readonly code: OAuthErrorCode | undefined;
  /** The scopes that would satisfy the route, if the token lacks one. */
  readonly scopes: readonly string[] | undefined;

  constructor(refusal: Refusal, answer: HttpAnswer) {
    super(refusal, answer);
    this.code = refusal.entry.error;
    this.scopes = refusal.scopes;
  }
}

/**
 * Not the client's fault: the keys or the metadata of the issuer are not available, so the token was not verified.
 * `status` is 503 and `headers` hold `Retry-After`. The token may be valid: clients should not discard it.
 *
 * @see RFC 9110 §15.6.4
 */
export class IssuerUnavailableError extends RefusalError {
  override readonly name = 'IssuerUnavailableError';
  readonly code = 'temporarily_unavailable';
  /** When to retry. */
  readonly retryAfterSeconds: number | undefined;

  constructor(refusal: Refusal, answer: HttpAnswer) {
    super(refusal, answer);
    this.retryAfterSeconds = refusal.retryAfterSeconds;
  }
}

/**
 * A mistake in the app: with `denyUnguarded`, a request reached a handler without a guard. `status` is 500. `detail`
 * names the route.
 */
export class UnguardedRouteError extends RefusalError {
  override readonly name = 'UnguardedRouteError';
  readonly code = 'server_error';

  /** It is no refusal of a guard or verifier. */
  override get [REFUSAL](): boolean {
    return false;
  }

  constructor(detail: string) {
    const refusal = new Refusal('route_unguarded', detail);
    super(refusal, formatAnswer(refusal, ''));
  }
}

/** Maps a refusal to the error that says who is at fault: the client or the issuer. */
export function toError(refusal: Refusal, realm: string): AuthorizationError | IssuerUnavailableError {
  const answer = formatAnswer(refusal, realm);
  return answer.status === 503 ? new IssuerUnavailableError(refusal, answer) : new AuthorizationError(refusal, answer);
}

/**
 * Returns whether an error is the refusal of a guard or verifier: it has `status`, `headers` and `body` of the answer.
 * It may come from another copy of this package. The mark is `Symbol.for('scopegate.refusal')`.
 *
 * @example
 * ```ts
 * try {
 *   await verifier.verify(token);
 * } catch (error) {
 *   if (!isRefusal(error)) throw error;
 *   console.warn(error.reason, error.detail);
 * }
 * ```
 */
export function isRefusal(error: unknown): error is AuthorizationError | IssuerUnavailableError {
  return typeof error === 'object' && error !== null && (error as { [REFUSAL]?: unknown })[REFUSAL] === true;
}
