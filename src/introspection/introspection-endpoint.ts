import { EndpointLocator } from '../discovery/endpoint-locator.js';
import type { DiscoveryOptions } from '../discovery/fetch-metadata.js';
import type { IntrospectionConfig } from '../issuer/introspection-options.js';
import type { Clock } from '../platform/clock.js';
import { publish } from '../platform/diagnostics.js';
import type { Fetch } from '../platform/fetch.js';
import { FetchFailure, type FetchJsonOptions, fetchBytes } from '../platform/fetch-json.js';
import { OutageWarnings } from '../platform/outage-warnings.js';
import type { Refusal, RefusalContext } from '../protocol/refusal.js';
import { refuseUnavailable } from '../protocol/refuse-unavailable.js';
import { type Attempt, CircuitBreaker, type Source } from '../resilience/circuit-breaker.js';
import { untilAborted } from '../resilience/deadline.js';
import { FairQueue } from '../resilience/fair-queue.js';
import { authenticateClient, type ClientAuthentication, explainRefusal } from './client-authentication.js';

export interface IntrospectionEndpointOptions {
  readonly issuer: string;
  readonly config: IntrospectionConfig;
  /** Where the metadata is, which names the endpoint unless that was configured. */
  readonly discovery: DiscoveryOptions;
  readonly maxResponseBytes: number;
  readonly clock: Clock;
  readonly fetch: Fetch;
  /** Ends requests that are under way, and lets no more begin. */
  readonly signal: AbortSignal;
}

/** A response as it came. Nothing in it is checked yet. */
export interface IntrospectionResponse {
  readonly bytes: Buffer;
  readonly mediaType: string | undefined;
}

/** For whom an issuer is asked. */
export interface IntrospectionCaller {
  /** Where the request came from. */
  readonly source: Source;
  /** Whether the issuer called the token active before. Nobody can make such a token up. */
  readonly isKnownToken: boolean;
}

/** The right to send one request. */
export interface Place {
  readonly caller: IntrospectionCaller;
  readonly attempt: Attempt;
}

/** The state of introspection at one issuer. */
export interface IntrospectionStatus {
  /** Requests that were sent. */
  readonly calls: number;
  readonly inFlight: number;
  /** Requests that wait, since `maxInFlight` are in flight. */
  readonly waiting: number;
  /** Why the last request had no response that can be used; undefined when it had one. */
  readonly lastError: string | undefined;
  /** How many answers called a token active. */
  readonly active: number;
  /** How many did not. Where `active` stays 0, the credentials of this server may be wrong. */
  readonly inactive: number;
}

/** The part of it that is about requests. */
export type RequestStatus = Omit<IntrospectionStatus, 'active' | 'inactive'>;

/** The media type of a signed answer (RFC 9701 §5). */
export const SIGNED_RESPONSE_TYPE = 'application/token-introspection+jwt';

// What a gateway answers in place of the endpoint, and the endpoint when it has enough. Other statuses may be about the token.
const OUTAGE_STATUSES = [429, 502, 503, 504];

/**
 * The introspection endpoint of one issuer (RFC 7662 §2). Requests go by POST alone, to the very URL that was configured
 * or found in the metadata; redirects are not followed, so that the credentials go nowhere else.
 */
export class IntrospectionEndpoint {
  readonly config: IntrospectionConfig;
  readonly #options: IntrospectionEndpointOptions;
  readonly #locator: EndpointLocator;
  readonly #queue: FairQueue;
  // Clients choose their new tokens, and may choose some that the endpoint does not survive. Known tokens are apart.
  readonly #knownTokens: CircuitBreaker;
  readonly #newTokens: CircuitBreaker;
  #calls = 0;
  #inFlight = 0;
  #lastError: string | undefined;
  readonly #outage: OutageWarnings;

  constructor(options: IntrospectionEndpointOptions) {
    const { config, discovery, clock } = options;
    this.config = config;
    this.#options = options;

    this.#queue = new FairQueue({ maxRunning: config.maxInFlight, maxWaiting: config.maxInFlight });
    this.#knownTokens = new CircuitBreaker(clock);
    this.#newTokens = new CircuitBreaker(clock);

    this.#outage = new OutageWarnings('introspection', options.issuer);
    this.#locator = new EndpointLocator({
      configured: config.endpoint,
      name: 'introspection_endpoint',
      find: ({ introspectionEndpoint }) => introspectionEndpoint,
      discovery,
      fetchOptions: this.#fetchOptions(),
      clock,
    });
  }

  /** Waits until a request may be sent. Give the place back by `leave`. */
  async enter(caller: IntrospectionCaller): Promise<Place | Refusal> {
    const refused = this.#refuseNow(caller);
    if (refused !== undefined) return refused;

    const { maxInFlight, timeoutSeconds } = this.config;
    const { source, isKnownToken } = caller;
    // The other half of the time is for the request itself.
    if (!(await this.#queue.enter(source, isKnownToken, timeoutSeconds / 2))) {
      return this.#refuseUnasked(`${maxInFlight} requests are in flight, and too many wait`, { retryAfterSeconds: 1 });
    }

    // The endpoint may have failed meanwhile, or the verifier was closed.
    const refusedNow = this.#refuseNow(caller);
    if (refusedNow === undefined) return { caller, attempt: this.#breakerOf(caller).start(source) };
    this.#queue.leave(source);
    return refusedNow;
  }

  leave({ caller, attempt }: Place): void {
    this.#breakerOf(caller).end(attempt);
    this.#queue.leave(caller.source);
  }

  /** Introspects a token until the deadline. Whatever fails, it is never the token's fault. */
  async introspect(token: string, place: Place, deadline: AbortSignal): Promise<IntrospectionResponse | Refusal> {
    this.#inFlight += 1;
    try {
      const response = await this.#send(token, deadline);
      this.#lastError = undefined;
      this.#answered();
      return response;
    } catch (error) {
      const cause = error as FetchFailure;
      this.#heed(cause, place);
      return this.refuse(cause.message, { cause, ...this.#whenToRetry(place.caller) });
    } finally {
      this.#inFlight -= 1;
    }
  }

  /** Called when a response could be used. */
  recovered(): void {
    this.#outage.recovered();
  }

  /** Finds the endpoint. Returns why that failed. */
  async ready(): Promise<Refusal | undefined> {
    try {
      await this.#locator.locate();
      return undefined;
    } catch (cause) {
      const retryAfterSeconds = this.#locator.retryAfterSeconds;
      return this.refuse((cause as FetchFailure).message, { cause, retryAfterSeconds });
    }
  }

  /** Refuses a token since no response came, or none that can be used. */
  refuse(why: string, context: RefusalContext = {}): Refusal {
    if (!this.#options.signal.aborted) this.#outage.failed(why);
    return this.#refuseUnasked(why, context);
  }

  /** Refuses a token without a request. It says nothing new of the endpoint. */
  #refuseUnasked(why: string, context: RefusalContext): Refusal {
    const { issuer, signal } = this.#options;
    if (!signal.aborted) {
      this.#lastError = why;
      publish('scopegate:introspection', () => ({ issuer, outcome: 'failed', error: why }));
    }
    return refuseUnavailable(signal, 'introspection_unavailable', why, context);
  }

  status(): RequestStatus {
    const { waiting } = this.#queue;
    return { calls: this.#calls, inFlight: this.#inFlight, waiting, lastError: this.#lastError };
  }

  /** Refuses while requests get no answer, so that nobody else waits for one. */
  #refuseNow(caller: IntrospectionCaller): Refusal | undefined {
    const { retryAfterSeconds } = this.#whenToRetry(caller);
    if (retryAfterSeconds === undefined) return undefined;
    return this.#refuseUnasked('the last request got no answer, and the next one waits', { retryAfterSeconds });
  }

  #whenToRetry(caller: IntrospectionCaller): { readonly retryAfterSeconds?: number } {
    const breaker = this.#breakerOf(caller);
    const retryAfterSeconds = Math.max(this.#locator.retryAfterSeconds, breaker.retryAfterSeconds(caller.source));
    return retryAfterSeconds > 0 ? { retryAfterSeconds } : {};
  }

  #breakerOf({ isKnownToken }: IntrospectionCaller): CircuitBreaker {
    return isKnownToken ? this.#knownTokens : this.#newTokens;
  }

  #answered(): void {
    this.#knownTokens.answered();
    this.#newTokens.answered();
  }

  #heed(failure: FetchFailure, { caller, attempt }: Place): void {
    this.#locator.forgetIfMoved(failure);
    // The locator waits by itself.
    if (this.#locator.isFailing) return;
    const { status } = failure;
    if (status === undefined || OUTAGE_STATUSES.includes(status)) this.#breakerOf(caller).failed(attempt);
    else this.#answered();
  }

  /** @throws {FetchFailure, DeadlineError} */
  async #send(token: string, deadline: AbortSignal): Promise<IntrospectionResponse> {
    const url = await untilAborted(deadline, this.#locator.locate());
    const authentication = await this.#authenticate(deadline);
    const { headers, fields } = authentication;

    // RFC 7662 §2.1. Several servers answer for refresh tokens too, unless they get the hint.
    const form = new URLSearchParams({ token, token_type_hint: 'access_token', ...fields });
    const accept = this.config.signed ? SIGNED_RESPONSE_TYPE : 'application/json';
    this.#calls += 1;
    const options = { ...this.#fetchOptions(), deadline, form, headers, accept };
    const { bytes, mediaType } = await fetchBytes(url, options).catch((failure: FetchFailure) => {
      throw explainRefusal(failure, authentication);
    });
    return { bytes: bytes as Buffer, mediaType };
  }

  /** A function of the user's may throw, or never settle. */
  async #authenticate(deadline: AbortSignal): Promise<ClientAuthentication> {
    const { issuer, clock, signal } = this.#options;
    try {
      const authenticating = authenticateClient(this.config.credentials, issuer, clock);
      return await untilAborted(signal, untilAborted(deadline, authenticating));
    } catch (cause) {
      throw new FetchFailure('the credentials of this server could not be had', { cause });
    }
  }

  #fetchOptions(): FetchJsonOptions {
    const { config, maxResponseBytes: maxBytes, fetch, signal } = this.#options;
    return { fetch, timeoutSeconds: config.timeoutSeconds, maxBytes, signal };
  }
}
