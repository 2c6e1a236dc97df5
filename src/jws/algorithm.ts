/** An algorithm: the key that it requires, and the parameters for node:crypto. */
interface AlgorithmEntry {
  readonly kty: 'RSA' | 'EC' | 'OKP' | 'AKP';
  readonly crv?: string;
  /** The `keyType` of `SignatureKey`. */
  readonly keyType: string;
  /** Null if the algorithm has a hash of its own. */
  readonly hash: string | null;
  /** RSASSA-PSS uses a salt as long as its hash (RFC 7518 §3.5). */
  readonly saltLength?: number;
  /** In octets: R and S side by side (RFC 7518 §3.4, RFC 8032 §5.1.6), FIPS 204 §4. RSA signatures are as long as the modulus. */
  readonly signatureLength?: number;
}

const RSA = { kty: 'RSA', keyType: 'rsa' } as const;
const ED25519 = { kty: 'OKP', crv: 'Ed25519', keyType: 'ed25519', hash: null, signatureLength: 64 } as const;

/** The algorithms that are verified with a public key (RFC 7518 §3.1, RFC 8037 §3.1, RFC 8812 §3.2, RFC 9864 §2, RFC 9964 §3). */
export const ALGORITHMS = {
  RS256: { ...RSA, hash: 'sha256' },
  RS384: { ...RSA, hash: 'sha384' },
  RS512: { ...RSA, hash: 'sha512' },
  PS256: { ...RSA, hash: 'sha256', saltLength: 32 },
  PS384: { ...RSA, hash: 'sha384', saltLength: 48 },
  PS512: { ...RSA, hash: 'sha512', saltLength: 64 },
  ES256: { kty: 'EC', crv: 'P-256', keyType: 'prime256v1', hash: 'sha256', signatureLength: 64 },
  ES384: { kty: 'EC', crv: 'P-384', keyType: 'secp384r1', hash: 'sha384', signatureLength: 96 },
  ES512: { kty: 'EC', crv: 'P-521', keyType: 'secp521r1', hash: 'sha512', signatureLength: 132 },
  ES256K: { kty: 'EC', crv: 'secp256k1', keyType: 'secp256k1', hash: 'sha256', signatureLength: 64 },
  EdDSA: ED25519,
  Ed25519: ED25519,
  Ed448: { kty: 'OKP', crv: 'Ed448', keyType: 'ed448', hash: null, signatureLength: 114 },
  'ML-DSA-44': { kty: 'AKP', keyType: 'ml-dsa-44', hash: null, signatureLength: 2420 },
  'ML-DSA-65': { kty: 'AKP', keyType: 'ml-dsa-65', hash: null, signatureLength: 3309 },
  'ML-DSA-87': { kty: 'AKP', keyType: 'ml-dsa-87', hash: null, signatureLength: 4627 },
} as const satisfies Record<string, AlgorithmEntry>;

/**
 * The name of a signature algorithm with a public key. ML-DSA needs Node.js 24.6 or later. ES256K and Ed448 are accepted only
 * where the option `algorithms` names them.
 */
export type Algorithm = keyof typeof ALGORITHMS;

/** The algorithms that are verified with a shared secret, by the length of their hash in octets (RFC 7518 §3.2). */
export const HMAC_ALGORITHMS = { HS256: 32, HS384: 48, HS512: 64 } as const;

/** The name of a signature algorithm with a shared secret. */
export type HmacAlgorithm = keyof typeof HMAC_ALGORITHMS;

export type SignatureAlgorithm = Algorithm | HmacAlgorithm;

export const ALL_ALGORITHMS = Object.freeze(Object.keys(ALGORITHMS)) as readonly Algorithm[];

// Rare, and absent from builds of Node.js with another OpenSSL. What nobody uses should verify nothing.
const OFF_BY_DEFAULT: readonly Algorithm[] = ['ES256K', 'Ed448'];

/** The algorithms that are accepted where the options name none. `jose` has these, and no others. */
export const DEFAULT_ALGORITHMS: readonly Algorithm[] = Object.freeze(
  ALL_ALGORITHMS.filter((name) => !OFF_BY_DEFAULT.includes(name)),
);

export const ALL_HMAC_ALGORITHMS = Object.freeze(Object.keys(HMAC_ALGORITHMS)) as readonly HmacAlgorithm[];

/** RSA keys have 2048 bits at least, for verification as for signing (RFC 7518 §3.3). */
export const MIN_RSA_BITS = 2048;

export function algorithmEntry(name: Algorithm): AlgorithmEntry {
  return ALGORITHMS[name];
}

export function isAlgorithm(name: unknown): name is Algorithm {
  return typeof name === 'string' && Object.hasOwn(ALGORITHMS, name);
}

export function isHmacAlgorithm(name: unknown): name is HmacAlgorithm {
  return typeof name === 'string' && Object.hasOwn(HMAC_ALGORITHMS, name);
}

/** Returns the algorithms for a public key of this type and curve. */
export function algorithmsOfKey(kty: unknown, crv: unknown): readonly Algorithm[] {
  return ALL_ALGORITHMS.filter((name) => {
    const entry = algorithmEntry(name);
    return entry.kty === kty && (entry.crv === undefined || entry.crv === crv);
  });
}
