import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ALL_ALGORITHMS } from '../../src/jws/algorithm.js';
import { isSupported } from '../../src/jws/runtime-support.js';

// OpenSSL has ML-DSA from 3.5 on, Node.js from 24.6 on, when it is built with such an OpenSSL.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const isOldNode = major < 24 || (major === 24 && minor < 6);
const isOldOpenSsl = /^(?:[12]\.|3\.[0-4]\.)/.test(process.versions.openssl);

const hasMlDsa = () => isSupported('ML-DSA-44');

describe('isSupported', () => {
  it('is true for all that every Node.js has, and for ES256K and Ed448 with the OpenSSL of Node.js', () => {
    const others = ALL_ALGORITHMS.filter((name) => !name.startsWith('ML-DSA'));
    expect(others.filter((name) => !isSupported(name))).toEqual([]);
  });

  it.runIf(isOldNode || isOldOpenSsl)('FIPS 204: is false where Node.js or its OpenSSL came before ML-DSA', () => {
    expect(hasMlDsa()).toBe(false);
  });

  it.skipIf(isOldNode || isOldOpenSsl)('FIPS 204: is true where Node.js and its OpenSSL have ML-DSA', () => {
    expect(hasMlDsa()).toBe(true);
  });

  it('tells for all three parameter sets, and tells the same each time', () => {
    const made = ['ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87'].map((type) => {
      try {
        return generateKeyPairSync(type as 'ed25519').publicKey.asymmetricKeyType === type;
      } catch {
        return false;
      }
    });
    expect(made).toEqual([hasMlDsa(), hasMlDsa(), hasMlDsa()]);
  });
});
