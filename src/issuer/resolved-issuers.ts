import { isDeepStrictEqual } from 'node:util';
import { LRUCache } from 'lru-cache';
import type { KeyLimits } from '../keys/key-source.js';
import type { Clock } from '../platform/clock.js';
import type { MaybePromise } from '../platform/maybe-promise.js';
import { quoteUntrusted, Refusal } from '../protocol/refusal.js';
import { withinSeconds } from '../resilience/deadline.js';
import { ExpiringSet } from '../resilience/expiring-set.js';
import { closeIssuer, type Issuer } from './issuer.js';
import type { IssuerConfig } from './issuer-options.js';
import type { IssuerRegistry } from './issuer-registry.js';

export interface ResolvedIssuersOptions {
  /** The user's resolver, its answer checked. Undefined: not trusted. May throw, or never settle. */
  readonly resolve: (iss: string) => Promise<IssuerConfig | undefined>;
  readonly create: (config: IssuerConfig) => Issuer;
  readonly limits: KeyLimits;
  readonly clock: Clock;
}

interface Resolved {
  readonly config: IssuerConfig;
  readonly issuer: Issuer;
  /** When the resolver vouched for it last: milliseconds since the epoch. */
  readonly at: number;
  /** When the resolver is asked again, behind a request. */
  readonly askAgainAt: number;
}

const MAX_ISSUERS = 1000;
const MAX_REFUSED = 1000;
const MAX_PENDING = 100;
// Longer than any URL that a browser or server takes.
const MAX_ISSUER_LENGTH = 2048;
// For how long a resolver that failed is left alone about an issuer that it vouched for before.
const RETRY_SECONDS = 5;
// For how long a refusal stands before the resolver is asked again.
const REFUSED_FOR_SECONDS = 60;

/**
 * Issuers that a function of the user's knows. Its answers are kept as long as key sets are: asked again
 * behind the requests after `maxAgeSeconds`, and kept for `staleIfErrorSeconds` while it fails. Trusted
 * issuers and refused names live in bounded caches of their own, so that made-up names evict nobody.
 */
export class ResolvedIssuers implements IssuerRegistry {
  readonly #options: ResolvedIssuersOptions;
  readonly #resolved: LRUCache<string, Resolved>;
  readonly #refused: ExpiringSet;
  #isClosed = false;
  readonly #pending = new Map<string, Promise<Issuer | Refusal>>();

  constructor(options: ResolvedIssuersOptions) {
    this.#options = options;
    this.#resolved = new LRUCache({ max: MAX_ISSUERS });
    this.#refused = new ExpiringSet({ max: MAX_REFUSED, seconds: REFUSED_FOR_SECONDS, clock: options.clock });
  }

  find(iss: string): MaybePromise<Issuer | Refusal> {
    const known = this.#recall(iss);
    if (known !== undefined) return known.issuer;
    return this.#isRefused(iss) ? refuse(iss) : this.#ask(iss);
  }

  /** A token without an issuer's name gives a resolver nothing to find one by. */
  introspectedIssuer(): undefined {}

  holds(issuer: Issuer): boolean {
    return this.#recall(issuer.issuer)?.issuer === issuer;
  }

  all(): readonly Issuer[] {
    return [...this.#resolved.values()].map(({ issuer }) => issuer);
  }

  close(): void {
    this.#isClosed = true;
    for (const issuer of this.all()) closeIssuer(issuer);
  }

  /** Gives what is known of an issuer, unless it is too old; asks anew behind the request when it is due. */
  #recall(iss: string): Resolved | undefined {
    const { maxAgeSeconds, staleIfErrorSeconds } = this.#options.limits;
    const known = this.#resolved.get(iss);
    if (known === undefined) return undefined;
    const ageSeconds = (this.#options.clock() - known.at) / 1000;
    if (ageSeconds >= maxAgeSeconds + staleIfErrorSeconds) return undefined;
    if (this.#isDue(known)) void this.#ask(iss);
    return known;
  }

  /** A clock that was set back tells nothing about the age, so the resolver is asked. */
  #isDue({ at, askAgainAt }: Resolved): boolean {
    const now = this.#options.clock();
    return now >= askAgainAt || now < at;
  }

  #isRefused(iss: string): boolean {
    return iss.length > MAX_ISSUER_LENGTH || this.#refused.has(iss);
  }

  /** Asks the resolver, once for all who wait. Never rejects. */
  #ask(iss: string): MaybePromise<Issuer | Refusal> {
    const pending = this.#pending.get(iss);
    if (pending !== undefined) return pending;
    if (this.#pending.size >= MAX_PENDING) {
      return new Refusal('issuer_resolver_failed', `it has ${MAX_PENDING} names to look up already`);
    }
    const asking = this.#resolve(iss).finally(() => this.#pending.delete(iss));
    this.#pending.set(iss, asking);
    return asking;
  }

  async #resolve(iss: string): Promise<Issuer | Refusal> {
    const { resolve, limits } = this.#options;
    try {
      const config = await withinSeconds(limits.fetchTimeoutSeconds, resolve(iss));
      return this.#isClosed ? new Refusal('verifier_closed', 'while the resolver was asked') : this.#note(iss, config);
    } catch (cause) {
      this.#askLater(iss);
      return new Refusal('issuer_resolver_failed', `for iss ${quoteUntrusted(iss)}`, { cause });
    }
  }

  #note(iss: string, config: IssuerConfig | undefined): Issuer | Refusal {
    if (config === undefined) {
      this.#resolved.delete(iss);
      this.#refused.add(iss);
      return refuse(iss);
    }
    const { create, clock, limits } = this.#options;
    const before = this.#resolved.get(iss);
    // The same answer as before keeps the issuer, and with it its keys.
    const issuer = before !== undefined && isDeepStrictEqual(before.config, config) ? before.issuer : create(config);
    this.#resolved.set(iss, { config, issuer, at: clock(), askAgainAt: this.#in(limits.maxAgeSeconds) });
    return issuer;
  }

  #askLater(iss: string): void {
    const known = this.#resolved.get(iss);
    if (known === undefined) return;
    // After the clock was set back the age is not known: it counts as due from now on, which bounds its use.
    const at = Math.min(known.at, this.#in(-this.#options.limits.maxAgeSeconds));
    this.#resolved.set(iss, { ...known, at, askAgainAt: this.#in(RETRY_SECONDS) });
  }

  #in(seconds: number): number {
    return this.#options.clock() + seconds * 1000;
  }
}

function refuse(iss: string): Refusal {
  return new Refusal('issuer_not_trusted', `iss ${quoteUntrusted(iss)}`);
}
