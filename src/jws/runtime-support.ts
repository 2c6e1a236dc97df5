import { generateKeyPairSync } from 'node:crypto';

/** Tells whether this Node.js and its OpenSSL have ML-DSA (FIPS 204). */
export function hasMlDsa(): boolean {
  try {
    // The types of the oldest Node.js that is supported do not know the name.
    generateKeyPairSync('ml-dsa-44' as 'ed25519');
    return true;
  } catch {
    return false;
  }
}
