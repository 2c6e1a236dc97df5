import { describeThrown } from './thrown.js';

/** Calls `onRefusal`, which may throw or reject and changes nothing by it. */
export async function notify(call: () => unknown): Promise<void> {
  try {
    await call();
  } catch (error) {
    process.emitWarning(`onRefusal threw: ${describeThrown(error)}`, { code: 'SCOPEGATE_ON_REFUSAL' });
  }
}
