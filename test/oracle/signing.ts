import { createHash, createHmac, type KeyObject } from 'node:crypto';
import type { SignatureAlgorithm } from '../../src/jws/algorithm.js';
import { signBytes } from '../support/raw-token.js';
import type { Random } from './random.js';
import { EXPONENT_ONE, NEUTRAL_POINT, type SigningKey, type SigningWorld } from './world.js';

// FIPS 186-4 D.1.2.3: the order of P-256.
const P_256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const ES256_HALF = 32;
const RSA_2048_LENGTH = 256;
// RFC 8017 §9.2, note 1: the DER prefix of a SHA-256 DigestInfo.
const SHA_256_PREFIX = Buffer.from('3031300d060960864801650304020105000420', 'hex');

/** Gives the twin of an ES256 signature, which is as valid: n - s in the place of s. */
function twinOf(signature: Buffer): Buffer {
  const s = BigInt(`0x${signature.subarray(ES256_HALF).toString('hex')}`);
  const twin = (P_256_ORDER - s).toString(16).padStart(2 * ES256_HALF, '0');
  return Buffer.concat([signature.subarray(0, ES256_HALF), Buffer.from(twin, 'hex')]);
}

/** Forges an RS256 signature for any key of 2048 bits with e = 1, whose signatures are the padded hash itself. */
function forgeForExponentOne(input: Buffer): Buffer {
  const digestInfo = Buffer.concat([SHA_256_PREFIX, createHash('sha256').update(input).digest()]);
  const padding = Buffer.alloc(RSA_2048_LENGTH - digestInfo.length - 3, 0xff);
  return Buffer.concat([Buffer.from([0, 1]), padding, Buffer.from([0]), digestInfo]);
}

/** Forges an Ed25519 signature for the neutral point as public key: R is that point, S is 0. */
function forgeForNeutralPoint(): Buffer {
  const signature = Buffer.alloc(64);
  signature.writeUInt8(1, 0);
  return signature;
}

/** Signs, with new salt each time, until the signature begins with a zero, and leaves that out. */
export function signWithoutLeadingZero(sign: () => Buffer): Buffer {
  for (;;) {
    const signature = sign();
    if (signature[0] === 0) return signature.subarray(1);
  }
}

type SignatureMutation = (context: SignatureContext) => Buffer;

interface SignatureContext {
  readonly input: Buffer;
  readonly key: SigningKey;
  readonly world: SigningWorld;
  readonly random: Random;
}

/** Ways to sign wrongly, and some that are right and should not be. The header goes on saying what it said. */
const MUTATIONS: Readonly<Record<string, SignatureMutation>> = {
  'no signature': () => Buffer.alloc(0),
  'zeros for a signature': ({ key, random }) =>
    Buffer.alloc(random.pick([1, 64, 96, 256]), key.algorithm === 'EdDSA' ? 1 : 0),
  'r and s at the edges': ({ random }) => Buffer.concat([edgeValue(random), edgeValue(random)]),
  'a foreign key': ({ input, world, random }) => signAs(random.pick(world.foreignKeys), input),
  'another key of the issuer': ({ input, world, random }) => signAs(random.pick(world.keys), input),
  'an unfit key of the issuer': ({ input, world, random }) => signAs(random.pick(world.unfitKeys), input),
  'another algorithm': ({ input, key, random }) => signBytes(otherAlgorithm(key, random), key.privateKey, input),
  'HMAC with the public key': ({ input, key, random }) => signWithPublicKey(input, key.publicKey, random),
  'DER in the place of R and S': ({ input, key }) => toDer(signAs(key, input)),
  'the twin': ({ input, key }) => (key.algorithm === 'ES256' ? twinOf(signAs(key, input)) : signAs(key, input)),
  'zeros before': ({ input, key }) => Buffer.concat([Buffer.alloc(1), signAs(key, input)]),
  'zeros after': ({ input, key }) => Buffer.concat([signAs(key, input), Buffer.alloc(1)]),
  'one octet less': ({ input, key, random }) => signAs(key, input).subarray(random.below(2), -1),
  [EXPONENT_ONE]: ({ input }) => forgeForExponentOne(input),
  [NEUTRAL_POINT]: () => forgeForNeutralPoint(),
};

export const SIGNATURE_MUTATIONS: readonly string[] = Object.keys(MUTATIONS);

export function signWrongly(name: string, context: SignatureContext): Buffer {
  return (MUTATIONS[name] as SignatureMutation)(context);
}

export function signAs(key: SigningKey, input: Buffer): Buffer {
  return signBytes(key.algorithm, key.privateKey, input);
}

function edgeValue(random: Random): Buffer {
  const value = random.pick([0n, 1n, P_256_ORDER - 1n, P_256_ORDER, P_256_ORDER + 1n, 2n ** 256n - 1n]);
  return Buffer.from(value.toString(16).padStart(2 * ES256_HALF, '0'), 'hex');
}

function otherAlgorithm({ algorithm }: SigningKey, random: Random): SignatureAlgorithm {
  if (algorithm.startsWith('ES')) return random.pick(['ES384', 'ES512']);
  if (algorithm.startsWith('RS') || algorithm.startsWith('PS'))
    return random.pick(['RS256', 'PS256', 'RS384', 'PS384']);
  return algorithm;
}

/** The confusion of RS256 with HS256: what is public serves as a secret. */
function signWithPublicKey(input: Buffer, publicKey: KeyObject, random: Random): Buffer {
  const pem = String(publicKey.export({ format: 'pem', type: 'spki' }));
  const secret = random.pick([
    pem,
    pem.trimEnd(),
    publicKey.export({ format: 'der', type: 'spki' }),
    JSON.stringify(publicKey.export({ format: 'jwk' })),
    '',
  ]);
  return createHmac('sha256', secret).update(input).digest();
}

/** RFC 3279 §2.2.3: ECDSA-Sig-Value. */
function toDer(signature: Buffer): Buffer {
  const half = signature.length / 2;
  const integers = [signature.subarray(0, half), signature.subarray(half)].map((bytes) => {
    const isHigh = ((bytes[0] ?? 0) & 0x80) !== 0;
    const content = isHigh ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes;
    return Buffer.concat([Buffer.from([2, content.length & 0x7f]), content]);
  });
  const body = Buffer.concat(integers);
  return Buffer.concat([Buffer.from([0x30, body.length & 0x7f]), body]);
}
