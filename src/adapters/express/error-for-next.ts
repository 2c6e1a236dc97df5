import { describeThrown } from '../../platform/notify.js';

/** What `next` is called with after a throw or a rejection. `next` with nothing, 0 or '' would go on to the next handler. */
export function errorForNext(thrown: unknown): unknown {
  return thrown || new Error(`What was thrown is no error: ${describeThrown(thrown)}.`);
}
