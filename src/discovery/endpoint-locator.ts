import type { Clock } from '../platform/clock.js';
import { type FetchFailure, type FetchJsonOptions, fetchJson } from '../platform/fetch-json.js';
import { BackOff } from '../resilience/back-off.js';
import {
  type AuthorizationServerMetadata,
  type DiscoveryOptions,
  fetchMetadata,
  requireEndpoint,
} from './fetch-metadata.js';

export interface EndpointLocatorOptions {
  /** Where it is, when that was configured; the metadata is not asked then. */
  readonly configured: string | undefined;
  /** How the metadata calls it. */
  readonly name: string;
  readonly find: (metadata: AuthorizationServerMetadata) => string | undefined;
  readonly discovery: DiscoveryOptions;
  readonly fetchOptions: FetchJsonOptions;
  readonly clock: Clock;
}

/** Knows where an endpoint of an issuer is, by its metadata. Asks once for all who wait, and not again at once when that failed. */
export class EndpointLocator {
  readonly #options: EndpointLocatorOptions;
  readonly #backOff: BackOff;
  #endpoint: string | undefined;
  #locating: Promise<string> | undefined;
  #failure: unknown;

  constructor(options: EndpointLocatorOptions) {
    this.#options = options;
    this.#endpoint = options.configured;
    this.#backOff = new BackOff(options.clock);
  }

  /** @throws {FetchFailure} */
  async locate(): Promise<string> {
    if (this.#endpoint !== undefined) return this.#endpoint;
    if (this.#backOff.remainingSeconds() > 0) throw this.#failure;
    this.#locating ??= this.#ask().finally(() => {
      this.#locating = undefined;
    });
    return this.#locating;
  }

  /** Asks the metadata anew at the next need, where a failure tells that the endpoint may be elsewhere by now. */
  forgetIfMoved({ status = 0 }: FetchFailure): void {
    const isRedirect = status >= 300 && status < 400;
    if (isRedirect || status === 404 || status === 410) this.#endpoint = this.#options.configured;
  }

  async #ask(): Promise<string> {
    const { discovery, fetchOptions, name, find } = this.#options;
    try {
      const metadata = await fetchMetadata(discovery, (url) => fetchJson(url, fetchOptions));
      this.#endpoint = requireEndpoint(metadata.url, name, find(metadata));
      this.#backOff.reset();
      return this.#endpoint;
    } catch (error) {
      this.#failure = error;
      this.#backOff.fail();
      throw error;
    }
  }
}
