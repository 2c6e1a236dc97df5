import { after, type MaybePromise } from '../platform/maybe-promise.js';
import type { SignatureAlgorithm } from './algorithm.js';
import type { CompactJws } from './compact-jws.js';
import { verifySignature } from './signature.js';
import type { SignatureQueue } from './signature-queue.js';
import type { VerificationKey } from './verification-key.js';

/** Gives the first key that verifies a signature, tried in turn. */
export function findVerifyingKey(
  keys: readonly VerificationKey[],
  algorithm: SignatureAlgorithm,
  jws: CompactJws,
  signatures: SignatureQueue,
): MaybePromise<VerificationKey | undefined> {
  const [key, ...others] = keys;
  if (key === undefined) return undefined;
  return after(verifySignature(algorithm, key, jws.signingInput, jws.signature, signatures), (isValid) =>
    isValid ? key : findVerifyingKey(others, algorithm, jws, signatures),
  );
}
