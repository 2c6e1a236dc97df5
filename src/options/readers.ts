import { ConfigurationError } from './configuration-error.js';
import { describeValue } from './describe-value.js';
import type { Reader } from './option-reader.js';

/** The numbers that an option accepts. Bounds are inclusive. */
export interface NumberBounds {
  readonly min: number;
  readonly max: number;
  /** The unit in errors: `seconds`. */
  readonly unit: string;
  /** Refuses fractions. */
  readonly integer?: boolean;
}

/** Returns the value unchecked. For options that are checked together with others. */
export function anything(value: unknown): unknown {
  return value;
}

/** Accepts a missing option. */
export function optional<T>(read: Reader<T>): Reader<T | undefined> {
  return (value, path, isGiven) => (value === undefined ? undefined : read(value, path, isGiven));
}

/** Refuses a missing option. */
export function required<T>(read: Reader<T>, fix: string): Reader<T> {
  return (value, path, isGiven) => {
    if (value !== undefined) return read(value, path, isGiven);
    throw new ConfigurationError(path, 'is missing.', fix);
  };
}

/** Reads a number. A missing one is the fallback, or undefined. */
export function number(bounds: NumberBounds & { readonly fallback: number }): Reader<number>;
export function number(bounds: NumberBounds): Reader<number | undefined>;
export function number(bounds: NumberBounds & { readonly fallback?: number }): Reader<number | undefined> {
  const { min, max, unit, integer = false, fallback } = bounds;
  return (value, path) => {
    if (value === undefined) return fallback;
    const isWithin = typeof value === 'number' && value >= min && value <= max;
    if (isWithin && (!integer || Number.isInteger(value))) return value;
    const range = `a ${integer ? 'whole ' : ''}number of ${unit} from ${min} to ${max}`;
    throw new ConfigurationError(path, `is ${describeValue(value)}.`, `Give ${range}.`);
  };
}

/** Reads true or false. A missing value is the fallback, or undefined. */
export function boolean(fallback: boolean): Reader<boolean>;
export function boolean(): Reader<boolean | undefined>;
export function boolean(fallback?: boolean): Reader<boolean | undefined> {
  return (value, path) => {
    if (value === undefined) return fallback;
    if (typeof value === 'boolean') return value;
    throw new ConfigurationError(path, `is ${describeValue(value)}.`, 'Give true or false.');
  };
}

/** Reads one of a few words. */
export function oneOf<const Word>(words: readonly Word[], fix: string): Reader<Word> {
  return (value, path) => {
    const word = words.find((candidate) => candidate === value);
    if (word !== undefined) return word;
    throw new ConfigurationError(path, `is ${describeValue(value)}.`, fix);
  };
}

/** Reads a string that is not empty. */
export function text(fix: string): Reader<string> {
  return (value, path) => {
    if (typeof value === 'string' && value !== '') return value;
    throw new ConfigurationError(path, `is ${describeValue(value)}.`, fix);
  };
}

/** Reads a list of distinct, non-empty strings, from one string or an array of them. */
export function strings(fix: string): Reader<readonly string[]> {
  return (value, path) => {
    const items = listOf(Array.isArray(value) ? value : [value], path, fix);
    for (const item of items) {
      if (typeof item !== 'string' || item === '') {
        throw new ConfigurationError(path, `holds ${describeValue(item)}.`, fix);
      }
      refuseBlankEnds(item, path);
    }
    return Object.freeze([...new Set(items as readonly string[])]);
  };
}

/** Refuses white space around a text that is compared to the letter: it comes from a file or an environment variable. */
export function refuseBlankEnds(text: string, path: string): void {
  const trimmed = text.trim();
  if (trimmed === text || trimmed === '') return;
  const end = text.startsWith(trimmed) ? 'end' : 'beginning';
  throw new ConfigurationError(
    path,
    `${describeValue(text)} has white space at its ${end}.`,
    'Leave it out, with trim().',
  );
}

/** Reads an array that is not empty. Does not check its items. */
export function list(fix: string): Reader<readonly unknown[]> {
  return (value, path) => listOf(value, path, fix);
}

/** Reads a function. Its parameters and its result cannot be checked here. */
// biome-ignore lint/suspicious/noExplicitAny: the type of any function
export function callback<T extends (...values: any[]) => unknown>(): Reader<T | undefined> {
  return (value, path) => {
    if (value === undefined || typeof value === 'function') return value as T | undefined;
    throw new ConfigurationError(path, `is ${describeValue(value)}.`, 'Give a function, or leave it out.');
  };
}

/** Copies the array first: its items are read several times, and may be getters. */
function listOf(value: unknown, path: string, fix: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new ConfigurationError(path, `is ${describeValue(value)}.`, fix);
  const items: readonly unknown[] = Array.from(value);
  if (items.length === 0) throw new ConfigurationError(path, 'is an empty list.', fix);
  return items;
}
