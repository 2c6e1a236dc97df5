import { inject } from 'vitest';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Whether this run is `npm run test:all`. */
    readonly thorough: boolean;
  }
}

/**
 * Whether this run is `npm run test:all`, which CI runs and which leaves nothing out. `npm test` has to end within two
 * minutes of processor time, so what takes long by nature does less of the same there.
 */
export const THOROUGH: boolean = inject('thorough') ?? false;

/** What to do in `npm run test:all`, and what is enough for `npm test`. */
export function thorough<Value>(all: Value, enough: Value): Value {
  return THOROUGH ? all : enough;
}
