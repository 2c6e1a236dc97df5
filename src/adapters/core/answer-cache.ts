import { formatAnswer, type HttpAnswer } from '../../protocol/http-answer.js';
import type { Refusal, RefusalReason } from '../../protocol/refusal.js';

/** The answers of one guard. Formats each constant answer once. */
export class AnswerCache {
  readonly #realm: string;
  readonly #byReason = new Map<RefusalReason, HttpAnswer>();

  constructor(realm: string) {
    this.#realm = realm;
  }

  for(refusal: Refusal): HttpAnswer {
    const { reason, scopes, retryAfterSeconds } = refusal;
    if (scopes !== undefined || retryAfterSeconds !== undefined) return formatAnswer(refusal, this.#realm);
    const cached = this.#byReason.get(reason);
    if (cached !== undefined) return cached;

    const answer = formatAnswer(refusal, this.#realm);
    this.#byReason.set(reason, answer);
    return answer;
  }
}
