import { isDeepStrictEqual } from 'node:util';
import { LRUCache } from 'lru-cache';
import type { KeyLimits } from '../keys/key-source.js';
import type { Clock } from '../platform/clock.js';
import type { MaybePromise } from '../platform/maybe-promise.js';
import { quoteUntrusted, Refusal } from '../protocol/refusal.js';
import { refuseUnavailable } from '../protocol/refuse-unavailable.js';
import { BackOff } from '../resilience/back-off.js';
import { untilAborted, withinSeconds } from '../resilience/deadline.js';
import { ExpiringSet } from '../resilience/expiring-set.js';
import { type Fetched, Refreshing, Unavailable } from '../resilience/refreshing.js';
import { SingleFlight } from '../resilience/single-flight.js';
import type { Issuer } from './issuer.js';
import type { IssuerConfig } from './issuer-options.js';
import type { IssuerRegistry } from './issuer-registry.js';

export interface ResolvedIssuersOptions {
  /** The user's resolver, with a checked result. Undefined: not trusted. May throw, or never settle. */
  readonly resolve: (iss: string) => Promise<IssuerConfig | undefined>;
  readonly create: (config: IssuerConfig) => Issuer;
  readonly limits: KeyLimits;
  readonly clock: Clock;
  /** Ends running lookups and starts no new ones. */
  readonly signal: AbortSignal;
}

/** The result of the resolver for a name. Undefined: not trusted. */
type Resolution = { readonly config: IssuerConfig; readonly issuer: Issuer } | undefined;

// Bounds the memory of a service for many tenants. A tenant that was evicted is looked up again.
const MAX_ISSUERS = 1000;
// The same for refused names, which clients make up.
const MAX_REFUSED = 1000;
// Bounds the load of made-up names on the resolver, and on the database behind it.
const MAX_PENDING = 100;
// In characters: longer than any URL that browsers and servers accept.
const MAX_ISSUER_LENGTH = 2048;
// A new tenant whose first token is too early waits this long, and a made-up name costs one lookup a minute.
const REFUSED_FOR_SECONDS = 60;
// The resolver is the user's own code, which may be a query to their own database: a fixed pause between attempts is
// enough, and the issuer is known again soon after the database is back.
const RETRY = { firstSeconds: 5, maxSeconds: 5, jitter: 0 };

/**
 * Issuers that a function of the user's finds. `Refreshing` refreshes each of them. Trusted issuers and refused names
 * have separate bounded caches, so that made-up names evict no issuer.
 */
export class ResolvedIssuers implements IssuerRegistry {
  readonly #options: ResolvedIssuersOptions;
  readonly #trusted = new LRUCache<string, Refreshing<Resolution>>({ max: MAX_ISSUERS });
  readonly #refused: ExpiringSet;
  readonly #lookups = new SingleFlight<string, Issuer | Refusal>();

  constructor(options: ResolvedIssuersOptions) {
    this.#options = options;
    this.#refused = new ExpiringSet({ max: MAX_REFUSED, seconds: REFUSED_FOR_SECONDS, clock: options.clock });
  }

  find(iss: string): MaybePromise<Issuer | Refusal> {
    const now = this.#options.clock();
    const issuer = this.#findKnown(iss, now);
    if (issuer !== undefined) {
      this.refreshIfDue(issuer, now);
      return issuer;
    }
    return this.#isRefused(iss) ? refuse(iss) : this.#lookUp(iss);
  }

  stillTrusts(issuer: Issuer, now: number): boolean {
    return this.#findKnown(issuer.issuer, now) === issuer;
  }

  refreshIfDue({ issuer: iss }: Issuer, now: number): void {
    if (this.#trusted.get(iss)?.isDue(now)) void this.#lookUp(iss);
  }

  /** Without `iss` there is nothing to pass to the resolver. */
  introspectedIssuer(): undefined {}

  all(): readonly Issuer[] {
    return [...this.#trusted.values()].map(({ last }) => last?.value?.issuer as Issuer);
  }

  #findKnown(iss: string, now: number): Issuer | undefined {
    return this.#trusted.get(iss)?.current(now)?.issuer;
  }

  #isRefused(iss: string): boolean {
    return iss.length > MAX_ISSUER_LENGTH || this.#refused.has(iss);
  }

  /** Calls the resolver, once for all waiting requests. Never rejects. */
  #lookUp(iss: string): MaybePromise<Issuer | Refusal> {
    const pending = this.#lookups.find(iss);
    if (pending !== undefined) return pending;
    if (this.#lookups.size < MAX_PENDING) return this.#lookups.run(iss, () => this.#resolve(iss));
    return new Refusal('issuer_resolver_failed', `it has ${MAX_PENDING} names to look up already`);
  }

  async #resolve(iss: string): Promise<Issuer | Refusal> {
    const refreshing = this.#trusted.get(iss) ?? this.#createRefreshing(iss);
    const resolution = await refreshing.refresh('age');
    if (resolution instanceof Unavailable) return this.#refuseFailed(iss, resolution);

    if (resolution === undefined) {
      this.#trusted.delete(iss);
      this.#refused.add(iss);
      return refuse(iss);
    }
    this.#trusted.set(iss, refreshing);
    return resolution.issuer;
  }

  #refuseFailed(iss: string, { cause }: Unavailable): Refusal {
    const detail = `for iss ${quoteUntrusted(iss)}`;
    return refuseUnavailable(this.#options.signal, 'issuer_resolver_failed', detail, { cause });
  }

  #createRefreshing(iss: string): Refreshing<Resolution> {
    const { clock, limits } = this.#options;
    const refreshing: Refreshing<Resolution> = new Refreshing({
      clock,
      staleIfErrorSeconds: limits.staleIfErrorSeconds,
      backOff: new BackOff(clock, RETRY),
      fetch: () => this.#callResolver(iss, refreshing.last?.value),
    });
    return refreshing;
  }

  async #callResolver(iss: string, last: Resolution): Promise<Fetched<Resolution>> {
    const { resolve, create, limits, signal } = this.#options;
    signal.throwIfAborted();
    const config = await untilAborted(signal, withinSeconds(limits.fetchTimeoutSeconds, resolve(iss)));

    const { maxAgeSeconds } = limits;
    if (config === undefined) return { value: undefined, maxAgeSeconds };
    // The same options have the same issuer object, with its keys.
    const isSame = last !== undefined && isDeepStrictEqual(last.config, config);
    return { value: isSame ? last : { config, issuer: create(config) }, maxAgeSeconds };
  }
}

function refuse(iss: string): Refusal {
  return new Refusal('issuer_not_trusted', `iss ${quoteUntrusted(iss)}, for which the issuer function gave nothing`);
}
