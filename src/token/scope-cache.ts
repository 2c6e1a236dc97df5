import { LRUCache } from 'lru-cache';
import { parseScope } from '../protocol/scope.js';

// A client asks for the same few scopes again and again. The longest text worth remembering is in characters.
const MAX_TEXTS = 1024;
const MAX_TEXT_LENGTH = 512;

/** Parses scope strings, and remembers them: tokens with the same rights share one array, and its strings. */
export class ScopeCache {
  readonly #scopes = new LRUCache<string, readonly string[]>({ max: MAX_TEXTS });

  /** Gives each scope once, frozen. Undefined tells that the text is malformed. */
  parse(text: string): readonly string[] | undefined {
    const known = this.#scopes.get(text);
    if (known !== undefined) return known;
    const parsed = parseScope(text);
    if (parsed === undefined) return undefined;
    const scopes = unique(parsed);
    if (text.length <= MAX_TEXT_LENGTH) this.#scopes.set(text, scopes);
    return scopes;
  }
}

/** Gives each text once, frozen, in the order of first sight. */
export function unique(texts: readonly string[]): readonly string[] {
  return Object.freeze([...new Set(texts)]);
}
