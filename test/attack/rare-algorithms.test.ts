import { describe, expect, it } from 'vitest';
import { createVerifier, type VerifierOptions } from '../../src/index.js';
import { covers } from '../support/covers.js';
import { generateKeys, type KeyPair, RawIssuer, toJwk } from '../support/raw-issuer.js';
import { toSegment } from '../support/raw-token.js';
import { reasonOfCall } from '../support/reason-of.js';
import { isRuntimeAlgorithm } from '../support/runtime-algorithms.js';

type Rare = 'ES256K' | 'Ed448';
type Algorithms = NonNullable<VerifierOptions['algorithms']>;

const RARE = (['ES256K', 'Ed448'] as const).filter(isRuntimeAlgorithm);
const KEYS: Readonly<Record<Rare, KeyPair>> = { ES256K: generateKeys('ES256K'), Ed448: generateKeys('Ed448') };

function open(algorithm: Rare, algorithms?: Algorithms, jwk: object = toJwk(KEYS[algorithm].publicKey)) {
  const issuer = new RawIssuer();
  const published = { keys: [{ ...jwk, kid: 'rare' }, issuer.jwk] } as never;
  const verifier = createVerifier({
    ...issuer.verifierOptions,
    issuer: { issuer: issuer.issuer, jwks: published },
    ...(algorithms && { algorithms }),
  });
  const token = issuer.token({
    header: { alg: JSON.stringify(algorithm), kid: '"rare"' },
    key: KEYS[algorithm].privateKey,
    signWith: algorithm,
  });
  return { verifier, token, issuer, ask: (text: string) => reasonOfCall(verifier.verify(text)) };
}

describe.each(RARE)('A: %s, which is rare (RFC 8812 §3.2, RFC 9864 §2.2)', (algorithm) => {
  covers('A8', 'A12');

  it('is refused unless the options name it, and accepted where they do, cold and cached', async () => {
    const off = open(algorithm);
    expect(await off.ask(off.token)).toBe('algorithm_not_allowed');
    expect(await off.ask(off.issuer.token())).toBe('accepted');
    const on = open(algorithm, [algorithm, 'ES256']);
    expect([await on.ask(on.token), await on.ask(on.token)]).toEqual(['accepted', 'accepted']);
    const others = open(algorithm, ['ES256', 'EdDSA', 'Ed25519']);
    expect(await others.ask(others.token)).toBe('algorithm_not_allowed');
  });

  it('verifies what its key signed, to the bit and to the length', async () => {
    const { ask, token } = open(algorithm, [algorithm]);
    expect(await ask(token)).toBe('accepted');
    const [header = '', payload = '', signature = ''] = token.split('.');
    const bytes = Buffer.from(signature, 'base64url');
    const flipped = Buffer.from(bytes);
    flipped.writeUInt8(flipped.readUInt8(20) ^ 1, 20);
    for (const other of [
      flipped,
      bytes.subarray(1),
      Buffer.concat([bytes, Buffer.of(0)]),
      Buffer.alloc(bytes.length),
    ]) {
      expect(await ask(`${header}.${payload}.${toSegment(other)}`)).toBe('signature_invalid');
    }
  });

  it('meets no key of another curve, whatever the key says of itself', async () => {
    const other = toJwk(generateKeys(algorithm === 'ES256K' ? 'ES256' : 'EdDSA').publicKey);
    const { ask, token } = open(algorithm, [algorithm, 'ES256'], other);
    expect(await ask(token)).toBe('unknown_key');
    const fitting = open(algorithm, [algorithm]);
    expect(await fitting.ask(fitting.token)).toBe('accepted');
  });
});

describe.runIf(isRuntimeAlgorithm('Ed448'))('A: Ed448 keys for which everybody can sign', () => {
  it.each([
    `01${'00'.repeat(56)}`,
    `${'00'.repeat(57)}`,
    `${'00'.repeat(56)}80`,
    `fe${'ff'.repeat(27)}fe${'ff'.repeat(27)}00`,
    `${'ff'.repeat(28)}fe${'ff'.repeat(27)}00`,
    `${'00'.repeat(28)}${'ff'.repeat(28)}00`,
  ])('RFC 8032 §5.2, RFC 8725 §3.4: a point of small order is not used: %s', async (hex) => {
    covers('H12');
    const x = Buffer.from(hex, 'hex');
    const good = open('Ed448', ['Ed448', 'ES256']);
    expect(await good.ask(good.token)).toBe('accepted');
    const { verifier, token, ask } = open('Ed448', ['Ed448', 'ES256'], {
      kty: 'OKP',
      crv: 'Ed448',
      x: x.toString('base64url'),
    });
    // R is the point itself and S is nought.
    const forged = `${token.slice(0, token.lastIndexOf('.'))}.${toSegment(Buffer.concat([x, Buffer.alloc(57)]))}`;
    expect(await ask(forged)).toBe('unknown_key');
    expect(verifier.status().issuers[0]?.skippedKeys).toEqual([{ index: 0, why: 'is a point of small order' }]);
  });

  it('an ES256K point off its curve is not used', async () => {
    covers('H12');
    const jwk = toJwk(KEYS.ES256K.publicKey);
    const { ask, token, verifier } = open('ES256K', ['ES256K'], { ...jwk, y: jwk.x });
    expect(await ask(token)).toBe('unknown_key');
    expect(verifier.status().issuers[0]?.skippedKeys).toHaveLength(1);
  });
});
