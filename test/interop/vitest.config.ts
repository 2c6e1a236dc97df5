import { defineConfig } from 'vitest/config';

// Starts real authorization servers, which have to be installed, and is no part of `npm test`: see README.md.
export default defineConfig({
  test: {
    include: ['test/interop/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
