import { defineConfig, mergeConfig } from 'vitest/config';
import quick from './vitest.config.js';

/** `npm run test:all`: what `npm test` runs, and all that it leaves out. */
export default mergeConfig(quick, defineConfig({ test: { provide: { thorough: true } } }));
