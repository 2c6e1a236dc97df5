import type { Clock } from '../platform/clock.js';
import { type FetchFailure, type FetchJsonOptions, fetchJson } from '../platform/fetch-json.js';
import { BackOff, LIMITS_WITHOUT_VALUE } from '../resilience/back-off.js';
import { withDeadline } from '../resilience/deadline.js';
import { SingleFlight } from '../resilience/single-flight.js';
import { wasSuspended } from '../resilience/was-suspended.js';
import {
  type AuthorizationServerMetadata,
  type DiscoveryOptions,
  fetchMetadata,
  requireEndpoint,
} from './fetch-metadata.js';

export interface EndpointLocatorOptions {
  /** The URL that was configured. With it, the metadata is not fetched. */
  readonly configured: string | undefined;
  /** The member of the metadata that names the endpoint. */
  readonly name: string;
  readonly find: (metadata: AuthorizationServerMetadata) => string | undefined;
  readonly discovery: DiscoveryOptions;
  readonly fetchOptions: FetchJsonOptions;
  readonly clock: Clock;
}

/**
 * Finds the URL of an endpoint in the metadata of an issuer. Single flight, with back-off after a failure; from then on only
 * the one who tries again waits.
 */
export class EndpointLocator {
  readonly #options: EndpointLocatorOptions;
  readonly #backOff: BackOff;
  readonly #fetches = new SingleFlight<'metadata', string>();
  #endpoint: string | undefined;
  #failure: unknown;

  constructor(options: EndpointLocatorOptions) {
    this.#options = options;
    this.#endpoint = options.configured;
    this.#backOff = new BackOff(options.clock, LIMITS_WITHOUT_VALUE);
  }

  /** Whether the last fetch of the metadata failed. */
  get isFailing(): boolean {
    return this.#backOff.failures > 0;
  }

  /** After a failure, until the metadata may be fetched again; 0 when it may be now. */
  get retryAfterSeconds(): number {
    const remaining = this.#backOff.remainingSeconds();
    return this.isFailing && this.#fetches.size > 0 ? Math.max(1, remaining) : remaining;
  }

  /** @throws {FetchFailure} */
  async locate(): Promise<string> {
    if (this.#endpoint !== undefined) return this.#endpoint;
    if (this.retryAfterSeconds > 0) throw this.#failure;
    return this.#fetches.run('metadata', () => this.#fetch());
  }

  /** Forgets the URL after a failure which says that the endpoint may be elsewhere by now. */
  forgetIfMoved({ status = 0 }: FetchFailure): void {
    const isRedirect = status >= 300 && status < 400;
    if (isRedirect || status === 404 || status === 410) this.#endpoint = this.#options.configured;
  }

  async #fetch(): Promise<string> {
    const { clock, fetchOptions } = this.#options;
    const startedAt = clock();

    try {
      this.#endpoint = await this.#find();
      this.#backOff.reset();
      return this.#endpoint;
    } catch (error) {
      const { timeoutSeconds } = fetchOptions;
      if (wasSuspended({ clock, startedAt, timeoutSeconds })) return this.#fetch();
      this.#failure = error;
      this.#backOff.fail(startedAt);
      throw error;
    }
  }

  async #find(): Promise<string> {
    const { discovery, fetchOptions, name, find } = this.#options;
    // The document may be at several places: one deadline for all.
    const metadata = await withDeadline(fetchOptions.timeoutSeconds, (deadline) => {
      return fetchMetadata(discovery, (url) => fetchJson(url, { ...fetchOptions, deadline }));
    });
    return requireEndpoint(metadata.url, name, find(metadata));
  }
}
