import { Refusal, type RefusalContext, type RefusalReason } from './refusal.js';

/**
 * Refuses a token since something that its verification needs cannot be had. After `close()` the reason is that,
 * whatever failed because of it.
 */
export function refuseUnavailable(
  closed: AbortSignal,
  reason: RefusalReason,
  detail: string,
  context: RefusalContext = {},
): Refusal {
  return new Refusal(closed.aborted ? 'verifier_closed' : reason, detail, context);
}
