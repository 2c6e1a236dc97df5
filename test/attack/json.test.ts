import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RefusalReason } from '../../src/index.js';
import {
  type AttackApi,
  expectAttackRefused,
  expectTokenAccepted,
  mutated,
  startAttackApi,
} from '../support/attack-api.js';
import { covers } from '../support/covers.js';
import { insufficientScope, invalidToken } from '../support/expect-answer.js';
import type { Mutation } from '../support/raw-issuer.js';
import type { JsonTexts } from '../support/raw-token.js';

type Rewrite = (text: string) => string | Buffer;

const PARTS = ['header', 'payload'] as const;
type Part = (typeof PARTS)[number];

function rewritten(part: Part, rewrite: Rewrite): Mutation {
  return part === 'header' ? { rewriteHeader: rewrite } : { rewritePayload: rewrite };
}

/** `JSON.parse` keeps the last of two members: put first, a second one would go unnoticed. */
const prepend = (member: string) => (text: string) => `{${member},${text.slice(1)}`;
const append = (member: string) => (text: string) => `${text.slice(0, -1)},${member}}`;
const spliced = (before: string | Buffer, after: string | Buffer) => (text: string) =>
  Buffer.concat([Buffer.from('{"x":"'), Buffer.from(before), Buffer.from(after), Buffer.from(`",${text.slice(1)}`)]);

const SPELLINGS_OF_PROTO = { 'as a member': '"__proto__"', 'in escapes': '"\\u005f_pr\\u006fto__"' };

describe('D: the JSON of a token', () => {
  let api: AttackApi;
  beforeEach(async () => {
    api = await startAttackApi();
  });
  afterEach(() => api.close());

  /** The reason alone would do for any garbage; the detail tells which rule it was. */
  async function expectMalformed(mutation: Mutation, detail: string): Promise<void> {
    const exchanges = await expectAttackRefused(api, {
      token: mutated(mutation),
      answer: invalidToken('token_malformed'),
    });
    for (const { refusals } of exchanges) expect(refusals[0]?.detail).toBe(detail);
  }

  async function expectRefusal(mutation: Mutation, reason: RefusalReason, detail?: string): Promise<void> {
    const exchanges = await expectAttackRefused(api, { token: mutated(mutation), answer: invalidToken(reason) });
    if (detail === undefined) return;
    for (const { refusals } of exchanges) expect(refusals[0]?.detail).toBe(detail);
  }

  describe('duplicate members', () => {
    it.each<[Part, string, string]>([
      ['header', 'alg', '"alg":"none"'],
      ['header', 'kid', '"kid":"rsa"'],
      ['header', 'typ', '"typ":"JWT"'],
      ['header', 'alg in escapes', '"\\u0061lg":"none"'],
      ['header', 'kid, the same', '"kid":"ec"'],
      ['payload', 'iss', '"iss":"https://evil.example"'],
      ['payload', 'aud', '"aud":"https://other.test"'],
      ['payload', 'exp', '"exp":1'],
      ['payload', 'exp in escapes', '"\\u0065xp":1'],
      ['payload', 'sub', '"sub":"admin"'],
      ['payload', 'sub in escapes', '"s\\u0075b":"admin"'],
      ['payload', 'sub, the same', '"sub":"test-user"'],
      ['payload', 'scope', '"scope":"read admin"'],
      ['payload', 'client_id', '"client_id":"other-client"'],
      ['payload', 'cnf', '"cnf":{"jkt":"a"},"cnf":{"jkt":"b"}'],
      ['payload', 'of a claim that nobody reads', '"x":1,"x":1'],
      ['payload', 'further down', '"realm_access":{"roles":["user"],"roles":["admin"]}'],
      ['payload', 'in an array', '"x":[{"y":1},{"z":1,"\\u007a":2}]'],
      ['payload', 'with an empty name', '"":1,"":2'],
    ])('RFC 7515 §4, RFC 7519 §4: a second member in the %s is refused: %s', async (part, _, member) => {
      covers('D1');
      await expectMalformed(rewritten(part, prepend(member)), `the ${part} has duplicate members`);
    });

    it.each<[Part, string]>([
      ['header', '"alg":"ES256"'],
      ['payload', '"scope":"read admin"'],
      ['payload', '"\\u0065xp":9999999999'],
    ])('RFC 7515 §4, RFC 7519 §4: the order of the two in the %s does not matter: %s', async (part, member) => {
      covers('D1');
      await expectMalformed(rewritten(part, append(member)), `the ${part} has duplicate members`);
    });
  });

  describe('members that objects have already', () => {
    describe.each(PARTS)('in the %s', (part) => {
      it.each(Object.entries(SPELLINGS_OF_PROTO))(
        '__proto__ %s is refused and changes no prototype',
        async (_, name) => {
          covers('D2');
          const rewrite = prepend(`${name}:{"scope":"read admin","alg":"none"}`);
          await expectMalformed(rewritten(part, rewrite), `the ${part} has a member named __proto__`);
          expect(({} as { scope?: unknown; alg?: unknown }).scope).toBeUndefined();
        },
      );

      it('__proto__ further down is refused', async () => {
        covers('D2');
        const rewrite = prepend('"x":[{"y":{"__proto__":{"scope":"admin"}}}]');
        await expectMalformed(rewritten(part, rewrite), `the ${part} has a member named __proto__`);
      });
    });

    it.each([
      'constructor',
      'toString',
      'hasOwnProperty',
      'valueOf',
      '__defineGetter__',
      'prototype',
      'then',
      'toJSON',
    ])('a claim named %s is data, and gives no scope', async (name) => {
      covers('D2');
      const hostile = { prototype: { scope: 'read admin' }, scope: 'read admin' };
      const text = JSON.stringify(hostile);
      const claims = await expectTokenAccepted(api, api.issuer.token({ payload: { [name]: text } }));
      expect(Object.getOwnPropertyDescriptor(claims, name)?.value).toEqual(hostile);
      expect(claims['scope']).toBe('read');

      const unscoped = api.issuer.token({ payload: { [name]: text, scope: undefined } });
      const { refusals, handlerRuns } = await api.send({ token: unscoped });
      expect({ reasons: refusals.map(({ reason }) => reason), handlerRuns }).toEqual({
        reasons: ['scope_insufficient'],
        handlerRuns: 0,
      });
      expect(({} as { scope?: unknown }).scope).toBeUndefined();
    });

    it.each(Object.entries(SPELLINGS_OF_PROTO))('exp in __proto__ alone, %s, is no exp', async (_, name) => {
      covers('D3');
      const moved = (text: string) => text.replace(/"exp":(\d+)/, `${name}:{"exp":$1}`);
      await expectMalformed({ rewritePayload: moved }, 'the payload has a member named __proto__');
    });

    it.each(['constructor', 'prototype', 'claims'])('exp in %s alone is no exp', async (name) => {
      covers('D3');
      const moved = (text: string) => text.replace(/"exp":(\d+)/, `"${name}":{"exp":$1}`);
      await expectRefusal({ rewritePayload: moved }, 'claim_missing', 'exp');
    });
  });

  it.each<[string, Rewrite]>([
    ['an empty array', () => '[]'],
    ['an array with the claims in it', (text) => `[${text}]`],
    ['a string', () => '"x"'],
    ['a string with the claims in it', (text) => JSON.stringify(text)],
    ['a number', () => '1'],
    ['true', () => 'true'],
    ['null', () => 'null'],
  ])('RFC 7519 §7.2: header or payload that is %s is refused', async (_, rewrite) => {
    covers('D4');
    await expectMalformed({ rewritePayload: rewrite }, 'the payload is not a JSON object');
    await api.close();
    api = await startAttackApi();
    await expectMalformed({ rewriteHeader: rewrite }, 'the header is not a JSON object');
  });

  it.each(PARTS)('RFC 7519 §7.2: a %s that is empty is refused', async (part) => {
    covers('D4');
    await expectMalformed(
      rewritten(part, () => ''),
      `the ${part} is not canonical base64url`,
    );
  });

  describe.each(PARTS)('the encoding of the %s', (part) => {
    it.each<[string, Rewrite]>([
      ['an overlong slash', spliced(Buffer.of(0xc0, 0xaf), '')],
      ['an overlong quotation mark of three bytes', spliced(Buffer.of(0xe0, 0x80, 0xa2), '')],
      ['a surrogate pair as CESU-8', spliced(Buffer.of(0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80), '')],
      ['a lone surrogate as bytes', spliced(Buffer.of(0xed, 0xa0, 0x80), '')],
      ['a sequence that is cut short', spliced(Buffer.of(0xe2, 0x82), '')],
      ['a sequence that swallows the quotation mark', spliced('a', Buffer.of(0xf0, 0x9f, 0x98))],
      ['a stray continuation byte', spliced(Buffer.of(0x80), 'a')],
      ['a code point beyond U+10FFFF', spliced(Buffer.of(0xf4, 0x90, 0x80, 0x80), '')],
      ['a byte that UTF-8 never has', spliced(Buffer.of(0xff), '')],
      ['latin1', spliced(Buffer.from('é', 'latin1'), 'a')],
      ['UTF-16 with a byte order mark', (text) => Buffer.from(`\ufeff${text}`, 'utf16le')],
    ])('RFC 8725 §3.7: %s is refused', async (_, rewrite) => {
      covers('D11');
      await expectMalformed(rewritten(part, rewrite), `the ${part} is not UTF-8`);
    });

    it.each<[string, Rewrite]>([
      ['a UTF-8 byte order mark', (text) => `\ufeff${text}`],
      ['UTF-16 without a byte order mark', (text) => Buffer.from(text, 'utf16le')],
      ['UTF-16, big end first', (text) => Buffer.from(text, 'utf16le').swap16()],
      ['UTF-32', (text) => Buffer.from([...text].flatMap((letter) => [letter.charCodeAt(0), 0, 0, 0]))],
    ])('RFC 8725 §3.7, RFC 8259 §8.1: %s is refused', async (_, rewrite) => {
      covers('D11', 'K8');
      await expectMalformed(rewritten(part, rewrite), `the ${part} is not JSON`);
    });

    it.each<[string, Rewrite]>([
      ['a character', (text) => `${text}x`],
      ['a second object', (text) => `${text} {}`],
      ['a second object without a space', (text) => `${text}{}`],
      ['a comma', (text) => `${text},`],
      ['a line comment', (text) => `${text}//x`],
      ['a block comment', (text) => `${text}/**/`],
      ['a NUL', (text) => `${text}\0`],
      ['a no-break space', (text) => `${text}\u00a0`],
      ['a form feed', (text) => `${text}\f`],
    ])('RFC 8259 §2: %s after it is refused', async (_, rewrite) => {
      covers('D15');
      await expectMalformed(rewritten(part, rewrite), `the ${part} is not JSON`);
    });

    it.each<[string, Rewrite]>([
      ['a trailing comma', append('')],
      ['a comment', (text) => text.replace('{', '{/*x*/')],
      ['single quotes', (text) => text.replaceAll('"', "'")],
      ['a name without quotes', prepend('x:1')],
      ['NaN', prepend('"x":NaN')],
      ['a hexadecimal number', prepend('"x":0x10')],
      ['a number with a leading zero', prepend('"x":01')],
      ['a tab in a string', prepend('"x":"\t"')],
      ['an escape that JSON does not know', prepend('"x":"\\x41"')],
      ['a string without end', prepend('"x')],
      ['an object without end', (text) => text.slice(0, -1)],
      ['a byte in front', (text) => `x${text}`],
    ])('RFC 8259 §3 to §7: %s in it is refused', async (_, rewrite) => {
      covers('D15');
      await expectMalformed(rewritten(part, rewrite), `the ${part} is not JSON`);
    });

    it('RFC 8259 §2: white space around it is legal JSON, and passes', async () => {
      covers('D15');
      const token = api.issuer.token(rewritten(part, (text) => `\t\n\r ${text} \r\n`));
      expect(await expectTokenAccepted(api, token)).toEqual(await expectTokenAccepted(api, api.issuer.token()));
    });

    it.each(['"\\ud800"', '"a\\udfff"', '"\\udc00\\ud800"', '["\\ud83d "]', '{"\\ud83d":1}'])(
      'the lone surrogate in %s is refused',
      async (text) => {
        covers('D12', 'K8');
        await expectMalformed(rewritten(part, prepend(`"x":${text}`)), `the ${part} has ill-formed Unicode`);
      },
    );
  });

  describe('letters that look like others', () => {
    it.each(['sub', 'scope', 'client_id', 'jti', 'aud', 'iss'])('a lone surrogate in %s is refused', async (name) => {
      covers('D12', 'K8');
      const rewrite = (text: string) => text.replace(new RegExp(`("${name}":"[^"]*)`), '$1\\ud800');
      await expectMalformed({ rewritePayload: rewrite }, 'the payload has ill-formed Unicode');
    });

    it.each(['sub', 'scope', 'client_id'])('a NUL in %s is refused', async (name) => {
      covers('D12', 'K8');
      const rewrite = (text: string) => text.replace(new RegExp(`("${name}":"[^"]*)`), '$1\\u0000');
      await expectRefusal({ rewritePayload: rewrite }, 'claim_malformed', name);
    });

    it.each([
      ['a Cyrillic letter', 't\u0435st-user'],
      ['a right-to-left override', '\u202eresu-tset'],
      ['a zero-width joiner', 'test\u200d-user'],
      ['a combining accent', 'test-use\u0301r'],
      ['an emoji', 'test-user\u{1f600}'],
      ['another case', 'TEST-USER'],
      ['a space after it', 'test-user '],
    ])('RFC 7519 §7.3: a sub with %s reaches the handler code point by code point', async (_, sub) => {
      covers('D12');
      const claims = await expectTokenAccepted(api, api.issuer.token({ payload: { sub: JSON.stringify(sub) } }));
      expect(claims['sub']).toBe(sub);
      expect(claims['sub']).not.toBe('test-user');
    });

    it.each(['r\u0435ad', 'read\u200d', '\u202eread', '\uff52ead', 're\u0301ad'])(
      'RFC 6749 §3.3: %j is no scope',
      async (scope) => {
        covers('D12');
        await expectRefusal({ payload: { scope: JSON.stringify(scope) } }, 'claim_malformed', 'scope');
      },
    );
  });

  it.each<[string, string]>([
    ['a Cyrillic letter', 'test-cli\u0435nt-\u00e9'],
    ['the same letter in two code points', 'test-client-e\u0301'],
    ['another case', 'TEST-CLIENT-\u00e9'],
    ['a zero-width space', 'test-client-\u00e9\u200b'],
  ])('RFC 7519 §7.3: a client_id with %s is another client', async (_, clientId) => {
    covers('D12');
    await api.close();
    api = await startAttackApi({ verifier: { clientIds: ['test-client-\u00e9'] } });
    const withClient = (client: string): JsonTexts => ({ client_id: JSON.stringify(client) });
    await expectAttackRefused(api, {
      token: mutated({ payload: withClient(clientId) }),
      control: mutated({ payload: withClient('test-client-\u00e9') }),
      answer: invalidToken('client_not_allowed'),
    });
  });

  describe('numbers beyond 2^53', () => {
    const NUMBER = '9007199254740993';

    it.each(['sub', 'client_id', 'aud', 'scope', 'exp', 'iat', 'nbf'])(
      '%s as such a number is refused',
      async (name) => {
        covers('D14');
        await expectRefusal({ payload: { [name]: NUMBER } }, 'claim_malformed', name);
      },
    );

    it('a sub of these digits keeps every one of them', async () => {
      covers('D14');
      const claims = await expectTokenAccepted(api, api.issuer.token({ payload: { sub: `"${NUMBER}"` } }));
      expect(claims['sub']).toBe(NUMBER);
    });
  });

  describe('names in another case (CVE-2026-27896)', () => {
    const renamed =
      (name: string, as: string): Rewrite =>
      (text) =>
        text.replace(`"${name}"`, `"${as}"`);

    it.each([
      ['Exp', 'exp'],
      ['EXP', 'exp'],
      ['SUB', 'sub'],
      ['Iss', 'iss'],
      ['AUD', 'aud'],
      ['Client_Id', 'client_id'],
      ['IAT', 'iat'],
      ['Jti', 'jti'],
    ])('RFC 7519 §10.1.1, CVE-2026-27896: %s is no %s', async (as, name) => {
      covers('D1');
      await expectRefusal({ rewritePayload: renamed(name, as) }, 'claim_missing', name);
    });

    it.each(['Scope', 'SCOPE', 'Scp', 'SCP'])('CVE-2026-27896: %s gives no scope', async (as) => {
      covers('D1');
      const token = mutated({ rewritePayload: renamed('scope', as) });
      await expectAttackRefused(api, { token, answer: insufficientScope('read') });
    });

    it.each<[string, string, RefusalReason]>([
      ['Alg', 'alg', 'token_malformed'],
      ['TYP', 'typ', 'token_type_not_allowed'],
    ])('RFC 7515 §4, CVE-2026-27896: the header member %s is no %s', async (as, name, reason) => {
      covers('D1');
      await expectRefusal({ rewriteHeader: renamed(name, as) }, reason);
    });

    it.each<[Part, string, unknown]>([
      ['payload', 'Exp', 1],
      ['payload', 'SUB', 'admin'],
      ['payload', 'Iss', 'https://evil.example'],
      ['payload', 'AUD', ['https://other.test']],
      ['payload', 'Scope', 'read admin'],
      ['payload', 'Nbf', 9_999_999_999],
      ['payload', 'Cnf', { jkt: 'x' }],
      ['header', 'Kid', 'rsa'],
      ['header', 'ALG', 'none'],
      ['header', 'Typ', 'JWT'],
      ['header', 'Crit', ['x']],
    ])('CVE-2026-27896: in the %s, %s beside the true member changes nothing', async (part, name, value) => {
      covers('D1');
      for (const add of [prepend, append]) {
        const token = api.issuer.token(rewritten(part, add(`"${name}":${JSON.stringify(value)}`)));
        const { [name]: added, ...claims } = await expectTokenAccepted(api, token);
        expect(added).toEqual(part === 'header' ? undefined : value);
        expect(claims).toEqual(JSON.parse((await api.send()).response.body));
      }
    });
  });
});
