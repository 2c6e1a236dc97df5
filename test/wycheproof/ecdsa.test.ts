import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Algorithm, isAlgorithm } from '../../src/jws/algorithm.js';
import { toSignatureKey } from '../../src/jws/verification-key.js';
import { covers } from '../support/covers.js';
import { isSignedBy } from '../support/is-signed-by.js';
import { thorough } from '../support/thorough.js';
import { describeWycheproof, type EcdsaGroup, readVectors } from '../support/wycheproof.js';

const FILES = [
  { file: 'ecdsa_secp256r1_sha256_p1363_test', algorithm: 'ES256', groups: 112, valid: 173, invalid: 89 },
  { file: 'ecdsa_secp384r1_sha384_p1363_test', algorithm: 'ES384', groups: 104, valid: 193, invalid: 87 },
  { file: 'ecdsa_secp521r1_sha512_p1363_test', algorithm: 'ES512', groups: 107, valid: 231, invalid: 87 },
] as const;

/** Reads the key in both of its forms, where it has two. */
function keysOf({ publicKeyJwk, publicKeyDer }: EcdsaGroup): readonly KeyObject[] {
  const der = createPublicKey({ key: Buffer.from(publicKeyDer, 'hex'), format: 'der', type: 'spki' });
  if (publicKeyJwk === undefined) return [der];
  return [der, createPublicKey({ key: publicKeyJwk as JsonWebKey, format: 'jwk' })];
}

describeWycheproof('ECDSA with R and S side by side', () => {
  describe.each(FILES)('$algorithm', ({ file, algorithm, groups, valid, invalid }) => {
    const { testGroups, numberOfTests } = readVectors<EcdsaGroup>(file);
    const rows = testGroups.flatMap((group) => group.tests.map((vector) => ({ ...vector, group })));

    it('has all of its vectors, and the hash of the algorithm', () => {
      expect(testGroups).toHaveLength(groups);
      expect(numberOfTests).toBe(valid + invalid);
      expect(rows.filter(({ result }) => result === 'valid')).toHaveLength(valid);
      expect(rows.filter(({ result }) => result === 'invalid')).toHaveLength(invalid);
      expect(isAlgorithm(algorithm)).toBe(true);
      expect(new Set(testGroups.map(({ sha }) => sha))).toEqual(new Set([`SHA-${hashBits(algorithm)}`]));
    });

    it.each(
      thorough(
        rows,
        rows.filter((_, i) => i % 5 === 0),
      ),
    )('RFC 7518 §3.4, CVE-2022-21449: $tcId $comment is $result', async ({ group, msg, sig, result }) => {
      const keys = keysOf(group);
      for (const key of keys) {
        const isValid = await isSignedBy(
          algorithm,
          toSignatureKey(key),
          Buffer.from(msg, 'hex'),
          Buffer.from(sig, 'hex'),
        );
        expect(isValid).toBe(result === 'valid');
      }
      expect(keys).toHaveLength(group.publicKeyJwk === undefined ? 1 : 2);
    });

    it('refuses a valid signature under the algorithms of the other curves', async () => {
      covers('A8');
      const others = FILES.map((other) => other.algorithm).filter((other) => other !== algorithm);
      const [first] = rows.filter(({ result }) => result === 'valid');
      if (first === undefined) throw new Error('there is no valid vector');
      const [key] = keysOf(first.group) as [KeyObject];
      const input = [Buffer.from(first.msg, 'hex'), Buffer.from(first.sig, 'hex')] as const;
      expect(await isSignedBy(algorithm, toSignatureKey(key), ...input)).toBe(true);
      for (const other of others) expect(await isSignedBy(other, toSignatureKey(key), ...input)).toBe(false);
    });
  });
});

function hashBits(algorithm: Algorithm): string {
  return algorithm.slice(2);
}
