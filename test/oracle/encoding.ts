import type { Random } from './random.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

type Spelling = (segment: string, random: Random) => string;

/** Other ways to write a base64url segment. Many decoders read the same bytes out of most of them. */
const SPELLINGS: Readonly<Record<string, Spelling>> = {
  padding: (segment, random) =>
    segment + (random.chance(0.6) ? '='.repeat(-segment.length & 3) : random.pick(['=', '=='])),
  'unused bits': (segment, random) => withUnusedBits(segment, random),
  'white space within': (segment, random) => inserted(segment, random.pick([' ', '\t', '\n', '\r\n', '\f']), random),
  'foreign character': (segment, random) =>
    inserted(segment, random.pick(['=', '%', '?', '"', '\0', '\u00e9', '\u2028', '\v', '\u00a0', '*']), random),
  'standard alphabet': (segment) => segment.replaceAll('-', '+').replaceAll('_', '/'),
  'one character less': (segment) => segment.slice(0, -1),
};

export const SPELLING_NAMES: readonly string[] = Object.keys(SPELLINGS);

export function respell(segment: string, random: Random): { readonly segment: string; readonly name: string } {
  const name = random.pick(SPELLING_NAMES);
  return { segment: (SPELLINGS[name] as Spelling)(segment, random), name };
}

/** Changes bits of the last character that stand for nothing (RFC 4648 §3.5). */
function withUnusedBits(segment: string, random: Random): string {
  const unused = { 2: 4, 3: 2 }[segment.length % 4] ?? 0;
  const last = ALPHABET.indexOf(segment.at(-1) ?? '');
  if (unused === 0 || last === -1) return segment;
  const flipped = last ^ (1 + random.below(2 ** unused - 1));
  return segment.slice(0, -1) + ALPHABET.charAt(flipped);
}

function inserted(text: string, piece: string, random: Random): string {
  const at = random.pick([0, text.length, random.below(text.length + 1)]);
  return text.slice(0, at) + piece + text.slice(at);
}

type Damage = (token: string, other: string, random: Random) => string;

/** What can happen to a token after it was signed. */
const DAMAGES: Readonly<Record<string, Damage>> = {
  'changed character': (token, _, random) =>
    splice(token, random.below(token.length), 1, ALPHABET.charAt(random.below(64))),
  'odd character': (token, _, random) => splice(token, random.below(token.length), random.below(2), random.pick(ODD)),
  'left out': (token, _, random) => splice(token, random.below(token.length), 1 + random.below(8), ''),
  'cut off': (token, _, random) => token.slice(0, random.below(token.length)),
  'cut off in front': (token, _, random) => token.slice(random.below(token.length)),
  'said twice': (token, _, random) => repeated(token, random),
  'segments of two tokens': (token, other, random) => spliceSegments(token, other, random),
  'halves of two tokens': (token, other, random) => halves(token, other, random),
  'two tokens': (token, other, random) => token + random.pick(['.', '', ' ', ',', '\n']) + other,
  'segments in another order': (token, _, random) => reordered(token, random),
  'other segments': (token, _, random) => withSegments(token, random),
  'text around': (token, _, random) => random.pick([`${random.pick(ODD)}${token}`, `${token}${random.pick(ODD)}`]),
  'another case': (token, _, random) => random.pick([token.toUpperCase(), token.toLowerCase()]),
  'JSON serialization': (token, _, random) => serialized(token, random),
  'respelled segment': (token, _, random) => respelled(token, random),
};

export const DAMAGE_NAMES: readonly string[] = Object.keys(DAMAGES);

/** Damages a token whose signature stays as it is. */
export function damage(
  token: string,
  other: string,
  random: Random,
): { readonly token: string; readonly name: string } {
  const name = random.pick(DAMAGE_NAMES);
  return { token: (DAMAGES[name] as Damage)(token, other, random), name };
}

const ODD = [
  ' ',
  '\t',
  '\n',
  '\r\n',
  '=',
  '==',
  '.',
  '..',
  ',',
  '"',
  '\0',
  '+',
  '/',
  '\u00e9',
  '\u212a',
  '%2E',
  'Bearer ',
  '\ufeff',
];

function splice(text: string, at: number, count: number, piece: string): string {
  return text.slice(0, at) + piece + text.slice(at + count);
}

function repeated(token: string, random: Random): string {
  const at = random.below(token.length);
  return splice(token, at, 0, token.slice(at, at + 1 + random.below(40)));
}

function spliceSegments(token: string, other: string, random: Random): string {
  const [own, foreign] = [token.split('.'), other.split('.')];
  return own.map((segment, index) => (random.chance(0.4) ? (foreign[index] ?? '') : segment)).join('.');
}

function halves(token: string, other: string, random: Random): string {
  const at = random.below(token.length);
  return token.slice(0, at) + other.slice(at);
}

function reordered(token: string, random: Random): string {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const orders = [
    [payload, header, signature],
    [header, signature, payload],
    [signature, payload, header],
    [header, header, signature],
    [payload, payload, signature],
  ];
  return random.pick(orders).join('.');
}

function withSegments(token: string, random: Random): string {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const lists = [
    [header],
    [header, payload],
    [header, payload, ''],
    [header, '', signature],
    ['', payload, signature],
    ['', '', ''],
    [header, payload, signature, signature],
    [header, '', payload, signature, signature],
    [header, payload, signature, '', ''],
    Array.from({ length: 50 }, () => header),
  ];
  return random.pick(lists).join('.');
}

/** RFC 7515 §7.2, and a text that a lenient parser takes for either form (CVE-2022-39227). */
function serialized(token: string, random: Random): string {
  const [header, payload, signature] = token.split('.');
  const flattened = JSON.stringify({ protected: header, payload, signature });
  const general = JSON.stringify({ payload, signatures: [{ protected: header, signature }] });
  const polyglot = `{"  ${header}.${payload}.":"","protected":"${header}","payload":"${payload}","signature":"${signature}"}`;
  return random.pick([flattened, general, polyglot, JSON.stringify(token)]);
}

function respelled(token: string, random: Random): string {
  const segments = token.split('.');
  const at = random.pick([0, 1, 2, 2, 2]);
  return segments.with(at, respell(segments[at] ?? '', random).segment).join('.');
}
