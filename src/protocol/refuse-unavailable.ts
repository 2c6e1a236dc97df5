import { Refusal, type RefusalContext, type RefusalReason } from './refusal.js';

/**
 * Refuses a token because its verification lacks something. After `close()` the reason is `verifier_closed`, whatever
 * failed.
 */
export function refuseUnavailable(
  closed: AbortSignal,
  reason: RefusalReason,
  detail: string,
  context: RefusalContext = {},
): Refusal {
  return new Refusal(closed.aborted ? 'verifier_closed' : reason, detail, context);
}
