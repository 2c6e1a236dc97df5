import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll } from 'vitest';
import { compareStates, countOpenResources, findLeftOpen, readProcessState } from './process-state.js';
import { quietOutages } from './quiet-outages.js';
import { reuseRsaKeys } from './rsa-keys.js';

/*
 * A setup file of vitest, which runs before each file of tests. The files share a process and its modules, which makes
 * them fast, so each has to leave the process as it was: the first hook that is set is the last that runs, and fails
 * the file that did not. A file that cannot do without is named in vitest.config.ts, and gets a process of its own.
 */

/** How long what is closed already may take to be gone. */
const PATIENCE_MS = 15_000;
const STEP_MS = 5;

quietOutages();
reuseRsaKeys();
const state = readProcessState();
const resources = countOpenResources();

afterAll(async () => {
  for (let waited = 0; findLeft().length > 0 && waited < PATIENCE_MS; waited += STEP_MS) {
    await sleep(STEP_MS, undefined, { ref: false });
  }
  const left = findLeft();
  if (left.length > 0) throw new Error(`This file of tests leaves behind: ${left.join(', ')}`);
}, 2 * PATIENCE_MS);

function findLeft(): readonly string[] {
  return [...compareStates(state, readProcessState()), ...findLeftOpen(resources)];
}
