import { describe, expect, it } from 'vitest';
import {
  checkOptionNames,
  describeValue,
  optionPath,
  readNumber,
  readStrings,
  requireObject,
} from '../../src/options/option-reader.js';
import { ConfigurationError } from '../../src/protocol/errors.js';

function errorOf(run: () => unknown): ConfigurationError {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('checkOptionNames', () => {
  const KNOWN = ['issuer', 'audience', 'clientIds', 'jwksUri'];

  it('lets known names through, whatever their values', () => {
    expect(() => checkOptionNames({ issuer: undefined, jwksUri: 1 }, KNOWN, '')).not.toThrow();
  });

  it.each([
    ['issuer', 'Issuer', 'by case'],
    ['clientIds', 'clientIDs', 'by case'],
    ['issuer', 'issuers', 'by a letter too much at the end'],
    ['issuer', 'xissuer', 'by a letter too much at the start'],
    ['audience', 'audienc', 'by a letter that is missing at the end'],
    ['audience', 'audence', 'by a letter that is missing inside'],
    ['audience', 'audiense', 'by a wrong letter'],
    ['jwksUri', 'JWKSURL', 'by case and a wrong letter'],
  ])('asks whether %s was meant by %s, which differs %s', (meant, name) => {
    const error = errorOf(() => checkOptionNames({ [name]: 1 }, KNOWN, 'issuer[1]'));
    expect(error.option).toBe(`issuer[1].${name}`);
    expect(error.message).toBe(`issuer[1].${name}: is not an option. Did you mean ${meant}?`);
  });

  it.each([['tokenSigningAlg'], ['constructor'], ['a'], ['']])(
    'lists the options where "%s" is like none of them',
    (name) => {
      const error = errorOf(() => checkOptionNames({ [name]: undefined }, KNOWN, ''));
      expect(error.option).toBe(name);
      expect(error.message).toContain('Options are: issuer, audience, clientIds, jwksUri.');
    },
  );
});

describe('requireObject', () => {
  it.each([[{}], [Object.create(null)]])('lets an object through', (value) => {
    expect(() => requireObject(value, 'keys', 'Fix.')).not.toThrow();
  });

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['"x"', 'x'],
    ['1', 1],
    ['true', true],
    ['an array', []],
    ['a function', () => {}],
  ])('refuses %s', (told, value) => {
    const error = errorOf(() => requireObject(value, 'keys', 'Fix.'));
    expect(error).toMatchObject({ option: 'keys', message: `keys: must be an object, but is ${told}. Fix.` });
  });
});

describe('readNumber', () => {
  const BOUNDS = { least: 1, most: 60, unit: 'seconds' };
  const read = (value: unknown, whole = false) => readNumber({ age: value }, 'age', 'keys', { ...BOUNDS, whole });

  it('gives undefined for an option that was not given', () => {
    expect(readNumber({}, 'age', 'keys', BOUNDS)).toBeUndefined();
    expect(read(undefined)).toBeUndefined();
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
  ])('refuses %s', (told, value) => {
    const error = errorOf(() => read(value));
    expect(error.option).toBe('keys.age');
    expect(error.message).toBe(`keys.age: is ${told}. Give a number of seconds from 1 to 60.`);
  });

  it('refuses a fraction where a whole number is wanted, and there alone', () => {
    expect(readNumber({ age: 2.5 }, 'age', 'keys', BOUNDS)).toBe(2.5);
    expect(read(2, true)).toBe(2);
    expect(errorOf(() => read(2.5, true)).message).toContain('Give a whole number of seconds from 1 to 60.');
  });
});

describe('readStrings', () => {
  it.each([
    [['a'], 'a'],
    [['a'], ['a']],
    [
      ['a', 'b'],
      ['a', 'b', 'a'],
    ],
  ])('gives %j for %j', (list, value) => {
    expect(readStrings(value, 'audience', 'Fix.')).toEqual(list);
  });

  it('keeps a list of its own, which is frozen', () => {
    const given = ['a'];
    const list = readStrings(given, 'audience', 'Fix.');
    given.push('b');
    expect(list).toEqual(['a']);
    expect(Object.isFrozen(list)).toBe(true);
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
  ])('refuses a value that %s', (problem, value) => {
    const error = errorOf(() => readStrings(value, 'audience', 'Fix.'));
    expect(error).toMatchObject({ option: 'audience', message: `audience: ${problem} Fix.` });
  });
});

describe('describeValue', () => {
  it.each([
    ['"a \\"b\\""', 'a "b"'],
    ['false', false],
    ['a value of type object', {}],
    ['a value of type symbol', Symbol('x')],
    ['a function', class {}],
  ])('says %s', (told, value) => {
    expect(describeValue(value)).toBe(told);
  });
});

describe('optionPath', () => {
  it('puts a name after where it stands', () => {
    expect(optionPath('issuer[1]', 'jwksUri')).toBe('issuer[1].jwksUri');
    expect(optionPath('', 'issuer')).toBe('issuer');
  });
});
