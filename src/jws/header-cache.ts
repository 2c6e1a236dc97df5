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
  // Created for the first header: an issuer that is only introspected has none.
  #headers: LRUCache<string, JsonObject> | undefined;

  get(segment: string): JsonObject | undefined {
    return this.#headers?.get(segment);
  }

  add(segment: string, header: JsonObject): void {
    if (segment.length > MAX_HEADER_LENGTH) return;
    this.#headers ??= new LRUCache({ max: MAX_HEADERS });
    if (!this.#headers.has(segment)) this.#headers.set(segment, header);
  }
}
