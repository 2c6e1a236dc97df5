import { describe, expect, it } from 'vitest';
import { AnswerCache } from '../../../src/adapters/core/answer-cache.js';
import { formatAnswer } from '../../../src/protocol/http-answer.js';
import { REFUSALS, Refusal, type RefusalReason } from '../../../src/protocol/refusal.js';

describe('PreparedAnswers', () => {
  it.each(Object.keys(REFUSALS) as RefusalReason[])('answers %s as it is formatted, each time', (reason) => {
    const answers = new AnswerCache('api');
    const refusal = new Refusal(reason, 'a detail');
    for (let time = 0; time < 2; time += 1) expect(answers.for(refusal)).toEqual(formatAnswer(refusal, 'api'));
    expect(answers.for(new Refusal(reason, 'another'))).toBe(answers.for(refusal));
  });

  it('formats anew what differs from request to request', () => {
    const answers = new AnswerCache('api');
    for (const scopes of [['read'], ['write'], undefined, []]) {
      const refusal = new Refusal('scope_insufficient', '', scopes && { scopes });
      expect(answers.for(refusal)).toEqual(formatAnswer(refusal, 'api'));
    }
    for (const retryAfterSeconds of [3, 30, undefined]) {
      const refusal = new Refusal('keys_unavailable', '', retryAfterSeconds === undefined ? {} : { retryAfterSeconds });
      expect(answers.for(refusal)).toEqual(formatAnswer(refusal, 'api'));
    }
  });
});
