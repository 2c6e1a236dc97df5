import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import {
  optionPath,
  readMembers,
  readNames,
  readOptions,
  readRecord,
  requireObject,
} from '../../src/options/option-reader.js';
import { anything, number } from '../../src/options/readers.js';
import { expectMisuse } from '../support/configuration-error.js';

const FIX = 'Give an object.';
const KNOWN = ['issuer', 'audience', 'clientIds', 'jwksUri'];
const read = (input: unknown, path = '') => readNames(input, path, FIX, KNOWN);

describe('readNames', () => {
  it('lets known names through, whatever their values', () => {
    expect(read({ issuer: undefined, jwksUri: 1 })).toEqual({ issuer: undefined, jwksUri: 1 });
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
  ])('asks whether %s was meant by %s, which differs %s', async (meant, name) => {
    const option = `issuer[1].${name}`;
    await expectMisuse(() => read({ [name]: 1 }, 'issuer[1]'), {
      option,
      told: 'is not an option.',
      fix: `Did you mean ${meant}?`,
    });
  });

  it.each([['tokenSigningAlg'], ['constructor'], ['toString'], ['a'], ['']])(
    'lists the options where "%s" is like none of them',
    async (name) => {
      const fix = 'Options are: issuer, audience, clientIds, jwksUri.';
      await expectMisuse(() => read({ [name]: undefined }), { option: name, told: 'is not an option.', fix });
    },
  );

  it('reads what is inherited, from objects and classes, by getters too', () => {
    class Base {
      get audience() {
        return 'a';
      }
    }
    class Derived extends Base {
      issuer = 'b';
      override toString() {
        return 'c';
      }
    }
    expect(read(new Derived())).toEqual({ audience: 'a', issuer: 'b' });
    expect(read(Object.create({ audience: 'a' }))).toEqual({ audience: 'a' });
    expect(read(Object.create(Object.assign(Object.create(null), { audience: 'a' })))).toEqual({ audience: 'a' });
    expect(read(Object.defineProperty({}, 'audience', { value: 'a' }))).toEqual({ audience: 'a' });
  });

  it.each<[what: string, make: (name: string) => object]>([
    ['own', (name) => ({ [name]: 1 })],
    ['own and not enumerable', (name) => Object.defineProperty({}, name, { value: 1 })],
    ['inherited', (name) => Object.create({ [name]: 1 })],
    ['a getter of a class', (name) => new (classWith(name, { get: () => 1 }))()],
    ['a method of a class', (name) => new (classWith(name, { value: () => 1 }))()],
    ['a getter of the class below', (name) => new (class extends classWith(name, { get: () => 1 }) {})()],
  ])('refuses an unknown name that is %s', async (_, make) => {
    expect(read(make('issuer'))).toHaveProperty('issuer');
    await expectMisuse(() => read(make('issuers')), { option: 'issuers', told: 'is not an option.', fix: 'issuer?' });
  });

  function classWith(name: string, descriptor: PropertyDescriptor): new () => object {
    const made = class {};
    Object.defineProperty(made.prototype, name, descriptor);
    return made;
  }

  it('reads each name once', () => {
    const reads: string[] = [];
    const options = new Proxy(
      { issuer: 'a', audience: 'b' },
      {
        get(target, name) {
          reads.push(String(name));
          return Reflect.get(target, name);
        },
      },
    );
    expect(read(options)).toEqual({ issuer: 'a', audience: 'b' });
    expect(reads.toSorted()).toEqual(['audience', 'clientIds', 'issuer', 'jwksUri']);
  });

  it('reads a proxy that answers for names which it does not list', () => {
    expect(read(new Proxy({}, { get: (_, name) => (name === 'audience' ? 'a' : undefined) }))).toEqual({
      audience: 'a',
    });
  });

  it('takes objects of another realm, which has an Object.prototype of its own', () => {
    expect(read(runInNewContext("({ audience: 'a' })"))).toEqual({ audience: 'a' });
  });

  it('CVE-2019-10744: takes nothing from an Object.prototype that somebody wrote to', () => {
    Object.assign(Object.prototype, { audience: 'polluted' });
    try {
      expect(read({}).audience).toBeUndefined();
      expect(readOptions({}, '', FIX, { audience: anything }).audience).toBeUndefined();
      expect(read({ audience: 'a' })).toEqual({ audience: 'a' });
      expect(
        read(
          new (class {
            get audience() {
              return 'b';
            }
          })(),
        ),
      ).toEqual({ audience: 'b' });
    } finally {
      Reflect.deleteProperty(Object.prototype, 'audience');
    }
  });

  it('gives a frozen object, in which no name is found that was not given', () => {
    const options = read({});
    expect(Object.isFrozen(options)).toBe(true);
    expect(options['constructor']).toBeUndefined();
  });
});

describe('readOptions', () => {
  const READERS = { age: number({ min: 1, max: 60, unit: 'seconds', fallback: 5 }), name: anything };

  it('gives what the readers make of the values', () => {
    const options = readOptions({ name: 'a' }, 'keys', FIX, READERS);
    expect(options).toEqual({ age: 5, name: 'a' });
    expect(Object.isFrozen(options)).toBe(true);
  });

  it('names the option by its path', async () => {
    const call = () => readOptions({ age: 0 }, 'keys', FIX, READERS);
    await expectMisuse(call, { option: 'keys.age', told: 'is 0.', fix: 'from 1 to 60' });
  });

  it('tells a reader whether a name is there', () => {
    const isThere = { age: (_value: unknown, _path: string, isGiven?: boolean) => isGiven };
    expect(readOptions({ age: undefined }, '', FIX, isThere)).toEqual({ age: true });
    expect(readOptions(Object.create({ age: undefined }), '', FIX, isThere)).toEqual({ age: true });
    expect(readOptions({}, '', FIX, isThere)).toEqual({ age: false });
  });

  it('reads every name before it checks a value', () => {
    const events: string[] = [];
    const reader = (value: unknown) => events.push(`checked ${value}`);
    const input = {
      get a() {
        return events.push('read a');
      },
      get b() {
        return events.push('read b');
      },
    };
    readOptions(input, '', FIX, { a: reader, b: reader });
    expect(events).toEqual(['read a', 'read b', 'checked 1', 'checked 2']);
  });

  it('says options where there is no path', async () => {
    const misuse = { option: 'options', told: 'must be an object, but is null.', fix: FIX };
    await expectMisuse(() => readOptions(null, '', FIX, READERS), misuse);
  });
});

describe('readMembers and readRecord', () => {
  const data = Object.create({ inherited: 1 }, { own: { value: 2, enumerable: true } });

  it('read members by name, and leave the others', () => {
    expect(readMembers(data, ['own', 'inherited', 'toString', 'missing'])).toEqual({ own: 2, inherited: 1 });
    expect(readMembers({ toString: 1 }, ['toString'])).toEqual({ toString: 1 });
  });

  it('read every member, whatever its name', () => {
    expect(readRecord(data)).toEqual({ own: 2, inherited: 1 });
    expect(readRecord({ constructor: undefined })).toEqual({ constructor: undefined });
  });
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
  ])('refuses %s', async (told, value) => {
    const misuse = { option: 'keys', told: `must be an object, but is ${told}.`, fix: 'Fix.' };
    await expectMisuse(() => requireObject(value, 'keys', 'Fix.'), misuse);
  });
});

describe('optionPath', () => {
  it('puts a name after where it stands', () => {
    expect(optionPath('issuer[1]', 'jwksUri')).toBe('issuer[1].jwksUri');
    expect(optionPath('', 'issuer')).toBe('issuer');
  });
});
