import { LRUCache } from 'lru-cache';
import type { Issuer } from '../issuer/issuer.js';
import type { Clock } from '../platform/clock.js';
import type { AccessToken } from '../protocol/access-token.js';
import { Refusal } from '../protocol/refusal.js';
import type { StandardClaims } from '../protocol/standard-claims.js';
import { digestOf, isWithin } from '../token/verified-token-cache.js';

interface CachedUserInfo {
  readonly claims: StandardClaims;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly goodUntil: number;
}

const MAX_ANSWERS = 1000;
const MAX_AGE_SECONDS = 300;

/** What issuers say of persons, by token. Kept for five minutes and never beyond the end of the token. */
export class UserInfoCache {
  readonly #clock: Clock;
  readonly #answers = new LRUCache<string, CachedUserInfo>({ max: MAX_ANSWERS });
  readonly #underWay = new Map<string, Promise<StandardClaims | Refusal>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Requests that need the same at the same time ask once. */
  async find(accessToken: AccessToken, issuer: Issuer): Promise<StandardClaims | Refusal> {
    const digest = digestOf(accessToken.token);
    const known = this.#answers.get(digest);
    if (known !== undefined && isWithin(known, this.#clock())) return known.claims;
    const underWay = this.#underWay.get(digest);
    if (underWay !== undefined) return underWay;
    const asking = this.#ask(accessToken, issuer, digest).finally(() => this.#underWay.delete(digest));
    this.#underWay.set(digest, asking);
    return asking;
  }

  clear(): void {
    this.#answers.clear();
  }

  async #ask(accessToken: AccessToken, issuer: Issuer, digest: string): Promise<StandardClaims | Refusal> {
    const { token, subject, expiresAt } = accessToken;
    if (subject === undefined) return new Refusal('userinfo_unavailable', 'the token stands for nobody: it has no sub');
    const at = this.#clock();
    const said = await issuer.userInfo.fetch(token, subject);
    if (said instanceof Refusal) return said;
    const claims = said as unknown as StandardClaims;
    this.#answers.set(digest, { claims, at, goodUntil: Math.min(at + MAX_AGE_SECONDS * 1000, expiresAt * 1000) });
    return claims;
  }
}
