import { inspect } from 'node:util';
import { escapeControls } from '../../protocol/refusal.js';

/** What `next` is called with after a throw or a rejection. `next` with nothing, 0 or '' would go on to the next handler. */
export function errorForNext(thrown: unknown): unknown {
  return thrown || new Error(`What was thrown is no error: ${describeThrown(thrown)}.`);
}

/** What is thrown may throw again when it is looked at. */
export function describeThrown(thrown: unknown): string {
  try {
    return escapeControls(thrown instanceof Error ? String(thrown) : inspect(thrown));
  } catch {
    return 'what cannot be shown';
  }
}
