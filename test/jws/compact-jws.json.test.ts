import { describe, expect, it } from 'vitest';
import { type CompactJws, parseCompactJws } from '../../src/jws/compact-jws.js';
import { covers } from '../support/covers.js';
import { type Mutation, RawIssuer } from '../support/raw-issuer.js';
import { refused } from '../support/refused.js';

const MAX_BYTES = 8192;
const issuer = new RawIssuer();

function expectRefusal(mutation: Mutation, detail: string): void {
  expect(refused(parseCompactJws(issuer.token(), MAX_BYTES))).toHaveProperty('payload.sub', 'test-user');
  expect(refused(parseCompactJws(issuer.token(mutation), MAX_BYTES))).toMatchObject({
    reason: 'token_malformed',
    detail,
  });
}

/** Puts a member in front of all others, so that one that was there already comes last. */
const prepend = (member: string) => (text: string) => `{${member},${text.slice(1)}`;
const always = (text: string | Buffer) => () => text;

describe('parseCompactJws, header as JSON', () => {
  it.each([
    ['an array', '[]'],
    ['a string', '"ES256"'],
    ['null', 'null'],
    ['a number', '1'],
  ])('refuses a header that is %s', (_, text) => {
    covers('7515-5');
    expectRefusal({ rewriteHeader: always(text) }, 'the header is not a JSON object');
  });

  it('refuses a header that is not UTF-8', () => {
    covers('7515-5');
    const latin1 = (text: string) => Buffer.from(text.replace('key-1', 'k\u00e9y'), 'latin1');
    expectRefusal({ rewriteHeader: latin1 }, 'the header is not UTF-8');
  });

  it.each(['"alg":"none"', '"kid":"key-2"', '"typ":"JWT"', '"\\u0061lg":"none"'])(
    'refuses a header with a second %s',
    (member) => {
      covers('K4', 'D1', '7515-2');
      expectRefusal({ rewriteHeader: prepend(member) }, 'the header has duplicate members');
    },
  );

  it('refuses a header with a member named __proto__', () => {
    covers('C10');
    expectRefusal({ rewriteHeader: prepend('"__proto__":{"kid":"key-1"}') }, 'the header has a member named __proto__');
  });

  it('refuses bytes after the header', () => {
    covers('D15');
    expectRefusal({ rewriteHeader: (text) => `${text}x` }, 'the header is not JSON');
  });
});

describe('parseCompactJws, payload as JSON', () => {
  it.each([
    ['an empty array', '[]'],
    ['an array of claims', '[{"iss":"https://issuer.test","exp":9999999999}]'],
    ['a string', '"x"'],
    ['a number', '1'],
    ['null', 'null'],
  ])('refuses a payload that is %s', (_, text) => {
    covers('D4', '7519-6');
    expectRefusal({ rewritePayload: always(text) }, 'the payload is not a JSON object');
  });

  it('RFC 7519 §7.2: refuses a JWS inside of a JWS', () => {
    covers('B18');
    const nested = { header: { cty: '"JWT"' }, rewritePayload: always(issuer.token()) };
    expectRefusal(nested, 'the payload is not JSON');
  });

  it.each([
    '"iss":"https://issuer.test"',
    '"aud":"https://api.test"',
    '"exp":1',
    '"sub":"admin"',
    '"scope":"admin"',
    '"\\u0065xp":1',
    '"s\\u0075b":"admin"',
  ])('refuses a payload with a second %s', (member) => {
    covers('K4', 'D1', '7519-1');
    expectRefusal({ rewritePayload: prepend(member) }, 'the payload has duplicate members');
  });

  it('refuses a second cnf', () => {
    covers('D1');
    const twice = prepend('"cnf":{"jkt":"a"},"cnf":{"jkt":"b"}');
    expectRefusal({ rewritePayload: twice }, 'the payload has duplicate members');
  });

  it('refuses duplicate members deep inside', () => {
    covers('K4');
    const twice = prepend('"realm_access":{"roles":[{"name":"user","name":"admin"}]}');
    expectRefusal({ rewritePayload: twice }, 'the payload has duplicate members');
  });

  it('refuses a member named __proto__ and changes no prototype', () => {
    covers('K5', 'D2');
    const polluted = prepend('"__proto__":{"scope":"admin"}');
    expectRefusal({ rewritePayload: polluted }, 'the payload has a member named __proto__');
    expect(({} as { scope?: unknown }).scope).toBeUndefined();
  });

  it('refuses a payload whose exp is a member of __proto__', () => {
    covers('D3');
    const inherited = { payload: { exp: undefined }, rewritePayload: prepend('"__proto__":{"exp":9999999999}') };
    expectRefusal(inherited, 'the payload has a member named __proto__');
  });

  it.each(['constructor', 'toString', 'hasOwnProperty'])('takes a claim named %s for data', (name) => {
    covers('D2');
    const jws = refused(parseCompactJws(issuer.token({ payload: { [name]: '"x"' } }), MAX_BYTES)) as CompactJws;
    expect(jws.payload[name]).toBe('x');
  });

  it('CVE-2026-27896: tells members apart by case', () => {
    const jws = refused(
      parseCompactJws(issuer.token({ payload: { exp: undefined, Exp: '1' } }), MAX_BYTES),
    ) as CompactJws;
    expect(jws.payload['exp']).toBeUndefined();
  });

  it.each([
    ['an overlong slash', Buffer.from([0xc0, 0xaf])],
    ['a surrogate pair as CESU-8', Buffer.from([0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80])],
    ['a sequence that is cut short', Buffer.from([0xe2, 0x82])],
    ['a byte that UTF-8 never has', Buffer.from([0xff])],
  ])('RFC 8725 §3.7: refuses %s', (_, bytes) => {
    covers('D11');
    const spliced = (text: string) => {
      const [before, after] = text.split('test-user') as [string, string];
      return Buffer.concat([Buffer.from(before), bytes, Buffer.from(after)]);
    };
    expectRefusal({ rewritePayload: spliced }, 'the payload is not UTF-8');
  });

  it('refuses UTF-16 with a byte order mark', () => {
    covers('D11');
    const utf16 = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le');
    expectRefusal({ rewritePayload: utf16 }, 'the payload is not UTF-8');
  });

  it('refuses a UTF-8 byte order mark', () => {
    covers('D11', 'K8');
    expectRefusal({ rewritePayload: (text) => `\ufeff${text}` }, 'the payload is not JSON');
  });

  it.each(['"\\ud800"', '"\\udc00\\ud800"', '["a\\udfff"]', '{"\\ud83d":1}'])(
    'refuses the lone surrogate in %s',
    (value) => {
      covers('K8', 'D12');
      expectRefusal({ payload: { name: value } }, 'the payload has ill-formed Unicode');
    },
  );

  it('takes a surrogate pair, which is well-formed', () => {
    covers('K8');
    const jws = refused(
      parseCompactJws(issuer.token({ payload: { name: '"\\ud83d\\ude00"' } }), MAX_BYTES),
    ) as CompactJws;
    expect(jws.payload['name']).toBe('\u{1f600}');
  });

  it.each([
    ['a character', (text: string) => `${text}x`],
    ['a second object', (text: string) => `${text} {}`],
    ['a comment', (text: string) => `${text}//x`],
    ['a NUL', (text: string) => `${text}\u0000`],
  ])('refuses %s after the payload', (_, rewritePayload) => {
    covers('D15');
    expectRefusal({ rewritePayload }, 'the payload is not JSON');
  });

  it.each([
    ['a trailing comma', (text: string) => text.replace('}', ',}')],
    ['single quotes', (text: string) => text.replaceAll('"', "'")],
    ['NaN', prepend('"x":NaN')],
    ['an unterminated string', prepend('"x')],
    ['an open object', (text: string) => text.slice(0, -1)],
  ])('refuses a payload with %s', (_, rewritePayload) => {
    covers('D15', 'D5');
    expectRefusal({ rewritePayload }, 'the payload is not JSON');
  });

  it('refuses what is nested deeper than 32 levels, the payload itself counted', () => {
    covers('K7', 'D13');
    const nest = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    expect(parseCompactJws(issuer.token({ payload: { x: nest(31) } }), MAX_BYTES)).toHaveProperty('payload.x');
    expectRefusal({ payload: { x: nest(32) } }, 'the payload is nested deeper than 32 levels');
  });

  it('CVE-2025-53864: refuses a hundred thousand levels without a RangeError', () => {
    covers('K7');
    const deep = issuer.token({ payload: { x: `${'{"x":'.repeat(100_000)}1${'}'.repeat(100_000)}` } });
    expect(refused(parseCompactJws(deep, deep.length))).toMatchObject({
      reason: 'token_malformed',
      detail: 'the payload is nested deeper than 32 levels',
    });
  });

  it('does not count brackets inside of strings as levels', () => {
    covers('K7');
    const token = issuer.token({ payload: { x: `"${'[{'.repeat(50)}\\""` } });
    expect(refused(parseCompactJws(token, MAX_BYTES))).toHaveProperty('payload.x');
  });
});
