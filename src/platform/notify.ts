import { inspect } from 'node:util';
import { escapeControls } from '../protocol/refusal.js';

/** Calls a function of the user's, such as `onRefusal`, which may throw or reject and changes nothing by it. */
export async function notify(name: string, call: () => unknown): Promise<void> {
  try {
    await call();
  } catch (error) {
    process.emitWarning(`${name} threw: ${describeThrown(error)}`, { code: 'SCOPEGATE_ON_REFUSAL' });
  }
}

/** What is thrown may throw again when it is looked at. */
export function describeThrown(thrown: unknown): string {
  try {
    return escapeControls(thrown instanceof Error ? String(thrown) : inspect(thrown));
  } catch {
    return 'what cannot be shown';
  }
}
