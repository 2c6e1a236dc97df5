import { LRUCache } from 'lru-cache';
import type { Issuer } from '../issuer/issuer.js';
import { Malformed } from '../jws/malformed.js';
import type { SignatureQueue } from '../jws/signature-queue.js';
import { parseStrictJsonObject } from '../jws/strict-json.js';
import type { Clock } from '../platform/clock.js';
import { publish } from '../platform/diagnostics.js';
import type { MaybePromise } from '../platform/maybe-promise.js';
import type { JsonObject } from '../protocol/json-object.js';
import { Refusal } from '../protocol/refusal.js';
import { checkTime } from '../token/claim-rules.js';
import type { VerifiedToken } from '../token/verified-token.js';
import { digestOf, isWithin } from '../token/verified-token-cache.js';
import { type ActiveToken, parseIntrospectionAnswer } from './introspection-answer.js';
import {
  type IntrospectionEndpoint,
  type IntrospectionResponse,
  SIGNED_RESPONSE_TYPE,
} from './introspection-endpoint.js';
import { verifySignedAnswer } from './signed-introspection.js';

export interface IntrospectorOptions {
  readonly clock: Clock;
  readonly clockToleranceSeconds: number;
  readonly maxResponseBytes: number;
  readonly signatures: SignatureQueue;
}

type Asked = NonNullable<VerifiedToken['introspected']>;

interface CachedAnswer extends Asked {
  readonly answer: VerifiedToken | Refusal;
}

// A token that is not active stays so, but one that is not known yet may be a moment later.
const INACTIVE_SECONDS = 5;
const MAX_INACTIVE = 1000;

/**
 * Verifies tokens by asking their issuer, and remembers its answers: by the SHA-256 of the whole token, for each
 * issuer apart. Requests that bring one token at the same time ask once.
 *
 * @see RFC 7662
 */
export class Introspector {
  readonly #options: IntrospectorOptions;
  readonly #active = new Map<Issuer, LRUCache<string, CachedAnswer>>();
  readonly #inactive = new LRUCache<string, CachedAnswer>({ max: MAX_INACTIVE });
  readonly #underWay = new Map<string, Promise<VerifiedToken | Refusal>>();

  constructor(options: IntrospectorOptions) {
    this.#options = options;
  }

  introspect(token: string, issuer: Issuer, endpoint: IntrospectionEndpoint): MaybePromise<VerifiedToken | Refusal> {
    const digest = digestOf(token);
    const name = `${digest} ${issuer.issuer}`;
    const known = this.#recall(this.#answersOf(issuer, endpoint), digest) ?? this.#recall(this.#inactive, name);
    if (known !== undefined) return known.answer;
    const underWay = this.#underWay.get(name);
    if (underWay !== undefined) return underWay;
    const asking = this.#ask(token, issuer, endpoint)
      .then((answer) => {
        this.#remember(answer, issuer, endpoint, digest);
        return answer;
      })
      .finally(() => this.#underWay.delete(name));
    this.#underWay.set(name, asking);
    return asking;
  }

  clear(): void {
    this.#active.clear();
    this.#inactive.clear();
  }

  #answersOf(issuer: Issuer, { config }: IntrospectionEndpoint): LRUCache<string, CachedAnswer> {
    const known = this.#active.get(issuer);
    if (known !== undefined) return known;
    const answers = new LRUCache<string, CachedAnswer>({ max: config.cacheMax });
    this.#active.set(issuer, answers);
    return answers;
  }

  #recall(answers: LRUCache<string, CachedAnswer>, name: string): CachedAnswer | undefined {
    const known = answers.get(name);
    if (known === undefined) return undefined;
    if (isWithin(known, this.#options.clock())) return known;
    answers.delete(name);
    return undefined;
  }

  #remember(answer: VerifiedToken | Refusal, issuer: Issuer, endpoint: IntrospectionEndpoint, digest: string): void {
    if (!(answer instanceof Refusal)) {
      this.#answersOf(issuer, endpoint).set(digest, { answer, ...(answer.introspected as Asked) });
      return;
    }
    // What could not be asked is asked again.
    if (answer.entry.status === 503) return;
    const at = this.#options.clock();
    const seconds = Math.min(INACTIVE_SECONDS, endpoint.config.cacheSeconds);
    this.#inactive.set(`${digest} ${issuer.issuer}`, { answer, at, goodUntil: at + seconds * 1000 });
  }

  async #ask(token: string, issuer: Issuer, endpoint: IntrospectionEndpoint): Promise<VerifiedToken | Refusal> {
    const askedAt = this.#options.clock();
    const reply = await endpoint.introspect(token);
    if (reply instanceof Refusal) return reply;
    const said = await this.#read(reply, issuer, endpoint);
    if (said instanceof Refusal) {
      // The keys of the answer could not be had: that is the fault, and no token is to blame.
      endpoint.refuse(said.detail);
      return said;
    }
    if (typeof said === 'string') return endpoint.refuse(said);
    if (!('active' in said)) return endpoint.refuse('the answer has no active member');
    const active = parseIntrospectionAnswer(said, { issuer, ignoreExp: endpoint.config.ignoreExp });
    const outcome = active instanceof Refusal ? 'inactive' : 'active';
    publish('scopegate:introspection', () => ({ issuer: issuer.issuer, outcome, error: undefined }));
    if (active instanceof Refusal) return active;
    return this.#findExpired(active, askedAt) ?? toVerifiedToken(active, issuer, askedAt, endpoint.config.cacheSeconds);
  }

  /** What ended cannot be kept as an answer, so that it is as a refusal: each request would ask otherwise. */
  #findExpired({ facts }: ActiveToken, askedAt: number): Refusal | undefined {
    const { clockToleranceSeconds } = this.#options;
    const rules = { now: askedAt / 1000, clockToleranceSeconds, maxTokenAgeSeconds: undefined };
    const untimely = checkTime(facts, rules);
    return untimely?.reason === 'token_expired' ? untimely : undefined;
  }

  /** Gives what the issuer said, or why it cannot be believed. */
  #read(
    { bytes, mediaType }: IntrospectionResponse,
    issuer: Issuer,
    { config }: IntrospectionEndpoint,
  ): MaybePromise<JsonObject | string | Refusal> {
    if (!config.signed) {
      const said = parseStrictJsonObject(bytes);
      return said instanceof Malformed ? `the answer ${said.why}` : said;
    }
    if (mediaType !== SIGNED_RESPONSE_TYPE) return 'the answer is not signed';
    const { clock, maxResponseBytes: maxBytes, clockToleranceSeconds, signatures } = this.#options;
    const clientId = config.credentials.id as string;
    const now = clock() / 1000;
    return verifySignedAnswer(bytes.toString('latin1').trim(), {
      issuer,
      clientId,
      now,
      clockToleranceSeconds,
      maxBytes,
      signatures,
    });
  }
}

/** The answer holds from the moment of the question on, and never beyond `exp`. */
function toVerifiedToken(
  { payload, facts }: ActiveToken,
  issuer: Issuer,
  askedAt: number,
  cacheSeconds: number,
): VerifiedToken {
  const goodUntil = Math.min(askedAt + cacheSeconds * 1000, facts.expiresAt * 1000);
  const asked = { at: askedAt, goodUntil };
  return { issuer, key: undefined, header: undefined, introspected: asked, payload, validated: facts };
}
