import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { COVERAGE_EXCEPTIONS } from './test/coverage-exceptions.js';
import { SummaryReporter } from './test/support/summary-reporter.js';

const WHOLE = { branches: 100, functions: 100, lines: 100 };
const SOURCES = fileURLToPath(new URL('src/', import.meta.url));

/** What the tests have to cover of each file: all of it, but for exceptions that are named with a reason. */
function coverageThresholds(): Record<string, { branches?: number; functions?: number; lines?: number }> {
  const paths = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' });
  const files = paths.filter((path) => path.endsWith('.ts')).map((path) => `src/${path.replaceAll('\\', '/')}`);
  const gone = Object.keys(COVERAGE_EXCEPTIONS).filter((file) => !files.includes(file));
  if (gone.length > 0) throw new Error(`test/coverage-exceptions.ts names what is not there: ${gone.join(', ')}`);
  return Object.fromEntries(files.map((file) => [file, COVERAGE_EXCEPTIONS[file]?.least ?? WHOLE]));
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/consumer/**', 'test/runtimes/**', 'test/interop/**', '**/node_modules/**', 'test/mutation/**'],
    testTimeout: 20_000,
    restoreMocks: true,
    reporters: ['default', new SummaryReporter()],
    provide: { thorough: false },
    // All files of a worker share its globals and modules, which halves the time. The setup file proves that each
    // leaves them as they were; no file needs a process of its own.
    pool: 'threads',
    isolate: false,
    setupFiles: [fileURLToPath(new URL('test/support/leaves-nothing.ts', import.meta.url))],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text-summary', 'json', 'json-summary'],
      thresholds: coverageThresholds(),
    },
  },
});
