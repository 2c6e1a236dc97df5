import { isDeepStrictEqual } from 'node:util';
import { LRUCache } from 'lru-cache';
import type { KeyLimits } from '../keys/key-source.js';
import type { Clock } from '../platform/clock.js';
import { digestOf } from '../platform/digest.js';
import type { MaybePromise } from '../platform/maybe-promise.js';
import { quoteUntrusted, Refusal } from '../protocol/refusal.js';
import { refuseUnavailable } from '../protocol/refuse-unavailable.js';
import { BackOff } from '../resilience/back-off.js';
import { untilAborted, withinSeconds } from '../resilience/deadline.js';
import { ExpiringSet } from '../resilience/expiring-set.js';
import { type Fetched, Refreshing, Unavailable } from '../resilience/refreshing.js';
import { SingleFlight } from '../resilience/single-flight.js';
import type { Issuer } from './issuer.js';
import type { IssuerConfig, UnverifiedParts } from './issuer-options.js';
import type { IssuerRegistry } from './issuer-registry.js';
import { MemberReads } from './member-reads.js';

/** The user's resolver, with a checked result. Undefined: not trusted. May throw, or never settle. */
export type ResolveIssuer = (iss: string, token: UnverifiedParts) => Promise<IssuerConfig | undefined>;

export interface ResolvedIssuersOptions {
  readonly resolve: ResolveIssuer;
  readonly create: (config: IssuerConfig) => Issuer;
  readonly limits: KeyLimits;
  readonly clock: Clock;
  /** Ends running lookups and starts no new ones. */
  readonly signal: AbortSignal;
}

/** The result of the resolver for a name. Undefined: not trusted. */
type Resolution = { readonly config: IssuerConfig; readonly issuer: Issuer } | undefined;

interface ResolvedIssuer {
  readonly refreshing: Refreshing<Resolution>;
  /** What the resolver was given. It gets the same when the issuer is looked up again. */
  readonly token: UnverifiedParts;
}

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
  /** By `nameOf`. */
  readonly #trusted = new LRUCache<string, ResolvedIssuer>({ max: MAX_ISSUERS });
  readonly #names = new WeakMap<Issuer, string>();
  readonly #refused: ExpiringSet;
  readonly #lookups = new SingleFlight<string, Issuer | Refusal>();
  readonly #reads = new MemberReads();

  constructor(options: ResolvedIssuersOptions) {
    this.#options = options;
    this.#refused = new ExpiringSet({ max: MAX_REFUSED, seconds: REFUSED_FOR_SECONDS, clock: options.clock });
  }

  find(iss: string, token: UnverifiedParts): MaybePromise<Issuer | Refusal> {
    if (iss.length > MAX_ISSUER_LENGTH) return refuse(iss);
    const now = this.#options.clock();
    const name = this.#nameOf(iss, token);
    const issuer = this.#findKnown(name, now);
    if (issuer !== undefined) {
      this.refreshIfDue(issuer, now);
      return issuer;
    }
    return this.#refused.has(name) ? refuse(iss) : this.#lookUp(iss, token, name);
  }

  stillTrusts(issuer: Issuer, now: number): boolean {
    const name = this.#names.get(issuer);
    return name !== undefined && this.#findKnown(name, now) === issuer;
  }

  refreshIfDue(issuer: Issuer, now: number): void {
    const name = this.#names.get(issuer) as string;
    const resolved = this.#trusted.get(name);
    if (resolved?.refreshing.isDue(now)) void this.#lookUp(issuer.issuer, resolved.token, name);
  }

  /** Without `iss` there is nothing to pass to the resolver. */
  introspectedIssuer(): undefined {}

  all(): readonly Issuer[] {
    return [...this.#trusted.values()].map(({ refreshing }) => refreshing.last?.value?.issuer as Issuer);
  }

  #findKnown(name: string, now: number): Issuer | undefined {
    return this.#trusted.get(name)?.refreshing.current(now)?.issuer;
  }

  /** Names what the result depends on: `iss`, and the members of tokens that the resolver reads. */
  #nameOf(iss: string, token: UnverifiedParts): string {
    return this.#reads.isEmpty ? iss : digestOf(JSON.stringify([iss, this.#reads.pick(token)]));
  }

  /** Calls the resolver, once for all waiting requests. Never rejects. */
  #lookUp(iss: string, token: UnverifiedParts, name: string): MaybePromise<Issuer | Refusal> {
    const pending = this.#lookups.find(name);
    // Only when it has ended it is known on what its result depends, and whether it is that of this token too.
    if (pending !== undefined) {
      return pending.then((outcome) => (this.#nameOf(iss, token) === name ? outcome : this.find(iss, token)));
    }
    if (this.#lookups.size < MAX_PENDING) return this.#lookups.run(name, () => this.#resolve(iss, token, name));
    return new Refusal('issuer_resolver_failed', `it has ${MAX_PENDING} names to look up already`);
  }

  async #resolve(iss: string, token: UnverifiedParts, nameBefore: string): Promise<Issuer | Refusal> {
    const { refreshing } = this.#trusted.get(nameBefore) ?? { refreshing: this.#createRefreshing(iss, token) };
    const resolution = await refreshing.refresh('age');
    if (resolution instanceof Unavailable) return this.#refuseFailed(iss, resolution);

    // The resolver may have read a member that it never read before.
    const name = this.#nameOf(iss, token);
    if (resolution === undefined || name !== nameBefore) this.#trusted.delete(nameBefore);
    if (resolution === undefined) {
      this.#refused.add(name);
      return refuse(iss);
    }
    this.#trusted.set(name, { refreshing, token });
    this.#names.set(resolution.issuer, name);
    return resolution.issuer;
  }

  #refuseFailed(iss: string, { cause }: Unavailable): Refusal {
    const detail = `for iss ${quoteUntrusted(iss)}`;
    return refuseUnavailable(this.#options.signal, 'issuer_resolver_failed', detail, { cause });
  }

  #createRefreshing(iss: string, token: UnverifiedParts): Refreshing<Resolution> {
    const { clock, limits } = this.#options;
    const refreshing: Refreshing<Resolution> = new Refreshing({
      clock,
      staleIfErrorSeconds: limits.staleIfErrorSeconds,
      timeoutSeconds: limits.fetchTimeoutSeconds,
      backOff: new BackOff(clock, RETRY),
      fetch: () => this.#callResolver(iss, token, refreshing.last?.value),
    });
    return refreshing;
  }

  async #callResolver(iss: string, token: UnverifiedParts, last: Resolution): Promise<Fetched<Resolution>> {
    const { resolve, create, limits, signal } = this.#options;
    signal.throwIfAborted();
    const resolving = resolve(iss, this.#reads.record(token));
    const config = await untilAborted(signal, withinSeconds(limits.fetchTimeoutSeconds, resolving));

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
