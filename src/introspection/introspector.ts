import { randomUUID } from 'node:crypto';
import { type IntrospectedIssuer, type Issuer, isIntrospected } from '../issuer/issuer.js';
import { Malformed } from '../jws/malformed.js';
import type { SignatureQueue } from '../jws/signature-queue.js';
import { parseStrictJsonObject } from '../jws/strict-json.js';
import type { Clock, Period } from '../platform/clock.js';
import { publish } from '../platform/diagnostics.js';
import { digestOf } from '../platform/digest.js';
import type { Fetch } from '../platform/fetch.js';
import type { MaybePromise } from '../platform/maybe-promise.js';
import type { HttpRequest } from '../protocol/http-request.js';
import type { JsonObject } from '../protocol/json-object.js';
import { Refusal } from '../protocol/refusal.js';
import type { Source } from '../resilience/circuit-breaker.js';
import { type DeadlineError, untilAborted, withDeadline } from '../resilience/deadline.js';
import { ExpiringSet } from '../resilience/expiring-set.js';
import { SingleFlight } from '../resilience/single-flight.js';
import { TimedCache } from '../resilience/timed-cache.js';
import { checkTime, type ValidatedClaims } from '../token/claim-rules.js';
import { narrowBy, type OwnClaims } from '../token/own-claims.js';
import type { VerifiedToken } from '../token/verified-token.js';
import { AnswerCounts } from './answer-counts.js';
import { findSource } from './find-source.js';
import { type ActiveToken, parseIntrospectionAnswer } from './introspection-answer.js';
import {
  IntrospectionEndpoint,
  type IntrospectionResponse,
  type IntrospectionStatus,
  type Place,
  SIGNED_RESPONSE_TYPE,
} from './introspection-endpoint.js';
import { verifySignedAnswer } from './signed-introspection.js';

export interface IntrospectorOptions {
  readonly clock: Clock;
  readonly fetch: Fetch;
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
  /** Tokens that were active lately, by their digest. */
  readonly known: ExpiringSet;
  readonly counts: AnswerCounts;
}

/** What a request says, besides its token. */
export interface IntrospectionContext {
  /** What a JWT says of itself, which narrows what its issuer says of it. */
  readonly own?: OwnClaims | undefined;
  /** Where the token came from. */
  readonly request?: HttpRequest | undefined;
}

/** A token that its issuer is to be asked about. */
interface Question {
  readonly token: string;
  readonly issuer: IntrospectedIssuer;
  readonly own: OwnClaims | undefined;
  readonly digest: string;
  /** The digest and the issuer. */
  readonly name: string;
  readonly introspection: Introspection;
}

// A token that is not active stays so, but a token that was just issued may be known to the issuer a moment later.
const INACTIVE_SECONDS = 5;
// Bounds the memory that made-up tokens take. They have a cache of their own, so that they evict no active token.
const MAX_INACTIVE = 1000;
// Access tokens seldom live longer. One that was active within it is asked about before those that nobody has seen.
const KNOWN_SECONDS = 3600;

/**
 * Verifies tokens by introspection, and caches the answers: by the SHA-256 of the whole token, for each issuer apart.
 * Requests that bring one token at the same time cause one request to the issuer. Where many tokens wait, the sources of the
 * requests take turns.
 *
 * @see RFC 7662
 */
export class Introspector {
  readonly #options: IntrospectorOptions;
  // A resolver gives new issuers again and again. What belongs to one of them goes with it.
  readonly #byIssuer = new WeakMap<Issuer, Introspection>();
  readonly #inactive: TimedCache<Refusal>;
  /** Tokens that wait for their turn, each source for itself. */
  readonly #arrivals = new SingleFlight<string, VerifiedToken | Refusal>();
  readonly #requests = new SingleFlight<string, VerifiedToken | Refusal>();

  constructor(options: IntrospectorOptions) {
    this.#options = options;
    this.#inactive = new TimedCache(MAX_INACTIVE, options.clock);
  }

  introspect(
    token: string,
    issuer: IntrospectedIssuer,
    { own, request }: IntrospectionContext,
  ): MaybePromise<VerifiedToken | Refusal> {
    const digest = digestOf(token);
    const name = `${digest} ${issuer.issuer}`;
    const introspection = this.#introspectionOf(issuer);
    const question = { token, issuer, own, digest, name, introspection };
    const answer = this.#findAnswer(question) ?? this.#requests.find(name);
    if (answer !== undefined) return answer;

    try {
      const source = findSource(request, issuer.introspection.sourceOf);
      return this.#arrivals.run(`${name} ${source ?? ''}`, () => this.#askInTurn(question, source));
    } catch (cause) {
      return introspection.endpoint.refuse('the function given as sourceOf failed', { cause });
    }
  }

  /** Finds out where the endpoint of an issuer is, or gives why that failed. Where wanted, asks it about a made-up token. */
  async ready(issuer: Issuer, introspect = false): Promise<Refusal | undefined> {
    if (!isIntrospected(issuer)) return undefined;
    const refusal = await this.#introspectionOf(issuer).endpoint.ready();
    if (refusal !== undefined || !introspect) return refusal;

    const outcome = await this.introspect(randomUUID(), issuer, {});
    return outcome instanceof Refusal && outcome.entry.status === 503 ? outcome : undefined;
  }

  /** Undefined for an issuer that does not introspect. */
  status(issuer: Issuer): IntrospectionStatus | undefined {
    if (!isIntrospected(issuer)) return undefined;
    const { endpoint, counts } = this.#introspectionOf(issuer);
    return { ...endpoint.status(), ...counts.status() };
  }

  /** Forgets all answers of these issuers. Those of issuers that are gone went with them. */
  clear(issuers: readonly Issuer[]): void {
    for (const issuer of issuers) this.#byIssuer.get(issuer)?.active.clear();
    this.#inactive.clear();
  }

  #introspectionOf(issuer: IntrospectedIssuer): Introspection {
    const known = this.#byIssuer.get(issuer);
    if (known !== undefined) return known;

    const { introspection: config, discovery } = issuer;
    const { clock, fetch, signal, maxResponseBytes } = this.#options;
    const options = { issuer: issuer.issuer, config, discovery, maxResponseBytes, clock, fetch, signal };
    const introspection = {
      endpoint: new IntrospectionEndpoint(options),
      active: new TimedCache<VerifiedToken>(config.cacheMax, clock),
      known: new ExpiringSet({ max: config.cacheMax, seconds: KNOWN_SECONDS, clock }),
      counts: new AnswerCounts(issuer.issuer),
    };
    this.#byIssuer.set(issuer, introspection);
    return introspection;
  }

  #findAnswer({ introspection, digest, name }: Question): VerifiedToken | Refusal | undefined {
    return introspection.active.get(digest) ?? this.#inactive.get(name);
  }

  /** One deadline for all: the turn, the metadata, the credentials, the response, and the keys that sign it. */
  #askInTurn(question: Question, source: Source): Promise<VerifiedToken | Refusal> {
    const { issuer, name, introspection } = question;
    const { endpoint } = introspection;
    return withDeadline(issuer.introspection.timeoutSeconds, async (deadline) => {
      const place = await endpoint.enter({ source, isKnownToken: introspection.known.has(question.digest) });
      if (place instanceof Refusal) return place;

      try {
        // Somebody else may have asked about the token meanwhile.
        const answer = this.#findAnswer(question);
        if (answer !== undefined) return answer;
        const running = this.#requests.find(name);
        if (running !== undefined) return await untilAborted(deadline, running);
        return await this.#requests.run(name, () => this.#ask(question, place, deadline));
      } catch (cause) {
        return endpoint.refuse((cause as DeadlineError).message, { cause });
      } finally {
        endpoint.leave(place);
      }
    });
  }

  async #ask(question: Question, place: Place, deadline: AbortSignal): Promise<VerifiedToken | Refusal> {
    const { name, digest, issuer, introspection } = question;
    const outcome = await this.#request(question, place, deadline);
    if (!(outcome instanceof Refusal)) {
      introspection.active.set(digest, outcome, outcome.introspected as Period);
      introspection.known.add(digest);
    } else if (outcome.entry.status !== 503) this.#storeInactive(name, outcome, issuer);
    return outcome;
  }

  #storeInactive(name: string, refusal: Refusal, { introspection }: IntrospectedIssuer): void {
    const at = this.#options.clock();
    const seconds = Math.min(INACTIVE_SECONDS, introspection.cacheSeconds);
    this.#inactive.set(name, refusal, { at, validUntil: at + seconds * 1000 });
  }

  async #request(
    { token, issuer, introspection: { endpoint, counts }, own }: Question,
    place: Place,
    deadline: AbortSignal,
  ): Promise<VerifiedToken | Refusal> {
    const at = this.#options.clock();
    const response = await endpoint.introspect(token, place, deadline);
    if (response instanceof Refusal) return response;

    const answer = await this.#read(response, issuer, deadline);
    if (answer instanceof Malformed) return endpoint.refuse(answer.why);
    if (answer instanceof Refusal) {
      // The keys of the answer cannot be had: that is the reason, and the token is not to blame.
      endpoint.refuse(answer.detail);
      return answer;
    }
    if (!('active' in answer)) return endpoint.refuse('the answer has no active member');

    endpoint.recovered();
    const active = parseIntrospectionAnswer(answer, { issuer, ignoreExp: issuer.introspection.ignoreExp });
    const outcome = active instanceof Refusal ? 'inactive' : 'active';
    counts.count(answer['active'] === true ? 'active' : 'inactive');
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

  /** Returns the members of an answer. A refusal says that the keys which sign answers cannot be had. */
  #read(
    { bytes, mediaType }: IntrospectionResponse,
    issuer: IntrospectedIssuer,
    deadline: AbortSignal,
  ): MaybePromise<JsonObject | Malformed | Refusal> {
    const { signed, credentials } = issuer.introspection;
    if (!signed) {
      const answer = parseStrictJsonObject(bytes);
      return answer instanceof Malformed ? new Malformed(`the answer ${answer.why}`) : answer;
    }
    if (mediaType !== SIGNED_RESPONSE_TYPE) return new Malformed('the answer is not signed');

    const { clock, maxResponseBytes: maxBytes, clockToleranceSeconds, signatures } = this.#options;
    const clientId = credentials.id as string;
    const rules = { issuer, clientId, now: clock() / 1000, clockToleranceSeconds, maxBytes, signatures, deadline };
    return verifySignedAnswer(bytes.toString('latin1').trim(), rules);
  }
}

/** The answer counts from the moment when the request was sent, and never beyond `exp`. */
function toVerifiedToken({ payload, validated }: ActiveToken, issuer: IntrospectedIssuer, at: number): VerifiedToken {
  const validUntil = Math.min(at + issuer.introspection.cacheSeconds * 1000, validated.expiresAt * 1000);
  return { issuer, key: undefined, header: undefined, introspected: { at, validUntil }, payload, validated };
}
