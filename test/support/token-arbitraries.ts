import fc from 'fast-check';
import { toSegment } from './raw-token.js';

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

const base64urlChar = fc.constantFrom(...BASE64URL);
const printableChar = fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code));

/** Header names and claims that the rules look at, so that chance meets them often. */
const memberName = fc.oneof(
  fc.constantFrom('alg', 'kid', 'typ', 'crit', 'b64', 'cty', 'zip', 'jwk', '__proto__', 'constructor', 'toString'),
  fc.constantFrom('iss', 'aud', 'sub', 'exp', 'nbf', 'iat', 'jti', 'scope', 'scp', 'client_id', 'azp', 'cnf', 'nonce'),
  fc.string(),
);

const memberText = fc.oneof(
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc.constantFrom('1e400', '-1e400', '1e21', '""', 'null', '"none"', '"HS256"', '"\\ud800"', '[[]]', '{"a":1,"a":1}'),
);

/** A JSON object as a text: members may come twice, and values may be such as JSON cannot hold. */
const objectText = fc
  .array(fc.tuple(memberName, memberText), { maxLength: 6 })
  .map((members) => `{${members.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`);

const segment = fc.oneof(
  fc.string({ unit: base64urlChar, maxLength: 90 }),
  fc.uint8Array({ maxLength: 70 }).map((bytes) => toSegment(Buffer.from(bytes))),
  objectText.map(toSegment),
);

/** Strings that look like a JWT from afar. */
export const tokenShaped: fc.Arbitrary<string> = fc
  .oneof(
    { weight: 4, arbitrary: fc.tuple(segment, segment, segment) },
    { weight: 1, arbitrary: fc.array(segment, { maxLength: 7 }) },
  )
  .map((segments) => segments.join('.'));

/** Strings that begin as a real token and went wrong on the way. Now and then nothing happened to it. */
export function damaged(token: string, unit: fc.Arbitrary<string> = printableChar): fc.Arbitrary<string> {
  const index = fc.nat({ max: token.length - 1 });
  const segments = token.split('.');
  return fc.oneof(
    fc.tuple(index, base64urlChar).map(([at, char]) => splice(token, at, 1, char)),
    fc.tuple(index, unit).map(([at, char]) => splice(token, at, 1, char)),
    fc.tuple(index, fc.string({ unit, maxLength: 4 })).map(([at, text]) => splice(token, at, 0, text)),
    fc.tuple(index, index).map(([at, count]) => splice(token, at, count, '')),
    fc.tuple(index, index).map(([at, count]) => token + token.slice(at, at + count)),
    fc.array(fc.constantFrom(...segments), { maxLength: 6 }).map((picked) => picked.join('.')),
    fc.constantFrom('.', '', ' ', ',', '=', '==').map((between) => token + between + token),
    fc.constantFrom('=', '==', '.', '%', ' ', 'A', '\u00e9').map((end) => token + end),
    fc.constantFrom(token.toUpperCase(), token.toLowerCase(), [...token].reverse().join(''), ''),
    fc.tuple(fc.nat({ max: segments.length - 1 }), segment).map(([at, other]) => segments.with(at, other).join('.')),
  );
}

/** Real tokens whose header or payload says something else, under the signature of before. */
export function edited(token: string): fc.Arbitrary<string> {
  const segments = token.split('.');
  return fc
    .tuple(fc.constantFrom(0, 1), memberName, fc.option(memberText, { nil: undefined }), fc.boolean())
    .map(([at, name, text, keepsOld]) => {
      const members = JSON.parse(Buffer.from(segments[at] as string, 'base64url').toString()) as Record<
        string,
        unknown
      >;
      const others = Object.entries(members).filter(([other]) => keepsOld || other !== name);
      const texts = others.map(([other, value]) => `${JSON.stringify(other)}:${JSON.stringify(value)}`);
      if (text !== undefined) texts.push(`${JSON.stringify(name)}:${text}`);
      return segments.with(at, toSegment(`{${texts.join(',')}}`)).join('.');
    });
}

/** Claims of any kind, for tokens that the issuer really signs. */
export const claims: fc.Arbitrary<Record<string, unknown>> = fc
  .array(fc.tuple(memberName, fc.jsonValue()), { maxLength: 4 })
  .map((members) => Object.fromEntries(members));

/** Bytes as they can stand in a header value: no line ends. Written as latin1. */
export const headerText: fc.Arbitrary<string> = fc.string({
  unit: fc
    .oneof(printableChar, fc.constantFrom(' ', '\t', ',', '"', '=', '\0', '\x7f'), fc.integer({ min: 0x80, max: 0xff }))
    .map((unit) => (typeof unit === 'number' ? String.fromCharCode(unit) : unit)),
  maxLength: 120,
});

/** Any text, ill-formed Unicode included. */
export const anyText: fc.Arbitrary<string> = fc.string({ unit: 'binary', maxLength: 120 });

function splice(text: string, at: number, count: number, inserted: string): string {
  return text.slice(0, at) + inserted + text.slice(at + count);
}
