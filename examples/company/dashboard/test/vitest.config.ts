import { defineConfig } from 'vitest/config';

// Drives a real browser, which has to be installed, and is no part of `npm test`: see docs/testing.md.
export default defineConfig({
  test: {
    include: ['examples/company/dashboard/test/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    restoreMocks: true,
    // What a page shows comes when it comes.
    expect: { poll: { timeout: 15_000 } },
  },
});
