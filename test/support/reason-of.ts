import { isRefusal } from '../../src/protocol/errors.js';
import { Refusal } from '../../src/protocol/refusal.js';

/** Names what came of a rule: the reason of its refusal, or `accepted`. */
export function reasonOf(outcome: unknown): string {
  return outcome instanceof Refusal ? outcome.reason : 'accepted';
}

/** Names what came of a call of the verifier. An error that is no refusal is not swallowed. */
export async function reasonOfCall(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'accepted';
  } catch (error) {
    if (isRefusal(error)) return error.reason;
    throw error;
  }
}
