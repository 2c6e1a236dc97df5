import { EndpointLocator } from '../discovery/endpoint-locator.js';
import type { DiscoveryOptions } from '../discovery/fetch-metadata.js';
import { Malformed } from '../jws/malformed.js';
import { parseStrictJsonObject } from '../jws/strict-json.js';
import type { Clock } from '../platform/clock.js';
import { type FetchFailure, type FetchJsonOptions, fetchBytes } from '../platform/fetch-json.js';
import type { JsonObject } from '../protocol/json-object.js';
import { Refusal } from '../protocol/refusal.js';
import { refuseUnavailable } from '../protocol/refuse-unavailable.js';
import { untilAborted, withDeadline } from '../resilience/deadline.js';

export interface UserInfoEndpointOptions {
  readonly discovery: DiscoveryOptions;
  readonly timeoutSeconds: number;
  readonly maxResponseBytes: number;
  readonly clock: Clock;
  readonly fetch: typeof fetch;
  /** Ends requests that are under way, and lets no more begin. */
  readonly signal: AbortSignal;
}

/** The UserInfo endpoint of one issuer, which its metadata names (OpenID Connect Core §5.3). */
export class UserInfoEndpoint {
  readonly #fetchOptions: FetchJsonOptions;
  readonly #locator: EndpointLocator;

  constructor(options: UserInfoEndpointOptions) {
    const { discovery, timeoutSeconds, maxResponseBytes: maxBytes, clock, fetch, signal } = options;
    this.#fetchOptions = { fetch, timeoutSeconds, maxBytes, signal };
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
    try {
      const claims = parseStrictJsonObject(await this.#fetchBytes(token));
      if (claims instanceof Malformed) return this.#refuse(`the answer ${claims.why}`);

      // OpenID Connect Core §5.3.2, §16.11: another sub means another person, whose claims must not be used.
      return claims['sub'] === subject ? claims : this.#refuse('the sub of the answer is not that of the token');
    } catch (error) {
      const cause = error as FetchFailure;
      // RFC 6750 §3.1: the issuer itself does not accept the token any more.
      if (cause.status === 401) return new Refusal('token_inactive', cause.message);
      this.#locator.forgetIfMoved(cause);
      return this.#refuse(cause.message, cause);
    }
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

  #refuse(why: string, cause?: unknown): Refusal {
    return refuseUnavailable(this.#fetchOptions.signal, 'userinfo_unavailable', why, { cause });
  }
}
