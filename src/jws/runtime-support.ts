import { generateKeyPairSync } from 'node:crypto';
import type { Algorithm } from './algorithm.js';

/** Returns whether this Node.js and its OpenSSL support an algorithm. Those that every Node.js has are not tried. */
export function isSupported(algorithm: Algorithm): boolean {
  if (algorithm.startsWith('ML-DSA')) return canGenerate(algorithm.toLowerCase());
  if (algorithm === 'Ed448') return canGenerate('ed448');
  return algorithm !== 'ES256K' || canGenerate('ec', { namedCurve: 'secp256k1' });
}

function canGenerate(type: string, options: object = {}): boolean {
  try {
    // The types of the oldest supported Node.js lack some names.
    generateKeyPairSync(type as 'ed25519', options);
    return true;
  } catch {
    return false;
  }
}
