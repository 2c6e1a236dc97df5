import { type ReadersOf, readOptions } from '../../options/option-reader.js';
import { callback, oneOf, optional } from '../../options/readers.js';
import { notify } from '../../platform/notify.js';
import type { Policy } from '../../policy/policy.js';
import type { AccessToken } from '../../protocol/access-token.js';
import { type AuthorizationError, findRefusal, type IssuerUnavailableError, toError } from '../../protocol/errors.js';
import type { HttpAnswer } from '../../protocol/http-answer.js';
import type { HttpRequest } from '../../protocol/http-request.js';
import { Refusal } from '../../protocol/refusal.js';
import { authenticate } from '../../verifier/authenticate.js';
import { debugRefusal } from '../../verifier/debug-refusal.js';
import {
  type AuthenticateOptions,
  REQUIREMENT_READERS,
  type Requirements,
  toRequirements,
} from '../../verifier/requirements.js';
import type { VerifierInternals } from '../../verifier/verifier.js';
import { AnswerCache } from './answer-cache.js';
import { type CacheRules, cacheRulesFor } from './cache-headers.js';

/** The options of a guard for a framework other than Express. `Req` is the framework's request. */
export interface RouteGuardOptions<Req> extends Omit<AuthenticateOptions, 'policy' | 'signal' | 'onRefusal'> {
  /**
   * What becomes of a refusal. `respond`: the guard writes the answer of docs/http.md. `throw`: the error goes to the error
   * handler of the app, with `status`, `headers`, `code` and `reason`.
   * @defaultValue `'respond'`
   */
  readonly errors?: 'respond' | 'throw';
  /** Called for each refusal, before the response. For logs and metrics: it cannot change the response. */
  readonly onRefusal?: (error: AuthorizationError | IssuerUnavailableError, request: Req) => void;
}

/** What a guard decided: the access token of an accepted request, or the answer to a refused one. */
export type Decision =
  | {
      /** Undefined if the route is optional and the request has no token. */
      readonly auth: AccessToken | undefined;
      readonly caching: CacheRules;
      readonly answer?: never;
    }
  | { readonly answer: HttpAnswer; readonly auth?: never; readonly caching?: never };

/** Decides on a request of one route. `original` is the request of the framework, for `onRefusal`. */
export type Decide = (request: HttpRequest, original: unknown) => Promise<Decision>;

type AnyOptions = RouteGuardOptions<never>;

const READERS = {
  ...REQUIREMENT_READERS,
  errors: optional(oneOf(['respond', 'throw'], "Give 'respond' or 'throw'.")),
  onRefusal: callback<(error: AuthorizationError | IssuerUnavailableError, request: unknown) => unknown>(),
} satisfies ReadersOf<AnyOptions>;

/** What the routes of one guard share. Express has its own, since it answers without a promise where it can. */
export class RouteGuard {
  readonly #context: VerifierInternals['context'];
  readonly #requirements: Requirements;
  readonly #answers: AnswerCache;
  readonly #throws: boolean;
  readonly #onRefusal: ReturnType<(typeof READERS)['onRefusal']>;

  /** @throws {ConfigurationError} */
  constructor({ context, audience }: VerifierInternals, options: unknown) {
    const fix = "Give an object such as { audience: 'https://orders.example.com' }.";
    const config = readOptions(options, '', fix, READERS);
    this.#context = context;
    this.#requirements = toRequirements(config, audience);
    this.#answers = new AnswerCache(this.#requirements.realm);
    this.#throws = config.errors === 'throw';
    this.#onRefusal = config.onRefusal;
  }

  forRoute(policy: Policy | undefined, isOptional: boolean): Decide {
    const requirements: Requirements = Object.freeze({ ...this.#requirements, policy });
    const caching = cacheRulesFor(requirements.extraTokenLocations);
    const cachingOfNobody = { ...caching, isPrivate: false };

    return async (request, original) => {
      const outcome = await authenticate(this.#context, request, requirements);
      if (!(outcome instanceof Refusal)) return { auth: outcome, caching };
      if (isOptional && outcome.reason === 'token_missing') return { auth: undefined, caching: cachingOfNobody };
      return { answer: this.#refuse(outcome, request, original) };
    };
  }

  /** Answers a refusal that a handler threw, such as `new AuthorizationError('scope_insufficient')`. Throws all else again. */
  answerThrown(thrown: unknown, request: HttpRequest, original: unknown): HttpAnswer {
    const refusal = findRefusal(thrown);
    if (refusal === undefined) throw thrown;
    return this.#refuse(refusal, request, original);
  }

  #refuse(refusal: Refusal, request: HttpRequest, original: unknown): HttpAnswer {
    debugRefusal(refusal, request);
    const onRefusal = this.#onRefusal;
    const { realm } = this.#requirements;
    if (onRefusal !== undefined) void notify(() => onRefusal(toError(refusal, realm), original));
    if (this.#throws) throw toError(refusal, realm);
    return this.#answers.for(refusal);
  }
}
