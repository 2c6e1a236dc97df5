import { type AccessToken, isAccessTokenFrom } from '../protocol/access-token.js';
import { toError } from '../protocol/errors.js';
import { Refusal } from '../protocol/refusal.js';
import { authenticateToken, type VerifierContext } from './authenticate.js';
import { internalsOf, partsOf } from './create-verifier.js';
import { defaultRealm, toRequirements } from './requirements.js';
import type { Verifier, VerifierInternals } from './verifier.js';

/** The options of `accessTokenSignal`. */
export interface AccessTokenSignalOptions {
  /** The verifier that the token came from. */
  readonly verifier: Verifier<unknown>;
}

// How often a token is introspected again, at most, while a connection lasts: there may be thousands of them.
const MIN_SECONDS_BETWEEN_CHECKS = 30;
// `setTimeout` takes a 32-bit number of milliseconds. A longer time is waited for in several steps.
const MAX_DELAY_MS = 2 ** 31 - 1;

/**
 * Returns a signal for a connection that outlives its first request, such as a WebSocket or server-sent events. It is
 * aborted when the token is not good any more: when it has expired, or when the verifier is closed. Its reason is the
 * refusal. It keeps no process alive.
 *
 * An introspected token without `exp` is introspected again when its answer is too old, and the signal goes on if the
 * token is still active.
 *
 * @example
 * ```ts
 * app.get('/events', guard('events:read'), (req, res) => {
 *   const signal = accessTokenSignal(authOf(req), { verifier });
 *   res.writeHead(200, { 'Content-Type': 'text/event-stream' });
 *   signal.addEventListener('abort', () => res.end());
 * });
 * ```
 *
 * @throws {TypeError} not an access token of this verifier
 */
export function accessTokenSignal(
  accessToken: AccessToken<unknown>,
  { verifier }: AccessTokenSignalOptions,
): AbortSignal {
  const internals = internalsOf(verifier);
  if (internals === undefined || !isAccessTokenFrom(accessToken, internals.context)) {
    throw new TypeError('accessTokenSignal: not an access token of this verifier');
  }

  const ending = new AbortController();
  void abortAtEnd(accessToken, internals, ending);
  return ending.signal;
}

/** Checks the token again each time that it may have ended. */
async function abortAtEnd(
  accessToken: AccessToken<unknown>,
  { context, audience }: VerifierInternals,
  ending: AbortController,
): Promise<void> {
  // Whether it suffices for the route was decided when the connection began.
  const requirements = toRequirements({}, false);
  let endsAt = await findEnd(accessToken, context);
  let outcome: AccessToken<unknown> | Refusal;
  do {
    await untilTime(endsAt, context);
    outcome = await authenticateToken(context, { token: accessToken.token }, requirements);
    if (!(outcome instanceof Refusal)) {
      const earliest = context.clock() / 1000 + MIN_SECONDS_BETWEEN_CHECKS;
      endsAt = Math.max(await findEnd(outcome, context), earliest);
    }
  } while (!(outcome instanceof Refusal));

  ending.abort(toError(outcome, defaultRealm(audience)));
}

/** Returns when the token may have ended, in seconds since the epoch. */
async function findEnd(
  { token, issuer, claims, expiresAt }: AccessToken<unknown>,
  context: VerifierContext,
): Promise<number> {
  const found = await context.issuers.find(issuer, partsOf(token, context));
  const maxAge = found instanceof Refusal ? undefined : found.rules.maxTokenAgeSeconds;
  const { iat } = claims as { readonly iat?: unknown };
  const oldAt = maxAge !== undefined && typeof iat === 'number' ? iat + maxAge : Number.POSITIVE_INFINITY;
  return Math.min(expiresAt, oldAt) + context.clockToleranceSeconds;
}

/** Waits until a time, or until the verifier is closed. The timer keeps no process alive. */
async function untilTime(seconds: number, { clock, signal }: VerifierContext): Promise<void> {
  while (!signal.aborted) {
    const delayMs = seconds * 1000 - clock();
    if (!(delayMs > 0)) return;
    await untilTimer(Math.min(Math.ceil(delayMs), MAX_DELAY_MS), signal);
  }
}

function untilTimer(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, delayMs);
    timer.unref();
    signal.addEventListener('abort', finish);
  });
}
