import { constants, createHash, createHmac, type KeyObject, privateEncrypt, sign } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { ALL_ALGORITHMS } from '../../src/jws/algorithm.js';
import { toSignatureKey } from '../../src/jws/verification-key.js';
import { covers } from '../support/covers.js';
import { isSignedBy } from '../support/is-signed-by.js';
import { generateKeys, sharedKeys } from '../support/raw-issuer.js';
import { signBytes } from '../support/raw-token.js';
import { isRuntimeAlgorithm } from '../support/runtime-algorithms.js';

const INPUT = Buffer.from('eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ0ZXN0LXVzZXIifQ');
const rsa = sharedKeys('RS256');
const otherRsa = generateKeys('RS256');
const ec = generateKeys('ES256');

for (const algorithm of ALL_ALGORITHMS)
  describe.skipIf(!isRuntimeAlgorithm(algorithm))(`verifySignature, ${algorithm}`, () => {
    const isRsa = /^[RP]S/.test(algorithm);
    let publicKey: KeyObject;
    let good: Buffer;
    beforeAll(() => {
      const keys = isRsa ? rsa : generateKeys(algorithm);
      publicKey = keys.publicKey;
      good = signBytes(algorithm, keys.privateKey, INPUT);
    });
    const verify = (signature: Buffer, input = INPUT, key: KeyObject = publicKey) =>
      isSignedBy(algorithm, toSignatureKey(key), input, signature);

    it('RFC 7518 §3: takes what the private key signed and nothing else', async () => {
      expect(await verify(good)).toBe(true);
      expect(await verify(good, Buffer.concat([INPUT, Buffer.from('A')]))).toBe(false);
      expect(await verify(good)).toBe(true);
    });

    it('RFC 7515 §5.2: refuses the signature of another key of the same kind', async () => {
      expect(await verify(good)).toBe(true);
      const { privateKey } = isRsa ? otherRsa : generateKeys(algorithm);
      expect(await verify(signBytes(algorithm, privateKey, INPUT))).toBe(false);
    });

    it('refuses every change of the length', async () => {
      covers('B4', 'B7');
      expect(await verify(good)).toBe(true);
      const zero = Buffer.alloc(1);
      for (const signature of [
        Buffer.alloc(0),
        zero,
        good.subarray(0, -1),
        Buffer.concat([zero, good]),
        Buffer.concat([good, zero]),
        Buffer.concat([good, good]),
      ]) {
        expect(await verify(signature)).toBe(false);
      }
    });

    it('refuses a signature of zeros and one of ones', async () => {
      covers('B2', 'B7');
      expect(await verify(good)).toBe(true);
      expect(await verify(Buffer.alloc(good.length, 0))).toBe(false);
      expect(await verify(Buffer.alloc(good.length, 0xff))).toBe(false);
    });

    it('refuses a signature with any one bit turned over', async () => {
      expect(await verify(good)).toBe(true);
      for (const index of [0, good.length >> 1, good.length - 1]) {
        const changed = Buffer.from(good);
        changed[index] = (changed[index] as number) ^ 1;
        expect(await verify(changed)).toBe(false);
      }
    });

    it('CVE-2015-9235: refuses an HMAC that is keyed with the public key', async () => {
      expect(await verify(good)).toBe(true);
      const pem = publicKey.export({ type: 'spki', format: 'pem' });
      expect(await verify(createHmac('sha256', pem).update(INPUT).digest())).toBe(false);
    });
  });

describe.each(['RS256', 'PS256', 'PS384', 'PS512'] as const)('verifySignature, %s', (algorithm) => {
  it('RFC 8017 §8.1.2 step 1: refuses a signature that lost a leading zero octet', async () => {
    covers('K1', 'B4');
    let input = Buffer.alloc(4);
    let good = signBytes(algorithm, rsa.privateKey, input);
    // One signature of 256 starts with a zero.
    for (let count = 1; good[0] !== 0; count += 1) {
      input = Buffer.alloc(4);
      input.writeUInt32BE(count);
      good = signBytes(algorithm, rsa.privateKey, input);
    }
    expect(await isSignedBy(algorithm, toSignatureKey(rsa.publicKey), input, good)).toBe(true);
    expect(await isSignedBy(algorithm, toSignatureKey(rsa.publicKey), input, good.subarray(1))).toBe(false);
  });
});

describe('verifySignature, ECDSA', () => {
  const n = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
  const good = signBytes('ES256', ec.privateKey, INPUT);
  const verify = (signature: Buffer) => isSignedBy('ES256', toSignatureKey(ec.publicKey), INPUT, signature);
  const toBytes = (value: bigint) => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
  const edges = { 0: 0n, 1: 1n, 'n-1': n - 1n, n };

  it.each(
    Object.entries(edges).flatMap(([nameOfR, r]) =>
      Object.entries(edges).map(([nameOfS, s]) => ({ nameOfR, nameOfS, r, s })),
    ),
  )('CVE-2022-21449: refuses r = $nameOfR with s = $nameOfS', async ({ r, s }) => {
    covers('B2');
    expect(await verify(good)).toBe(true);
    expect(await verify(Buffer.concat([toBytes(r), toBytes(s)]))).toBe(false);
  });

  it('RFC 7518 §3.4: refuses a signature in DER', async () => {
    covers('B3');
    expect(await verify(good)).toBe(true);
    const der = sign('sha256', INPUT, { key: ec.privateKey, dsaEncoding: 'der' });
    expect(await verify(der)).toBe(false);
  });

  it('takes the twin of a signature, since ECDSA has no one spelling', async () => {
    covers('K2', 'B5');
    const s = BigInt(`0x${good.subarray(32).toString('hex')}`);
    const twin = Buffer.concat([good.subarray(0, 32), toBytes(n - s)]);
    expect(twin.equals(good)).toBe(false);
    expect(await verify(twin)).toBe(true);
  });

  it.each(['ES384', 'ES512'] as const)('refuses an ES256 signature under %s', async (algorithm) => {
    covers('A8');
    expect(await verify(good)).toBe(true);
    expect(await isSignedBy(algorithm, toSignatureKey(ec.publicKey), INPUT, good)).toBe(false);
  });
});

describe('verifySignature, keys of another type', () => {
  const good = signBytes('ES256', ec.privateKey, INPUT);

  it.each(['RS256', 'PS256'] as const)('refuses an ES256 signature under %s, though the key made it', async (name) => {
    covers('A9');
    expect(await isSignedBy('ES256', toSignatureKey(ec.publicKey), INPUT, good)).toBe(true);
    expect(await isSignedBy(name, toSignatureKey(ec.publicKey), INPUT, good)).toBe(false);
  });

  it('refuses an ES256 signature with an RSA key and with an Ed25519 key', async () => {
    covers('A9');
    expect(await isSignedBy('ES256', toSignatureKey(ec.publicKey), INPUT, good)).toBe(true);
    for (const { publicKey } of [rsa, generateKeys('EdDSA')]) {
      expect(await isSignedBy('ES256', toSignatureKey(publicKey), INPUT, good)).toBe(false);
    }
  });
});

describe('verifySignature, RSASSA-PKCS1-v1_5', () => {
  // RFC 8017 §9.2: the DigestInfo of SHA-256 starts so.
  const DIGEST_INFO = Buffer.from('3031300d060960864801650304020105000420', 'hex');
  const digestInfo = Buffer.concat([DIGEST_INFO, createHash('sha256').update(INPUT).digest()]);
  const verify = (signature: Buffer) => isSignedBy('RS256', toSignatureKey(rsa.publicKey), INPUT, signature);
  const signBlock = (block: Buffer) =>
    privateEncrypt({ key: rsa.privateKey, padding: constants.RSA_NO_PADDING }, block);

  function block(parts: { type?: number; padding?: Buffer; separator?: number; content?: Buffer; garbage?: number }) {
    const { type = 1, separator = 0, content = digestInfo, garbage = 0 } = parts;
    const { padding = Buffer.alloc(256 - 3 - content.length - garbage, 0xff) } = parts;
    return Buffer.concat([Buffer.from([0, type]), padding, Buffer.from([separator]), content, Buffer.alloc(garbage)]);
  }

  it.each([
    ['garbage after the hash, CVE-2006-4339', block({ garbage: 100 })],
    [
      'garbage and eight bytes of padding',
      block({ padding: Buffer.alloc(8, 0xff), garbage: 256 - 11 - digestInfo.length }),
    ],
    ['block type 0', block({ type: 0 })],
    ['block type 2', block({ type: 2 })],
    ['no separator', block({ separator: 0xff })],
    [
      'padding with one wrong byte',
      block({ padding: Buffer.alloc(256 - 3 - digestInfo.length, 0xff).fill(0xfe, 9, 10) }),
    ],
    ['a hash without its DigestInfo', block({ content: digestInfo.subarray(DIGEST_INFO.length) })],
    [
      'a DigestInfo without its NULL parameters',
      block({
        content: Buffer.concat([
          Buffer.from('302f300b06096086480165030402010420', 'hex'),
          digestInfo.subarray(DIGEST_INFO.length),
        ]),
      }),
    ],
    [
      'the DigestInfo of another hash',
      block({
        content: Buffer.concat([
          Buffer.from('3041300d060960864801650304020205000430', 'hex'),
          createHash('sha384').update(INPUT).digest(),
        ]),
      }),
    ],
  ])('CVE-2021-30246: refuses %s', async (_, forged) => {
    covers('B6');
    expect(forged).toHaveLength(256);
    expect(await verify(signBlock(block({})))).toBe(true);
    expect(await verify(signBlock(forged))).toBe(false);
  });

  it('refuses the signatures 0, 1, n - 1, n and s + n', async () => {
    covers('B7');
    const { n = '' } = rsa.publicKey.export({ format: 'jwk' });
    const modulus = BigInt(`0x${Buffer.from(n, 'base64url').toString('hex')}`);
    const good = signBytes('RS256', rsa.privateKey, INPUT);
    const s = BigInt(`0x${good.toString('hex')}`);
    expect(await verify(good)).toBe(true);
    for (const value of [0n, 1n, modulus - 1n, modulus, s + modulus]) {
      const hex = value.toString(16);
      expect(await verify(Buffer.from(hex.padStart(hex.length > 512 ? 514 : 512, '0'), 'hex'))).toBe(false);
    }
  });

  it.each(['RS384', 'RS512', 'PS256'] as const)('refuses an RS256 signature under %s', async (algorithm) => {
    covers('bis-1');
    const good = signBytes('RS256', rsa.privateKey, INPUT);
    expect(await verify(good)).toBe(true);
    expect(await isSignedBy(algorithm, toSignatureKey(rsa.publicKey), INPUT, good)).toBe(false);
  });
});

describe('verifySignature, RSASSA-PSS', () => {
  const verify = (signature: Buffer) => isSignedBy('PS256', toSignatureKey(rsa.publicKey), INPUT, signature);
  const signPss = (hash: string, saltLength: number) =>
    sign(hash, INPUT, { key: rsa.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });

  it.each([0, 20, 31, 33, 222])('RFC 7518 §3.5: refuses a salt of %i bytes', async (saltLength) => {
    covers('B8');
    expect(await verify(signPss('sha256', 32))).toBe(true);
    expect(await verify(signPss('sha256', saltLength))).toBe(false);
  });

  it.each(['sha1', 'sha384', 'sha512'])('refuses %s with the salt of SHA-256', async (hash) => {
    covers('B8');
    expect(await verify(signPss('sha256', 32))).toBe(true);
    expect(await verify(signPss(hash, 32))).toBe(false);
  });
});
