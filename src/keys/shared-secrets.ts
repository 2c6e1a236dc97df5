import { createSecretKey } from 'node:crypto';
import { HMAC_ALGORITHMS, type HmacAlgorithm } from '../jws/algorithm.js';
import { toSignatureKey, type VerificationKey } from '../jws/verification-key.js';
import type { Clock } from '../platform/clock.js';
import type { Refusal } from '../protocol/refusal.js';
import {
  describeKeys,
  describeStatic,
  type KeyQuery,
  type KeySource,
  type KeySourceStatus,
  refuseUnknown,
} from './key-source.js';

/** Secrets that an issuer shares with this server. The `kid` of a token is ignored. */
export class SharedSecrets implements KeySource {
  readonly #clock: Clock;
  readonly #keys: readonly VerificationKey[];

  constructor(secrets: readonly Uint8Array[], algorithms: readonly HmacAlgorithm[], clock: Clock) {
    this.#clock = clock;
    this.#keys = secrets.map((secret, index) => ({
      identity: `secret ${index}`,
      kid: undefined,
      algorithms: algorithms.filter((name) => secret.byteLength >= HMAC_ALGORITHMS[name]),
      ...toSignatureKey(createSecretKey(secret)),
      publicJwk: undefined,
      seenAt: clock(),
    }));
  }

  find(query: KeyQuery): readonly VerificationKey[] | Refusal {
    const keys = this.#keys.filter((key) => key.algorithms.includes(query.algorithm));
    return keys.length > 0 ? keys : refuseUnknown(query);
  }

  stillHas(key: VerificationKey): boolean {
    return this.#keys.includes(key);
  }

  refreshIfDue(): void {}

  ready(): undefined {}

  refresh(): undefined {}

  status(): KeySourceStatus {
    return describeStatic(describeKeys({ keys: this.#keys, skipped: [] }, this.#clock()));
  }

  snapshot(): undefined {}
}
