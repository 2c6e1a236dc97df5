import { generateKeyPairSync } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, type JWK, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createVerifier, type Verifier } from '../../../src/index.js';
import type { RowId } from '../../security-matrix/catalogue.js';
import { EVERLASTING, TOKEN_CACHES, verdictOf } from '../../support/clients.js';
import { covers } from '../../support/covers.js';
import { LoopbackKeyServer } from '../../support/loopback-key-server.js';
import { answerWell, LoopbackServer } from '../../support/loopback-server.js';

let server: LoopbackKeyServer;
let decoy: LoopbackServer;
let verifier: Verifier;

beforeEach(async () => {
  server = await LoopbackKeyServer.start();
  decoy = await LoopbackServer.start();
});
afterEach(async () => {
  verifier.close();
  await server.close();
  await decoy.close();
});

const attacker = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const attackersJwk: JWK = { ...(await exportJWK(attacker.publicKey)), alg: 'ES256', use: 'sig' };
// Not a certificate that anybody signed, which is the point.
const certificate = attacker.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');

/** Ways in which a header brings, or points to, the key that its token is signed with. */
type Bringer = [source: string, name: string, header: (origin: string) => Record<string, unknown>, ...ids: RowId[]];

const BRINGERS: readonly Bringer[] = [
  ['RFC 7515 §4.1.2', 'jku', (origin) => ({ jku: `${origin}/jwks` }), 'C2'],
  ['RFC 7515 §4.1.5', 'x5u', (origin) => ({ x5u: `${origin}/certificate` }), 'C2'],
  ['CVE-2018-0114', 'jwk', () => ({ jwk: attackersJwk }), 'C1'],
  ['RFC 7515 §4.1.6', 'x5c', () => ({ x5c: [certificate] }), 'C3'],
  [
    'RFC 7515 §4.1',
    'all of them',
    (origin) => ({ jku: `${origin}/jwks`, x5u: `${origin}/c`, jwk: attackersJwk, x5c: [certificate] }),
    'C1',
    'C2',
    'C3',
  ],
];

describe.each(TOKEN_CACHES)('keys that a token brings along, %s', (_, tokenCache) => {
  beforeEach(() => {
    verifier = createVerifier({ ...server.verifierOptions, tokenCache });
    decoy.answer = (req, res) => answerWell(res, JSON.stringify({ keys: [{ ...attackersJwk, kid: 'evil' }] }), req);
  });

  const signAsAttacker = (header: object) =>
    new SignJWT({ iss: server.issuer.issuer, aud: server.issuer.audience, sub: 'admin', ...EVERLASTING.claims, iat: 1 })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', ...header })
      .sign(attacker.privateKey);

  it.each(BRINGERS)('%s: %s is never followed or used', async (_, __, bring, ...ids) => {
    covers(...ids);
    const knownKid = server.issuer.jwks.keys[0]?.kid;
    const kids = [
      [{ kid: knownKid }, 'signature_invalid'],
      [{ kid: 'evil' }, 'unknown_key'],
      [{ kid: await calculateJwkThumbprint(attackersJwk) }, 'unknown_key'],
      [{}, 'signature_invalid'],
    ] as const;
    for (const [kid, reason] of kids) {
      const forged = await signAsAttacker({ ...kid, ...bring(decoy.origin) });
      expect(await verdictOf(verifier.verify(forged))).toBe(reason);
    }
    expect(decoy.paths).toEqual([]);
    expect(new Set(server.server.paths)).toEqual(new Set(['/.well-known/openid-configuration', '/jwks']));
    expect(await verdictOf(verifier.verify(await server.issuer.token()))).toBe('accepted');
  });

  it.each(BRINGERS)('%s: %s in a token that is good changes nothing about it', async (_, __, bring, ...ids) => {
    covers('C4', ...ids);
    const token = await server.issuer.token({ header: bring(decoy.origin) });
    expect(await verifier.verify(token)).toMatchObject({ subject: 'test-user', issuer: server.issuer.issuer });
    expect(await verifier.verify(token)).toMatchObject({ subject: 'test-user' });
    expect(decoy.paths).toEqual([]);
  });

  it('RFC 8725 §3.10: the iss of a token leads nowhere by itself', async () => {
    covers('H3');
    const forged = await new SignJWT({ iss: decoy.origin, aud: server.issuer.audience, ...EVERLASTING.claims, iat: 1 })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'evil' })
      .sign(attacker.privateKey);
    expect(await verdictOf(verifier.verify(forged))).toBe('issuer_not_trusted');
    expect(decoy.paths).toEqual([]);
    expect(server.server.paths).toEqual([]);
    expect(await verdictOf(verifier.verify(await server.issuer.token()))).toBe('accepted');
  });
});
