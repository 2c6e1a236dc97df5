import { createSecretKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  type Attack,
  type AttackApiOptions,
  expectRepelled,
  expectRepelledUnasked,
  mutated,
  withAttackApi,
} from '../support/attack-api.js';
import { useAttackWorld } from '../support/attack-issuer.js';
import { createVerifierWith, expectMisuse } from '../support/configuration-error.js';
import { invalidRequest, invalidToken } from '../support/expect-answer.js';
import { TOKEN_EXPRESS_VERSIONS } from '../support/express-versions.js';
import { generateKeys, type Mutation } from '../support/raw-issuer.js';
import { toSegment } from '../support/raw-token.js';

const withoutAlg: AttackApiOptions['jwks'] = (keys) => keys.map((key) => ({ ...key, alg: undefined }));
const withAlg = (alg: string) => ({ header: { alg: JSON.stringify(alg) } });

describe.each(TOKEN_EXPRESS_VERSIONS)('RFC 8725 on %s', (_, express) => {
  const world = useAttackWorld(express);
  const refuse = (attack: Attack, options: Omit<AttackApiOptions, 'express'> = {}) =>
    withAttackApi({ express, ...options }, (api) => expectRepelled(api, attack));

  it('RFC 8725 §3.1 (8725-1): the header cannot make an HMAC of the public key count', async () => {
    const token: Attack['token'] = ({ issuer }) => {
      const secret = createSecretKey(Buffer.from(issuer.keys.publicKey.export({ format: 'pem', type: 'spki' })));
      return issuer.token({ ...withAlg('HS256'), key: secret, signWith: 'HS256' });
    };
    await refuse({ token, answer: invalidToken('algorithm_not_allowed') });
  });

  it.each([
    ['RS256', 'PS256'],
    ['RS256', 'RS512'],
  ] as const)('RFC 8725 §3.1 (8725-1): the header cannot make a key for %s verify %s', async (_name, alg) => {
    const token: Attack['token'] = ({ rsaIssuer }) => rsaIssuer.token({ ...withAlg(alg), signWith: alg });
    await refuse({ token, control: ({ rsaIssuer }) => rsaIssuer.token(), answer: invalidToken('unknown_key') });
  });

  it.each(['RS256', 'PS384'] as const)(
    'rfc8725bis §3.1 (bis-1): a key that names no algorithm verifies PS256 alone where only that is listed, and not %s',
    async (alg) => {
      const signed =
        (name: typeof alg | 'PS256'): Attack['token'] =>
        ({ rsaIssuer }) =>
          rsaIssuer.token({ ...withAlg(name), signWith: name });
      const attack = { token: signed(alg), control: signed('PS256'), answer: invalidToken('algorithm_not_allowed') };
      await refuse(attack, { jwks: withoutAlg, verifier: { algorithms: ['PS256'] } });
    },
  );

  it.each(['none', 'None', 'HS256', 'ES256K', 'RSA-OAEP'])(
    'RFC 8725 §3.2 (8725-2): %s cannot be allowed, and is refused in tokens',
    async (alg) => {
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
  ])('RFC 8725 §3.3 (8725-3): one changed bit refuses the whole token: segment %i, the %s', async (at) => {
    const control: Attack['token'] = ({ issuer }) => issuer.token({ header: { a: '"a"' }, payload: { a: '"a"' } });
    await withAttackApi({ express }, async (api) => {
      const good = control(api);
      const token = () => changeBit(good, at);
      await expectRepelled(api, { token, control: () => good, answer: invalidToken('signature_invalid') });
    });
  });

  it('RFC 8725 §3.4 (8725-4): does not use a key that is no point of its curve', async () => {
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
  ])('RFC 8725 §3.7 (8725-5): refuses a header and a payload in %s', async (_name, encode) => {
    const answer = invalidToken('token_malformed');
    await refuse({ token: mutated({ rewriteHeader: encode }), answer });
    await refuse({ token: mutated({ rewritePayload: encode }), answer });
  });

  it('RFC 8725 §3.8 (8725-6): verifies with the keys of the issuer that the token names, whatever their kid', async () => {
    const [first, second] = [await world.openIssuer(), await world.openIssuer()];
    const api = await world.startApi();
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
  ] as const)('RFC 8725 §3.9 (8725-7): refuses a token with %s audience', async (_name, aud, reason) => {
    const mutation = { payload: { aud } };
    await refuse({ token: mutated(mutation), answer: invalidToken(reason) }, { verifier: { profile: 'jwt' } });
  });

  it('RFC 8725 §3.9 (8725-7): a verifier does not start without an audience, or another rule in its place', async () => {
    expect(() => createVerifierWith({ audience: false, clientIds: ['client'] })).not.toThrow();
    const missing = { option: 'audience', told: 'is missing', fix: 'Give the identifier of this server' };
    await expectMisuse(() => createVerifierWith({ audience: undefined as never }), missing);
    const open = { option: 'audience', told: 'is false', fix: 'Name the clients' };
    await expectMisuse(() => createVerifierWith({ audience: false }), open);
  });

  it.each(['../../dev/null', "' OR 1=1--", '|id', '&#124;id', 'http://127.0.0.1/key'])(
    'RFC 8725 §3.10 (8725-8): the kid %s is the name of no key',
    async (kid) => {
      const token = mutated({ header: { kid: JSON.stringify(kid) } });
      await refuse({ token, answer: invalidToken('unknown_key') });
    },
  );

  it('RFC 8725 §3.10 (8725-8): fetches no key from where a forged token says', async () => {
    const { privateKey: key } = generateKeys('ES256');
    const token: Attack['token'] = ({ issuer, sinkOrigin }) =>
      issuer.token({ header: { jku: JSON.stringify(`${sinkOrigin}/jwks`) }, key });
    await refuse({ token, answer: invalidToken('signature_invalid') });
  });

  it.each(['JWT', 'id+jwt', 'dpop+jwt', 'logout+jwt', 'secevent+jwt', 'statuslist+jwt', 'oauth-authz-req+jwt'])(
    'RFC 8725 §3.11 (8725-9): refuses the typ %s',
    async (typ) => {
      const token = mutated({ header: { typ: JSON.stringify(typ) } });
      await refuse({ token, answer: invalidToken('token_type_not_allowed') });
    },
  );

  it.each([
    ['an ID token', { nonce: '"n"' }],
    ['an ID token', { at_hash: '"h"' }],
    ['a logout token', { events: '{"http://schemas.openid.net/event/backchannel-logout":{}}' }],
    ['a refresh token', { typ: '"Refresh"' }],
  ])('RFC 8725 §3.12 (8725-9): refuses %s without a typ of its own, by its mark', async (_name, payload) => {
    const header = { typ: '"JWT"' };
    const [token, control] = [mutated({ header, payload }), mutated({ header })];
    const answer = invalidToken('token_type_not_allowed');
    await refuse({ token, control, answer }, { verifier: { profile: 'jwt' } });
  });

  it.each(['rfc9068', 'jwt'] as const)(
    'RFC 9701 §8.1 (9701-2): refuses the signed answer of an introspection endpoint, profile %s',
    async (profile) => {
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
  ])('rfc8725bis §3.14 (bis-2): refuses %s', async (_name, write) => {
    await withAttackApi({ express }, async (api) => {
      const good = api.issuer.token();
      const token = () => write(good.split('.'));
      await expectRepelledUnasked(api, { token, control: () => good, answer: invalidRequest('bearer_malformed') });
    });
  });

  it.each<[string, Mutation['header'] & object]>([
    ['bis-3', { alg: '"dir"', enc: '"A256GCM"' }],
    ['bis-3', { alg: '"RSA-OAEP-256"', enc: '"A128GCM"', kid: '"rsa"' }],
    ['bis-4', { alg: '"PBES2-HS256+A128KW"', enc: '"A128GCM"', p2s: '"AAAA"', p2c: '2147483647' }],
    ['bis-4', { alg: '"dir"', enc: '"A256GCM"', zip: '"DEF"' }],
  ])('rfc8725bis §3.3, §3.13, §3.15 (%s): refuses a JWE unread: %o', async (_id, members) => {
    const header = toSegment(JSON.stringify(Object.fromEntries(Object.entries(members).map(parseMember))));
    const token = () => [header, 'AAAA', 'AAAA', 'AAAA', 'AAAA'].join('.');
    const answer = invalidToken('token_encrypted');
    await withAttackApi({ express }, (api) => expectRepelledUnasked(api, { token, answer }));
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
