import { generateKeyPairSync } from 'node:crypto';

/** Returns whether this Node.js and its OpenSSL support ML-DSA (FIPS 204). */
export function hasMlDsa(): boolean {
  try {
    // The types of the oldest supported Node.js lack this name.
    generateKeyPairSync('ml-dsa-44' as 'ed25519');
    return true;
  } catch {
    return false;
  }
}
