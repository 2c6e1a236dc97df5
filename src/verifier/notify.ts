import { inspect } from 'node:util';
import { escapeControls } from '../protocol/refusal.js';

/** Calls a function of the user's, which may throw or reject and changes nothing by it. */
export async function notify(call: () => unknown): Promise<void> {
  try {
    await call();
  } catch (error) {
    process.emitWarning(`onRefusal threw: ${describeThrown(error)}`, { code: 'SCOPEGATE_ON_REFUSAL' });
  }
}

/** What is thrown may throw again when it is looked at. */
function describeThrown(error: unknown): string {
  try {
    return escapeControls(error instanceof Error ? String(error) : inspect(error));
  } catch {
    return 'what cannot be shown';
  }
}
