import type { SignatureAlgorithm } from '../../src/jws/algorithm.js';
import { verifySignature } from '../../src/jws/signature.js';
import { SignatureQueue } from '../../src/jws/signature-queue.js';
import type { SignatureKey } from '../../src/jws/verification-key.js';

/** Tells whether `verifySignature` takes a signature for one of this key. */
export async function isSignedBy(
  algorithm: SignatureAlgorithm,
  key: SignatureKey,
  signingInput: Buffer,
  signature: Buffer,
): Promise<boolean> {
  return (await verifySignature([key], algorithm, { signingInput, signature }, new SignatureQueue())) === key;
}
