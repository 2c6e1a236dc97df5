import type { JsonObject } from '../protocol/json-object.js';
import { ConfigurationError } from './configuration-error.js';
import { describeName, describeValue } from './describe-value.js';
import { findPlace } from './misplaced-names.js';

/**
 * Checks the value of one option. Returns the parsed value, or the default. `path` names the option in errors.
 * `isGiven` is true if the option is present, even if its value is undefined.
 */
export type Reader<T> = (value: unknown, path: string, isGiven?: boolean) => T;

type Readers = { readonly [name: string]: Reader<unknown> };
type NamesOf<Options> = Options extends unknown ? keyof Options : never;

/** A reader for each option of a type. A table without one of them does not compile. */
export type ReadersOf<Options> = { readonly [Name in NamesOf<Options>]-?: Reader<unknown> };

/** The options that a table of readers returns. */
export type ReadOptions<Table> = {
  readonly [Name in keyof Table]: Table[Name] extends Reader<infer T> ? T : never;
};

// Members of `Object.prototype` (ECMA-262 §20.1.3) that a class has too, or may override. They are no options.
const ROOT_NAMES: readonly string[] = [
  'constructor',
  'hasOwnProperty',
  'isPrototypeOf',
  'propertyIsEnumerable',
  'toLocaleString',
  'toString',
  'valueOf',
];

/**
 * Reads options with a table of readers. Reads each option once, before it checks any value; inherited members and
 * getters count. Refuses unknown names: a misspelt rule would not be applied.
 *
 * @throws {ConfigurationError}
 */
export function readOptions<Table extends Readers>(
  input: unknown,
  path: string,
  fix: string,
  readers: Table,
): ReadOptions<Table> {
  requireObject(input, path === '' ? 'options' : path, fix);
  const names = Object.keys(readers);
  refuseUnknownNames(input, names, path);

  const values = names.map((name) => (isPolluted(input, name) ? undefined : memberOf(input, name)));

  // A loop is faster than `Object.fromEntries`, and `verifier.verify` and `authenticate` run this on every call.
  const options: { [name: string]: unknown } = {};
  for (let index = 0; index < names.length; index += 1) {
    const name = names[index] as string;
    const isGiven = values[index] !== undefined || isIn(input, name);
    options[name] = (readers[name] as Reader<unknown>)(values[index], optionPath(path, name), isGiven);
  }
  return Object.freeze(options) as ReadOptions<Table>;
}

/** Copies options into a plain object. Checks their names, not their values. @throws {ConfigurationError} */
export function readNames(input: unknown, path: string, fix: string, names: readonly string[]): JsonObject {
  requireObject(input, path === '' ? 'options' : path, fix);
  refuseUnknownNames(input, names, path);
  return readMembers(input, names);
}

/** Copies these members of an object into a plain one, and no others. */
export function readMembers(input: object, names: readonly string[]): JsonObject {
  const members = names
    .filter((name) => !isPolluted(input, name))
    .map((name) => [name, memberOf(input, name)] as const)
    .filter(([name, value]) => value !== undefined || isIn(input, name));
  return toPlain(members);
}

/** Copies all members of an object, such as claims, into a plain one. */
export function readRecord(input: object): JsonObject {
  return toPlain(namesIn(input).map((name) => [name, memberOf(input, name)]));
}

/** Refuses anything but an object. Arrays are refused too. */
export function requireObject(value: unknown, option: string, fix: string): asserts value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ConfigurationError(option, `must be an object, but is ${describeValue(value)}.`, fix);
  }
}

/** Formats the path of a nested option: `issuer.audience`. */
export function optionPath(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function isIn(input: object, name: string): boolean {
  return name in input && !isPolluted(input, name);
}

/** True for a member that comes from a polluted `Object.prototype` alone. It is not an option. */
function isPolluted(input: object, name: string): boolean {
  return name in Object.prototype && !namesIn(input).includes(name);
}

/** Without a prototype, so that a missing option is not found on `Object.prototype`. */
function toPlain(members: readonly (readonly [name: string, value: unknown])[]): JsonObject {
  const plain: JsonObject = Object.assign(Object.create(null), Object.fromEntries(members));
  return Object.freeze(plain);
}

function memberOf(input: object, name: string): unknown {
  return (input as JsonObject)[name];
}

/** Returns the names of own members, and of members inherited from a class or from another object. */
function namesIn(input: object): readonly string[] {
  const names = Object.getOwnPropertyNames(input);
  let prototype: object | null = Object.getPrototypeOf(input);
  while (prototype !== null && !isRootPrototype(prototype)) {
    names.push(...Object.getOwnPropertyNames(prototype).filter((name) => !ROOT_NAMES.includes(name)));
    prototype = Object.getPrototypeOf(prototype);
  }
  return names;
}

/** True for the `Object.prototype` of any realm: test runners that use `node:vm` have their own. */
function isRootPrototype(prototype: object): boolean {
  if (prototype === Object.prototype) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}

function refuseUnknownNames(input: object, allowed: readonly string[], path: string): void {
  const name = namesIn(input).find((candidate) => !allowed.includes(candidate));
  if (name === undefined) return;

  const suggestion = allowed.find((candidate) => isAlike(candidate, name));
  if (suggestion !== undefined) {
    throw new ConfigurationError(optionPath(path, name), 'is not an option.', `Did you mean ${suggestion}?`);
  }
  const place = findPlace(name);
  throw new ConfigurationError(
    optionPath(path, describeName(name)),
    'is not an option.',
    `${place === undefined ? '' : `${place} `}Options are: ${allowed.join(', ')}.`,
  );
}

/** True for names that differ in case, or by one wrong, missing or extra letter. */
function isAlike(allowed: string, name: string): boolean {
  const a = allowed.toLowerCase();
  const b = name.toLowerCase();
  if (a === b) return true;

  let start = 0;
  while (start < a.length && a[start] === b[start]) start += 1;
  const restOfA = a.slice(start);
  const restOfB = b.slice(start);
  return restOfA.slice(1) === restOfB.slice(1) || restOfA.slice(1) === restOfB || restOfA === restOfB.slice(1);
}
