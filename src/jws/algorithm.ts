/** What a signature algorithm demands of its key. */
interface AlgorithmEntry {
  readonly kty: 'RSA' | 'EC' | 'OKP' | 'AKP';
  readonly crv?: string;
}

/** The algorithms that are verified with a public key (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2, RFC 9964 §3). */
export const ALGORITHMS = {
  RS256: { kty: 'RSA' },
  RS384: { kty: 'RSA' },
  RS512: { kty: 'RSA' },
  PS256: { kty: 'RSA' },
  PS384: { kty: 'RSA' },
  PS512: { kty: 'RSA' },
  ES256: { kty: 'EC', crv: 'P-256' },
  ES384: { kty: 'EC', crv: 'P-384' },
  ES512: { kty: 'EC', crv: 'P-521' },
  EdDSA: { kty: 'OKP', crv: 'Ed25519' },
  Ed25519: { kty: 'OKP', crv: 'Ed25519' },
  'ML-DSA-44': { kty: 'AKP' },
  'ML-DSA-65': { kty: 'AKP' },
  'ML-DSA-87': { kty: 'AKP' },
} as const satisfies Record<string, AlgorithmEntry>;

/** The name of a signature algorithm with a public key. The ML-DSA ones need a Node.js that has them, 24.6 or later. */
export type Algorithm = keyof typeof ALGORITHMS;

/** The algorithms that are verified with a shared secret, by the length of their hash in octets (RFC 7518 §3.2). */
export const HMAC_ALGORITHMS = { HS256: 32, HS384: 48, HS512: 64 } as const;

/** The name of a signature algorithm with a shared secret. */
export type HmacAlgorithm = keyof typeof HMAC_ALGORITHMS;

export type SignatureAlgorithm = Algorithm | HmacAlgorithm;

export const ALL_ALGORITHMS = Object.freeze(Object.keys(ALGORITHMS)) as readonly Algorithm[];
export const ALL_HMAC_ALGORITHMS = Object.freeze(Object.keys(HMAC_ALGORITHMS)) as readonly HmacAlgorithm[];

export function isAlgorithm(name: unknown): name is Algorithm {
  return typeof name === 'string' && Object.hasOwn(ALGORITHMS, name);
}

export function isHmacAlgorithm(name: unknown): name is HmacAlgorithm {
  return typeof name === 'string' && Object.hasOwn(HMAC_ALGORITHMS, name);
}

/** Gives the algorithms that a public key of this type and curve can be used with. */
export function algorithmsOfKey(kty: unknown, crv: unknown): readonly Algorithm[] {
  return ALL_ALGORITHMS.filter((name) => {
    const entry: AlgorithmEntry = ALGORITHMS[name];
    return entry.kty === kty && (entry.crv === undefined || entry.crv === crv);
  });
}
