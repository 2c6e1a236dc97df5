import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'examples/company/test/*.test.ts'],
    exclude: ['test/consumer/**', 'test/interop/**', '**/node_modules/**', 'test/mutation/**'],
    testTimeout: 20_000,
    restoreMocks: true,
    pool: 'threads',
    isolate: false,
    setupFiles: ['test/support/leaves-nothing.ts'],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text-summary', 'json'],
      // Where tokens, keys and policies are judged, no branch goes untested.
      thresholds: { 'src/{protocol,token,policy,issuer}/**/*.ts': { branches: 100, functions: 100, lines: 100 } },
    },
  },
});
