import { createSecretKey, generateKeyPairSync, sign } from 'node:crypto';
import type { JWK } from 'jose';
import { describe, expect, it } from 'vitest';
import {
  type AttackApi,
  type AttackApiOptions,
  expectAttackRefused,
  expectTokenAccepted,
  startAttackApi,
} from '../support/attack-api.js';
import { covers } from '../support/covers.js';
import { invalidToken } from '../support/expect-answer.js';
import { answerWell } from '../support/loopback-server.js';
import { generateKeys, type RawIssuer, toJwk } from '../support/raw-issuer.js';
import { useTestbed } from '../support/testbed.js';

const KEY_UNKNOWN = invalidToken('unknown_key');
const OTHER_KEY = toJwk(generateKeys('ES256').publicKey);

describe('RFC 7517', () => {
  const testbed = useTestbed();

  /** Changes the ES256 key that the issuer publishes. Its tokens are refused then; those of the RS256 key pass. */
  async function refuseKey(change: (key: JWK) => object): Promise<void> {
    const jwks: AttackApiOptions['jwks'] = ([ec = {}, ...others]) => [change(ec), ...others];
    const [token, control] = [
      ({ issuer }: AttackApi) => issuer.token(),
      ({ rsaIssuer }: AttackApi) => rsaIssuer.token(),
    ];
    await expectAttackRefused(await startAttackApi({ jwks }), { token, control, answer: KEY_UNKNOWN });
  }

  it.each([
    ['kid', 'other', 'unknown_key'],
    ['x', OTHER_KEY.x, 'keys_unavailable'],
  ] as const)('RFC 7517 §4: of a second member %s in a key the last one counts', async (name, other, reason) => {
    covers('7517-1');
    const issuer = await testbed.openIssuer();
    const good = JSON.stringify(issuer.jwk[name]);
    const member = `"${name}":${good}`;
    const publish = async (members: string) => {
      issuer.answerJwks = (res, text, req) => {
        expect(text).toContain(member);
        answerWell(res, text.replace(member, members), req);
      };
      const api = await testbed.startApi();
      return api.ask(issuer.token());
    };
    expect(await publish(`"${name}":${JSON.stringify(other)},${member}`)).toBe('accepted');
    expect(await publish(`${member},"${name}":${JSON.stringify(other)}`)).toBe(reason);
  });

  it.each([
    ['use enc', { use: 'enc' }],
    ['use of another kind', { use: 'tls' }],
    ['key_ops encrypt', { use: undefined, key_ops: ['encrypt'] }],
    ['key_ops for encryption alone', { use: undefined, key_ops: ['encrypt', 'wrapKey'] }],
    ['key_ops that are no list', { use: undefined, key_ops: 'encrypt' }],
  ])('RFC 7517 §4.2, §4.3: does not use a key with %s', async (_name, members) => {
    covers('7517-2');
    await refuseKey((key) => ({ ...key, ...members }));
  });

  it.each([
    ['null', null],
    ['a number', 1],
    ['an unknown kty', { kty: 'XYZ', kid: 'ec' }],
    ['a key without its members', { kty: 'EC', kid: 'ec' }],
    ['a key with members of other types', { kty: 'EC', crv: 'P-256', x: 1, y: [], kid: 'ec' }],
    ['a key on an unknown curve', { ...OTHER_KEY, crv: 'P-1', kid: 'ec' }],
  ])('RFC 7517 §5: skips %s, and uses the keys beside it', async (_name, member) => {
    covers('7517-3');
    const api = await startAttackApi({ jwks: (keys) => [member, ...keys] });
    await expectTokenAccepted(api, api.issuer.token());
    expect(api.verifier.status().issuers).toMatchObject([{ skippedKeys: [{ index: 0 }] }]);
  });

  it.each(['{}', '{"keys":{}}', '{"keys":null}', '[]'])('RFC 7517 §5: takes %s for no key set', async (document) => {
    covers('7517-3');
    const issuer = await testbed.openIssuer();
    const good = await testbed.startApi();
    expect(await good.ask(issuer.token())).toBe('accepted');
    issuer.answerJwks = (res, _text, req) => answerWell(res, document, req);
    const api = await testbed.startApi();
    expect(await api.ask(issuer.token())).toBe('keys_unavailable');
  });

  it.each([
    ['PS256', 'RS256'],
    ['RS256', 'PS256'],
    ['RS256', 'RS384'],
  ] as const)('RFC 7517 §4.4: uses a key whose alg is %s for no token by %s', async (named, other) => {
    covers('7517-4');
    const jwks: AttackApiOptions['jwks'] = ([ec, rsa]) => [ec, { ...rsa, alg: named }];
    const signed =
      (alg: typeof named | typeof other) =>
      ({ rsaIssuer }: AttackApi) =>
        rsaIssuer.token({ header: { alg: JSON.stringify(alg) }, signWith: alg });
    await expectAttackRefused(await startAttackApi({ jwks }), {
      token: signed(other),
      control: signed(named),
      answer: KEY_UNKNOWN,
    });
  });

  it('RFC 7518 §3.3: uses no RSA key of less than 2048 bits', async () => {
    covers('7518-1');
    const short = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const publish = { ...toJwk(short.publicKey), kid: 'rsa' };
    const api = await startAttackApi({ jwks: ([ec]) => [ec, publish] });
    const token = () => api.rsaIssuer.token({ key: short.privateKey });
    await expectAttackRefused(api, { token, answer: KEY_UNKNOWN });
  });

  it('RFC 7518 §3.4: takes R and S of an ES256 signature side by side, and no DER', async () => {
    covers('7518-1');
    const api = await startAttackApi();
    const good = api.issuer.token();
    const token = () => withDerSignature(good, api.issuer);
    await expectAttackRefused(api, { token, control: () => good, answer: invalidToken('signature_invalid') });
  });

  it('OpenID Connect Discovery §3: does not use a key that is published with its private half', async () => {
    covers('DISC-1');
    await refuseKey((key) => ({ ...key, d: 'AAAA' }));
  });

  it('OpenID Connect Discovery §3: does not use a symmetric key that is published', async () => {
    covers('DISC-1');
    const secret = Buffer.alloc(64, 's');
    const published = { kty: 'oct', k: secret.toString('base64url'), kid: 'shared', alg: 'HS256' };
    const options: AttackApiOptions = { jwks: (keys) => [...keys, published] };
    const api = await startAttackApi(options);
    const header = { alg: '"HS256"', kid: '"shared"' };
    const token = () => api.issuer.token({ header, key: createSecretKey(secret), signWith: 'HS256' });
    await expectAttackRefused(api, { token, answer: invalidToken('algorithm_not_allowed') });
    const why = 'has a kty that is not RSA, EC, OKP or AKP';
    expect(api.verifier.status().issuers).toMatchObject([{ skippedKeys: [{ index: 2, why }] }]);
  });
});

/** Writes the signature of a token as ASN.1 (RFC 3279 §2.2.3). */
function withDerSignature(token: string, issuer: RawIssuer): string {
  const input = token.slice(0, token.lastIndexOf('.'));
  const der = sign('sha256', Buffer.from(input), { key: issuer.keys.privateKey, dsaEncoding: 'der' });
  return `${input}.${der.toString('base64url')}`;
}
