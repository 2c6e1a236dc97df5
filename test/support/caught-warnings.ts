import { onTestFinished } from 'vitest';

/** Takes the place of what prints warnings of the process until the test ends. Gives those that come. */
export function catchWarnings(): readonly (Error & { readonly code?: string })[] {
  const listeners = process.listeners('warning');
  const warnings: Error[] = [];
  const note = (warning: Error) => warnings.push(warning);
  process.removeAllListeners('warning');
  process.on('warning', note);
  onTestFinished(() => {
    process.off('warning', note);
    for (const listener of listeners) process.on('warning', listener);
  });
  return warnings;
}
