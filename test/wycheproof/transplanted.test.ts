import {
  constants,
  createHash,
  createPrivateKey,
  createPublicKey,
  type JsonWebKey,
  privateEncrypt,
  publicDecrypt,
} from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { covers } from '../support/covers.js';
import { toSegment } from '../support/raw-token.js';
import { reasonOfCall } from '../support/reason-of.js';
import { thorough } from '../support/thorough.js';
import { describeWycheproof, type GroupedVector, listVectors } from '../support/wycheproof.js';
import { algorithmOf, createVerifierOf, remint } from './remint.js';

const signatureVectors = () => listVectors('json_web_signature_test');

describeWycheproof('signatures of vectors, moved to our own tokens', () => {
  describe('paddings of RSASSA-PKCS1-v1_5', () => {
    const rows = signatureVectors()
      .filter(({ vector }) => vector.flags.includes('ModifiedPadding'))
      .map((row) => ({ ...row, ...transplant(row) }));

    it('are all there; 197 of 213 hold a hash that can be replaced by ours', () => {
      expect(rows).toHaveLength(213);
      expect(rows.filter(({ isOurs }) => isOurs)).toHaveLength(197);
    });

    it('CVE-2006-4339: the way they are moved is good: the right padding, moved so, is accepted', async () => {
      const [valid] = signatureVectors().filter(({ vector }) => vector.tcId === 33) as [GroupedVector];
      const { token, control, isOurs } = transplant(valid);
      expect(isOurs).toBe(true);
      expect(token).toBe(control);
      expect(await reasonOfCall(createVerifierOf(valid.group).verify(token))).toBe('accepted');
    });

    it.each(
      thorough(
        rows,
        rows.filter((_, i) => i % 5 === 0),
      ),
    )('CVE-2021-30246, RFC 8017 §8.2.2: $vector.tcId $vector.comment is refused', async ({ group, token, control }) => {
      covers('B6');
      const verifier = createVerifierOf(group);
      expect(await reasonOfCall(verifier.verify(control))).toBe('accepted');
      expect(token).not.toBe(control);
      expect(await reasonOfCall(verifier.verify(token))).toBe('signature_invalid');
    });
  });

  describe('edges of ECDSA', () => {
    const rows = signatureVectors().filter(({ vector }) => vector.tcId >= 379);

    it('are all there', () => expect(rows).toHaveLength(23));

    // R or S out of range is no signature of any message.
    it.each(
      thorough(
        rows,
        rows.filter((_, i) => i % 5 === 0),
      ),
    )('CVE-2022-21449: $vector.tcId $vector.comment is refused', async ({ group, token }) => {
      covers('B2', 'B4');
      const verifier = createVerifierOf(group);
      const control = remint(group, token, 'ES256');
      expect(await reasonOfCall(verifier.verify(control))).toBe('accepted');
      const moved = control.replace(/[^.]*$/, token.split('.')[2] ?? '');
      expect(await reasonOfCall(verifier.verify(moved))).toBe('signature_invalid');
    });
  });
});

/** Puts the hash of our token in the place of that of the vector, inside of the padding, and signs the block again. */
function transplant({ group, token }: GroupedVector): { token: string; control: string; isOurs: boolean } {
  const control = remint(group, token, algorithmOf(token));
  const [header, payload, signature = ''] = token.split('.');
  const padding = constants.RSA_NO_PADDING;
  const publicKey = createPublicKey({ key: group.public as JsonWebKey, format: 'jwk' });
  const block = publicDecrypt({ key: publicKey, padding }, Buffer.from(signature, 'base64url'));
  const at = block.indexOf(sha256(`${header}.${payload}`));
  const attach = (text: string) => control.replace(/[^.]*$/, text);
  if (at === -1) return { token: attach(signature), control, isOurs: false };
  sha256(control.slice(0, control.lastIndexOf('.'))).copy(block, at);
  const privateKey = createPrivateKey({ key: group.private as JsonWebKey, format: 'jwk' });
  return { token: attach(toSegment(privateEncrypt({ key: privateKey, padding }, block))), control, isOurs: true };
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
