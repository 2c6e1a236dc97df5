import { parseIssuedScope } from '../protocol/scope.js';
import { BoundedMap } from '../resilience/bounded-map.js';

// Clients request the same few sets of scopes again and again. Bounds the memory.
const MAX_TEXTS = 1024;
// In characters. Longer texts are rare, and parsed each time.
const MAX_TEXT_LENGTH = 512;

/** Parses scope strings, and caches them: tokens with the same scopes share one array. */
export class ScopeCache {
  readonly #scopes = new BoundedMap<readonly string[]>(MAX_TEXTS);

  /** Returns each scope once, frozen; undefined if the text is malformed. */
  parse(text: string): readonly string[] | undefined {
    const cached = this.#scopes.get(text);
    if (cached !== undefined) return cached;

    const parsed = parseIssuedScope(text);
    if (parsed === undefined) return undefined;
    const scopes = unique(parsed);
    if (text.length <= MAX_TEXT_LENGTH) this.#scopes.set(text, scopes);
    return scopes;
  }
}

/** Returns each text once, frozen, in the order of the first occurrence. */
export function unique(texts: readonly string[]): readonly string[] {
  return Object.freeze([...new Set(texts)]);
}
