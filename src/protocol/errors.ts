import { formatAnswer, type HttpAnswer } from './http-answer.js';
import { type OAuthErrorCode, REFUSALS, Refusal, type RefusalReason } from './refusal.js';
import { isScopeToken } from './scope.js';

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
  /** The headers of the answer; Express' default error handler sends them. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body of the answer, a JSON text. */
  declare readonly body: string;
  /** Expected and actual values, for the server's log. Not for clients. */
  readonly detail: string;
  /** The usual cause of this reason and what to do about it. Not for clients. */
  declare readonly help: string;

  constructor(refusal: Refusal, answer: HttpAnswer = formatAnswer(refusal, DEFAULT_REALM)) {
    const { description, help } = REFUSALS[refusal.reason];
    super(description, refusal.cause === undefined ? undefined : { cause: refusal.cause });
    this.reason = refusal.reason;
    this.status = answer.status;
    this.statusCode = answer.status;
    this.headers = answer.headers;
    this.detail = refusal.detail;
    Object.defineProperty(this, 'body', { value: answer.body });
    Object.defineProperty(this, 'help', { value: help });
  }

  /** The mark that `isRefusal` checks. */
  get [REFUSAL](): boolean {
    return true;
  }

  /** Whether the message is meant for clients; Koa and others that know the errors of http-errors ask for it. */
  get expose(): boolean {
    return this.status < 500;
  }

  /** Returns the answer as a `Response`: for fetch handlers, and for frameworks that look for this method, as Hono does. */
  getResponse(): Response {
    return new Response(this.body, { status: this.status, headers: this.headers });
  }

  /** Returns the body of the answer, so that an error handler that sends the error leaks nothing. */
  toJSON(): unknown {
    return JSON.parse(this.body);
  }
}

/** What an app says about a refusal of its own. */
export interface RefusalDetails {
  /** The scopes to ask for: an array of scope tokens. They are sent with `scope_insufficient` alone. */
  readonly scopes?: readonly string[];
  /** For the server's log. Not for clients. */
  readonly detail?: string;
  readonly cause?: unknown;
  /** For `IssuerUnavailableError`: when to retry. */
  readonly retryAfterSeconds?: number;
}

// A guard puts its own realm in place of it.
const DEFAULT_REALM = 'api';

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

  /**
   * Makes a refusal of the app's own. Thrown by a handler that was given to a guard, it becomes the answer of docs/http.md.
   *
   * @example
   * ```ts
   * app.delete(
   *   '/orders/:id',
   *   guard('orders:write', (req) => {
   *     if (!req.auth.scopes.includes('admin')) throw new AuthorizationError('scope_insufficient', { scopes: ['admin'] });
   *   }),
   * );
   * ```
   *
   * @throws {TypeError} not a reason of status 400, 401 or 403, or not scopes
   */
  constructor(reason: RefusalReason, details?: RefusalDetails);
  constructor(refusal: Refusal, answer: HttpAnswer);
  constructor(given: RefusalReason | Refusal, more?: RefusalDetails | HttpAnswer) {
    const refusal = given instanceof Refusal ? given : toRefusal(given, more, [400, 401, 403]);
    super(refusal, given instanceof Refusal ? (more as HttpAnswer) : undefined);
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

  /** Makes a refusal of the app's own. @throws {TypeError} not a reason of status 503 */
  constructor(reason: RefusalReason, details?: RefusalDetails);
  constructor(refusal: Refusal, answer: HttpAnswer);
  constructor(given: RefusalReason | Refusal, more?: RefusalDetails | HttpAnswer) {
    const refusal = given instanceof Refusal ? given : toRefusal(given, more, [503]);
    super(refusal, given instanceof Refusal ? (more as HttpAnswer) : undefined);
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

function toRefusal(reason: unknown, details: RefusalDetails | HttpAnswer = {}, statuses: readonly number[]): Refusal {
  if (typeof reason !== 'string' || !isReason(reason) || !statuses.includes(REFUSALS[reason].status)) {
    throw new TypeError(`Give a reason of docs/refusals.md with the status ${statuses.join(', ')}.`);
  }
  const { scopes, detail = 'of the app itself', cause, retryAfterSeconds } = details as RefusalDetails;
  if (scopes !== undefined && !(Array.isArray(scopes) && scopes.every(isScope))) {
    throw new TypeError("Give scopes as an array of scope tokens (RFC 6749 §3.3), such as ['orders:read'].");
  }
  const isDuration = retryAfterSeconds === undefined || Number.isFinite(retryAfterSeconds);
  if (!isDuration) throw new TypeError('Give retryAfterSeconds as a number.');

  return new Refusal(reason, String(detail), {
    ...(scopes === undefined || reason !== 'scope_insufficient' ? {} : { scopes: Object.freeze([...scopes]) }),
    cause,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });
}

function isScope(value: unknown): value is string {
  return typeof value === 'string' && isScopeToken(value);
}

function isReason(text: string): text is RefusalReason {
  return Object.hasOwn(REFUSALS, text);
}

/** Returns the refusal behind an error that `isRefusal` knows, whichever copy of this package made it. */
export function findRefusal(error: unknown): Refusal | undefined {
  if (!isRefusal(error) || !isReason(error.reason)) return undefined;
  const { reason, detail, cause } = error;
  const { scopes, retryAfterSeconds } = error as { scopes?: readonly string[]; retryAfterSeconds?: number };
  return new Refusal(reason, String(detail), {
    ...(scopes === undefined ? {} : { scopes }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    cause,
  });
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
