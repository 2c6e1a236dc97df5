import {
  type DiscoveryOptions,
  fetchMetadata,
  type MetadataAttempt,
  requireEndpoint,
} from '../discovery/fetch-metadata.js';
import type { Clock } from '../platform/clock.js';
import { type DiagnosticsMessages, publish } from '../platform/diagnostics.js';
import { type FetchedJson, FetchFailure, type FetchJsonOptions, fetchJson } from '../platform/fetch-json.js';
import { escapeControls } from '../protocol/refusal.js';
import { withDeadline } from '../resilience/deadline.js';

/** Why the key set of an issuer cannot be had, and which of its documents is to blame. */
export class JwksFailure extends Error {
  override readonly name = 'JwksFailure';
  readonly reason: 'metadata_unavailable' | 'keys_unavailable';

  constructor(reason: JwksFailure['reason'], cause: unknown) {
    super(cause instanceof Error ? escapeControls(cause.message) : 'an unknown failure', { cause });
    this.reason = reason;
  }

  /** Blames the key set for anything that is not known to be the fault of the metadata. */
  static from(error: unknown): JwksFailure {
    return error instanceof JwksFailure ? error : new JwksFailure('keys_unavailable', error);
  }
}

/** The version of a key set that was fetched before. */
export interface JwksVersion {
  readonly url: string;
  readonly etag: string;
}

/** The response of a JWKS endpoint. */
export interface JwksResponse {
  /** Requests for the key set are numbered in the order in which they are sent, from 1 on. */
  readonly number: number;
  /** Undefined if the version that was named is still current (304). */
  readonly members: readonly unknown[] | undefined;
  readonly version: JwksVersion | undefined;
  readonly maxAgeSeconds: number | undefined;
}

export interface JwksEndpointOptions {
  readonly issuer: string;
  /** Where the key set is, or how to discover it. */
  readonly location: { readonly jwksUri: string } | DiscoveryOptions;
  readonly fetchOptions: FetchJsonOptions;
  readonly clock: Clock;
  /** From this age on the metadata is fetched anew, whatever the reason of a fetch. */
  readonly maxAgeSeconds: number;
}

type FetchMessage = DiagnosticsMessages['scopegate:fetch'];

/** Fetches the key set of one issuer, whose `jwks_uri` is configured or stands in its metadata. */
export class JwksEndpoint {
  readonly #issuer: string;
  readonly #discovery: DiscoveryOptions | undefined;
  readonly #fetchOptions: FetchJsonOptions;
  readonly #clock: Clock;
  readonly #maxAgeSeconds: number;
  /** When the metadata named the key set: milliseconds since the epoch. */
  #locatedAt = Number.NEGATIVE_INFINITY;
  #jwksUri: string | undefined;
  #attempts: readonly MetadataAttempt[] = [];
  #metadataFetches = 0;
  #jwksFetches = 0;

  constructor({ issuer, location, fetchOptions, clock, maxAgeSeconds }: JwksEndpointOptions) {
    this.#issuer = issuer;
    this.#discovery = 'jwksUri' in location ? undefined : location;
    this.#jwksUri = 'jwksUri' in location ? location.jwksUri : undefined;
    this.#fetchOptions = fetchOptions;
    this.#clock = clock;
    this.#maxAgeSeconds = maxAgeSeconds;
  }

  /** Where the key set is; undefined before that was found. */
  get url(): string | undefined {
    return this.#jwksUri;
  }

  get counts(): { readonly metadata: number; readonly jwks: number } {
    return { metadata: this.#metadataFetches, jwks: this.#jwksFetches };
  }

  /** What came from each place of the metadata, when it was fetched last. Empty if it was not. */
  get metadataAttempts(): readonly MetadataAttempt[] {
    return this.#attempts;
  }

  /**
   * Fetches the key set. With `renewLocation`, or when the metadata is past its age, the metadata is fetched first, so
   * that a `jwks_uri` that moved is followed. Otherwise it is fetched only when the key set is not where it was. All
   * documents together have one deadline.
   *
   * @throws {JwksFailure}
   */
  fetch(renewLocation: boolean, known: JwksVersion | undefined): Promise<JwksResponse> {
    return withDeadline(this.#fetchOptions.timeoutSeconds, (deadline) => {
      return this.#fetch(renewLocation, known, { ...this.#fetchOptions, deadline });
    });
  }

  async #fetch(
    renewLocation: boolean,
    known: JwksVersion | undefined,
    options: FetchJsonOptions,
  ): Promise<JwksResponse> {
    const isLocated = !renewLocation && this.#isLocationFresh();
    const url = isLocated ? (this.#jwksUri as string) : await this.#locate(options);
    try {
      return await this.#fetchFrom(url, known, options);
    } catch (error) {
      const mayHaveMoved = isLocated && error instanceof FetchFailure && error.status !== undefined;
      const newUrl = mayHaveMoved ? await this.#locate(options) : url;
      if (newUrl === url) throw JwksFailure.from(error);
      return this.#fetchFrom(newUrl, known, options).catch((reason) => {
        throw JwksFailure.from(reason);
      });
    }
  }

  /** A clock that was set back tells no age, so the metadata is fetched then. */
  #isLocationFresh(): boolean {
    const ageSeconds = (this.#clock() - this.#locatedAt) / 1000;
    return ageSeconds >= 0 && ageSeconds < this.#maxAgeSeconds;
  }

  async #locate(options: FetchJsonOptions): Promise<string> {
    if (this.#discovery === undefined) return this.#jwksUri as string;
    const discovery = this.#discovery;
    const attempts: MetadataAttempt[] = [];
    const onAttempt = (attempt: MetadataAttempt) => {
      attempts.push(attempt);
      this.#publishFetch(
        { document: 'metadata', url: attempt.url },
        attempt.error === undefined ? 'ok' : 'failed',
        attempt.error,
      );
    };

    try {
      const metadata = await fetchMetadata(discovery, (url) => this.#fetchMetadataDocument(url, options), onAttempt);
      this.#jwksUri = requireEndpoint(metadata.url, 'jwks_uri', metadata.jwksUri);
      this.#locatedAt = this.#clock();
      return this.#jwksUri;
    } catch (error) {
      throw new JwksFailure('metadata_unavailable', error);
    } finally {
      this.#attempts = attempts;
    }
  }

  #fetchMetadataDocument(url: string, options: FetchJsonOptions): Promise<FetchedJson> {
    this.#metadataFetches += 1;
    return fetchJson(url, options);
  }

  async #fetchFrom(url: string, known: JwksVersion | undefined, options: FetchJsonOptions): Promise<JwksResponse> {
    this.#jwksFetches += 1;
    const number = this.#jwksFetches;
    const etag = known?.url === url ? known.etag : undefined;
    const fetched = await this.#observe(url, fetchJson(url, { ...options, etag }));

    const newEtag = fetched.etag ?? (fetched.document === undefined ? etag : undefined);
    return {
      number,
      members: fetched.document === undefined ? undefined : readMembers(url, fetched.document),
      version: newEtag === undefined ? undefined : { url, etag: newEtag },
      maxAgeSeconds: fetched.maxAgeSeconds,
    };
  }

  async #observe(url: string, fetching: Promise<FetchedJson>): Promise<FetchedJson> {
    const jwks = { document: 'jwks', url } as const;
    try {
      const fetched = await fetching;
      this.#publishFetch(jwks, fetched.document === undefined ? 'not-modified' : 'ok');
      return fetched;
    } catch (error) {
      this.#publishFetch(jwks, 'failed', (error as Error).message);
      throw error;
    }
  }

  #publishFetch(
    fetched: Pick<FetchMessage, 'document' | 'url'>,
    outcome: FetchMessage['outcome'],
    error?: string,
  ): void {
    publish('scopegate:fetch', () => ({ issuer: this.#issuer, ...fetched, outcome, error }));
  }
}

function readMembers(
  url: string,
  { keys, jwks_uri: jwksUri }: { readonly [name: string]: unknown },
): readonly unknown[] {
  if (Array.isArray(keys)) return keys;
  const hint = jwksUri === undefined ? '' : '; it has a jwks_uri, so it is a metadata document: give it as metadataUrl';
  throw new FetchFailure(`${url} has no keys array${hint}`);
}
