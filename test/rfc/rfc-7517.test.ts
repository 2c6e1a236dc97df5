import { createSecretKey, generateKeyPairSync, sign } from 'node:crypto';
import type { JWK } from 'jose';
import { describe, expect, it } from 'vitest';
import {
  type AttackApi,
  type AttackApiOptions,
  expectPassed,
  expectRepelled,
  withAttackApi,
} from '../support/attack-api.js';
import { useAttackWorld } from '../support/attack-issuer.js';
import { invalidToken } from '../support/expect-answer.js';
import { TOKEN_EXPRESS_VERSIONS } from '../support/express-versions.js';
import { answerWell } from '../support/loopback-server.js';
import { generateKeys, type RawIssuer, toJwk } from '../support/raw-issuer.js';

const KEY_UNKNOWN = invalidToken('unknown_key');
const OTHER_KEY = toJwk(generateKeys('ES256').publicKey);

describe.each(TOKEN_EXPRESS_VERSIONS)('RFC 7517 on %s', (_, express) => {
  const world = useAttackWorld(express);

  /** Changes the ES256 key that the issuer publishes. Its tokens are refused then; those of the RS256 key pass. */
  async function refuseKey(change: (key: JWK) => object): Promise<void> {
    const jwks: AttackApiOptions['jwks'] = ([ec = {}, ...others]) => [change(ec), ...others];
    const [token, control] = [
      ({ issuer }: AttackApi) => issuer.token(),
      ({ rsaIssuer }: AttackApi) => rsaIssuer.token(),
    ];
    await withAttackApi({ express, jwks }, (api) => expectRepelled(api, { token, control, answer: KEY_UNKNOWN }));
  }

  it.each([
    ['kid', 'other', 'unknown_key'],
    ['x', OTHER_KEY.x, 'keys_unavailable'],
  ] as const)(
    'RFC 7517 §4 (7517-1): of a second member %s in a key the last one counts',
    async (name, other, reason) => {
      const issuer = await world.openIssuer();
      const good = JSON.stringify(issuer.jwk[name]);
      const member = `"${name}":${good}`;
      const publish = async (members: string) => {
        issuer.answerJwks = (res, text, req) => {
          expect(text).toContain(member);
          answerWell(res, text.replace(member, members), req);
        };
        const api = await world.startApi();
        return api.ask(issuer.token());
      };
      expect(await publish(`"${name}":${JSON.stringify(other)},${member}`)).toBe('accepted');
      expect(await publish(`${member},"${name}":${JSON.stringify(other)}`)).toBe(reason);
    },
  );

  it.each([
    ['use enc', { use: 'enc' }],
    ['use in another case', { use: 'SIG' }],
    ['key_ops encrypt', { use: undefined, key_ops: ['encrypt'] }],
    ['key_ops sign and verify', { use: undefined, key_ops: ['sign', 'verify'] }],
    ['key_ops that are no list', { use: undefined, key_ops: 'verify' }],
  ])('RFC 7517 §4.2, §4.3 (7517-2): does not use a key with %s', async (_name, members) => {
    await refuseKey((key) => ({ ...key, ...members }));
  });

  it.each([
    ['null', null],
    ['a number', 1],
    ['an unknown kty', { kty: 'XYZ', kid: 'ec' }],
    ['a key without its members', { kty: 'EC', kid: 'ec' }],
    ['a key with members of other types', { kty: 'EC', crv: 'P-256', x: 1, y: [], kid: 'ec' }],
    ['a key on an unknown curve', { ...OTHER_KEY, crv: 'P-1', kid: 'ec' }],
  ])('RFC 7517 §5 (7517-3): skips %s, and uses the keys beside it', async (_name, member) => {
    await withAttackApi({ express, jwks: (keys) => [member, ...keys] }, async (api) => {
      await expectPassed(api, api.issuer.token());
      expect(api.verifier.status().issuers).toMatchObject([{ skippedKeys: [{ index: 0 }] }]);
    });
  });

  it.each(['{}', '{"keys":{}}', '{"keys":null}', '[]'])(
    'RFC 7517 §5 (7517-3): takes %s for no key set',
    async (document) => {
      const issuer = await world.openIssuer();
      const good = await world.startApi();
      expect(await good.ask(issuer.token())).toBe('accepted');
      issuer.answerJwks = (res, _text, req) => answerWell(res, document, req);
      const api = await world.startApi();
      expect(await api.ask(issuer.token())).toBe('keys_unavailable');
    },
  );

  it.each([
    ['PS256', 'RS256'],
    ['RS256', 'PS256'],
    ['RS256', 'RS384'],
  ] as const)('RFC 7517 §4.4 (7517-4): uses a key whose alg is %s for no token by %s', async (named, other) => {
    const jwks: AttackApiOptions['jwks'] = ([ec, rsa]) => [ec, { ...rsa, alg: named }];
    const signed =
      (alg: typeof named | typeof other) =>
      ({ rsaIssuer }: AttackApi) =>
        rsaIssuer.token({ header: { alg: JSON.stringify(alg) }, signWith: alg });
    await withAttackApi({ express, jwks }, (api) =>
      expectRepelled(api, { token: signed(other), control: signed(named), answer: KEY_UNKNOWN }),
    );
  });

  it('RFC 7518 §3.3 (7518-1): uses no RSA key of less than 2048 bits', async () => {
    const short = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const publish = { ...toJwk(short.publicKey), kid: 'rsa' };
    await withAttackApi({ express, jwks: ([ec]) => [ec, publish] }, (api) => {
      const token = () => api.rsaIssuer.token({ key: short.privateKey });
      return expectRepelled(api, { token, answer: KEY_UNKNOWN });
    });
  });

  it('RFC 7518 §3.4 (7518-1): takes R and S of an ES256 signature side by side, and no DER', async () => {
    await withAttackApi({ express }, async (api) => {
      const good = api.issuer.token();
      const token = () => withDerSignature(good, api.issuer);
      await expectRepelled(api, { token, control: () => good, answer: invalidToken('signature_invalid') });
    });
  });

  it('OpenID Connect Discovery §3 (DISC-1): does not use a key that is published with its private half', async () => {
    await refuseKey((key) => ({ ...key, d: 'AAAA' }));
  });

  it('OpenID Connect Discovery §3 (DISC-1): does not use a symmetric key that is published', async () => {
    const secret = Buffer.alloc(64, 's');
    const published = { kty: 'oct', k: secret.toString('base64url'), kid: 'shared', alg: 'HS256' };
    const options: AttackApiOptions = { express, jwks: (keys) => [...keys, published] };
    await withAttackApi(options, async (api) => {
      const header = { alg: '"HS256"', kid: '"shared"' };
      const token = () => api.issuer.token({ header, key: createSecretKey(secret), signWith: 'HS256' });
      await expectRepelled(api, { token, answer: invalidToken('algorithm_not_allowed') });
      const why = 'has a kty that is not RSA, EC, OKP or AKP';
      expect(api.verifier.status().issuers).toMatchObject([{ skippedKeys: [{ index: 2, why }] }]);
    });
  });
});

/** Writes the signature of a token as ASN.1 (RFC 3279 §2.2.3). */
function withDerSignature(token: string, issuer: RawIssuer): string {
  const input = token.slice(0, token.lastIndexOf('.'));
  const der = sign('sha256', Buffer.from(input), { key: issuer.keys.privateKey, dsaEncoding: 'der' });
  return `${input}.${der.toString('base64url')}`;
}
