import { defineConfig, mergeConfig } from 'vitest/config';
import quick from './vitest.config.js';

/**
 * `npm run test:all`: what `npm test` runs, and all that it leaves out: long runs in full, and the example of a company,
 * whose programs, database and password hashes take as much time as a third of the rest.
 */
export default mergeConfig(
  quick,
  defineConfig({ test: { include: ['examples/company/test/*.test.ts'], provide: { thorough: true } } }),
);
