import { ConfigurationError } from '../protocol/errors.js';

/** Refuses option names that nobody reads, since a misspelt rule is a rule that is not applied. */
export function checkOptionNames(given: object, known: readonly string[], where: string): void {
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    const meant = known.find((candidate) => isAlike(candidate, name));
    throw new ConfigurationError(
      optionPath(where, name),
      'is not an option.',
      meant === undefined ? `Options are: ${known.join(', ')}.` : `Did you mean ${meant}?`,
    );
  }
}

/** Refuses anything but an object with members. */
export function requireObject(value: unknown, option: string, fix: string): asserts value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ConfigurationError(option, `must be an object, but is ${describeValue(value)}.`, fix);
  }
}

/** Gives a number option, or its default. Bounds are inclusive. */
export function readNumber(
  given: object,
  name: string,
  where: string,
  bounds: { readonly least: number; readonly most: number; readonly unit: string; readonly whole?: boolean },
): number | undefined {
  const value: unknown = (given as Record<string, unknown>)[name];
  if (value === undefined) return undefined;
  const { least, most, unit, whole = false } = bounds;
  const fits = typeof value === 'number' && value >= least && value <= most && (!whole || Number.isInteger(value));
  if (fits) return value;
  const wanted = `a ${whole ? 'whole ' : ''}number of ${unit} from ${least} to ${most}`;
  throw new ConfigurationError(optionPath(where, name), `is ${describeValue(value)}.`, `Give ${wanted}.`);
}

/** Gives a switch, or undefined where its default holds. */
export function readBoolean(given: object, name: string, where: string): boolean | undefined {
  const value: unknown = (given as Record<string, unknown>)[name];
  if (value === undefined || typeof value === 'boolean') return value;
  throw new ConfigurationError(optionPath(where, name), `is ${describeValue(value)}.`, 'Give true or false.');
}

/** Gives a list of distinct, non-empty strings, from one string or an array of them. */
export function readStrings(value: unknown, option: string, fix: string): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0) throw new ConfigurationError(option, 'is an empty list.', fix);
  for (const item of list) {
    if (typeof item !== 'string' || item === '') {
      throw new ConfigurationError(option, `holds ${describeValue(item)}.`, fix);
    }
  }
  return Object.freeze([...new Set(list as readonly string[])]);
}

/** Names a value in an error of configuration. Strings are shown: they come from the program, not from a request. */
export function describeValue(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (typeof value === 'string') return value === '' ? 'an empty string' : JSON.stringify(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'function') return 'a function';
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
}

/** Names a value where a secret belongs: no string is shown, not even one that is no secret. */
export function describeSecret(value: unknown): string {
  return typeof value === 'string' && value !== '' ? 'a string' : describeValue(value);
}

export function optionPath(where: string, name: string): string {
  return where === '' ? name : `${where}.${name}`;
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
