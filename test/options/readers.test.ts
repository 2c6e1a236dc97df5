import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../src/options/configuration-error.js';
import {
  boolean,
  callback,
  list,
  number,
  oneOf,
  optional,
  required,
  strings,
  text,
} from '../../src/options/readers.js';
import { expectMisuse } from '../support/configuration-error.js';

describe('number', () => {
  const BOUNDS = { min: 1, max: 60, unit: 'seconds' };
  const read = (value: unknown, integer = false) => number({ ...BOUNDS, integer })(value, 'keys.age');

  it('gives its fallback for an option that was not given', () => {
    expect(read(undefined)).toBeUndefined();
    expect(number({ ...BOUNDS, fallback: 7 })(undefined, 'keys.age')).toBe(7);
  });

  it.each([[1], [60], [1.5]])('gives %j, which is within bounds', (value) => {
    expect(read(value)).toBe(value);
  });

  it.each([
    ['0.999', 0.999],
    ['60.001', 60.001],
    ['-1', -1],
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['-Infinity', Number.NEGATIVE_INFINITY],
    ['"5"', '5'],
    ['an empty string', ''],
    ['null', null],
    ['true', true],
    ['a value of type bigint', 5n],
    ['an array', [5]],
  ])('refuses %s', async (told, value) => {
    const fix = 'Give a number of seconds from 1 to 60.';
    await expectMisuse(() => read(value), { option: 'keys.age', told: `is ${told}.`, fix });
  });

  it('refuses a fraction where a whole number is wanted, and there alone', async () => {
    expect(number(BOUNDS)(2.5, 'keys.age')).toBe(2.5);
    expect(read(2, true)).toBe(2);
    const fix = 'Give a whole number of seconds from 1 to 60.';
    await expectMisuse(() => read(2.5, true), { option: 'keys.age', told: 'is 2.5.', fix });
  });
});

describe('boolean', () => {
  it('gives a switch, or its fallback', () => {
    expect([boolean()(true, 'a'), boolean(true)(false, 'a')]).toEqual([true, false]);
    expect([boolean()(undefined, 'a'), boolean(true)(undefined, 'a')]).toEqual([undefined, true]);
  });

  it.each([
    ['null', null],
    ['1', 1],
    ['"true"', 'true'],
  ])('refuses %s', async (told, value) => {
    expect(boolean()(true, 'a')).toBe(true);
    await expectMisuse(() => boolean()(value, 'a'), { option: 'a', told: `is ${told}.`, fix: 'Give true or false.' });
  });
});

describe('oneOf and text', () => {
  it('give what they know', () => {
    expect(oneOf(['a', 'b'], 'Fix.')('b', 'x')).toBe('b');
    expect(text('Fix.')('b', 'x')).toBe('b');
  });

  it('refuse anything else', async () => {
    await expectMisuse(() => oneOf(['a', 'b'], 'Fix.')('c', 'x'), { option: 'x', told: 'is "c".', fix: 'Fix.' });
    await expectMisuse(() => oneOf(['a'], 'Fix.')(undefined, 'x'), { option: 'x', told: 'is undefined.', fix: 'Fix.' });
    await expectMisuse(() => text('Fix.')('', 'x'), { option: 'x', told: 'is an empty string.', fix: 'Fix.' });
    await expectMisuse(() => text('Fix.')(1, 'x'), { option: 'x', told: 'is 1.', fix: 'Fix.' });
  });
});

describe('optional and required', () => {
  it('give what is there', () => {
    expect(optional(text('Fix.'))('a', 'x')).toBe('a');
    expect(required(text('Fix.'), 'Fix.')('a', 'x')).toBe('a');
  });

  it('differ in what is left out', async () => {
    expect(optional(text('Fix.'))(undefined, 'x')).toBeUndefined();
    const call = () => required(text('Another.'), 'Fix.')(undefined, 'x');
    await expectMisuse(call, { option: 'x', told: 'is missing.', fix: 'Fix.' });
  });
});

describe('callback', () => {
  it('gives a function, or undefined', () => {
    const given = () => {};
    expect([callback()(given, 'x'), callback()(undefined, 'x')]).toEqual([given, undefined]);
  });

  it('refuses anything else', async () => {
    const fix = 'Give a function, or leave it out.';
    await expectMisuse(() => callback()(null, 'x'), { option: 'x', told: 'is null.', fix });
  });
});

describe('strings', () => {
  const read = (value: unknown) => strings('Fix.')(value, 'audience');

  it.each([
    [['a'], 'a'],
    [['a'], ['a']],
    [
      ['a', 'b'],
      ['a', 'b', 'a'],
    ],
  ])('gives %j for %j', (expected, value) => {
    expect(read(value)).toEqual(expected);
  });

  it('keeps a list of its own, which is frozen', () => {
    const given = ['a'];
    const kept = read(given);
    given.push('b');
    expect(kept).toEqual(['a']);
    expect(Object.isFrozen(kept)).toBe(true);
  });

  it('reads each item once, so that it keeps what it checked', () => {
    let reads = 0;
    const given = Object.defineProperty(['a'], 0, {
      get() {
        reads += 1;
        return reads === 1 ? 'a' : '';
      },
    });
    expect(read(given)).toEqual(['a']);
  });

  it.each([
    ['is an empty list.', []],
    ['holds an empty string.', ''],
    ['holds an empty string.', ['a', '']],
    ['holds undefined.', ['a', undefined]],
    ['holds undefined.', new Array(1)],
    ['holds null.', ['a', null]],
    ['holds 1.', ['a', 1]],
    ['holds an array.', ['a', ['b']]],
    ['holds a value of type object.', {}],
    ['holds undefined.', undefined],
  ])('refuses a value that %s', async (told, value) => {
    await expectMisuse(() => read(value), { option: 'audience', told, fix: 'Fix.' });
  });
});

describe('list', () => {
  it('gives the items of an array', () => {
    expect(list('Fix.')([1, 'a'], 'x')).toEqual([1, 'a']);
  });

  it.each([
    ['is an empty list.', []],
    ['is "a".', 'a'],
    ['is undefined.', undefined],
  ])('refuses what %s', async (told, value) => {
    await expectMisuse(() => list('Fix.')(value, 'x'), { option: 'x', told, fix: 'Fix.' });
  });
});

describe('ConfigurationError', () => {
  it('names the option, the problem and the fix', () => {
    const error = new ConfigurationError('issuer[1].jwksUri', 'is null.', 'Give an absolute https URL.');
    expect(error.name).toBe('ConfigurationError');
    expect(error.option).toBe('issuer[1].jwksUri');
    expect(error.message).toBe('issuer[1].jwksUri: is null. Give an absolute https URL.');
  });
});
