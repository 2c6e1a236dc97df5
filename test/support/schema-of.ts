import type { StandardSchema } from '../../src/protocol/standard-schema.js';

/** Makes a Standard Schema of a function, one that need not keep to the rules of Standard Schema. */
export function schemaOf(validate: (value: Record<string, unknown>) => unknown): StandardSchema<object> {
  return { '~standard': { version: 1, vendor: 'test', validate: validate as never } };
}
