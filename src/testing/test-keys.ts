import { exportJWK, generateKeyPair, type JWTHeaderParameters, SignJWT } from 'jose';
import { ALGORITHMS, type Algorithm } from '../jws/algorithm.js';
import type { Jwk } from '../jws/jwk.js';
import { ConfigurationError } from '../options/configuration-error.js';
import { describeValue } from '../options/describe-value.js';

interface TestKey {
  readonly kid: string;
  readonly algorithm: Algorithm;
  readonly privateKey: CryptoKey;
  readonly publicJwk: Jwk;
}

type CryptoKey = Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];

/** The keys of a test issuer: the published ones, and the signing key of each algorithm. */
export class TestKeys {
  readonly #published = new Map<string, TestKey>();
  readonly #signing = new Map<Algorithm, TestKey>();
  #count = 0;

  /** Creates a key and signs with it from now on. Older keys stay published. */
  async rotate(algorithm: Algorithm): Promise<string> {
    const { crv } = ALGORITHMS[algorithm] as { crv?: string };
    const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true, ...(crv && { crv }) });
    this.#count += 1;
    const kid = `${algorithm.toLowerCase()}-${this.#count}`;
    const publicJwk = { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' };

    const key = { kid, algorithm, privateKey, publicJwk };
    this.#published.set(kid, key);
    this.#signing.set(algorithm, key);
    return kid;
  }

  /** Removes a key from the key set. It still signs. */
  withdraw(kid: string): void {
    if (this.#published.delete(kid)) return;
    const published = [...this.#published.keys()].join(', ');
    throw new ConfigurationError('kid', `${describeValue(kid)} is not published.`, `Published are: ${published}.`);
  }

  jwks(): { keys: Jwk[] } {
    return { keys: [...this.#published.values()].map((key) => key.publicJwk) };
  }

  /** Signs claims as a compact JWS. Omits undefined members of the header. */
  async sign(algorithm: Algorithm, header: object, claims: object): Promise<string> {
    const key = this.#signing.get(algorithm);
    if (key === undefined) {
      const algorithms = [...this.#signing.keys()].join(', ');
      throw new ConfigurationError(
        'algorithm',
        `the issuer has no ${algorithm} key.`,
        `It has keys for ${algorithms}.`,
      );
    }
    const full: Record<string, unknown> = { alg: algorithm, typ: 'at+jwt', kid: key.kid, ...header };
    return new SignJWT(withoutUndefined(claims))
      .setProtectedHeader(withoutUndefined(full) as unknown as JWTHeaderParameters)
      .sign(key.privateKey);
  }
}

function withoutUndefined(members: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
