import type { IncomingMessage, ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import type { Policy } from '../../policy/policy.js';
import type { AccessToken } from '../../protocol/access-token.js';
import { findRefusal, toError } from '../../protocol/errors.js';
import { escapeControls, Refusal } from '../../protocol/refusal.js';
import { type ExtraTokenLocation, isHeaderLocation } from '../../protocol/token-location.js';
import { debugRefusal } from '../../verifier/debug-refusal.js';
import type { Requirements } from '../../verifier/requirements.js';
import type { AnswerCache } from './answer-cache.js';
import type { NextFunction } from './guard.js';
import type { GuardArguments } from './guard-arguments.js';
import { markPassed } from './guard-metadata.js';
import type { GuardConfig } from './guard-options.js';
import { type AnyHandler, runHandlers } from './run-handlers.js';
import { writeAnswer } from './write-answer.js';

/** A request that a guard may put a token on. */
export type GuardableRequest = IncomingMessage & { auth?: AccessToken | undefined };

/** What the routes of one guard share. */
export interface GuardRuntime extends GuardConfig {
  readonly answers: AnswerCache;
}

/** All that one middleware needs for a request, in one object, so that a thousand routes stay in the processor's caches. */
export class GuardedRoute implements Requirements {
  readonly audience: readonly string[] | false;
  readonly policy: Policy | undefined;
  readonly realm: string;
  readonly extraTokenLocations: readonly ExtraTokenLocation[];
  readonly handlers: readonly AnyHandler[];
  readonly isOptional: boolean;
  /** Whether a token may come where HTTP caches do not look for one: all but `Authorization` and forms. */
  readonly readsElsewhere: boolean;
  /** What else the response depends on (RFC 9110 §12.5.5). */
  readonly varies: readonly string[];
  readonly runtime: GuardRuntime;

  constructor(runtime: GuardRuntime, { policy, handlers }: GuardArguments, isOptional: boolean) {
    const { audience, realm, extraTokenLocations } = runtime.requirements;
    this.audience = audience;
    this.policy = policy;
    this.realm = realm;
    this.extraTokenLocations = extraTokenLocations;
    this.handlers = handlers;
    this.isOptional = isOptional;
    this.readsElsewhere = extraTokenLocations.some((location) => location !== 'form');
    this.varies = extraTokenLocations.flatMap((location) => {
      if (typeof location === 'string') return [];
      return isHeaderLocation(location) ? [location.header] : ['Cookie', 'Sec-Fetch-Site', 'Origin'];
    });
    this.runtime = runtime;
  }

  /** Lets a request through to the handlers, or refuses it. */
  settle(outcome: AccessToken | Refusal, req: GuardableRequest, res: ServerResponse, next: NextFunction): void {
    const isAnonymous = this.isOptional && outcome instanceof Refusal && outcome.reason === 'token_missing';
    if (outcome instanceof Refusal && !isAnonymous) return this.refuse(outcome, req, res, next);

    // A setter or a hook of the response may throw.
    try {
      req.auth = outcome instanceof Refusal ? undefined : outcome;
      // RFC 6750 §2.3, RFC 9111 §3.5: a shared cache heeds tokens in the Authorization header alone.
      if (this.readsElsewhere && !isAnonymous) keepOutOfSharedCaches(res);
      for (const name of this.varies) addVary(res, name);
      markPassed(req);
    } catch (thrown) {
      return next(toHookError(thrown));
    }

    runHandlers(this.handlers, req, res, (error) => this.#settleThrown(error, req, res, next));
  }

  /** Answers a refusal that a handler threw, such as `new AuthorizationError('scope_insufficient')`, by the contract. */
  #settleThrown(error: unknown, req: GuardableRequest, res: ServerResponse, next: NextFunction): void {
    const refusal = findRefusal(error);
    if (refusal === undefined || this.runtime.errors === 'next') return next(error);
    this.refuse(refusal, req, res, next);
  }

  refuse(refusal: Refusal, req: IncomingMessage, res: ServerResponse, next: NextFunction): void {
    const { errors, onRefusal, answers } = this.runtime;
    debugRefusal(refusal, req);
    if (onRefusal !== undefined) void notify(() => onRefusal(toError(refusal, this.realm), req));

    if (errors === 'next' || res.headersSent) return next(toError(refusal, this.realm));
    // Sessions and compression patch the response: what they throw is for the error handler, not for the process.
    try {
      writeAnswer(res, answers.for(refusal));
    } catch (thrown) {
      next(toHookError(thrown));
    }
  }
}

/** `next()` with nothing would let the request through. */
function toHookError(thrown: unknown): unknown {
  return thrown || new Error('A hook of the request or response threw nothing.');
}

/** Keeps an existing `private` or `no-store`, which is at least as strict. */
function keepOutOfSharedCaches(res: ServerResponse): void {
  if (res.headersSent || /\b(?:private|no-store)\b/i.test(String(res.getHeader('Cache-Control')))) return;
  res.setHeader('Cache-Control', 'private');
}

/** Adds a name to `Vary`, so that a cache of a browser gives no answer of another user, or of none. */
function addVary(res: ServerResponse, name: string): void {
  if (res.headersSent) return;
  const names = [res.getHeader('Vary') ?? []]
    .flat()
    .join(',')
    .split(',')
    .map((part) => part.trim());
  const known = names.filter((part) => part !== '');
  if (known.some((part) => part === '*' || part.toLowerCase() === name.toLowerCase())) return;
  res.setHeader('Vary', [...known, name].join(', '));
}

/** Calls a function of the user's, which may throw or reject and changes nothing by it. */
export async function notify(call: () => unknown): Promise<void> {
  try {
    await call();
  } catch (error) {
    process.emitWarning(`onRefusal threw: ${describeThrown(error)}`, { code: 'SCOPEGATE_ON_REFUSAL' });
  }
}

/** What is thrown may throw again when it is looked at. */
function describeThrown(error: unknown): string {
  try {
    return escapeControls(error instanceof Error ? String(error) : inspect(error));
  } catch {
    return 'what cannot be shown';
  }
}
