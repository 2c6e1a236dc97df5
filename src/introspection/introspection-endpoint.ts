import { EndpointLocator } from '../discovery/endpoint-locator.js';
import type { DiscoveryOptions } from '../discovery/fetch-metadata.js';
import type { IntrospectionConfig } from '../issuer/introspection-options.js';
import type { Clock } from '../platform/clock.js';
import { publish } from '../platform/diagnostics.js';
import { FetchFailure, type FetchJsonOptions, fetchBytes } from '../platform/fetch-json.js';
import { Refusal } from '../protocol/refusal.js';
import { untilAborted, withinSeconds } from '../resilience/deadline.js';
import { authenticateClient, type ClientAuthentication } from './client-authentication.js';

export interface IntrospectionEndpointOptions {
  readonly issuer: string;
  readonly config: IntrospectionConfig;
  /** Where the metadata is, should that have to name the endpoint. */
  readonly discovery: DiscoveryOptions;
  readonly maxResponseBytes: number;
  readonly clock: Clock;
  readonly fetch: typeof fetch;
}

/** An answer as it came. Nothing in it is judged yet. */
export interface IntrospectionResponse {
  readonly bytes: Buffer;
  readonly mediaType: string | undefined;
}

/** How the introspection of an issuer is doing. */
export interface IntrospectionStatus {
  /** Questions that were sent. */
  readonly calls: number;
  readonly inFlight: number;
  /** Why the last question had no answer that can be used; undefined when it had one. */
  readonly lastError: string | undefined;
}

/** The media type of a signed answer (RFC 9701 §5). */
export const SIGNED_RESPONSE_TYPE = 'application/token-introspection+jwt';

/**
 * Asks the introspection endpoint of one issuer (RFC 7662 §2). POST alone, to the very URL that was configured
 * or found in the metadata; redirects are not followed, so that the credentials go nowhere else.
 */
export class IntrospectionEndpoint {
  readonly config: IntrospectionConfig;
  readonly #options: IntrospectionEndpointOptions;
  readonly #closing = new AbortController();
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

  /** Asks about a token. Whoever fails, it is never the token's fault. */
  async introspect(token: string): Promise<IntrospectionResponse | Refusal> {
    const { maxInFlight } = this.config;
    if (this.#inFlight >= maxInFlight) {
      return this.refuse(`${maxInFlight} questions are under way already`, { retryAfterSeconds: 1 });
    }
    this.#inFlight += 1;
    try {
      const reply = await this.#send(token);
      this.#lastError = undefined;
      return reply;
    } catch (error) {
      const cause = error as FetchFailure;
      this.#locator.forgetIfMoved(cause);
      return this.refuse(cause.message, { cause });
    } finally {
      this.#inFlight -= 1;
    }
  }

  /** Knows where to ask when it settles, or gives why not. */
  async ready(): Promise<Refusal | undefined> {
    try {
      await this.#locator.locate();
      return undefined;
    } catch (cause) {
      return this.refuse((cause as FetchFailure).message, { cause });
    }
  }

  /** Says that no answer came, or none that can be used. */
  refuse(why: string, context: { retryAfterSeconds?: number; cause?: unknown } = {}): Refusal {
    if (this.#closing.signal.aborted) return new Refusal('verifier_closed', why);
    this.#lastError = why;
    publish('scopegate:introspection', () => ({ issuer: this.#options.issuer, outcome: 'failed', error: why }));
    return new Refusal('introspection_unavailable', why, context);
  }

  status(): IntrospectionStatus {
    return { calls: this.#calls, inFlight: this.#inFlight, lastError: this.#lastError };
  }

  close(): void {
    this.#closing.abort();
  }

  /** @throws {FetchFailure} */
  async #send(token: string): Promise<IntrospectionResponse> {
    const { issuer, config, clock } = this.#options;
    const url = await this.#locator.locate();
    const { headers, fields } = await this.#authenticate(issuer, clock);
    // RFC 7662 §2.1. Several servers answer for refresh tokens unless they are told what is meant.
    const form = new URLSearchParams({ token, token_type_hint: 'access_token', ...fields });
    const accept = config.signed ? SIGNED_RESPONSE_TYPE : 'application/json';
    this.#calls += 1;
    const { bytes, mediaType } = await fetchBytes(url, { ...this.#fetchOptions(), form, headers, accept });
    return { bytes: bytes as Buffer, mediaType };
  }

  /** A function of the user's may throw, or never settle. */
  async #authenticate(issuer: string, clock: Clock): Promise<ClientAuthentication> {
    const { credentials, timeoutSeconds } = this.config;
    try {
      const authenticating = withinSeconds(timeoutSeconds, authenticateClient(credentials, issuer, clock));
      return await untilAborted(this.#closing.signal, authenticating);
    } catch (cause) {
      throw new FetchFailure('the credentials of this server could not be had', { cause });
    }
  }

  #fetchOptions(): FetchJsonOptions {
    const { config, maxResponseBytes: maxBytes, fetch } = this.#options;
    return { fetch, timeoutSeconds: config.timeoutSeconds, maxBytes, signal: this.#closing.signal };
  }
}
