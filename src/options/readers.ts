import { ConfigurationError } from './configuration-error.js';
import { describeValue } from './describe-value.js';
import type { Reader } from './option-reader.js';

/** Which numbers an option takes. Bounds are inclusive. */
export interface NumberBounds {
  readonly min: number;
  readonly max: number;
  /** What is counted, for errors. */
  readonly unit: string;
  /** Refuses fractions. */
  readonly integer?: boolean;
}

/** Gives a value as it is, for options that are checked together with others. */
export function anything(value: unknown): unknown {
  return value;
}

/** Lets an option be left out. */
export function optional<T>(read: Reader<T>): Reader<T | undefined> {
  return (value, path, isGiven) => (value === undefined ? undefined : read(value, path, isGiven));
}

/** Refuses that an option is left out. */
export function required<T>(read: Reader<T>, fix: string): Reader<T> {
  return (value, path, isGiven) => {
    if (value !== undefined) return read(value, path, isGiven);
    throw new ConfigurationError(path, 'is missing.', fix);
  };
}

/** Reads a number. Without a fallback it is undefined where it is not given. */
export function number(bounds: NumberBounds & { readonly fallback: number }): Reader<number>;
export function number(bounds: NumberBounds): Reader<number | undefined>;
export function number(bounds: NumberBounds & { readonly fallback?: number }): Reader<number | undefined> {
  const { min, max, unit, integer = false, fallback } = bounds;
  return (value, path) => {
    if (value === undefined) return fallback;
    const isWithin = typeof value === 'number' && value >= min && value <= max;
    if (isWithin && (!integer || Number.isInteger(value))) return value;
    const wanted = `a ${integer ? 'whole ' : ''}number of ${unit} from ${min} to ${max}`;
    throw new ConfigurationError(path, `is ${describeValue(value)}.`, `Give ${wanted}.`);
  };
}

/** Reads a switch. Without a fallback it is undefined where it is not given. */
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

/** Reads a text with characters in it. */
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
    }
    return Object.freeze([...new Set(items as readonly string[])]);
  };
}

/** Reads an array with something in it, its items unchecked. */
export function list(fix: string): Reader<readonly unknown[]> {
  return (value, path) => listOf(value, path, fix);
}

/** Reads a function. What type it has nobody can tell before it is called. */
// biome-ignore lint/suspicious/noExplicitAny: the type of any function
export function callback<T extends (...values: any[]) => unknown>(): Reader<T | undefined> {
  return (value, path) => {
    if (value === undefined || typeof value === 'function') return value as T | undefined;
    throw new ConfigurationError(path, `is ${describeValue(value)}.`, 'Give a function, or leave it out.');
  };
}

/** Copies the array at once: its items are looked at several times, and may be getters. */
function listOf(value: unknown, path: string, fix: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new ConfigurationError(path, `is ${describeValue(value)}.`, fix);
  const items: readonly unknown[] = Array.from(value);
  if (items.length === 0) throw new ConfigurationError(path, 'is an empty list.', fix);
  return items;
}
