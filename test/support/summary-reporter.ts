import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Reporter, TestModule, Vitest } from 'vitest/node';

const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));

/** Says at the end of a whole run what was run, and how to run the rest. */
export class SummaryReporter implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  async onTestRunEnd(modules: readonly TestModule[]): Promise<void> {
    const vitest = this.#vitest;
    // Examples have a root of their own.
    if (vitest === undefined || vitest.config.watch || relative(PACKAGE, vitest.config.root) !== '') return;
    const { testFiles } = await vitest.getRootProject().globTestFiles();
    if (modules.length < testFiles.length) return;
    vitest.logger.log(formatSummary(modules, vitest.config.provide.thorough ?? false));
  }
}

function formatSummary(modules: readonly TestModule[], thorough: boolean): string {
  const results = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result().state));
  const count = (state: string) => results.filter((result) => result === state).length;
  const ran = `Ran ${count('passed') + count('failed')} tests of ${modules.length} files, left out ${count('skipped')}.`;
  const rest = 'npm run test:interop, test:consumer and test:browser need more than Node.js; .ci/run runs all of it.';
  if (thorough) return `${ran}\n${rest}`;
  return `${ran} Those that take long: npm run test:all.\n${rest}`;
}
