import type { Algorithm } from '../../src/jws/algorithm.js';
import { hasMlDsa } from '../../src/jws/runtime-support.js';

const HAS_ML_DSA = hasMlDsa();

/** Why a test of an algorithm is skipped. */
export const LACKS_IT = 'this Node.js does not have the algorithm';

/** Tells whether tests can make keys and signatures of this algorithm here. */
export function isRuntimeAlgorithm(name: Algorithm): boolean {
  return HAS_ML_DSA || !name.startsWith('ML-DSA');
}
