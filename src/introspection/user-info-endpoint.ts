import { EndpointLocator } from '../discovery/endpoint-locator.js';
import type { DiscoveryOptions } from '../discovery/fetch-metadata.js';
import { Malformed } from '../jws/malformed.js';
import { parseStrictJsonObject } from '../jws/strict-json.js';
import type { Clock } from '../platform/clock.js';
import type { Fetch } from '../platform/fetch.js';
import { type FetchFailure, type FetchJsonOptions, fetchBytes } from '../platform/fetch-json.js';
import type { JsonObject } from '../protocol/json-object.js';
import { Refusal } from '../protocol/refusal.js';
import { refuseUnavailable } from '../protocol/refuse-unavailable.js';
import { BackOff } from '../resilience/back-off.js';
import { untilAborted, withDeadline } from '../resilience/deadline.js';

export interface UserInfoEndpointOptions {
  readonly discovery: DiscoveryOptions;
  readonly timeoutSeconds: number;
  readonly maxResponseBytes: number;
  readonly clock: Clock;
  readonly fetch: Fetch;
  /** Ends requests that are under way, and lets no more begin. */
  readonly signal: AbortSignal;
}

// As `introspection.maxInFlight` by default: each request holds a connection and the memory of its answer.
const MAX_IN_FLIGHT = 100;

/** The UserInfo endpoint of one issuer, which its metadata names (OpenID Connect Core §5.3). */
export class UserInfoEndpoint {
  readonly #fetchOptions: FetchJsonOptions;
  readonly #locator: EndpointLocator;
  readonly #backOff: BackOff;
  #inFlight = 0;

  constructor(options: UserInfoEndpointOptions) {
    const { discovery, timeoutSeconds, maxResponseBytes: maxBytes, clock, fetch, signal } = options;
    this.#fetchOptions = { fetch, timeoutSeconds, maxBytes, signal };
    this.#backOff = new BackOff(clock);
    this.#locator = new EndpointLocator({
      configured: undefined,
      name: 'userinfo_endpoint',
      find: ({ userInfoEndpoint }) => userInfoEndpoint,
      discovery,
      fetchOptions: this.#fetchOptions,
      clock,
    });
  }

  /** Fetches the claims about the person that a token stands for, whose `sub` must be `subject`. */
  async fetch(token: string, subject: string): Promise<JsonObject | Refusal> {
    const refused = this.#refuseNow();
    if (refused !== undefined) return refused;

    this.#inFlight += 1;
    try {
      const bytes = await this.#fetchBytes(token);
      this.#backOff.reset();
      return this.#parse(bytes, subject);
    } catch (error) {
      return this.#fail(error as FetchFailure);
    } finally {
      this.#inFlight -= 1;
    }
  }

  /** Refuses while no request may be sent: too many are under way, or the last one failed a moment ago. */
  #refuseNow(): Refusal | undefined {
    const retryAfterSeconds = this.#retryAfterSeconds();
    if (retryAfterSeconds > 0) {
      return this.#refuse('the last request failed, and the next one waits', retryAfterSeconds);
    }
    if (this.#inFlight < MAX_IN_FLIGHT) return undefined;
    return this.#refuse(`${MAX_IN_FLIGHT} requests are under way already`, 1);
  }

  /** After a failure, until the next request may be sent; 0 when it may be now. */
  #retryAfterSeconds(): number {
    return Math.max(this.#backOff.remainingSeconds(), this.#locator.retryAfterSeconds);
  }

  #parse(bytes: Buffer, subject: string): JsonObject | Refusal {
    const claims = parseStrictJsonObject(bytes);
    if (claims instanceof Malformed) return this.#refuse(`the answer ${claims.why}`);

    // OpenID Connect Core §5.3.2, §16.11: another sub means another person, whose claims must not be used.
    return claims['sub'] === subject ? claims : this.#refuse('the sub of the answer is not that of the token');
  }

  #fail(cause: FetchFailure): Refusal {
    // RFC 6750 §3.1: the issuer itself does not accept the token any more.
    if (cause.status === 401) return new Refusal('token_inactive', cause.message);

    this.#locator.forgetIfMoved(cause);
    // What is about one token says nothing about the next. The locator waits by itself.
    const isOutage = cause.status === undefined || cause.status === 429 || cause.status >= 500;
    if (isOutage && this.#locator.retryAfterSeconds === 0) this.#backOff.fail();
    return this.#refuse(cause.message, this.#retryAfterSeconds(), cause);
  }

  /** One deadline for the metadata and the response. @throws {FetchFailure, DeadlineError} */
  #fetchBytes(token: string): Promise<Buffer> {
    const locating = this.#locator.locate();
    return withDeadline(this.#fetchOptions.timeoutSeconds, async (deadline) => {
      const url = await untilAborted(deadline, locating);
      const headers = { authorization: `Bearer ${token}` };
      const { bytes } = await fetchBytes(url, { ...this.#fetchOptions, deadline, headers });
      return bytes as Buffer;
    });
  }

  #refuse(why: string, retryAfterSeconds = 0, cause?: unknown): Refusal {
    const { signal } = this.#fetchOptions;
    return refuseUnavailable(signal, 'userinfo_unavailable', why, {
      cause,
      ...(retryAfterSeconds > 0 && { retryAfterSeconds }),
    });
  }
}
