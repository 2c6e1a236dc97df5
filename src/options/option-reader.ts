import type { JsonObject } from '../protocol/json-object.js';
import { ConfigurationError } from './configuration-error.js';
import { describeName, describeValue } from './describe-value.js';

/**
 * Checks the value of one option and gives it as the package uses it, or its default. `path` names the option in errors.
 * `isGiven` is true for a name that is there, whatever its value.
 */
export type Reader<T> = (value: unknown, path: string, isGiven?: boolean) => T;

type Readers = { readonly [name: string]: Reader<unknown> };
type NamesOf<Options> = Options extends unknown ? keyof Options : never;

/** A reader for each name of a type of options, so that no table of readers can forget one. */
export type ReadersOf<Options> = { readonly [Name in NamesOf<Options>]-?: Reader<unknown> };

/** What a table of readers makes of options. */
export type ReadOptions<Table> = {
  readonly [Name in keyof Table]: Table[Name] extends Reader<infer T> ? T : never;
};

// ECMA-262 §20.1.3, §B.2.2: a class has a constructor of its own, and may replace the others.
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
 * Reads options by a table of their readers. Each name is read once, before any value is checked, inherited members and
 * getters included. Names that are in no table are refused: a misspelt rule is a rule that is not applied.
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

  // Loops and no entries: `verifier.verify` and `authenticate` come here with each call.
  const options: { [name: string]: unknown } = {};
  for (let index = 0; index < names.length; index += 1) {
    const name = names[index] as string;
    const isGiven = values[index] !== undefined || isIn(input, name);
    options[name] = (readers[name] as Reader<unknown>)(values[index], optionPath(path, name), isGiven);
  }
  return Object.freeze(options) as ReadOptions<Table>;
}

/** Reads the names of options into a plain object, their values unchecked. @throws {ConfigurationError} */
export function readNames(input: unknown, path: string, fix: string, names: readonly string[]): JsonObject {
  requireObject(input, path === '' ? 'options' : path, fix);
  refuseUnknownNames(input, names, path);
  return readMembers(input, names);
}

/** Reads members of an object into a plain one. What else it has is left where it is. */
export function readMembers(input: object, names: readonly string[]): JsonObject {
  const members = names
    .filter((name) => !isPolluted(input, name))
    .map((name) => [name, memberOf(input, name)] as const)
    .filter(([name, value]) => value !== undefined || isIn(input, name));
  return toPlain(members);
}

/** Reads an object with names of any kind, such as claims, into a plain one. */
export function readRecord(input: object): JsonObject {
  return toPlain(namesIn(input).map((name) => [name, memberOf(input, name)]));
}

/** Refuses anything but an object with members. */
export function requireObject(value: unknown, option: string, fix: string): asserts value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ConfigurationError(option, `must be an object, but is ${describeValue(value)}.`, fix);
  }
}

/** Names an option by where it stands. */
export function optionPath(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function isIn(input: object, name: string): boolean {
  return name in input && !isPolluted(input, name);
}

/** A member that every object has, since somebody wrote it on `Object.prototype`, was not given. */
function isPolluted(input: object, name: string): boolean {
  return name in Object.prototype && !namesIn(input).includes(name);
}

/** Without a prototype, so that a name which was not given is not found elsewhere. */
function toPlain(members: readonly (readonly [name: string, value: unknown])[]): JsonObject {
  const plain: JsonObject = Object.assign(Object.create(null), Object.fromEntries(members));
  return Object.freeze(plain);
}

function memberOf(input: object, name: string): unknown {
  return (input as JsonObject)[name];
}

/** Gives the names of an object's own members, and of those that it inherits from a class or from another object. */
function namesIn(input: object): readonly string[] {
  const names = Object.getOwnPropertyNames(input);
  let prototype: object | null = Object.getPrototypeOf(input);
  while (prototype !== null && !isRootPrototype(prototype)) {
    names.push(...Object.getOwnPropertyNames(prototype).filter((name) => !ROOT_NAMES.includes(name)));
    prototype = Object.getPrototypeOf(prototype);
  }
  return names;
}

/** `Object.prototype`, or that of another realm, as tests that run in `node:vm` have it. */
function isRootPrototype(prototype: object): boolean {
  if (prototype === Object.prototype) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}

function refuseUnknownNames(input: object, known: readonly string[], path: string): void {
  const name = namesIn(input).find((candidate) => !known.includes(candidate));
  if (name === undefined) return;

  const meant = known.find((candidate) => isAlike(candidate, name));
  if (meant !== undefined) {
    throw new ConfigurationError(optionPath(path, name), 'is not an option.', `Did you mean ${meant}?`);
  }
  throw new ConfigurationError(
    optionPath(path, describeName(name)),
    'is not an option.',
    `Options are: ${known.join(', ')}.`,
  );
}

/** Alike are names that differ in case, or by one letter that is wrong, missing or too much. */
function isAlike(known: string, given: string): boolean {
  const a = known.toLowerCase();
  const b = given.toLowerCase();
  if (a === b) return true;

  let start = 0;
  while (start < a.length && a[start] === b[start]) start += 1;
  const restOfA = a.slice(start);
  const restOfB = b.slice(start);
  return restOfA.slice(1) === restOfB.slice(1) || restOfA.slice(1) === restOfB || restOfA === restOfB.slice(1);
}
