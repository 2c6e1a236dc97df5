import { createPublicKey, type JsonWebKey, KeyObject } from 'node:crypto';
import { importJWK } from 'jose/key/import';
import {
  type Algorithm,
  algorithmsOfKey,
  DEFAULT_ALGORITHMS,
  MIN_RSA_BITS,
  type SignatureAlgorithm,
} from './algorithm.js';
import type { Jwk } from './jwk.js';
import { Malformed } from './malformed.js';
import { normalizeJwk, normalizeName } from './normalize-jwk.js';
import { hasSmallOrder, isRocaModulus } from './weak-keys.js';

/** A `KeyObject` with the details that node:crypto recomputes on every read. */
export interface SignatureKey {
  readonly keyObject: KeyObject;
  /** The curve of a public EC key and the type of any other public key, as node:crypto names them; else `secret` or `private`. */
  readonly keyType: string | undefined;
  /** The length of the modulus of an RSA key, in octets. */
  readonly modulusLength: number;
}

export function toSignatureKey(keyObject: KeyObject): SignatureKey {
  const { type, asymmetricKeyType, asymmetricKeyDetails: details } = keyObject;
  return {
    keyObject,
    keyType: type === 'public' ? (details?.namedCurve ?? asymmetricKeyType) : type,
    modulusLength: Math.ceil((details?.modulusLength ?? 0) / 8),
  };
}

/** A key of an issuer, and the algorithms that it may be used with. */
export interface VerificationKey extends SignatureKey {
  /** Everything but the times, as a text. Keys with one identity are the same key. */
  readonly identity: string;
  readonly kid: string | undefined;
  readonly algorithms: readonly SignatureAlgorithm[];
  /** The public members of its JWK; undefined for a secret. */
  readonly publicJwk: Jwk | undefined;
  /** When the key set first had it, in milliseconds since the epoch. */
  readonly seenAt: number;
}

/** The public members of a JWK that passed `checkJwk`. */
export interface UsableJwk {
  readonly kid: string | undefined;
  readonly algorithms: readonly Algorithm[];
  readonly publicJwk: Jwk;
}

type UntrustedJwk = { readonly [name: string]: unknown };
type ImportedKey = Parameters<typeof KeyObject.from>[0];
type KeyType = 'RSA' | 'EC' | 'OKP' | 'AKP';

const PUBLIC_MEMBERS: Readonly<Record<KeyType, readonly string[]>> = {
  RSA: ['n', 'e'],
  EC: ['crv', 'x', 'y'],
  OKP: ['crv', 'x'],
  // RFC 9964 §3: alg is part of the key.
  AKP: ['alg', 'pub'],
};
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

// A verification with a larger key takes milliseconds.
const MAX_RSA_BITS = 8192;
// NIST SP 800-56B §6.2 bounds e below at 65,537. With e = 1 every signature can be forged (Wycheproof).
const MIN_RSA_EXPONENT = 65_537n;
// A verification with a larger exponent is slow.
const MAX_RSA_EXPONENT = 0xffff_ffffn;

/**
 * Checks one member of a key set, by its metadata and sizes.
 *
 * @see RFC 7517 §4, §5
 */
export function checkJwk(member: unknown): UsableJwk | Malformed {
  if (typeof member !== 'object' || member === null || Array.isArray(member)) return new Malformed('is not an object');
  const jwk = normalizeJwk(member as UntrustedJwk);
  const { kty, crv, kid, alg } = jwk;

  if (!isKeyType(kty)) return new Malformed('has a kty that is not RSA, EC, OKP or AKP');
  const problem = findMetadataProblem(jwk) ?? findMissingMember(jwk, kty) ?? findWeakness(jwk, kty);
  if (problem !== undefined) return new Malformed(problem);

  const supported = algorithmsOfKey(kty, crv);
  if (supported.length === 0) return new Malformed('is on a curve that is not supported');
  // RFC 8725 §3.1: a key that names its algorithm is used with no other.
  const algorithms = alg === undefined ? supported : algorithmsNamed(alg, supported);
  if (algorithms.length === 0) return new Malformed('has an alg that is not supported or does not fit the key');

  const publicJwk = {
    ...pickPublicMembers(jwk, kty),
    ...(kid !== undefined && { kid }),
    ...(alg !== undefined && { alg: algorithms[0] }),
  };
  return { kid: kid as string | undefined, algorithms, publicJwk: publicJwk as Jwk };
}

// Other names of algorithms: XML Signature (RFC 9231 §2.3, as .NET writes them) and Java.
const ALGORITHM_SPELLINGS = [
  { pattern: /^http:\/\/www\.w3\.org\/.*#rsa-sha(256|384|512)$|^sha-?(256|384|512)withrsa$/i, prefix: 'RS' },
  { pattern: /^http:\/\/www\.w3\.org\/.*#ecdsa-sha(256|384|512)$|^sha-?(256|384|512)withecdsa$/i, prefix: 'ES' },
];

/** The algorithm that a key names, in whatever spelling, if it fits the key. */
function algorithmsNamed(alg: unknown, supported: readonly Algorithm[]): readonly Algorithm[] {
  if (typeof alg !== 'string') return [];
  const named = normalizeName(alg, supported) ?? normalizeName(respell(alg), supported);
  return named === undefined ? [] : [named];
}

function respell(alg: string): string {
  for (const { pattern, prefix } of ALGORITHM_SPELLINGS) {
    const [, first, second] = pattern.exec(alg) ?? [];
    if (first !== undefined || second !== undefined) return `${prefix}${first ?? second}`;
  }
  return alg;
}

/** Imports a key that `checkJwk` found usable. */
export async function importVerificationKey(usable: UsableJwk, seenAt: number): Promise<VerificationKey | Malformed> {
  const { algorithms, publicJwk } = usable;
  try {
    const key = toSignatureKey(await importPublicKey(publicJwk, algorithms[0] as Algorithm));
    return { ...usable, ...key, identity: identityOf(usable), seenAt };
  } catch {
    return INVALID_KEY;
  }
}

async function importPublicKey(jwk: Jwk, algorithm: Algorithm): Promise<KeyObject> {
  // The Web Cryptography API, which jose builds on, has no such keys.
  if (!DEFAULT_ALGORITHMS.includes(algorithm)) return createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
  // importJWK returns bytes for a symmetric key alone, and `checkJwk` refuses its kty.
  return KeyObject.from((await importJWK(jwk, algorithm)) as ImportedKey);
}

/** A problem that only node:crypto finds. */
export const INVALID_KEY = new Malformed(
  'is not a valid key, such as a point off its curve, or this Node.js does not support it',
);

export function identityOf({ kid, algorithms, publicJwk }: UsableJwk): string {
  return JSON.stringify([kid, algorithms, publicJwk]);
}

function isKeyType(kty: unknown): kty is KeyType {
  return typeof kty === 'string' && Object.hasOwn(PUBLIC_MEMBERS, kty);
}

function findMetadataProblem(jwk: UntrustedJwk): string | undefined {
  const { kid, use, key_ops: keyOps } = jwk;
  if (PRIVATE_MEMBERS.some((name) => Object.hasOwn(jwk, name))) return 'holds private or symmetric key material';
  if (kid !== undefined && typeof kid !== 'string') return 'has a kid that is not a string';
  if (use !== undefined && !listOf(use).some((word) => isWord(word, ['sig']))) return 'has a use other than sig';
  // Keys that sign are published with the operation of their private half, too.
  const isForSignatures = keyOps === undefined || listOf(keyOps).some((word) => isWord(word, ['verify', 'sign']));
  return isForSignatures ? undefined : 'has key_ops other than verify';
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function isWord(value: unknown, words: readonly string[]): boolean {
  return normalizeName(value, words) !== undefined;
}

function findMissingMember(jwk: UntrustedJwk, kty: KeyType): string | undefined {
  const missing = PUBLIC_MEMBERS[kty].find((name) => typeof jwk[name] !== 'string' || jwk[name] === '');
  return missing === undefined ? undefined : `lacks the member ${missing}`;
}

function findWeakness(jwk: UntrustedJwk, kty: KeyType): string | undefined {
  if (kty === 'RSA') return findRsaWeakness(jwk);
  return kty === 'OKP' && hasSmallOrder(Buffer.from(String(jwk['x']), 'base64url'))
    ? 'is a point of small order'
    : undefined;
}

function findRsaWeakness({ n, e }: UntrustedJwk): string | undefined {
  const modulus = toBigInt(n);
  const bits = modulus.toString(2).length;
  const exponent = toBigInt(e);

  if (bits < MIN_RSA_BITS) return `is an RSA key of less than ${MIN_RSA_BITS} bits`;
  if (bits > MAX_RSA_BITS) return `is an RSA key of more than ${MAX_RSA_BITS} bits`;
  const isSafe = exponent % 2n === 1n && exponent >= MIN_RSA_EXPONENT && exponent <= MAX_RSA_EXPONENT;
  if (!isSafe) return 'is an RSA key with an unsafe exponent';
  return isRocaModulus(modulus) ? 'is an RSA key that can be factored (CVE-2017-15361)' : undefined;
}

function toBigInt(base64url: unknown): bigint {
  const hex = Buffer.from(String(base64url), 'base64url').toString('hex');
  return hex === '' ? 0n : BigInt(`0x${hex}`);
}

/** Leaves the metadata out: `checkJwk` checked it, and `importJWK` has other rules for it. */
function pickPublicMembers(jwk: UntrustedJwk, kty: KeyType): object {
  return { kty, ...Object.fromEntries(PUBLIC_MEMBERS[kty].map((name) => [name, jwk[name]])) };
}
