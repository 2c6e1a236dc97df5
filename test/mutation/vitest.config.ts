import { defineConfig } from 'vitest/config';

// The tests that stand nearest to the mutated files: those that need no server and no second process.
export default defineConfig({
  test: {
    include: [
      'test/{protocol,token,verifier}/**/*.test.ts',
      'test/docs/refusals.test.ts',
      'test/attack/key-confusion.test.ts',
    ],
    testTimeout: 20_000,
    restoreMocks: true,
  },
});
