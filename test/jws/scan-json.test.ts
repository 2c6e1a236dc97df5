import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JsonShape, scanJson } from '../../src/jws/scan-json.js';
import { covers } from '../support/covers.js';
import { why } from '../support/refused.js';
import { thorough } from '../support/thorough.js';

const NOT_JSON = 'is not JSON';
const TOO_DEEP = 'is nested deeper than 32 levels';

const scan = (text: string) => why(scanJson(Buffer.from(text)));

/** Whether `JSON.parse` takes a text. */
function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** `JSON.parse` gives its reviver each member and each element, so this holds for texts without duplicates. */
function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const within = Object.values(value).reduce<number>((sum, item) => sum + countMembers(item), 0);
  return within + (Array.isArray(value) ? 0 : Object.keys(value).length);
}

/** Every text of so many of these pieces. */
function* textsOf(pieces: readonly string[], length: number): Generator<string> {
  if (length === 0) return yield '';
  for (const text of textsOf(pieces, length - 1)) for (const piece of pieces) yield text + piece;
}

/** Those on which the two do not agree. */
function splits(pieces: readonly string[], most: number, around = (text: string) => text): string[] {
  const found: string[] = [];
  for (let length = 0; length <= most; length += 1) {
    for (const inner of textsOf(pieces, length)) {
      const text = around(inner);
      if (parses(text) !== (typeof scan(text) === 'object')) found.push(text);
    }
  }
  return found;
}

describe('scanJson, exactly as strict as JSON.parse', () => {
  it.each([
    ['structure', [...'{}[]:,"', 'a', '1', ' '], 4, (text: string) => text],
    ['members', ['{', '}', '"a"', ':', ',', '[', ']'], 5, (text: string) => text],
    ['numbers', [...'-+.eE019', ' '], 5, (text: string) => `[${text}]`],
    ['numbers at the end', [...'-+.eE01'], 4, (text: string) => text],
    ['escapes', ['\\', '"', 'u', 'n', '/', '0', 'd', 'F', 'g', 'G'], 4, (text: string) => `"${text}"`],
    ['escapes of four digits', [...'09afAFgG/:@`"'], 4, (text: string) => `"\\u${text}"`],
    ['words', ['t', 'true', 'fals', 'false', 'e', 'null', 'nul', 'l', ' ', ','], 4, (text: string) => `[${text}]`],
  ] as const)('RFC 8259: on every short text of %s', (_, pieces, most, around) => {
    covers('D15');
    expect(splits(pieces, most, around)).toEqual([]);
  });

  it('RFC 8259 §2, §7: on every character below U+0100 and some above, in each place', () => {
    const characters = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));
    characters.push('\u2028', '\u2029', '\u3000', '\ufeff', '\uff1a', '😀');
    const places = [
      '#',
      '#1',
      '1#',
      '"#"',
      '"\\#"',
      '"\\#0000"',
      '{#"a":1}',
      '{"a"#:1}',
      '{"a":#1}',
      '{"a":1#}',
      '[#]',
      '[1#1]',
    ];
    const texts = places.flatMap((place) => characters.map((character) => place.replace('#', () => character)));
    expect(texts.filter((text) => parses(text) !== (typeof scan(text) === 'object'))).toEqual([]);
    expect(texts.filter(parses).length).toBeGreaterThan(300);
  });

  it.each(['"', '"\\', '"\\u', '"\\u00', '"\\u0041', '-', '1.', '1e', '1e+', 'tru', '{"a"', '{"a":'])(
    'RFC 8259: on a text that ends with %s',
    (text) => expect([parses(text), scan(text)]).toEqual([false, NOT_JSON]),
  );

  it('on every JSON text cut off, with one character left out, put in or changed', () => {
    const put = fc.constantFrom(...'{}[]:,"\\/u0eE+-.19 \n\t\u0000\u001fatrué');
    const change = fc.record({ at: fc.nat(), left: fc.nat({ max: 2 }), put, isCut: fc.boolean() });
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 4 }),
        fc.nat({ max: 1 }),
        change,
        (value, indent, { at, left, put, isCut }) => {
          const text = JSON.stringify(value, undefined, indent);
          expect(scan(text)).toMatchObject({ members: countMembers(JSON.parse(text)) });
          const start = at % (text.length + 1);
          const changed = isCut ? text.slice(0, start) : text.slice(0, start) + put + text.slice(start + left);
          // What UTF-8 cannot hold was refused before.
          fc.pre(changed.isWellFormed());
          expect([changed, typeof scan(changed) === 'object']).toEqual([changed, parses(changed)]);
        },
      ),
      { seed: 8259, numRuns: thorough(5000, 500) },
    );
  });
});

describe('scanJson', () => {
  it('counts members at every level, duplicates and escaped names included', () => {
    const membersOf = (text: string) => (scan(text) as JsonShape).members;
    expect(membersOf('{"a":1,"a":{"b":[{"c":2},{"c":3}]},"\\u0061":":"}')).toBe(6);
    expect(membersOf('[]')).toBe(0);
  });

  it('tells whether there are escapes', () => {
    const hasEscapes = (text: string) => (scan(text) as JsonShape).hasEscapes;
    expect([hasEscapes('{"a":"b"}'), hasEscapes('{"a":"\\n"}'), hasEscapes('{"\\u0061":1}')]).toEqual([
      false,
      true,
      true,
    ]);
  });

  it.each([
    ['arrays', '[', ']'],
    ['objects', '{"a":', '}'],
  ])('takes 32 levels of %s, and refuses 33, closed or not', (_, open, close) => {
    covers('D13', 'K7');
    const nested = (levels: number) => `${open.repeat(levels)}1${close.repeat(levels)}`;
    expect(scan(nested(32))).toBeTypeOf('object');
    expect(scan(nested(33))).toBe(TOO_DEEP);
    expect(scan(open.repeat(33))).toBe(TOO_DEEP);
    expect(scan(open.repeat(32))).toBe(NOT_JSON);
    const pair = `${open}1${close}`;
    expect(scan(`[${Array.from({ length: 100 }, () => pair).join(',')}]`)).toBeTypeOf('object');
  });
});
