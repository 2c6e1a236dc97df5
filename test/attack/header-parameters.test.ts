import { createPrivateKey, createPublicKey } from 'node:crypto';
import type { JWK } from 'jose';
import { describe, expect, it } from 'vitest';
import {
  type Attack,
  type AttackApi,
  type AttackApiOptions,
  expectAttackRefused,
  expectNoFetch,
  expectTokenAccepted,
  mutated,
  startAttackApi,
} from '../support/attack-api.js';
import { NO_HITS } from '../support/authorization-server.js';
import { createSelfSignedCertificate } from '../support/certificate.js';
import { covers } from '../support/covers.js';
import { type Answer, invalidToken } from '../support/expect-answer.js';
import { RawIssuer, toJwk } from '../support/raw-issuer.js';
import type { JsonTexts } from '../support/raw-token.js';
import { thorough } from '../support/thorough.js';

const attacker = new RawIssuer({ kid: 'attacker' });
const rsaAttacker = new RawIssuer({ algorithm: 'RS256', kid: 'attacker' });
const certificate = createSelfSignedCertificate();
const certificateKey = createPrivateKey(certificate.key);
const DER = certificate.cert.replace(/-----[^-]+-----|\s/g, '');

const SIGNATURE_INVALID = invalidToken('signature_invalid');
const KEY_UNKNOWN = invalidToken('unknown_key');
const NOT_SUPPORTED = invalidToken('critical_header_unsupported');

describe('C: the header parameters of a token', () => {
  /** Signs with the key of the attacker, which the header brings along or tells where to find. */
  function selfSigned(header: (api: AttackApi) => JsonTexts, by = attacker): Attack['token'] {
    return (api) =>
      api.issuer.token({
        header: { alg: JSON.stringify(by.algorithm), ...header(api) },
        key: by.keys.privateKey,
        signWith: by.algorithm,
      });
  }

  /** Keeps every URL that the verifier asks for, whatever comes of it. */
  function watchedFetch(): { readonly urls: string[]; readonly fetch: typeof fetch } {
    const urls: string[] = [];
    const watched: typeof fetch = (url, init) => {
      urls.push(String(url));
      return fetch(url, init);
    };
    return { urls, fetch: watched };
  }

  /** Expects an attack to be repelled, and nobody asked but the issuer, for its metadata and its keys. */
  async function expectNobodyElseAsked(attack: Attack, options: AttackApiOptions = {}): Promise<void> {
    const { urls, fetch } = watchedFetch();
    const api = await startAttackApi({ ...options, verifier: { ...options.verifier, fetch } });
    await expectAttackRefused(api, attack);
    const { issuer } = api.issuer;
    expect(urls).toEqual([`${issuer}/.well-known/openid-configuration`, `${issuer}/jwks`]);
  }

  const KIDS: readonly (readonly [kid: string, text: string | undefined, answer: Answer])[] = [
    ['the kid of the real key', '"ec"', SIGNATURE_INVALID],
    ['a kid of its own', '"attacker"', KEY_UNKNOWN],
    ['no kid', undefined, SIGNATURE_INVALID],
  ];

  it.each([
    ['the key pair', attacker.keys],
    ['the key of the certificate', { privateKey: certificateKey, publicKey: createPublicKey(certificateKey) }],
  ])('trust is all that %s of the attacker lacks: once it is published, its tokens pass', async (_, keys) => {
    covers('C1', 'C2', 'C3');
    const jwk = { ...toJwk(keys.publicKey), kid: 'attacker', alg: 'ES256', use: 'sig' };
    const jwks = (published: readonly JWK[]) => [...published, jwk];
    const header = { kid: '"attacker"', jwk: JSON.stringify(jwk), x5c: JSON.stringify([DER]) };
    const api = await startAttackApi({ jwks });
    await expectTokenAccepted(api, api.issuer.token({ header, key: keys.privateKey }));
  });

  it.each(KIDS)(
    'CVE-2018-0114, CVE-2026-27962, CVE-2025-24976: a jwk in the header is not a key, with %s',
    async (...row) => {
      covers('C1');
      const [, kid, answer] = row;
      const token = selfSigned(() => ({ kid, jwk: JSON.stringify({ ...attacker.jwk, kid: undefined }) }));
      await expectNobodyElseAsked({ token, answer });
    },
  );

  it.each<[string, JWK]>([
    ['the kid of the real key', { ...attacker.jwk, kid: 'ec' }],
    ['a kid of its own', attacker.jwk],
    ['its private half', { ...(attacker.keys.privateKey.export({ format: 'jwk' }) as JWK), kid: 'ec' }],
  ])('a jwk in the header is not a key, though it names %s', async (_, jwk) => {
    covers('C1');
    const token = selfSigned(() => ({ jwk: JSON.stringify(jwk) }));
    await expectNobodyElseAsked({ token, answer: SIGNATURE_INVALID });
  });

  it.each([
    ['RS256', '"rsa"', SIGNATURE_INVALID],
    ['RS256', '"ec"', KEY_UNKNOWN],
    ['RS256', undefined, SIGNATURE_INVALID],
  ] as const)('a jwk for %s in the header is not a key, with the kid %s', async (_, kid, answer) => {
    covers('C1');
    const token = selfSigned(() => ({ kid, jwk: JSON.stringify(rsaAttacker.jwk) }), rsaAttacker);
    await expectNobodyElseAsked({ token, answer });
  });

  it('CVE-2026-27962: a jwk in the header is not a key when the issuer has none for the algorithm', async () => {
    covers('C1');
    const edwards = new RawIssuer({ algorithm: 'Ed25519' });
    const token = selfSigned(() => ({ kid: undefined, jwk: JSON.stringify(edwards.jwk) }), edwards);
    await expectNobodyElseAsked({ token, answer: KEY_UNKNOWN });
  });

  it.each(['{}', 'null', '1', '"jwk"', '[]', '{"kty":"oct","k":"c2VjcmV0"}', '{"kty":"EC","crv":"P-256"}'])(
    'a jwk that is no public key changes nothing: %s',
    async (jwk) => {
      covers('C1');
      await expectNobodyElseAsked({ token: selfSigned(() => ({ jwk })), answer: SIGNATURE_INVALID });
      const api = await startAttackApi();
      await expectTokenAccepted(api, api.issuer.token({ header: { jwk } }));
    },
  );

  const PLACES: readonly ((sinkOrigin: string) => string)[] = [
    (sink) => `${sink}/jwks`,
    (sink) => `${sink.replace('http:', 'https:')}/jwks`,
    (sink) => `${sink.replace('127.0.0.1', 'localhost')}/jwks`,
    (sink) => `${sink.replace('127.0.0.1', '[::1]')}/jwks`,
    (sink) => `${sink.replace('//', '//issuer.test@')}/jwks`,
    (sink) => `${sink}/redirect?to=${encodeURIComponent(sink)}/jwks`,
    (sink) => sink.replace('http:', ''),
    () => 'http://169.254.169.254/latest/meta-data/iam/security-credentials/',
    () => 'http://[fd00:ec2::254]/latest/meta-data/',
    () => 'file:///etc/passwd',
    () => 'data:application/json,{"keys":[]}',
    () => 'ftp://127.0.0.1/jwks',
    () => '/jwks',
    () => '',
  ];

  it.each(['jku', 'x5u'].flatMap((name) => PLACES.map((place) => [name, place('http://127.0.0.1:1'), place] as const)))(
    'RFC 8725 §3.10, CVE-2024-21643: nobody follows a %s to %s',
    async (name, _, place) => {
      covers('C2');
      // An unknown key is what a verifier might look for elsewhere; the first place is tried with every kid.
      for (const [, kid, answer] of place === PLACES[0] ? KIDS : thorough(KIDS, KIDS.slice(1, 2))) {
        const token = selfSigned(({ sink }) => ({ kid, [name]: JSON.stringify(place(sink.origin)) }));
        await expectNobodyElseAsked({ token, answer });
      }
    },
  );

  it.each(['jku', 'x5u'])('a %s to the key set of the issuer itself is not followed either', async (name) => {
    covers('C2');
    const token = selfSigned(({ issuer }) => ({ [name]: JSON.stringify(`${issuer.issuer}/jwks`) }));
    await expectNobodyElseAsked({ token, answer: SIGNATURE_INVALID });
  });

  const CHAINS: readonly (readonly [string, JsonTexts])[] = [
    ['its certificate', { x5c: JSON.stringify([DER]) }],
    ['its certificate twice', { x5c: JSON.stringify([DER, DER]) }],
    ['its certificate as PEM', { x5c: JSON.stringify([certificate.cert]) }],
    ['malformed base64', { x5c: '["%%%","M"]' }],
    ['a certificate cut short', { x5c: JSON.stringify([DER.slice(0, 100)]) }],
    ['no certificate', { x5c: '[]' }],
    ['a string for an array', { x5c: JSON.stringify(DER) }],
    ['null', { x5c: 'null' }],
    ['a thumbprint', { x5t: '"dGh1bWJwcmludA"', 'x5t#S256': '"dGh1bWJwcmludA"' }],
    ['a thumbprint of the wrong type', { x5t: '1', 'x5t#S256': '[]' }],
  ];

  it.each(CHAINS)('RFC 7515 §4.1.6: nobody trusts the x5c of a self-signed token: %s', async (_, header) => {
    covers('C3');
    for (const [, kid, answer] of KIDS) {
      const token = mutated({ header: { kid, ...header }, key: certificateKey });
      await expectNobodyElseAsked({ token, answer });
    }
  });

  it.each([
    ['refused unread', undefined, invalidToken('token_too_large')],
    ['not read when tokens may be large', 1_048_576, SIGNATURE_INVALID],
  ] as const)('an x5c of half a megabyte is %s', async (_, maxTokenBytes, answer) => {
    covers('C3');
    const token = selfSigned(() => ({ x5c: JSON.stringify(Array(500).fill('A'.repeat(1000))) }));
    await expectNobodyElseAsked({ token, answer }, { verifier: { ...(maxTokenBytes && { maxTokenBytes }) } });
  });

  it.each<[string, (api: AttackApi) => JsonTexts]>([
    ['jwk', () => ({ jwk: JSON.stringify(attacker.jwk) })],
    ['jku', ({ sink }) => ({ jku: JSON.stringify(`${sink.origin}/jwks`) })],
    ['x5u', ({ sink }) => ({ x5u: JSON.stringify(`${sink.origin}/chain`) })],
    ['x5c', () => ({ x5c: JSON.stringify([DER]) })],
    ['x5t', () => ({ x5t: '"dGh1bWJwcmludA"', 'x5t#S256': '"dGh1bWJwcmludA"' })],
    [
      'all of them',
      ({ sink: { origin: at } }) => ({ jwk: '{}', jku: JSON.stringify(at), x5u: JSON.stringify(at), x5c: '[]' }),
    ],
    ['zip', () => ({ zip: '"DEF"' })],
    ['enc', () => ({ enc: '"A256GCM"' })],
    ['cty', () => ({ cty: '"JWT"' })],
    ['nonce, which Entra puts there', () => ({ nonce: '"n-0S6_WzA2Mj"' })],
  ])('a good token with %s means what it means without, and nobody is asked', async (_, header) => {
    covers('C4', 'K9');
    const { urls, fetch } = watchedFetch();
    const api = await startAttackApi({ verifier: { fetch } });
    const plain = await expectTokenAccepted(api, api.issuer.token());
    const hostile = api.issuer.token({ header: header(api) });
    expect(await expectTokenAccepted(api, hostile)).toEqual(plain);
    expect(urls).toEqual([`${api.issuer.issuer}/.well-known/openid-configuration`, `${api.issuer.issuer}/jwks`]);
    expect(api.hits).toEqual({ ...NO_HITS, metadata: 1, jwks: 1 });
    expect(api.sink.paths).toEqual([]);
  });

  it.each<[string, JsonTexts]>([
    ['an empty list', { crit: '[]' }],
    ['null', { crit: 'null' }],
    ['a string', { crit: '"exp"' }],
    ['an object', { crit: '{"exp":true}' }],
    ['false', { crit: 'false' }],
    ['a number in a list', { crit: '[1]' }],
    ['an empty name', { crit: '[""]' }],
    ['a name of RFC 7515', { crit: '["alg"]' }],
    ['a claim that is no header', { crit: '["exp"]' }],
    ['a claim that is a header too', { crit: '["exp"]', exp: '4102444800' }],
    ['an unknown extension', { crit: '["x"]' }],
    ['an unknown extension that is there', { crit: '["x"]', x: '1' }],
    [
      'a private extension that is there',
      { crit: '["http://example.test/policy"]', 'http://example.test/policy': '1' },
    ],
    ['a name twice', { crit: '["x","x"]', x: '1' }],
    ['a list in a list', { crit: '[["x"]]', x: '1' }],
    ['__proto__', { crit: '["__proto__"]' }],
    ['constructor', { crit: '["constructor"]' }],
    ['toString', { crit: '["toString"]' }],
  ])('RFC 7515 §4.1.11, CVE-2026-35042, CVE-2025-59420, CVE-2026-32597: crit is refused with %s', async (_, header) => {
    covers('C11');
    await expectRefusedBeforeFetch(header);
  });

  it.each<[string, JsonTexts]>([
    ['false and critical', { b64: 'false', crit: '["b64"]' }],
    ['true and critical', { b64: 'true', crit: '["b64"]' }],
    ['false and not critical', { b64: 'false' }],
    ['true and not critical', { b64: 'true' }],
    ['null', { b64: 'null' }],
    ['critical and absent', { crit: '["b64"]' }],
  ])('RFC 7797 §6, §7: b64 is refused, %s', async (_, header) => {
    covers('C12');
    await expectRefusedBeforeFetch(header);
  });

  it('RFC 7797 §5.2: an unencoded payload is refused', async () => {
    covers('C12');
    const token = ({ issuer }: AttackApi) => {
      const [header, , signature] = issuer.token({ header: { b64: 'false', crit: '["b64"]' } }).split('.');
      return `${header}.payload.${signature}`;
    };
    await expectAttackRefused(await startAttackApi(), { token, answer: invalidToken('token_malformed') });
  });

  it.each<[string, JsonTexts]>([
    ['that is not there', { crit: '["cnf"]' }],
    ['that is there', { crit: '["cnf"]', cnf: '{"jkt":"NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"}' }],
  ])('CVE-2025-59420: a token with a critical confirmation %s is refused', async (_, header) => {
    covers('C13');
    await expectRefusedBeforeFetch(header);
  });

  /** Expects a token to be refused by what its header says, before anybody is asked for a key. */
  async function expectRefusedBeforeFetch(header: JsonTexts): Promise<void> {
    const api = await startAttackApi();
    const cold = await api.send({ token: api.issuer.token({ header }) });
    expect(cold.refusals[0]?.reason).toBe(NOT_SUPPORTED.reason);
    expectNoFetch(api);
    await expectAttackRefused(api, { token: mutated({ header }), answer: NOT_SUPPORTED });
  }
});
