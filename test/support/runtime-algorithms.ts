import type { Algorithm } from '../../src/jws/algorithm.js';
import { isSupported } from '../../src/jws/runtime-support.js';

/** Why a test of an algorithm is skipped. */
export const LACKS_IT = 'this Node.js does not have the algorithm';

/** Tells whether tests can make keys and signatures of this algorithm here. */
export function isRuntimeAlgorithm(name: Algorithm): boolean {
  return isSupported(name);
}
