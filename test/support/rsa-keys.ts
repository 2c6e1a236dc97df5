import { generateKeyPairSync, type KeyObject } from 'node:crypto';

/** A private key and its public half. */
export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const made: KeyPair[] = [];
let used = 0;

/**
 * Gives an RSA key pair of 2048 bits that this file of tests was not given before. To make one takes a tenth of a second,
 * so the files of tests use those of each other.
 */
export function nextRsaKeys(): KeyPair {
  const keys = made[used] ?? generateRsaKeys();
  made[used] = keys;
  used += 1;
  return keys;
}

/** Makes an RSA key pair of 2048 bits that is nobody else's. */
export function generateRsaKeys(): KeyPair {
  return generateKeyPairSync('rsa', { modulusLength: 2048 });
}

/** Lets the file of tests that begins use the key pairs of the one before. */
export function reuseRsaKeys(): void {
  used = 0;
}
