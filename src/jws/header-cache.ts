import { LRUCache } from 'lru-cache';
import type { JsonObject } from '../protocol/json-object.js';

// One entry for each key that is in use, with some room. The longest header worth remembering is in characters.
const MAX_HEADERS = 256;
const MAX_HEADER_LENGTH = 1024;

/**
 * Remembers what a header segment says: tokens that are signed with one key share theirs to the letter, so it
 * is decoded once. Only headers of tokens that were genuine come in, so that garbage cannot push them out.
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
