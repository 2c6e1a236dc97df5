import type { Clock } from '../platform/clock.js';
import type { DiagnosticsMessages } from '../platform/diagnostics.js';
import { digestOf } from '../platform/digest.js';
import { ExpiringSet } from '../resilience/expiring-set.js';
import type { KeyQuery } from './key-source.js';

export type NotAskedBecause = DiagnosticsMessages['scopegate:unknown-kid']['notAskedBecause'];

// Bounds the memory that made-up kids take. The allowance of fetches fills a small part of it in `refetchEverySeconds`.
export const MAX_ABSENT_KEYS = 1000;
// Thumbprints have 43 characters, certificate names less than 200. A longer kid is not worth a fetch.
export const MAX_KID_LENGTH = 256;
// A key set that was requested this long after a token was issued has the key of that token, or nobody has. A minute allows
// for issuers that sign a little before they publish, for caches in front of them, and for clocks that differ.
export const PUBLISHED_WITHIN_SECONDS = 60;

/**
 * The tokens whose key a fetch did not bring, so that another one would be of no use. A token without `iat` is stored by its
 * `kid`. One with `iat` is stored by its text: whoever guesses the `kid` of the next key must not keep its tokens out.
 */
export class AbsentKeys {
  readonly #names: ExpiringSet;

  constructor(options: { refetchEverySeconds: number; clock: Clock }) {
    const { refetchEverySeconds: seconds, clock } = options;
    this.#names = new ExpiringSet({ max: MAX_ABSENT_KEYS, seconds, clock });
  }

  /**
   * Returns why a fetch would be of no use to a token whose key is not in the set; undefined if it may be. `requestedAt` is
   * when the set was requested, in milliseconds since the epoch.
   */
  findWhyAbsent(query: KeyQuery, requestedAt: number): NotAskedBecause {
    const { kid = '', issuedAt } = query;
    if (kid.length > MAX_KID_LENGTH) return 'implausible';
    if (issuedAt !== undefined && requestedAt >= (issuedAt + PUBLISHED_WITHIN_SECONDS) * 1000) return 'issued-before';
    return this.#names.has(nameOf(query)) ? 'asked-before' : undefined;
  }

  /** Stores that a fetch did not bring the key. */
  add(query: KeyQuery): void {
    const { kid = '' } = query;
    if (kid.length <= MAX_KID_LENGTH) this.#names.add(nameOf(query));
  }
}

function nameOf({ kid = '', issuedAt, text = '' }: KeyQuery): string {
  return issuedAt === undefined ? kid : digestOf(`${kid} ${text}`);
}
