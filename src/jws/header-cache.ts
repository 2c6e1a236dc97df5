import { LRUCache } from 'lru-cache';
import type { JsonObject } from '../protocol/json-object.js';

// An entry for each key in use and each `typ`: a few for each issuer. Bounds the memory.
const MAX_HEADERS = 256;
// In characters: far more than `alg`, `typ` and `kid` need.
const MAX_HEADER_LENGTH = 1024;

/**
 * Caches parsed headers by their segment. Tokens that are signed with one key have the same segment, so it is parsed
 * once. Only headers of verified tokens are added, so that forged tokens evict none.
 */
export class HeaderCache {
  readonly #headers = new LRUCache<string, JsonObject>({ max: MAX_HEADERS });

  get(segment: string): JsonObject | undefined {
    return this.#headers.get(segment);
  }

  add(segment: string, header: JsonObject): void {
    if (segment.length <= MAX_HEADER_LENGTH && !this.#headers.has(segment)) this.#headers.set(segment, header);
  }
}
