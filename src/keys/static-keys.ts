import type { VerificationKey } from '../jws/verification-key.js';
import type { Clock } from '../platform/clock.js';
import { chain, type MaybePromise } from '../platform/maybe-promise.js';
import type { Refusal } from '../protocol/refusal.js';
import { type KeySelector, KeySet } from './key-set.js';
import {
  describeKeys,
  describeStatic,
  type KeyQuery,
  type KeySource,
  type KeySourceStatus,
  refuseUnknown,
} from './key-source.js';

/** Keys that were given in the options and never change. */
export class StaticKeys implements KeySource {
  readonly #clock: Clock;
  readonly #importing: Promise<KeySet>;
  #set: KeySet | undefined;

  constructor(members: readonly unknown[], clock: Clock) {
    this.#clock = clock;
    this.#importing = KeySet.import(members, clock()).then((set) => {
      this.#set = set;
      return set;
    });
  }

  find(query: KeyQuery): MaybePromise<readonly VerificationKey[] | Refusal> {
    return chain(this.#set ?? this.#importing, (set) => {
      const keys = set.candidates(query);
      return keys.length > 0 ? keys : refuseUnknown(query, { set, from: 'the options' });
    });
  }

  stillHas(key: VerificationKey, selector: KeySelector): boolean {
    return this.#set?.isCandidate(key, selector) ?? false;
  }

  refreshIfDue(): void {}

  async ready(): Promise<undefined> {
    await this.#importing;
  }

  refresh(): Promise<undefined> {
    return this.ready();
  }

  status(): KeySourceStatus {
    return describeStatic(describeKeys(this.#set, this.#clock()));
  }

  snapshot(): undefined {}
}
