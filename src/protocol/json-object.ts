/** A JSON object whose members are not checked. */
export type JsonObject = { readonly [name: string]: unknown };

/**
 * Copies members into a new object without a prototype: a lookup by the name of a member never finds one of
 * `Object.prototype`. V8 gives copies that are made this way one hidden class, frozen or not. With `Object.create(null)` they
 * are dictionaries; and an object that lost its prototype when it had members gets a hidden class of its own when it is
 * frozen (Node.js 20 and 22): twice the memory, and slow to read.
 */
export function copyWithoutPrototype(...sources: readonly object[]): JsonObject {
  return Object.assign(Object.setPrototypeOf({}, null), ...sources);
}
