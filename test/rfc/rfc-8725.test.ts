import { createSecretKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { RowId } from '../security-matrix/catalogue.js';
import {
  type Attack,
  type AttackApiOptions,
  expectAttackRefused,
  expectAttackRefusedBeforeFetch,
  mutated,
  startAttackApi,
} from '../support/attack-api.js';
import { createVerifierWith, expectMisuse } from '../support/configuration-error.js';
import { covers } from '../support/covers.js';
import { invalidRequest, invalidToken } from '../support/expect-answer.js';
import { generateKeys, type Mutation } from '../support/raw-issuer.js';
import { toSegment } from '../support/raw-token.js';
import { useTestbed } from '../support/testbed.js';

const withoutAlg: AttackApiOptions['jwks'] = (keys) => keys.map((key) => ({ ...key, alg: undefined }));
const withAlg = (alg: string) => ({ header: { alg: JSON.stringify(alg) } });

describe('RFC 8725', () => {
  const testbed = useTestbed();
  const refuse = async (attack: Attack, options: Omit<AttackApiOptions, 'express'> = {}) =>
    expectAttackRefused(await startAttackApi({ ...options }), attack);

  it('RFC 8725 §3.1: the header cannot make an HMAC of the public key count', async () => {
    covers('8725-1');
    const token: Attack['token'] = ({ issuer }) => {
      const secret = createSecretKey(Buffer.from(issuer.keys.publicKey.export({ format: 'pem', type: 'spki' })));
      return issuer.token({ ...withAlg('HS256'), key: secret, signWith: 'HS256' });
    };
    await refuse({ token, answer: invalidToken('algorithm_not_allowed') });
  });

  it.each([
    ['RS256', 'PS256'],
    ['RS256', 'RS512'],
  ] as const)('RFC 8725 §3.1: the header cannot make a key for %s verify %s', async (_name, alg) => {
    covers('8725-1');
    const token: Attack['token'] = ({ rsaIssuer }) => rsaIssuer.token({ ...withAlg(alg), signWith: alg });
    await refuse({ token, control: ({ rsaIssuer }) => rsaIssuer.token(), answer: invalidToken('unknown_key') });
  });

  it.each(['RS256', 'PS384'] as const)(
    'rfc8725bis §3.1: a key that names no algorithm verifies PS256 alone where only that is listed, and not %s',
    async (alg) => {
      covers('bis-1');
      const signed =
        (name: typeof alg | 'PS256'): Attack['token'] =>
        ({ rsaIssuer }) =>
          rsaIssuer.token({ ...withAlg(name), signWith: name });
      const attack = { token: signed(alg), control: signed('PS256'), answer: invalidToken('algorithm_not_allowed') };
      await refuse(attack, { jwks: withoutAlg, verifier: { algorithms: ['PS256'] } });
    },
  );

  it.each(['none', 'None', 'HS256', 'ES521', 'RSA-OAEP'])(
    'RFC 8725 §3.2: %s cannot be allowed, and is refused in tokens',
    async (alg) => {
      covers('8725-2');
      expect(() => createVerifierWith({ algorithms: ['ES256'] })).not.toThrow();
      const misuse = { option: 'algorithms', told: `holds "${alg}"`, fix: 'Give some of RS256' };
      await expectMisuse(() => createVerifierWith({ algorithms: ['ES256', alg as 'ES256'] }), misuse);
      await refuse({ token: mutated(withAlg(alg)), answer: invalidToken('algorithm_not_allowed') });
    },
  );

  it.each([
    [0, 'header'],
    [1, 'payload'],
    [2, 'signature'],
  ])('RFC 8725 §3.3: one changed bit refuses the whole token: segment %i, the %s', async (at) => {
    covers('8725-3');
    const control: Attack['token'] = ({ issuer }) => issuer.token({ header: { a: '"a"' }, payload: { a: '"a"' } });
    const api = await startAttackApi();
    const good = control(api);
    const token = () => changeBit(good, at);
    await expectAttackRefused(api, { token, control: () => good, answer: invalidToken('signature_invalid') });
  });

  it('RFC 8725 §3.4: does not use a key that is no point of its curve', async () => {
    covers('8725-4');
    const jwks: AttackApiOptions['jwks'] = ([ec = {}, ...others]) => {
      const y = Buffer.from(String(ec.y), 'base64url');
      y[31] = (y[31] as number) ^ 1;
      return [{ ...ec, y: y.toString('base64url') }, ...others];
    };
    const token: Attack['token'] = ({ issuer }) => issuer.token();
    const answer = invalidToken('unknown_key');
    await refuse({ token, control: ({ rsaIssuer }) => rsaIssuer.token(), answer }, { jwks });
  });

  it.each<[string, (text: string) => Buffer]>([
    ['UTF-16', (text) => Buffer.from(text, 'utf16le')],
    ['UTF-16 with a byte order mark', (text) => Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['UTF-32', (text) => Buffer.from(Uint32Array.from(text, (letter) => letter.charCodeAt(0)).buffer)],
    ['latin1', (text) => Buffer.from(text.replace(/}$/, ',"x":"\u00e9"}'), 'latin1')],
    ['UTF-8 with a byte order mark', (text) => Buffer.from(`\ufeff${text}`)],
  ])('RFC 8725 §3.7: refuses a header and a payload in %s', async (_name, encode) => {
    covers('8725-5');
    const answer = invalidToken('token_malformed');
    await refuse({ token: mutated({ rewriteHeader: encode }), answer });
    await refuse({ token: mutated({ rewritePayload: encode }), answer });
  });

  it('RFC 8725 §3.8: verifies with the keys of the issuer that the token names, whatever their kid', async () => {
    covers('8725-6');
    const [first, second] = [await testbed.openIssuer(), await testbed.openIssuer()];
    const api = await testbed.startApi();
    const forged = () => first.token({ key: second.keys.privateKey });
    for (const round of ['cold', 'warm']) {
      expect([round, await api.ask(forged())]).toEqual([round, 'signature_invalid']);
      expect(await api.ask(first.token())).toBe('accepted');
      expect(await api.ask(second.token())).toBe('accepted');
    }
  });

  it.each([
    ['another', '"https://other.test"', 'audience_mismatch'],
    ['no', undefined, 'audience_mismatch'],
    ['a nearly right', '"https://api.test/"', 'audience_mismatch'],
  ] as const)('RFC 8725 §3.9: refuses a token with %s audience', async (_name, aud, reason) => {
    covers('8725-7');
    const mutation = { payload: { aud } };
    await refuse({ token: mutated(mutation), answer: invalidToken(reason) }, { verifier: { profile: 'jwt' } });
  });

  it('RFC 8725 §3.9: a verifier does not start without an audience, or another rule in its place', async () => {
    covers('8725-7');
    expect(() => createVerifierWith({ audience: false, clientIds: ['client'] })).not.toThrow();
    const missing = { option: 'audience', told: 'is missing', fix: 'Give the identifier of this server' };
    await expectMisuse(() => createVerifierWith({ audience: undefined as never }), missing);
    const open = { option: 'audience', told: 'is false', fix: 'Name the clients' };
    await expectMisuse(() => createVerifierWith({ audience: false }), open);
  });

  it.each(['../../dev/null', "' OR 1=1--", '|id', '&#124;id', 'http://127.0.0.1/key'])(
    'RFC 8725 §3.10: the kid %s is the name of no key',
    async (kid) => {
      covers('8725-8');
      const token = mutated({ header: { kid: JSON.stringify(kid) } });
      await refuse({ token, answer: invalidToken('unknown_key') });
    },
  );

  it('RFC 8725 §3.10: fetches no key from where a forged token says', async () => {
    covers('8725-8');
    const { privateKey: key } = generateKeys('ES256');
    const token: Attack['token'] = ({ issuer, sink }) =>
      issuer.token({ header: { jku: JSON.stringify(`${sink.origin}/jwks`) }, key });
    await refuse({ token, answer: invalidToken('signature_invalid') });
  });

  it.each(['JWT', 'id+jwt', 'dpop+jwt', 'logout+jwt', 'secevent+jwt', 'statuslist+jwt', 'oauth-authz-req+jwt'])(
    'RFC 8725 §3.11: refuses the typ %s',
    async (typ) => {
      covers('8725-9');
      const token = mutated({ header: { typ: JSON.stringify(typ) } });
      await refuse({ token, answer: invalidToken('token_type_not_allowed') });
    },
  );

  it.each([
    ['an ID token', { at_hash: '"h"' }],
    ['a logout token', { events: '{"http://schemas.openid.net/event/backchannel-logout":{}}' }],
    ['a refresh token', { typ: '"Refresh"' }],
  ])('RFC 8725 §3.12: refuses %s without a typ of its own, by its mark', async (_name, payload) => {
    covers('8725-9');
    const header = { typ: '"JWT"' };
    const [token, control] = [mutated({ header, payload }), mutated({ header })];
    const answer = invalidToken('token_type_not_allowed');
    await refuse({ token, control, answer }, { verifier: { profile: 'jwt' } });
  });

  it.each(['rfc9068', 'jwt'] as const)(
    'RFC 9701 §8.1: refuses the signed answer of an introspection endpoint, profile %s',
    async (profile) => {
      covers('9701-2');
      const payload = { token_introspection: '{"active":true,"scope":"read"}' };
      const token = mutated({ header: { typ: '"token-introspection+jwt"' }, payload });
      const attack = { token, answer: invalidToken('token_type_not_allowed') };
      await refuse(attack, { verifier: { profile } });
    },
  );

  it.each<[string, (parts: readonly string[]) => string]>([
    ['flattened JSON', ([a, b, c]) => JSON.stringify({ protected: a, payload: b, signature: c })],
    ['general JSON', ([a, b, c]) => JSON.stringify({ payload: b, signatures: [{ protected: a, signature: c }] })],
    ['the compact form in quotes', (parts) => JSON.stringify(parts.join('.'))],
    ['the compact form with a brace', (parts) => `${parts.join('.')}}`],
  ])('rfc8725bis §3.14: refuses %s', async (_name, write) => {
    covers('bis-2');
    const api = await startAttackApi();
    const good = api.issuer.token();
    const token = () => write(good.split('.'));
    await expectAttackRefusedBeforeFetch(api, {
      token,
      control: () => good,
      answer: invalidRequest('bearer_malformed'),
    });
  });

  it.each<[Mutation['header'] & object, RowId]>([
    [{ alg: '"dir"', enc: '"A256GCM"' }, 'bis-3'],
    [{ alg: '"RSA-OAEP-256"', enc: '"A128GCM"', kid: '"rsa"' }, 'bis-3'],
    [{ alg: '"PBES2-HS256+A128KW"', enc: '"A128GCM"', p2s: '"AAAA"', p2c: '2147483647' }, 'bis-4'],
    [{ alg: '"dir"', enc: '"A256GCM"', zip: '"DEF"' }, 'bis-4'],
  ])('rfc8725bis §3.3, §3.13, §3.15: refuses a JWE unread: %o', async (members, id) => {
    covers(id);
    const header = toSegment(JSON.stringify(Object.fromEntries(Object.entries(members).map(parseMember))));
    const token = () => [header, 'AAAA', 'AAAA', 'AAAA', 'AAAA'].join('.');
    const answer = invalidToken('token_encrypted');
    await expectAttackRefusedBeforeFetch(await startAttackApi(), { token, answer });
  });
});

function parseMember([name, text]: readonly [string, string | undefined]): [string, unknown] {
  return [name, JSON.parse(text ?? 'null')];
}

/** Changes a letter of the JSON in a token, or a bit of its signature. */
function changeBit(token: string, at: number): string {
  const segments = token.split('.');
  const bytes = Buffer.from(segments[at] ?? '', 'base64url');
  const place = at === 2 ? 0 : bytes.lastIndexOf('"a"') + 1;
  bytes[place] = (bytes[place] as number) ^ 2;
  return segments.with(at, bytes.toString('base64url')).join('.');
}
