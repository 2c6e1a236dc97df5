import { EndpointLocator } from '../discovery/endpoint-locator.js';
import type { DiscoveryOptions } from '../discovery/fetch-metadata.js';
import { Malformed } from '../jws/malformed.js';
import { parseStrictJsonObject } from '../jws/strict-json.js';
import type { Clock } from '../platform/clock.js';
import type { Fetch } from '../platform/fetch.js';
import { type FetchedBytes, type FetchFailure, type FetchJsonOptions, fetchBytes } from '../platform/fetch-json.js';
import type { JsonObject } from '../protocol/json-object.js';
import { Refusal } from '../protocol/refusal.js';
import { refuseUnavailable } from '../protocol/refuse-unavailable.js';
import { BackOff } from '../resilience/back-off.js';
import { untilAborted, withDeadline } from '../resilience/deadline.js';
import { SIGNED_USER_INFO_TYPE } from './signed-user-info.js';

export interface UserInfoEndpointOptions {
  readonly discovery: DiscoveryOptions;
  /** Verifies a signed answer. A refusal says that the keys of the issuer are not available. */
  readonly verifySigned: (jwt: string) => Promise<JsonObject | Malformed | Refusal>;
  readonly timeoutSeconds: number;
  readonly maxResponseBytes: number;
  readonly clock: Clock;
  readonly fetch: Fetch;
  /** Ends requests that are under way, and lets no more begin. */
  readonly signal: AbortSignal;
}

// As `introspection.maxInFlight` by default: each request holds a connection and the memory of its answer.
const MAX_IN_FLIGHT = 100;
const ACCEPT = `application/json, ${SIGNED_USER_INFO_TYPE}`;
// What the client has to ask for (OpenID Connect Core §5.3).
const OPENID = ['openid'];

/** The UserInfo endpoint of one issuer, which its metadata names (OpenID Connect Core §5.3). */
export class UserInfoEndpoint {
  readonly #fetchOptions: FetchJsonOptions;
  readonly #locator: EndpointLocator;
  readonly #backOff: BackOff;
  readonly #verifySigned: UserInfoEndpointOptions['verifySigned'];
  #isAbsent: boolean;
  #inFlight = 0;

  constructor(options: UserInfoEndpointOptions) {
    const { discovery, timeoutSeconds, maxResponseBytes: maxBytes, clock, fetch, signal } = options;
    this.#fetchOptions = { fetch, timeoutSeconds, maxBytes, signal };
    this.#backOff = new BackOff(clock);
    this.#verifySigned = options.verifySigned;

    // An issuer without metadata, such as one that shares a secret, has no UserInfo endpoint either.
    this.#isAbsent = discovery.urls.length === 0;
    this.#locator = new EndpointLocator({
      configured: undefined,
      name: 'userinfo_endpoint',
      find: ({ userInfoEndpoint }) => {
        this.#isAbsent = userInfoEndpoint === undefined;
        return userInfoEndpoint;
      },
      discovery,
      fetchOptions: this.#fetchOptions,
      clock,
    });
  }

  /**
   * Fetches the claims about the person that a token stands for. Their `sub` must be `subject`, where the token has one.
   *
   * @throws {TypeError} the issuer has no UserInfo endpoint
   */
  async fetch(token: string, subject: string | undefined): Promise<JsonObject | Refusal> {
    const refused = this.#refuseNow();
    if (refused !== undefined) return refused;

    this.#inFlight += 1;
    try {
      const response = await this.#fetchBytes(token);
      this.#backOff.reset();
      return this.#check(await this.#parse(response), subject);
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
      this.#requireEndpoint('its metadata names none');
      return this.#refuse('the last request failed, and the next one waits', retryAfterSeconds);
    }
    if (this.#inFlight < MAX_IN_FLIGHT) return undefined;
    return this.#refuse(`${MAX_IN_FLIGHT} requests are under way already`, 1);
  }

  /** After a failure, until the next request may be sent; 0 when it may be now. */
  #retryAfterSeconds(): number {
    return Math.max(this.#backOff.remainingSeconds(), this.#locator.retryAfterSeconds);
  }

  async #parse({ bytes, mediaType }: FetchedBytes): Promise<JsonObject | Malformed | Refusal> {
    if (mediaType !== SIGNED_USER_INFO_TYPE) return parseStrictJsonObject(bytes as Buffer);
    return this.#verifySigned((bytes as Buffer).toString('latin1').trim());
  }

  #check(claims: JsonObject | Malformed | Refusal, subject: string | undefined): JsonObject | Refusal {
    if (claims instanceof Refusal) return claims;
    if (claims instanceof Malformed) return this.#refuse(`the answer ${claims.why}`);

    const { sub } = claims;
    // OpenID Connect Core §5.3.2: the sub is always there. Where introspection gave none, the token itself was the proof.
    if (subject === undefined && typeof sub === 'string' && sub !== '') return claims;
    // §16.11: another sub means another person, whose claims must not be used.
    return sub === subject && sub !== undefined
      ? claims
      : this.#refuse('the sub of the answer is not that of the token');
  }

  #fail(cause: FetchFailure): Refusal {
    this.#requireEndpoint(cause.message);
    const isAboutToken = this.#locator.retryAfterSeconds === 0;
    // RFC 6750 §3.1: the issuer itself does not accept the token any more, or not for this.
    if (isAboutToken && cause.status === 401) return new Refusal('token_inactive', cause.message, { cause });
    if (isAboutToken && cause.status === 403) {
      return new Refusal('userinfo_refused', cause.message, { cause, scopes: OPENID });
    }

    this.#locator.forgetIfMoved(cause);
    // What is about one token says nothing about the next. The locator waits by itself.
    const isOutage = cause.status === undefined || cause.status === 429 || cause.status >= 500;
    if (isOutage && this.#locator.retryAfterSeconds === 0) this.#backOff.fail();
    return this.#refuse(cause.message, this.#retryAfterSeconds(), cause);
  }

  /** Waiting does not help where there is none. @throws {TypeError} */
  #requireEndpoint(why: string): void {
    if (!this.#isAbsent || this.#fetchOptions.signal.aborted) return;
    throw new TypeError(`the issuer has no UserInfo endpoint: ${why}`);
  }

  /** One deadline for the metadata and the response. @throws {FetchFailure, DeadlineError} */
  #fetchBytes(token: string): Promise<FetchedBytes> {
    const locating = this.#locator.locate();
    return withDeadline(this.#fetchOptions.timeoutSeconds, async (deadline) => {
      const url = await untilAborted(deadline, locating);
      const headers = { authorization: `Bearer ${token}` };
      return fetchBytes(url, { ...this.#fetchOptions, deadline, headers, accept: ACCEPT });
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
