/** What a signature algorithm demands of its key (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2). */
interface AlgorithmEntry {
  readonly kty: 'RSA' | 'EC' | 'OKP';
  readonly crv?: string;
}

/** The algorithms that scopegate verifies with a public key. */
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
} as const satisfies Record<string, AlgorithmEntry>;

/** The name of a supported signature algorithm. */
export type Algorithm = keyof typeof ALGORITHMS;

export const ALL_ALGORITHMS = Object.freeze(Object.keys(ALGORITHMS)) as readonly Algorithm[];

export function isAlgorithm(name: unknown): name is Algorithm {
  return typeof name === 'string' && Object.hasOwn(ALGORITHMS, name);
}

/** Gives the algorithms that a key of this type and curve can be used with. */
export function algorithmsOfKey(kty: unknown, crv: unknown): readonly Algorithm[] {
  return ALL_ALGORITHMS.filter((name) => {
    const entry: AlgorithmEntry = ALGORITHMS[name];
    return entry.kty === kty && (entry.crv === undefined || entry.crv === crv);
  });
}
