import { channel } from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import type { JWK } from 'jose';
import { describe, expect, it } from 'vitest';
import type { DiagnosticsMessages } from '../../src/index.js';
import {
  type AttackApi,
  expectAttackRefused,
  expectNoFetch,
  expectTokenAccepted,
  mutated,
  startAttackApi,
} from '../support/attack-api.js';
import { covers } from '../support/covers.js';
import { expectAnswer, invalidToken } from '../support/expect-answer.js';
import { textsOf } from '../support/leaks.js';
import { RawIssuer } from '../support/raw-issuer.js';

const KEY_UNKNOWN = invalidToken('unknown_key');
const NAMED = [1, 2, 3].map((n) => new RawIssuer({ kid: `ec-${n}` })) as [RawIssuer, RawIssuer, RawIssuer];

type UnknownKid = DiagnosticsMessages['scopegate:unknown-kid'];

describe('C: the kid of a token', () => {
  /** Signs a token of the issuer of an API with another key, whatever the header names. */
  function signedBy({ keys }: RawIssuer, kid: string | undefined): (api: AttackApi) => string {
    return mutated({ header: { kid: kid && JSON.stringify(kid) }, key: keys.privateKey });
  }

  it.each([
    '../../../../dev/null',
    '/proc/self/environ',
    '..\\..\\windows\\win.ini',
    'file:///dev/null',
    'http://127.0.0.1/jwks',
    "' OR 1=1--",
    "x' UNION SELECT 'secret';--",
    '"; DROP TABLE keys; --',
    '|id',
    '$(id)',
    '`id`',
    '; cat /etc/passwd #',
    '\x24{jndi:ldap://127.0.0.1/a}',
    '{{7*7}}',
    '%00',
    '%2e%2e%2f',
    '<script>alert(1)</script>',
    '\x1b[31mred\x1b[0m',
    'ec\r\nSet-Cookie: a=b',
    'ec\nlevel=info msg="all is well"',
    'ec\0',
    '\u202ece',
    '\u2028ec',
    '\ufeffec',
  ])('RFC 8725 §3.10: %j is a kid that nobody knows, and no text shows it as it is', async (kid) => {
    covers('C5');
    const api = await startAttackApi();
    const token = mutated({ header: { kid: JSON.stringify(kid) } });
    for (const { refusals, response } of await expectAttackRefused(api, { token, answer: KEY_UNKNOWN })) {
      expect(response.text).not.toContain(kid);
      expect(refusals[0]?.detail).toMatch(/^[\x20-\x7e]+$/);
      // The line feeds of a stack stand between its lines; the kid brings none.
      const [first = '', ...others] = kid.split(/[\r\n]+/);
      expect(others.filter((line) => textsOf(refusals[0]).split('\n').includes(line))).toEqual([]);
      if (/[^\x20-\x7e]/.test(first)) expect(textsOf(refusals[0])).not.toContain(first);
    }
  });

  it.each([
    ['refused unread where tokens are short', undefined, invalidToken('token_too_large')],
    ['unknown where tokens may be long', 1_048_576, KEY_UNKNOWN],
  ] as const)('a kid of 100 KB is %s, and nothing keeps it', async (_, maxTokenBytes, answer) => {
    covers('C6');
    const messages: UnknownKid[] = [];
    const listen = (message: unknown) => messages.push(message as UnknownKid);
    channel('scopegate:unknown-kid').subscribe(listen);
    try {
      const api = await startAttackApi({ verifier: { ...(maxTokenBytes && { maxTokenBytes }) } });
      const token = mutated({ header: { kid: JSON.stringify('k'.repeat(100_000)) } });
      const exchanges = await expectAttackRefused(api, { token, answer });
      const told = exchanges.flatMap(({ refusals }) => refusals.map(textsOf));
      const status = inspect(api.verifier.status(), { depth: null, maxStringLength: null });
      // Whoever makes a log line or the label of a metric of it has to be safe.
      const texts = [...told, status, ...messages.map(({ kid = '' }) => kid)];
      expect(texts.filter((text) => text.includes('k'.repeat(300)))).toHaveLength(0);
    } finally {
      channel('scopegate:unknown-kid').unsubscribe(listen);
    }
    expect(messages).toHaveLength(maxTokenBytes === undefined ? 0 : 2);
  });

  it.each(['1', '0', 'null', 'true', '[]', '["ec"]', '{}', '{"kid":"ec"}', '""'])(
    'RFC 7515 §4.1.4: the kid %s makes a token malformed',
    async (kid) => {
      covers('C7');
      const api = await startAttackApi();
      const answer = invalidToken('token_malformed');
      expectAnswer(await api.send({ token: api.issuer.token({ header: { kid } }) }), answer, api.realm);
      expectNoFetch(api);
      await expectAttackRefused(api, { token: mutated({ header: { kid } }), answer });
    },
  );

  it.each([
    'EC',
    'Ec',
    'ec ',
    ' ec',
    'ec\0',
    'ec\n',
    'e',
    'ecc',
    'ec/../ec',
    '%65c',
    '\uff45\uff43',
    'e\u0441',
    'ec\u200b',
  ])('RFC 7515 §4.1.4: the kid %j is another one than ec', async (kid) => {
    covers('C7');
    const token = mutated({ header: { kid: JSON.stringify(kid) } });
    await expectAttackRefused(await startAttackApi(), { token, answer: KEY_UNKNOWN });
  });

  it('RFC 8259 §8.3: a kid is the same however its characters are escaped', async () => {
    covers('C7');
    const api = await startAttackApi();
    const kid = '"\\u0065\\u0063"';
    const plain = await expectTokenAccepted(api, api.issuer.token());
    expect(await expectTokenAccepted(api, api.issuer.token({ header: { kid } }))).toEqual(plain);
  });

  it('a kid that belongs to a key of another kind is of no use', async () => {
    covers('C7');
    const token = mutated({ header: { kid: '"rsa"' } });
    await expectAttackRefused(await startAttackApi(), { token, answer: KEY_UNKNOWN });
  });

  const withoutKid = mutated({ header: { kid: undefined } });

  it('a token without kid passes with the one key that fits it', async () => {
    covers('C8', 'K10');
    const api = await startAttackApi();
    const plain = await expectTokenAccepted(api, api.issuer.token());
    expect(await expectTokenAccepted(api, withoutKid(api))).toEqual(plain);
    expect(await expectTokenAccepted(api, api.rsaIssuer.token({ header: { kid: undefined } }))).toEqual(plain);
  });

  it('a token without kid is refused with requireKid', async () => {
    covers('C8', 'K10');
    const api = await startAttackApi({ verifier: { requireKid: true } });
    const answer = invalidToken('kid_missing');
    expectAnswer(await api.send({ token: withoutKid(api) }), answer, api.realm);
    expectNoFetch(api);
    await expectAttackRefused(api, { token: withoutKid, answer });
  });

  it('a token without kid is refused where no key of its kind verifies it', async () => {
    covers('C8');
    const token = signedBy(NAMED[0], undefined);
    const answer = invalidToken('signature_invalid');
    await expectAttackRefused(await startAttackApi(), { token, control: withoutKid, answer });
  });

  /** Publishes other keys of the same kind before the key `ec` of the issuer. */
  function preceding(...others: readonly RawIssuer[]): (keys: readonly JWK[]) => readonly JWK[] {
    return (keys) => [...others.map(({ jwk }) => jwk), ...keys];
  }

  it('jwks-rsa #294: a token without kid is tried with both of two keys that fit', async () => {
    covers('C8');
    const api = await startAttackApi({ jwks: preceding(NAMED[0]) });
    await expectTokenAccepted(api, withoutKid(api));
    await expectTokenAccepted(api, signedBy(NAMED[0], undefined)(api));
    const token = signedBy(NAMED[1], undefined);
    {
      const api = await startAttackApi({ jwks: preceding(NAMED[0]) });
      const attack = { token, control: withoutKid, answer: invalidToken('signature_invalid') };
      for (const { refusals } of await expectAttackRefused(api, attack))
        expect(refusals[0]?.detail).toBe('2 keys tried');
    }
  });

  it('a token without kid costs two verifications, however many keys fit', async () => {
    covers('C8');
    const api = await startAttackApi({ jwks: preceding(...NAMED) });
    const attack = { token: withoutKid, answer: invalidToken('signature_invalid') };
    for (const { refusals } of await expectAttackRefused(api, attack)) expect(refusals[0]?.detail).toBe('2 keys tried');
    await expectTokenAccepted(api, signedBy(NAMED[0], undefined)(api));
    await expectTokenAccepted(api, signedBy(NAMED[1], undefined)(api));
  });

  const sameKid = (keys: readonly JWK[]) => [...preceding(NAMED[0])(keys)].map((jwk) => ({ ...jwk, kid: 'ec' }));

  it('Wycheproof json_web_key 4: of two keys with one kid and one kind, both are tried', async () => {
    covers('C9');
    const api = await startAttackApi({ jwks: sameKid });
    await expectTokenAccepted(api, api.issuer.token());
    await expectTokenAccepted(api, signedBy(NAMED[0], 'ec')(api));
    {
      const api = await startAttackApi({ jwks: (keys) => [...sameKid(keys)].reverse() });
      await expectTokenAccepted(api, signedBy(NAMED[0], 'ec')(api));
      await expectTokenAccepted(api, api.issuer.token());
    }
  });

  it('of three keys with one kid and one kind, two are tried', async () => {
    covers('C9');
    const jwks = (keys: readonly JWK[]) => preceding(...NAMED)(keys).map((jwk) => ({ ...jwk, kid: 'ec' }));
    const api = await startAttackApi({ jwks });
    const attack = { token: signedBy(NAMED[2], 'ec'), control: signedBy(NAMED[0], 'ec') };
    const exchanges = await expectAttackRefused(api, { ...attack, answer: invalidToken('signature_invalid') });
    for (const { refusals } of exchanges) expect(refusals[0]?.detail).toBe('2 keys tried');
  });

  it('of two keys with one kid and two kinds, the algorithm picks', async () => {
    covers('C9');
    const api = await startAttackApi({ jwks: sameKid });
    await expectTokenAccepted(api, api.issuer.token());
    await expectTokenAccepted(api, api.rsaIssuer.token({ header: { kid: '"ec"' } }));
    const forged = signedBy(NAMED[1], 'ec')(api);
    expectAnswer(await api.send({ token: forged }), invalidToken('signature_invalid'), api.realm);
  });

  it.each(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'])(
    '%s is a kid that nobody knows, and it changes no object',
    async (kid) => {
      covers('C10');
      const members = Reflect.ownKeys(Object.prototype);
      await expectAttackRefused(await startAttackApi(), {
        token: mutated({ header: { kid: JSON.stringify(kid) } }),
        answer: KEY_UNKNOWN,
      });
      expect(Reflect.ownKeys(Object.prototype)).toEqual(members);
    },
  );

  it.each(['__proto__', 'constructor', 'toString'])('a key named %s is a key like any other', async (kid) => {
    covers('C10');
    const jwks = (keys: readonly JWK[]) => keys.map((jwk) => (jwk.kid === 'ec' ? { ...jwk, kid } : jwk));
    const api = await startAttackApi({ jwks });
    await expectTokenAccepted(api, api.issuer.token({ header: { kid: JSON.stringify(kid) } }));
    expectAnswer(await api.send({ token: api.issuer.token() }), KEY_UNKNOWN, api.realm);
  });
});
