import { defineConfig } from 'vitest/config';

// Packs and installs the package, so it needs a registry (or a warm cache) and is no part of `npm test`.
export default defineConfig({
  test: {
    include: ['test/consumer/*.test.ts'],
    globalSetup: ['test/consumer/pack.ts'],
    // Each is a process of its own, which takes a core.
    maxConcurrency: 2,
    testTimeout: 120_000,
    hookTimeout: 300_000,
  },
});
