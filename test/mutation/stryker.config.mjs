// What no mutation says anything about, and why. All other files of src are mutated.
const NOT_MUTATED = {
  'src/cli/main.ts': 'ends its process; it is run by test/consumer alone, from the package',
  'src/index.ts': 'has nothing but exports',
  'src/presets/index.ts': 'has nothing but exports',
  'src/testing/index.ts': 'has nothing but exports',
  'src/adapters/express/global.ts': 'has nothing but types',
};

export default {
  plugins: ['./test/mutation/node_modules/@stryker-mutator/vitest-runner/dist/src/index.js'],
  testRunner: 'vitest',
  vitest: { configFile: 'test/mutation/vitest.config.ts', related: false },
  mutate: ['src/**/*.ts', ...Object.keys(NOT_MUTATED).map((file) => `!${file}`)],
  ignorePatterns: [
    'dist',
    'test/mutation/node_modules',
    'test/mutation/report',
    'test/consumer',
    'test/types',
    'coverage',
  ],
  tsconfigFile: 'absent, since TypeScript 7 cannot rewrite it',
  coverageAnalysis: 'perTest',
  concurrency: 2,
  timeoutMS: 10_000,
  tempDirName: '.scratch/stryker',
  reporters: ['clear-text', 'progress-append-only', 'json', 'html'],
  jsonReporter: { fileName: '.scratch/mutation/mutation.json' },
  htmlReporter: { fileName: '.scratch/mutation/mutation.html' },
  thresholds: { high: 95, low: 90, break: 90 },
  allowEmpty: false,
  clearTextReporter: { reportTests: false, allowColor: false },
};
