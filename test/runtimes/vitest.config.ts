import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/runtimes/*.test.ts', 'test/adapters/express/contract.test.ts'],
    testTimeout: 60_000,
    pool: 'forks',
    isolate: false,
    restoreMocks: true,
    provide: { thorough: false },
    // Bun does not find the names that zod exports when Node.js' rules for modules of packages are followed.
    server: { deps: { inline: ['zod'] } },
  },
});
