import type { VerificationKey } from '../issuer/verification-key.js';
import { after, type MaybePromise } from '../platform/maybe-promise.js';
import type { SignatureAlgorithm } from '../protocol/algorithm.js';
import type { CompactJws } from './compact-jws.js';
import { verifySignature } from './signature.js';
import type { SignatureJobs } from './signature-jobs.js';

/** Gives the first key that verifies a signature, tried in turn. */
export function findSigner(
  keys: readonly VerificationKey[],
  algorithm: SignatureAlgorithm,
  jws: CompactJws,
  signatures: SignatureJobs,
): MaybePromise<VerificationKey | undefined> {
  const [key, ...others] = keys;
  if (key === undefined) return undefined;
  return after(verifySignature(algorithm, key, jws.signingInput, jws.signature, signatures), (isValid) =>
    isValid ? key : findSigner(others, algorithm, jws, signatures),
  );
}
