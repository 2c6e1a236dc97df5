/*
 * Most tests of outages do not look at the warnings of scopegate about them, and a good run prints nothing that looks like a
 * fault. The test of the warnings takes the place of what prints them (`catchWarnings`).
 */

const OF_AN_OUTAGE = /^SCOPEGATE_(?:KEYS|INTROSPECTION|SECRET)_(?:UN)?AVAILABLE$/;
const QUIET = Symbol.for('scopegate.tests.quiet');

type WarningListener = ((warning: Error) => void) & { readonly [QUIET]?: true };

/** Leaves warnings about outages to whoever looks for them. */
export function quietOutages(): void {
  const listeners = process.listeners('warning') as WarningListener[];
  if (listeners.some((listener) => listener[QUIET])) return;

  process.removeAllListeners('warning');
  for (const listener of listeners) {
    const quiet = (warning: Error & { readonly code?: string }) => {
      if (!OF_AN_OUTAGE.test(warning.code ?? '')) listener.call(process, warning);
    };
    process.on('warning', Object.assign(quiet, { [QUIET]: true as const }));
  }
}
