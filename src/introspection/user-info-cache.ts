import type { Issuer } from '../issuer/issuer.js';
import { digestOf } from '../platform/digest.js';
import type { AccessToken } from '../protocol/access-token.js';
import { Refusal } from '../protocol/refusal.js';
import type { StandardClaims } from '../protocol/standard-claims.js';
import { SingleFlight } from '../resilience/single-flight.js';
import { TimedCache } from '../resilience/timed-cache.js';
import { UserInfoEndpoint, type UserInfoEndpointOptions } from './user-info-endpoint.js';

export type UserInfoCacheOptions = Omit<UserInfoEndpointOptions, 'discovery'>;

// One for each person who is active at a time; some 1 kB each.
const MAX_ANSWERS = 1000;
// Names and addresses change seldom. Five minutes spare the issuer a request for each page that a person opens.
const MAX_AGE_SECONDS = 300;

/** The claims that issuers give about persons, by token. Cached for five minutes, and never beyond the end of the token. */
export class UserInfoCache {
  readonly #options: UserInfoCacheOptions;
  readonly #endpoints = new WeakMap<Issuer, UserInfoEndpoint>();
  readonly #claims: TimedCache<StandardClaims>;
  readonly #requests = new SingleFlight<string, StandardClaims | Refusal>();

  constructor(options: UserInfoCacheOptions) {
    this.#options = options;
    this.#claims = new TimedCache(MAX_ANSWERS, options.clock);
  }

  /** Calls for one token at the same time cause one request to the issuer. */
  async find(accessToken: AccessToken, issuer: Issuer): Promise<StandardClaims | Refusal> {
    const digest = digestOf(accessToken.token);
    const cached = this.#claims.get(digest);
    return cached ?? this.#requests.run(digest, () => this.#fetch(accessToken, issuer, digest));
  }

  clear(): void {
    this.#claims.clear();
  }

  async #fetch(accessToken: AccessToken, issuer: Issuer, digest: string): Promise<StandardClaims | Refusal> {
    const { token, subject, expiresAt } = accessToken;
    if (subject === undefined) return new Refusal('userinfo_unavailable', 'the token stands for nobody: it has no sub');

    const at = this.#options.clock();
    const fetched = await this.#endpointOf(issuer).fetch(token, subject);
    if (fetched instanceof Refusal) return fetched;

    const claims = fetched as unknown as StandardClaims;
    this.#claims.set(digest, claims, { at, validUntil: Math.min(at + MAX_AGE_SECONDS * 1000, expiresAt * 1000) });
    return claims;
  }

  #endpointOf(issuer: Issuer): UserInfoEndpoint {
    const known = this.#endpoints.get(issuer);
    if (known !== undefined) return known;
    const endpoint = new UserInfoEndpoint({ ...this.#options, discovery: issuer.discovery });
    this.#endpoints.set(issuer, endpoint);
    return endpoint;
  }
}
