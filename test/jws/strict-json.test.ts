import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseStrictJsonObject } from '../../src/jws/strict-json.js';
import type { JsonObject } from '../../src/protocol/json-object.js';
import { covers } from '../support/covers.js';
import { why } from '../support/refused.js';
import { thorough } from '../support/thorough.js';

const parseText = (text: string) => why(parseStrictJsonObject(Buffer.from(text)));
const bytesOf = (...bytes: number[]) => Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, ...bytes, 0x22, 0x7d]); // {"a":"..."}
const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;

const CONTROL = '{"sub":"user","exp":1}';

describe('parseStrictJsonObject', () => {
  it.each([
    ['an empty object', '{}'],
    ['members of every type', '{"a":"x","b":1.5,"c":true,"d":null,"e":[],"f":{}}'],
    ['white space wherever JSON has it', ' \t\r\n{ "a" : [ 1 , 2 ] }\n'],
    ['one name at several levels', '{"a":{"a":1},"b":[{"a":2},{"a":3}]}'],
    ['structural characters in strings', '{"a":"{[:]}","b:":"\\"{:\\\\"}'],
    ['escapes in names and values', '{"\\u0061b":"\\ud83d\\ude00\\n\\/"}'],
    ['characters beyond ASCII', '{"café":"😀"}'],
    ['names of members of Object.prototype', '{"constructor":1,"toString":2,"hasOwnProperty":3}'],
    ['backslashes before a closing quotation mark', '{"a":"\\\\","b":"\\\\\\\\","c":"\\\\\\""}'],
  ])('RFC 8259: reads %s as JSON.parse does', (_, text) => {
    expect(parseText(text)).toEqual(JSON.parse(text));
  });

  it.each([
    ['in an object', '{"exp":1,"sub":"user","exp":2}'],
    ['of equal value', '{"exp":1,"exp":1}'],
    ['one of them escaped', '{"exp":1,"\\u0065xp":2}'],
    ['in an object inside', '{"cnf":{"jkt":"a","jkt":"b"}}'],
    ['in an array inside', '{"a":[{"b":1,"b":2}]}'],
    ['in a value that is dropped for its own duplicate', '{"a":{"b":1,"b":2},"a":{"b":1}}'],
    ['with an empty name', '{"":1,"":2}'],
  ])('RFC 7515 §4, RFC 7519 §4: refuses duplicate members %s', (_, text) => {
    covers('D1', 'K4');
    expect(parseText(CONTROL)).toEqual({ sub: 'user', exp: 1 });
    expect(parseText(text)).toBe('has duplicate members');
  });

  it.each([
    ['at the top', '{"__proto__":{"scope":"admin"}}'],
    ['further down', '{"a":[{"__proto__":null}]}'],
    ['with an escape in its name', '{"__pr\\u006fto__":{"scope":"admin"}}'],
  ])('refuses a member named __proto__ %s', (_, text) => {
    covers('D2', 'D3', 'K5');
    expect(parseText(text.replace('"__pr', '"_pr'))).toBeTypeOf('object');
    expect(parseText(text)).toBe('has a member named __proto__');
    expect({}).not.toHaveProperty('scope');
  });

  it.each([
    ['an array', '[{"sub":"user"}]'],
    ['a string', '"user"'],
    ['a number', '1'],
    ['true', 'true'],
    ['null', 'null'],
  ])('RFC 7519 §7.2: refuses %s in place of an object', (_, text) => {
    covers('D4');
    expect(parseText(text)).toBe('is not a JSON object');
  });

  it.each([
    ['an empty text', ''],
    ['white space alone', ' '],
    ['a second value', `${CONTROL}{}`],
    ['a text after it', `${CONTROL}x`],
    ['a NUL after it', `${CONTROL}\u0000`],
    ['a trailing comma', '{"a":1,}'],
    ['a comment', '{"a":1/* */}'],
    ['single quotes', "{'a':1}"],
    ['NaN', '{"exp":NaN}'],
    ['Infinity', '{"exp":Infinity}'],
    ['a hexadecimal number', '{"exp":0x1}'],
    ['an open string', '{"a":"b'],
    ['a string that ends in a backslash', '{"a":"b\\'],
    ['an open object', '{"a":1'],
    ['closing brackets first', ']}{"a":1}'],
    ['a control character in a string', '{"a":"\u0001"}'],
  ])('RFC 8259: refuses %s', (_, text) => {
    covers('D15');
    expect(parseText(CONTROL)).toBeTypeOf('object');
    expect(parseText(text)).toBe('is not JSON');
  });

  it('RFC 8259 §8.1: refuses a byte order mark', () => {
    covers('D11', 'K8');
    expect(parseText(CONTROL)).toBeTypeOf('object');
    expect(parseText(`\ufeff${CONTROL}`)).toBe('is not JSON');
  });

  it.each([
    ['a byte that no UTF-8 has', bytesOf(0xff)],
    ['a sequence that is cut off', bytesOf(0xc3)],
    ['an overlong sequence', bytesOf(0xc0, 0xaf)],
    ['a surrogate as bytes', bytesOf(0xed, 0xa0, 0x80)],
    ['a code point beyond U+10FFFF', bytesOf(0xf4, 0x90, 0x80, 0x80)],
    ['UTF-16', Buffer.from(`\ufeff${CONTROL}`, 'utf16le')],
  ])('RFC 8725 §3.7: refuses %s', (_, bytes) => {
    covers('D11');
    expect(parseStrictJsonObject(bytesOf(0xc3, 0xa9))).toEqual({ a: 'é' });
    expect(why(parseStrictJsonObject(bytes))).toBe('is not UTF-8');
  });

  it.each([
    ['a value', '{"sub":"\\ud800"}'],
    ['a name', '{"\\udc00":1}'],
    ['an array', '{"a":["b",["\\ud800x"]]}'],
    ['a pair that is the wrong way round', '{"sub":"\\udc00\\ud800"}'],
  ])('RFC 8259 §8.2: refuses a lone surrogate in %s', (_, text) => {
    covers('D12', 'K8');
    expect(parseText('{"sub":"\\ud83d\\ude00"}')).toEqual({ sub: '😀' });
    expect(parseText(text)).toBe('has ill-formed Unicode');
  });

  it('accepts 32 levels and refuses 33', () => {
    covers('D13', 'K7');
    expect(parseText(nested(32))).toEqual(JSON.parse(nested(32)));
    expect(parseText(nested(33))).toBe('is nested deeper than 32 levels');
    expect(parseText(`{"a":${'['.repeat(31)}${']'.repeat(31)}}`)).toBeTypeOf('object');
    expect(parseText(`{"a":${'['.repeat(32)}${']'.repeat(32)}}`)).toBe('is nested deeper than 32 levels');
  });

  it('refuses 200,000 levels without going down into them', () => {
    covers('D13', 'K7');
    expect(parseText(nested(200_000))).toBe('is nested deeper than 32 levels');
    expect(parseText('['.repeat(200_000))).toBe('is nested deeper than 32 levels');
  });

  it('counts levels and not brackets', () => {
    const wide = `{"a":[${Array.from({ length: 1000 }, () => '[{}]').join(',')}]}`;
    expect(parseText(wide)).toEqual(JSON.parse(wide));
  });

  it('freezes the object and all in it', () => {
    const parsed = parseText('{"a":{"b":[{"c":1}]}}') as { a: { b: { c: number }[] } };
    expect(Object.isFrozen(parsed)).toBe(true);
    expect(Object.isFrozen(parsed.a)).toBe(true);
    expect(Object.isFrozen(parsed.a.b)).toBe(true);
    expect(Object.isFrozen(parsed.a.b[0])).toBe(true);
  });

  it('tells nothing of the input in a problem', () => {
    const problems = ['{"secret":1,"secret":2}', '{"__proto__":"secret"}', '{"secret', '"secret"'].map(parseText);
    expect(problems).toHaveLength(4);
    for (const problem of problems) expect(problem).not.toContain('secret');
  });

  it('agrees with JSON.parse on every object that JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ maxDepth: 5 })), (value) => {
        fc.pre(!JSON.stringify(value).includes('__proto__'));
        const text = JSON.stringify(value, undefined, 1);
        expect(parseText(text)).toEqual(JSON.parse(text));
      }),
      { seed: 8259 },
    );
  });

  it('RFC 7519 §4: finds any member of any object written twice', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }), { minKeys: 1 }),
        fc.nat(),
        (value, pick) => {
          fc.pre(!JSON.stringify(value).includes('__proto__'));
          const text = JSON.stringify(value);
          const names = Object.keys(value);
          const name = names[pick % names.length] as string;
          expect(parseText(text)).toEqual(JSON.parse(text));
          expect(parseText(`{${JSON.stringify(name)}:0,${text.slice(1)}`)).toBe('has duplicate members');
        },
      ),
      { seed: 7519 },
    );
  });

  it('never throws and never lets through what JSON.parse refuses, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...'{}[]:,"\\u0aeé1 -.\n'), { maxLength: 24 }), (characters) => {
        const text = `{${characters.join('')}`;
        const parsed: JsonObject | string = parseText(text);
        if (typeof parsed === 'object') expect(parsed).toEqual(JSON.parse(text));
      }),
      { seed: 7515, numRuns: thorough(2000, 300) },
    );
  });
});
