import { EndpointLocator } from '../discovery/endpoint-locator.js';
import type { DiscoveryOptions } from '../discovery/fetch-metadata.js';
import type { IntrospectionConfig } from '../issuer/introspection-options.js';
import type { Clock } from '../platform/clock.js';
import { publish } from '../platform/diagnostics.js';
import { FetchFailure, type FetchJsonOptions, fetchBytes } from '../platform/fetch-json.js';
import type { Refusal, RefusalContext } from '../protocol/refusal.js';
import { refuseUnavailable } from '../protocol/refuse-unavailable.js';
import { untilAborted, withDeadline } from '../resilience/deadline.js';
import { authenticateClient, type ClientAuthentication, explainRefusal } from './client-authentication.js';

export interface IntrospectionEndpointOptions {
  readonly issuer: string;
  readonly config: IntrospectionConfig;
  /** Where the metadata is, which names the endpoint unless that was configured. */
  readonly discovery: DiscoveryOptions;
  readonly maxResponseBytes: number;
  readonly clock: Clock;
  readonly fetch: typeof fetch;
  /** Ends requests that are under way, and lets no more begin. */
  readonly signal: AbortSignal;
}

/** A response as it came. Nothing in it is checked yet. */
export interface IntrospectionResponse {
  readonly bytes: Buffer;
  readonly mediaType: string | undefined;
}

/** The state of introspection at one issuer. */
export interface IntrospectionStatus {
  /** Requests that were sent. */
  readonly calls: number;
  readonly inFlight: number;
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

/**
 * The introspection endpoint of one issuer (RFC 7662 §2). Requests go by POST alone, to the very URL that was configured
 * or found in the metadata; redirects are not followed, so that the credentials go nowhere else.
 */
export class IntrospectionEndpoint {
  readonly config: IntrospectionConfig;
  readonly #options: IntrospectionEndpointOptions;
  readonly #locator: EndpointLocator;
  #calls = 0;
  #inFlight = 0;
  #lastError: string | undefined;

  constructor(options: IntrospectionEndpointOptions) {
    this.config = options.config;
    this.#options = options;
    this.#locator = new EndpointLocator({
      configured: options.config.endpoint,
      name: 'introspection_endpoint',
      find: ({ introspectionEndpoint }) => introspectionEndpoint,
      discovery: options.discovery,
      fetchOptions: this.#fetchOptions(),
      clock: options.clock,
    });
  }

  /** Introspects a token. Whatever fails, it is never the token's fault. */
  async introspect(token: string): Promise<IntrospectionResponse | Refusal> {
    const { maxInFlight } = this.config;
    if (this.#inFlight >= maxInFlight) {
      return this.refuse(`${maxInFlight} questions are under way already`, { retryAfterSeconds: 1 });
    }

    this.#inFlight += 1;
    try {
      const response = await this.#send(token);
      this.#lastError = undefined;
      return response;
    } catch (error) {
      const cause = error as FetchFailure;
      this.#locator.forgetIfMoved(cause);
      return this.refuse(cause.message, { cause });
    } finally {
      this.#inFlight -= 1;
    }
  }

  /** Finds out where the endpoint is, or gives why that failed. */
  async ready(): Promise<Refusal | undefined> {
    try {
      await this.#locator.locate();
      return undefined;
    } catch (cause) {
      return this.refuse((cause as FetchFailure).message, { cause });
    }
  }

  /** Refuses a token since no response came, or none that can be used. */
  refuse(why: string, context: RefusalContext = {}): Refusal {
    const { issuer, signal } = this.#options;
    if (!signal.aborted) {
      this.#lastError = why;
      publish('scopegate:introspection', () => ({ issuer, outcome: 'failed', error: why }));
    }
    return refuseUnavailable(signal, 'introspection_unavailable', why, context);
  }

  status(): RequestStatus {
    return { calls: this.#calls, inFlight: this.#inFlight, lastError: this.#lastError };
  }

  /** One deadline for all: the metadata, the credentials, the response. @throws {FetchFailure, DeadlineError} */
  #send(token: string): Promise<IntrospectionResponse> {
    const locating = this.#locator.locate();
    return withDeadline(this.config.timeoutSeconds, async (deadline) => {
      return this.#sendTo(await untilAborted(deadline, locating), token, deadline);
    });
  }

  async #sendTo(url: string, token: string, deadline: AbortSignal): Promise<IntrospectionResponse> {
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
