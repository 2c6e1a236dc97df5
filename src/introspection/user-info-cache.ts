import { type Issuer, isIntrospected } from '../issuer/issuer.js';
import type { SignatureQueue } from '../jws/signature-queue.js';
import { digestOf } from '../platform/digest.js';
import type { AccessToken } from '../protocol/access-token.js';
import { Refusal } from '../protocol/refusal.js';
import type { StandardClaims } from '../protocol/standard-claims.js';
import { SingleFlight } from '../resilience/single-flight.js';
import { TimedCache } from '../resilience/timed-cache.js';
import { verifySignedUserInfo } from './signed-user-info.js';
import { UserInfoEndpoint, type UserInfoEndpointOptions } from './user-info-endpoint.js';

export interface UserInfoCacheOptions extends Omit<UserInfoEndpointOptions, 'discovery' | 'verifySigned'> {
  readonly signatures: SignatureQueue;
}

// One for each person who is active at a time; some 1 kB each.
const MAX_ANSWERS = 1000;
// Names and addresses change seldom. Five minutes spare the issuer a request for each page that a person opens.
const MAX_AGE_SECONDS = 300;
// A token that the endpoint refuses stays so, and a page may ask many times. Somebody who looks into it need not wait long.
const REFUSED_SECONDS = 5;
// They have a cache of their own, so that they evict no good answer.
const MAX_REFUSED = 1000;

interface Refused {
  readonly refusal: Refusal;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/**
 * The claims that issuers give about persons, by token. Cached for five minutes, and never beyond the end of the token. What
 * the endpoint refuses a token with is remembered for five seconds.
 */
export class UserInfoCache {
  readonly #options: UserInfoCacheOptions;
  readonly #endpoints = new WeakMap<Issuer, UserInfoEndpoint>();
  readonly #claims: TimedCache<StandardClaims>;
  readonly #refused: TimedCache<Refused>;
  readonly #requests = new SingleFlight<string, StandardClaims | Refusal>();

  constructor(options: UserInfoCacheOptions) {
    this.#options = options;
    this.#claims = new TimedCache(MAX_ANSWERS, options.clock);
    this.#refused = new TimedCache(MAX_REFUSED, options.clock);
  }

  /** Calls for one token at the same time cause one request to the issuer. */
  async find(accessToken: AccessToken, issuer: Issuer): Promise<StandardClaims | Refusal> {
    const digest = digestOf(accessToken.token);
    const cached = this.#claims.get(digest) ?? this.#refuseAgain(digest);
    return cached ?? this.#requests.run(digest, () => this.#fetch(accessToken, issuer, digest));
  }

  clear(): void {
    this.#claims.clear();
    this.#refused.clear();
  }

  #refuseAgain(digest: string): Refusal | undefined {
    const refused = this.#refused.get(digest);
    if (refused === undefined) return undefined;
    const { reason, detail, cause, scopes } = refused.refusal;
    return new Refusal(reason, detail, {
      cause,
      ...(scopes && { scopes }),
      retryAfterSeconds: (refused.until - this.#options.clock()) / 1000,
    });
  }

  async #fetch(accessToken: AccessToken, issuer: Issuer, digest: string): Promise<StandardClaims | Refusal> {
    const { token, subject } = accessToken;
    // Several introspection endpoints leave sub out. Whom an opaque token stands for, the UserInfo endpoint says.
    if (subject === undefined && !isIntrospected(issuer)) {
      return new Refusal('userinfo_refused', 'the token stands for nobody: it has no sub', { scopes: ['openid'] });
    }

    const at = this.#options.clock();
    const fetched = await this.#endpointOf(issuer).fetch(token, subject);
    if (fetched instanceof Refusal) {
      // In an outage, or with too many requests under way, the endpoint says when to try again: that is about no token.
      if (fetched.retryAfterSeconds === undefined) this.#storeRefused(digest, fetched);
      return fetched;
    }

    const claims = fetched as unknown as StandardClaims;
    this.#claims.set(digest, claims, { at, validUntil: Math.min(at + MAX_AGE_SECONDS * 1000, endOf(accessToken)) });
    return claims;
  }

  #storeRefused(digest: string, refusal: Refusal): void {
    const at = this.#options.clock();
    const until = at + REFUSED_SECONDS * 1000;
    this.#refused.set(digest, { refusal, until }, { at, validUntil: until });
  }

  #endpointOf(issuer: Issuer): UserInfoEndpoint {
    const known = this.#endpoints.get(issuer);
    if (known !== undefined) return known;
    const { clock, signatures, maxResponseBytes: maxBytes } = this.#options;
    const endpoint = new UserInfoEndpoint({
      ...this.#options,
      discovery: issuer.discovery,
      verifySigned: (jwt) => verifySignedUserInfo(jwt, { issuer, maxBytes, signatures, now: clock() / 1000 }),
    });
    this.#endpoints.set(issuer, endpoint);
    return endpoint;
  }
}

/** In milliseconds. Without an `exp`, `expiresAt` is the time at which the token is introspected again, not its end. */
function endOf({ claims, expiresAt }: AccessToken): number {
  return claims['exp'] === undefined ? Number.POSITIVE_INFINITY : expiresAt * 1000;
}
