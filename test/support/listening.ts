import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { DiagnosticsChannel, DiagnosticsMessages } from '../../src/index.js';

/** Gives every message of a channel that comes while something goes on. */
export async function messagesDuring<Name extends DiagnosticsChannel>(
  name: Name,
  go: () => Promise<unknown>,
): Promise<DiagnosticsMessages[Name][]> {
  const messages: DiagnosticsMessages[Name][] = [];
  const listener = (message: unknown) => {
    messages.push(message as DiagnosticsMessages[Name]);
  };
  subscribe(name, listener);
  try {
    await go();
  } finally {
    unsubscribe(name, listener);
  }
  return messages;
}
