import type { IncomingMessage, ServerResponse } from 'node:http';
import { notify } from '../../platform/notify.js';
import type { Policy } from '../../policy/policy.js';
import type { AccessToken } from '../../protocol/access-token.js';
import { findRefusal, toError } from '../../protocol/errors.js';
import { Refusal } from '../../protocol/refusal.js';
import type { ExtraTokenLocation } from '../../protocol/token-location.js';
import { debugRefusal } from '../../verifier/debug-refusal.js';
import type { Requirements } from '../../verifier/requirements.js';
import type { AnswerCache } from '../core/answer-cache.js';
import { type CacheRules, cacheHeaders, cacheRulesFor } from '../core/cache-headers.js';
import type { GuardArguments } from '../core/guard-arguments.js';
import { errorForNext } from './error-for-next.js';
import type { NextFunction } from './guard.js';
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
  readonly caching: CacheRules;
  readonly runtime: GuardRuntime;

  constructor(runtime: GuardRuntime, { policy, handlers }: GuardArguments<AnyHandler>, isOptional: boolean) {
    const { audience, realm, extraTokenLocations } = runtime.requirements;
    this.audience = audience;
    this.policy = policy;
    this.realm = realm;
    this.extraTokenLocations = extraTokenLocations;
    this.handlers = handlers;
    this.isOptional = isOptional;
    this.caching = cacheRulesFor(extraTokenLocations);
    this.runtime = runtime;
  }

  /** Lets a request through to the handlers, or refuses it. */
  settle(outcome: AccessToken | Refusal, req: GuardableRequest, res: ServerResponse, next: NextFunction): void {
    const isAnonymous = this.isOptional && outcome instanceof Refusal && outcome.reason === 'token_missing';
    if (outcome instanceof Refusal && !isAnonymous) return this.refuse(outcome, req, res, next);

    // A setter or a hook of the response may throw.
    try {
      req.auth = outcome instanceof Refusal ? undefined : outcome;
      if (this.extraTokenLocations.length > 0) setCacheHeaders(res, this.caching, isAnonymous);
      markPassed(req);
    } catch (thrown) {
      return next(errorForNext(thrown));
    }

    runHandlers(this.handlers, req, res, (error) => this.#settleThrown(error, req, res, next));
  }

  /** Answers a refusal that a handler threw, such as `new AuthorizationError('scope_insufficient')`, by the contract. */
  #settleThrown(error: unknown, req: GuardableRequest, res: ServerResponse, next: NextFunction): void {
    const refusal = findRefusal(error);
    if (refusal === undefined || this.runtime.errors === 'next') return next(error);
    this.refuse(refusal, req, res, next);
  }

  private refuse(refusal: Refusal, req: IncomingMessage, res: ServerResponse, next: NextFunction): void {
    const { errors, onRefusal, answers } = this.runtime;
    debugRefusal(refusal, req);
    if (onRefusal !== undefined) void notify(() => onRefusal(toError(refusal, this.realm), req));

    if (errors === 'next' || res.headersSent) return next(toError(refusal, this.realm));
    // Sessions and compression patch the response: what they throw is for the error handler, not for the process.
    try {
      writeAnswer(res, answers.for(refusal));
    } catch (thrown) {
      next(errorForNext(thrown));
    }
  }
}

function setCacheHeaders(res: ServerResponse, { isPrivate, varies }: CacheRules, isAnonymous: boolean): void {
  if (res.headersSent) return;
  const headers = cacheHeaders({ isPrivate: isPrivate && !isAnonymous, varies }, (name) => res.getHeader(name));
  for (const [name, value] of headers) res.setHeader(name, value);
}
