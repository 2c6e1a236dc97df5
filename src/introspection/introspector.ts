import { randomUUID } from 'node:crypto';
import { type IntrospectedIssuer, type Issuer, isIntrospected } from '../issuer/issuer.js';
import { Malformed } from '../jws/malformed.js';
import type { SignatureQueue } from '../jws/signature-queue.js';
import { parseStrictJsonObject } from '../jws/strict-json.js';
import type { Clock, Period } from '../platform/clock.js';
import { publish } from '../platform/diagnostics.js';
import { digestOf } from '../platform/digest.js';
import type { MaybePromise } from '../platform/maybe-promise.js';
import type { JsonObject } from '../protocol/json-object.js';
import { Refusal } from '../protocol/refusal.js';
import { SingleFlight } from '../resilience/single-flight.js';
import { TimedCache } from '../resilience/timed-cache.js';
import { checkTime, type ValidatedClaims } from '../token/claim-rules.js';
import { narrowBy, type OwnClaims } from '../token/own-claims.js';
import type { VerifiedToken } from '../token/verified-token.js';
import { AnswerCounts } from './answer-counts.js';
import { type ActiveToken, parseIntrospectionAnswer } from './introspection-answer.js';
import {
  IntrospectionEndpoint,
  type IntrospectionResponse,
  type IntrospectionStatus,
  SIGNED_RESPONSE_TYPE,
} from './introspection-endpoint.js';
import { verifySignedAnswer } from './signed-introspection.js';
import { Unusable } from './unusable.js';

export interface IntrospectorOptions {
  readonly clock: Clock;
  readonly fetch: typeof fetch;
  /** Ends requests that are under way, and lets no more begin. */
  readonly signal: AbortSignal;
  readonly clockToleranceSeconds: number;
  readonly maxResponseBytes: number;
  readonly signatures: SignatureQueue;
}

/** What introspection needs for one issuer. */
interface Introspection {
  readonly endpoint: IntrospectionEndpoint;
  readonly active: TimedCache<VerifiedToken>;
  readonly counts: AnswerCounts;
}

// A token that is not active stays so, but a token that was just issued may be known to the issuer a moment later.
const INACTIVE_SECONDS = 5;
// Bounds the memory that made-up tokens take. They have a cache of their own, so that they evict no active token.
const MAX_INACTIVE = 1000;

/**
 * Verifies tokens by introspection, and caches the answers: by the SHA-256 of the whole token, for each issuer apart.
 * Requests that bring one token at the same time cause one request to the issuer.
 *
 * @see RFC 7662
 */
export class Introspector {
  readonly #options: IntrospectorOptions;
  readonly #byIssuer = new Map<Issuer, Introspection>();
  readonly #inactive: TimedCache<Refusal>;
  readonly #requests = new SingleFlight<string, VerifiedToken | Refusal>();

  constructor(options: IntrospectorOptions) {
    this.#options = options;
    this.#inactive = new TimedCache(MAX_INACTIVE, options.clock);
  }

  /** `own` is what a JWT says of itself, which narrows what its issuer says of it. */
  introspect(token: string, issuer: IntrospectedIssuer, own?: OwnClaims): MaybePromise<VerifiedToken | Refusal> {
    const digest = digestOf(token);
    const name = `${digest} ${issuer.issuer}`;
    const introspection = this.#of(issuer);
    const cached = introspection.active.get(digest) ?? this.#inactive.get(name);
    if (cached !== undefined) return cached;

    return this.#requests.run(name, async () => {
      const outcome = await this.#request(token, issuer, introspection.endpoint, own);
      if (!(outcome instanceof Refusal)) introspection.active.set(digest, outcome, outcome.introspected as Period);
      else if (outcome.entry.status !== 503) this.#storeInactive(name, outcome, issuer);
      return outcome;
    });
  }

  /** Finds out where the endpoint of an issuer is, or gives why that failed. Where wanted, asks it about a made-up token. */
  async ready(issuer: Issuer, introspect = false): Promise<Refusal | undefined> {
    if (!isIntrospected(issuer)) return undefined;
    const refusal = await this.#of(issuer).endpoint.ready();
    if (refusal !== undefined || !introspect) return refusal;

    const outcome = await this.introspect(randomUUID(), issuer);
    return outcome instanceof Refusal && outcome.entry.status === 503 ? outcome : undefined;
  }

  /** Undefined for an issuer that does not introspect. */
  status(issuer: Issuer): IntrospectionStatus | undefined {
    if (!isIntrospected(issuer)) return undefined;
    const { endpoint, counts } = this.#of(issuer);
    return { ...endpoint.status(), ...counts.status() };
  }

  /** Forgets all answers. */
  clear(): void {
    for (const { active } of this.#byIssuer.values()) active.clear();
    this.#inactive.clear();
  }

  #of(issuer: IntrospectedIssuer): Introspection {
    const known = this.#byIssuer.get(issuer);
    if (known !== undefined) return known;

    const { introspection: config, discovery } = issuer;
    const { clock, fetch, signal, maxResponseBytes } = this.#options;
    const options = { issuer: issuer.issuer, config, discovery, maxResponseBytes, clock, fetch, signal };
    const introspection = {
      endpoint: new IntrospectionEndpoint(options),
      active: new TimedCache<VerifiedToken>(config.cacheMax, clock),
      counts: new AnswerCounts(issuer.issuer),
    };
    this.#byIssuer.set(issuer, introspection);
    return introspection;
  }

  #storeInactive(name: string, refusal: Refusal, { introspection }: IntrospectedIssuer): void {
    const at = this.#options.clock();
    const seconds = Math.min(INACTIVE_SECONDS, introspection.cacheSeconds);
    this.#inactive.set(name, refusal, { at, validUntil: at + seconds * 1000 });
  }

  async #request(
    token: string,
    issuer: IntrospectedIssuer,
    endpoint: IntrospectionEndpoint,
    own: OwnClaims | undefined,
  ): Promise<VerifiedToken | Refusal> {
    const at = this.#options.clock();
    const response = await endpoint.introspect(token);
    if (response instanceof Refusal) return response;

    const answer = await this.#read(response, issuer);
    if (answer instanceof Unusable) return endpoint.refuse(answer.why);
    if (answer instanceof Refusal) {
      // The keys of the answer cannot be had: that is the reason, and the token is not to blame.
      endpoint.refuse(answer.detail);
      return answer;
    }
    if (!('active' in answer)) return endpoint.refuse('the answer has no active member');

    const active = parseIntrospectionAnswer(answer, { issuer, ignoreExp: issuer.introspection.ignoreExp });
    const outcome = active instanceof Refusal ? 'inactive' : 'active';
    this.#of(issuer).counts.count(answer['active'] === true ? 'active' : 'inactive');
    publish('scopegate:introspection', () => ({ issuer: issuer.issuer, outcome, error: undefined }));
    if (active instanceof Refusal) return active;
    const validated = own === undefined ? active.validated : narrowBy(active.validated, own);
    return this.#findExpired(validated, at) ?? toVerifiedToken({ ...active, validated }, issuer, at);
  }

  /** An expired answer is cached as a refusal. Otherwise each request would go to the issuer again. */
  #findExpired(validated: ValidatedClaims, at: number): Refusal | undefined {
    const { clockToleranceSeconds } = this.#options;
    const untimely = checkTime(validated, { now: at / 1000, clockToleranceSeconds, maxTokenAgeSeconds: undefined });
    if (untimely?.reason !== 'token_expired') return undefined;
    return new Refusal('token_expired', `${untimely.detail}; the issuer called it active, see introspection.ignoreExp`);
  }

  /** Gives the members of an answer. A refusal says that the keys which sign answers cannot be had. */
  #read(
    { bytes, mediaType }: IntrospectionResponse,
    issuer: IntrospectedIssuer,
  ): MaybePromise<JsonObject | Unusable | Refusal> {
    const { signed, credentials } = issuer.introspection;
    if (!signed) {
      const answer = parseStrictJsonObject(bytes);
      return answer instanceof Malformed ? new Unusable(`the answer ${answer.why}`) : answer;
    }
    if (mediaType !== SIGNED_RESPONSE_TYPE) return new Unusable('the answer is not signed');

    const { clock, maxResponseBytes: maxBytes, clockToleranceSeconds, signatures } = this.#options;
    const clientId = credentials.id as string;
    const rules = { issuer, clientId, now: clock() / 1000, clockToleranceSeconds, maxBytes, signatures };
    return verifySignedAnswer(bytes.toString('latin1').trim(), rules);
  }
}

/** The answer counts from the moment when the request was sent, and never beyond `exp`. */
function toVerifiedToken({ payload, validated }: ActiveToken, issuer: IntrospectedIssuer, at: number): VerifiedToken {
  const validUntil = Math.min(at + issuer.introspection.cacheSeconds * 1000, validated.expiresAt * 1000);
  return { issuer, key: undefined, header: undefined, introspected: { at, validUntil }, payload, validated };
}
