import type { KeyObject } from 'node:crypto';
import { identityOf, toSignatureKey, type UsableJwk, type VerificationKey } from '../jws/verification-key.js';
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

/** Public keys that were given in the options without names. The `kid` of a token is ignored, and each key that fits is tried. */
export class PublicKeys implements KeySource {
  readonly #clock: Clock;
  readonly #keys: readonly VerificationKey[];

  constructor(keys: readonly { readonly keyObject: KeyObject; readonly usable: UsableJwk }[], clock: Clock) {
    this.#clock = clock;
    this.#keys = keys.map(({ keyObject, usable }) => ({
      ...usable,
      ...toSignatureKey(keyObject),
      identity: identityOf(usable),
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
