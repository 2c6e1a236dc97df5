import type { Member } from './hostile-values.js';
import type { Random } from './random.js';

/** Writes members as a JSON object. Names may come twice. */
export function writeObject(members: readonly Member[]): string {
  return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`;
}

type Mutation = (text: string, random: Random) => string | Buffer;

/** Changes how a JSON object is written, and now and then what it says. All of them are named for the report. */
const MUTATIONS: Readonly<Record<string, readonly [weight: number, mutation: Mutation]>> = {
  'white space': [2, (text, random) => spaced(text, random.pick([' ', '\t', '\n', '\r', '\r\n ']), random)],
  'foreign white space': [1, (text, random) => spaced(text, random.pick(['\u00a0', '\f', '\v', '\u2028']), random)],
  'byte order mark': [1, (text) => `\ufeff${text}`],
  'text before': [1, (text, random) => random.pick(['\0', 'x', '{}', '[', ' ', ")]}'", '\ufeff\ufeff']) + text],
  'text after': [1, (text, random) => text + random.pick(['\0', 'x', '{}', ']', ' ', '\n', ',', ';', '//', '\ufeff'])],
  'another type': [
    1,
    (text, random) => random.pick([`[${text}]`, JSON.stringify(text), 'null', '1', '[]', '{}', '', '"']),
  ],
  'cut off': [1, (text, random) => text.slice(0, random.below(text.length))],
  'invalid UTF-8': [2, (text, random) => withBytes(text, random.pick(INVALID_UTF_8))],
  'another encoding': [1, (text, random) => Buffer.from(text, random.pick(['utf16le', 'latin1'] as const))],
  'no JSON': [1, (text, random) => withMember(text, random.pick(NO_JSON))],
  'escaped name': [2, (text, random) => escaped(text, random)],
  duplicate: [3, (text, random) => withDuplicate(text, random)],
  'nested duplicate': [1, (text, random) => withMember(text, random.pick(NESTED_DUPLICATES))],
  'prototype member': [2, (text, random) => withMember(text, random.pick(PROTOTYPE_MEMBERS))],
  'ill-formed Unicode': [2, (text, random) => withMember(text, random.pick(ILL_FORMED))],
  deep: [
    2,
    (text, random) => withMember(text, `"deep":${nested(random.pick([1, 30, 31, 32, 33, 500, 2500]), random)}`),
  ],
  large: [1, (text, random) => withMember(text, `"large":"${'x'.repeat(random.pick([1000, 5500, 7000, 20_000]))}"`)],
  'many members': [1, (text, random) => withMember(text, manyMembers(random.pick([10, 300])))],
  'changed byte': [2, (text, random) => withChangedByte(text, random)],
};

export const JSON_MUTATIONS: readonly string[] = Object.keys(MUTATIONS);

/** Picks one way to write a JSON object otherwise. */
export function mutateJson(text: string, random: Random): { readonly bytes: Buffer; readonly name: string } {
  const name = random.weighted(Object.entries(MUTATIONS).map(([key, [weight]]) => [weight, key] as const));
  const mutation = (MUTATIONS[name] as (typeof MUTATIONS)[string])[1];
  return { bytes: Buffer.from(mutation(text, random)), name };
}

const INVALID_UTF_8: readonly (readonly number[])[] = [
  [0xff],
  [0x80],
  [0xc0, 0x80],
  [0xc1, 0xbf],
  [0xe2, 0x82],
  [0xed, 0xa0, 0x80],
  [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0xf8, 0x88, 0x80, 0x80, 0x80],
];

const NO_JSON = [
  ...['"a":01', '"a":+1', '"a":.5', '"a":1.', '"a":0x10', '"a":NaN', '"a":Infinity', '"a":undefined', '"a":1,', 'a:1'],
  ...["'a':1", '"a":"\n"', '"a":"\\x41"', '"a":"\\u00g0"', '"a"', '"a":', '/**/"a":1', '"a":1}', '"a":[1,]', '"a":1_0'],
];

const NESTED_DUPLICATES = ['"note":{"a":1,"a":1}', '"note":[{"a":1,"b":[],"\\u0061":2}]', '"note":{"":1,"":2}'];

const PROTOTYPE_MEMBERS = [
  ...['"__proto__":{"scope":"admin"}', '"__proto__":null', '"\\u005f_proto__":1', '"note":{"__proto__":{"a":1}}'],
  ...['"note":[{"__proto__":1}]', '"constructor":{"prototype":{"a":1}}', '"__proto__x":1', '"note":"__proto__"'],
];

const ILL_FORMED = [
  ...['"note":"\\ud800"', '"note":"\\udc00"', '"note":"\\udc00\\ud800"', '"\\ud800":1', '"note":["\\ud83d x"]'],
  ...['"note":"\\ud83d\\ude00"', '"note":"\\\\ud800"', '"note":{"a":{"b":"\\uDBFF"}}', '"note":"\\ud83d\u{1f600}"'],
];

function withMember(text: string, member: string): string {
  return text.endsWith('}') ? `${text.slice(0, -1)},${member}}` : text;
}

function withBytes(text: string, bytes: readonly number[]): Buffer {
  const [before, after = ''] = withMember(text, '"note":"#"').split('#');
  return Buffer.concat([Buffer.from(before ?? ''), Buffer.from(bytes), Buffer.from(after)]);
}

function spaced(text: string, space: string, random: Random): string {
  const places = [...text.matchAll(/(?<=[{[,:"])(?=[\]}"[{\d])|(?<=["\]}\d])(?=[,:\]}])|^|$/g)].map(
    ({ index }) => index,
  );
  const at = random.pick(places);
  return text.slice(0, at) + space + text.slice(at);
}

function escaped(text: string, random: Random): string {
  const names = [...text.matchAll(/"(\w)(?=\w*":)/g)];
  const found = random.pick(names);
  if (found === undefined) return text;
  const code = (found[1] ?? '').charCodeAt(0).toString(16).padStart(4, '0');
  return `${text.slice(0, found.index + 1)}\\u${code}${text.slice(found.index + 2)}`;
}

function withDuplicate(text: string, random: Random): string {
  const members = Object.entries(JSON.parse(text) as Record<string, unknown>);
  const [name, value] = random.pick(members) ?? ['a', 1];
  const again = random.pick([JSON.stringify(value), 'null', '"x"', '1']);
  const spelled = random.chance(0.7)
    ? JSON.stringify(name)
    : `"\\u00${name.charCodeAt(0).toString(16)}${name.slice(1)}"`;
  const member = `${spelled}:${again}`;
  return random.chance(0.5) ? withMember(text, member) : text.replace('{', `{${member},`);
}

function nested(levels: number, random: Random): string {
  return random.chance(0.5)
    ? '['.repeat(levels) + ']'.repeat(levels)
    : `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
}

function manyMembers(count: number): string {
  return Array.from({ length: count }, (_, index) => `"m${index}":${index}`).join(',');
}

function withChangedByte(text: string, random: Random): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length > 0) bytes.writeUInt8(random.below(256), random.below(bytes.length));
  return bytes;
}
