import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createVerifier } from '../../../src/index.js';
import type { RowId } from '../../security-matrix/catalogue.js';
import { both, Clients, TOKEN_CACHES, verdictOf } from '../../support/clients.js';
import { covers } from '../../support/covers.js';
import { KeyServer } from '../../support/key-server.js';
import { messagesDuring } from '../../support/listening.js';
import { type AnyJwk, OwnKey } from '../../support/own-key.js';

const RSA = new OwnKey('RS256', 'odd');
const EC = new OwnKey('ES256', 'odd');
const OKP = new OwnKey('EdDSA', 'odd');
const SMALL_RSA = new OwnKey('RS256', 'odd', 1024);
const SECRET = randomBytes(32).toString('base64url');

const without =
  (name: string) =>
  ({ [name]: _, ...rest }: AnyJwk): AnyJwk =>
    rest;
const withMembers = (members: object) => (jwk: AnyJwk) => ({ ...jwk, ...members });
/** Changes one bit of a base64url member, not where padding may hide it. */
const flip = (name: string) => (jwk: AnyJwk) => {
  const bytes = Buffer.from(String(jwk[name]), 'base64url');
  bytes[5] = (bytes[5] as number) ^ 1;
  return { ...jwk, [name]: bytes.toString('base64url') };
};
const bigOdd = (bits: number) => {
  const bytes = randomBytes(bits / 8);
  bytes[0] = 0x80 | (bytes[0] as number);
  bytes[bytes.length - 1] = 1 | (bytes.at(-1) as number);
  return bytes.toString('base64url');
};

/** As anybody can check by adding each to itself eight times, with the sign of x in either way. */
const SMALL_ORDER_POINTS = [
  zeros(32),
  ...[
    '0100000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000080',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  ].map((hex) => Buffer.from(hex, 'hex').toString('base64url')),
];

type Case = [title: string, key: OwnKey, spoil: (jwk: AnyJwk) => unknown, why: string, ...ids: RowId[]];

/** Each differs by one thing from a key that is good. */
const CASES: readonly Case[] = [
  ['null', EC, () => null, 'is not an object', 'H13'],
  ['a number', EC, () => 1, 'is not an object', 'H13'],
  ['a string', EC, (jwk) => JSON.stringify(jwk), 'is not an object', 'H13'],
  ['a list', EC, (jwk) => [jwk], 'is not an object', 'H13'],
  ['an unknown kty', EC, withMembers({ kty: 'ML' }), 'has a kty that is not RSA, EC, OKP or AKP', 'H13'],
  ['a kty that is no string', EC, withMembers({ kty: ['EC'] }), 'has a kty that is not RSA, EC, OKP or AKP', 'H13'],
  ['no kty', EC, without('kty'), 'has a kty that is not RSA, EC, OKP or AKP', 'H13'],
  ['RFC 7518 §6.3.1: an RSA key without n', RSA, without('n'), 'lacks the member n'],
  ['RFC 7518 §6.3.1: an RSA key without e', RSA, without('e'), 'lacks the member e'],
  ['RFC 7518 §6.2.1: an EC key without crv', EC, without('crv'), 'lacks the member crv'],
  ['RFC 7518 §6.2.1: an EC key without x', EC, without('x'), 'lacks the member x'],
  ['RFC 7518 §6.2.1: an EC key without y', EC, without('y'), 'lacks the member y'],
  ['RFC 8037 §2: an OKP key without x', OKP, without('x'), 'lacks the member x'],
  ['a member of the wrong type', EC, withMembers({ x: 5 }), 'lacks the member x', 'H13'],
  ['a private RSA key', RSA, () => RSA.privateJwk, 'holds private or symmetric key material', 'H10'],
  ['a private EC key', EC, () => EC.privateJwk, 'holds private or symmetric key material', 'H10'],
  ['a private OKP key', OKP, () => OKP.privateJwk, 'holds private or symmetric key material', 'H10'],
  ['an EC key with a secret', EC, withMembers({ k: SECRET }), 'holds private or symmetric key material', 'H10'],
  ['an oct key', EC, () => ({ kty: 'oct', k: SECRET, kid: 'odd' }), 'has a kty that is not RSA, EC, OKP or AKP', 'H11'],
  ['an RSA key of 1024 bits', RSA, () => SMALL_RSA.jwk, 'is an RSA key of less than 2048 bits', 'H12'],
  [
    'an RSA key of 2047 bits',
    RSA,
    withMembers({ n: `f${bigOdd(2048).slice(1)}` }),
    'is an RSA key of less than 2048 bits',
    'H12',
  ],
  ['an RSA key of 8200 bits', RSA, withMembers({ n: bigOdd(8200) }), 'is an RSA key of more than 8192 bits', 'H12'],
  ['an RSA key with e = 1', RSA, withMembers({ e: 'AQ' }), 'is an RSA key with an unsafe exponent', 'H12'],
  ['an RSA key with e = 3', RSA, withMembers({ e: 'Aw' }), 'is an RSA key with an unsafe exponent', 'H12'],
  ['an RSA key with an even e', RSA, withMembers({ e: 'AQAA' }), 'is an RSA key with an unsafe exponent', 'H12'],
  ['an RSA key with a huge e', RSA, withMembers({ e: bigOdd(64) }), 'is an RSA key with an unsafe exponent', 'H12'],
  [
    'an EC point off its curve',
    EC,
    flip('y'),
    'is not a valid key, such as a point off its curve, or this Node.js does not support it',
    'H12',
  ],
  [
    'an EC point at nought',
    EC,
    withMembers({ x: zeros(32), y: zeros(32) }),
    'is not a valid key, such as a point off its curve, or this Node.js does not support it',
    'H12',
  ],
  [
    'an EC key with another curve',
    EC,
    withMembers({ crv: 'P-384' }),
    'is not a valid key, such as a point off its curve, or this Node.js does not support it',
    'H12',
  ],
  ['an EC key of an unknown curve', EC, withMembers({ crv: 'P-192' }), 'is on a curve that is not supported', 'H12'],
  ['an OKP key for key agreement', OKP, () => x25519(), 'is on a curve that is not supported', 'H12'],
  [
    'an Ed25519 key of 31 bytes',
    OKP,
    withMembers({ x: zeros(31) }),
    'is not a valid key, such as a point off its curve, or this Node.js does not support it',
    'H12',
  ],
  ...SMALL_ORDER_POINTS.map(
    (x): Case => [`an Ed25519 point of small order, ${x}`, OKP, withMembers({ x }), 'is a point of small order', 'H12'],
  ),
  ['a kid in a list', EC, withMembers({ kid: ['odd'] }), 'has a kid that is not a string', 'H13'],
  ['use enc', EC, withMembers({ use: 'enc' }), 'has a use other than sig', 'H12b'],
  ['key_ops encrypt', EC, withMembers({ key_ops: ['encrypt'] }), 'has key_ops other than verify', 'H12b'],
  [
    'alg RSA-OAEP',
    RSA,
    withMembers({ alg: 'RSA-OAEP' }),
    'has an alg that is not supported or does not fit the key',
    'H12b',
  ],
  ['alg ES521', EC, withMembers({ alg: 'ES521' }), 'has an alg that is not supported or does not fit the key', 'H12b'],
  [
    'alg of another curve',
    EC,
    withMembers({ alg: 'ES384' }),
    'has an alg that is not supported or does not fit the key',
    'H12b',
  ],
  ['alg HS256', EC, withMembers({ alg: 'HS256' }), 'has an alg that is not supported or does not fit the key', 'A4'],
];

describe.each(TOKEN_CACHES)('a member that cannot be used beside a key that can, %s', (_, tokenCache) => {
  async function open(members: readonly unknown[]) {
    const server = await KeyServer.create();
    server.extraKeys = members;
    const verifier = createVerifier({ ...server.verifierOptions, tokenCache });
    return { server, verifier };
  }

  it.each(CASES)('RFC 7517 §5, %s is skipped and reported once', async (_, key, spoil, why, ...ids) => {
    covers(...ids);
    const control = await open([key.jwk]);
    expect(await verdictOf(control.verifier.verify(key.token(control.server.issuer)))).toBe('accepted');

    const { server, verifier } = await open([spoil(key.jwk)]);
    const reported = await messagesDuring('scopegate:skipped-key', async () => {
      const clients = await Clients.create(server.issuer, verifier);
      expect(await verdictOf(verifier.verify(key.token(server.issuer)))).toBe('unknown_key');
      await verifier.refresh();
      await verifier.refresh();
      expect(await clients.ask()).toEqual(both('accepted'));
    });
    expect(reported).toEqual([{ issuer: server.issuer.issuer, index: 0, why }]);
    expect(verifier.status().issuers[0]).toMatchObject({
      skippedKeys: [{ index: 0, why }],
      keys: [{ kid: 'es256-1' }],
    });
  });

  it('a private half does not spoil a public key that is published beside it', async () => {
    covers('H10');
    const { server, verifier } = await open([RSA.privateJwk, RSA.jwk]);
    expect(await verdictOf(verifier.verify(RSA.token(server.issuer)))).toBe('accepted');
    expect(verifier.status().issuers[0]?.skippedKeys).toHaveLength(1);
    expect(JSON.stringify(verifier.snapshot())).not.toContain(String(RSA.privateJwk['d']));
  });

  it('a token that is signed with the secret of an oct key is refused', async () => {
    covers('A4', 'H11');
    const { server, verifier } = await open([{ kty: 'oct', k: SECRET, kid: 'odd', alg: 'HS256' }, EC.jwk]);
    expect(await verdictOf(verifier.verify(EC.token(server.issuer)))).toBe('accepted');
    const forged = EC.token(server.issuer, { alg: 'HS256' });
    expect(await verdictOf(verifier.verify(forged))).toBe('algorithm_not_allowed');
  });

  it('a token that anybody could forge for a point of small order is refused', async () => {
    covers('H12');
    const [, neutral = ''] = SMALL_ORDER_POINTS;
    const { server, verifier } = await open([{ ...OKP.jwk, x: neutral }]);
    const [header, payload] = OKP.token(server.issuer).split('.');
    // R is the neutral element and S is nought, so that the equation of RFC 8032 §5.1.7 holds for every message. OpenSSL 3.0
    // accepts it.
    const signature = Buffer.concat([Buffer.from(neutral, 'base64url'), Buffer.alloc(32)]);
    const forged = `${header}.${payload}.${signature.toString('base64url')}`;
    expect(await verdictOf(verifier.verify(forged))).toBe('unknown_key');
    expect(await verdictOf(verifier.verify(await server.issuer.token()))).toBe('accepted');
  });

  it('many of them beside one another are each reported, with their places', async () => {
    covers('H13');
    const { server, verifier } = await open([null, 1, EC.jwk, { kty: 'EC' }]);
    const reported = await messagesDuring('scopegate:skipped-key', async () => {
      expect(await verdictOf(verifier.verify(EC.token(server.issuer)))).toBe('accepted');
    });
    expect(reported.map(({ index, why }) => [index, why])).toEqual([
      [0, 'is not an object'],
      [1, 'is not an object'],
      [3, 'lacks the member crv'],
    ]);
  });

  it('reports one that comes later, and one that comes back, but none for its new place', async () => {
    const { server, verifier } = await open([null]);
    const reportedBy = async (members: readonly unknown[]) => {
      server.extraKeys = members;
      const messages = await messagesDuring('scopegate:skipped-key', () => verifier.refresh());
      return messages.map(({ index }) => index);
    };
    expect(await reportedBy([null])).toEqual([0]);
    expect(await reportedBy([EC.jwk, null])).toEqual([]);
    expect(await reportedBy([EC.jwk, null, { kty: 'EC' }])).toEqual([2]);
    expect(await reportedBy([])).toEqual([]);
    expect(await reportedBy([null])).toEqual([0]);
  });

  it('50,000 members that cannot be used hold nobody up', async () => {
    covers('H14');
    const members = Array.from({ length: 50_000 }, (_, i) => i);
    const { server, verifier } = await open(members);
    const clients = await Clients.create(server.issuer, verifier);
    const reported = await messagesDuring('scopegate:skipped-key', async () => {
      for (let round = 0; round < 3; round += 1) {
        await verifier.refresh();
        expect(await clients.ask()).toEqual(both('accepted'));
      }
    });
    expect(reported).toEqual([]);
    expect(verifier.status().issuers[0]?.skippedKeys).toHaveLength(50_000);
  });
});

function zeros(length: number): string {
  return Buffer.alloc(length).toString('base64url');
}

function x25519(): AnyJwk {
  return { ...generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' }), kid: 'odd' };
}

describe('a key set with no key that can be used', () => {
  const ENC = { ...EC.jwk, use: 'enc' };
  const why = ['is an RSA key of less than 2048 bits', 'has a use other than sig'];

  async function openSpoilt(keys: readonly unknown[]) {
    const server = await KeyServer.create();
    server.answer('jwks', () => Response.json({ keys }));
    const verifier = createVerifier(server.verifierOptions);
    return { server, verifier, ask: async () => verifier.verify(await server.issuer.token()).catch((error) => error) };
  }

  it('says of each why, in the detail, in status() and on the channel', async () => {
    const { verifier, server, ask } = await openSpoilt([SMALL_RSA.jwk, ENC]);
    const reported = await messagesDuring('scopegate:skipped-key', async () => {
      const error = await ask();
      expect(error).toMatchObject({ reason: 'keys_unavailable', status: 503 });
      expect(error.detail).toBe(`the key set has no key that can be used: keys[0] ${why[0]}; keys[1] ${why[1]}`);
    });
    const { issuer } = server.issuer;
    expect(reported).toEqual([
      { issuer, index: 0, why: why[0] },
      { issuer, index: 1, why: why[1] },
    ]);
    const status = verifier.status().issuers[0];
    expect(status?.skippedKeys).toEqual([
      { index: 0, why: why[0] },
      { index: 1, why: why[1] },
    ]);
    expect(status?.lastError).toContain(why[1]);
  });

  it('reports each member once, and again where it came back', async () => {
    const { server, ask } = await openSpoilt([ENC]);
    const report = async (keys: readonly unknown[]) => {
      server.answer('jwks', () => Response.json({ keys }));
      server.issuer.advance(5);
      return (await messagesDuring('scopegate:skipped-key', ask)).map(({ index }) => index);
    };
    expect(await report([ENC])).toEqual([0]);
    expect(await report([ENC])).toEqual([]);
    expect(await report([SMALL_RSA.jwk, ENC])).toEqual([0]);
    expect(await report([SMALL_RSA.jwk])).toEqual([]);
    expect(await report([ENC])).toEqual([0]);
  });

  it('names the first of very many', async () => {
    const { ask } = await openSpoilt(Array(1000).fill(null));
    const { detail } = await ask();
    expect(detail).toMatch(/^the key set has no key that can be used: keys\[0\] is not an object; .*; and 992 more$/);
  });

  it('says so where there is none at all', async () => {
    const { ask } = await openSpoilt([]);
    expect((await ask()).detail).toBe('the key set has no key that can be used: it is empty');
  });

  it('shows in status() what is wrong with a set that came while older keys are in use', async () => {
    const server = await KeyServer.create();
    const verifier = createVerifier(server.verifierOptions);
    await verifier.ready();
    server.answer('jwks', () => Response.json({ keys: [ENC] }));
    await expect(verifier.refresh()).rejects.toMatchObject({ reason: 'keys_unavailable' });
    const status = verifier.status().issuers[0];
    expect(status?.keys).toHaveLength(1);
    expect(status?.skippedKeys).toEqual([{ index: 0, why: why[1] }]);
  });
});
