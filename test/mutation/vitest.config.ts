import { defineConfig } from 'vitest/config';

// The tests of each folder of src, and those of attacks that need no server. What needs a second process, the build or
// minutes says nothing about one mutant.
export default defineConfig({
  test: {
    include: [
      'test/{adapters,cli,discovery,integrations,introspection,issuer,jws,keys,options,platform,policy,presets,protocol,resilience,testing,token,verifier}/**/*.test.ts',
      'test/docs/refusals.test.ts',
      'test/attack/key-confusion.test.ts',
    ],
    exclude: ['test/keys/key-source.model.test.ts', 'test/keys/situations/*-flood.test.ts'],
    provide: { thorough: false },
    testTimeout: 20_000,
    restoreMocks: true,
  },
});
