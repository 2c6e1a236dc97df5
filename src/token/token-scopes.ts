import type { ScopeSource } from '../issuer/shared-rules.js';
import { ignoreRejection } from '../platform/maybe-promise.js';
import type { JsonObject } from '../protocol/json-object.js';
import { Refusal } from '../protocol/refusal.js';
import { isScopeToken } from '../protocol/scope.js';
import { ScopeCache, unique } from './scope-cache.js';

/** Parses the scopes of a token from these sources: space-separated strings or arrays. */
export function parseTokenScopes(
  payload: JsonObject,
  sources: readonly ScopeSource[],
  cache: ScopeCache = new ScopeCache(),
): readonly string[] | Refusal {
  let scopes = NONE;
  for (const source of sources) {
    const found = typeof source === 'string' ? readClaim(payload, source, cache) : callSource(source, payload);
    if (found instanceof Refusal) return found;
    scopes = scopes.length === 0 ? found : unique([...scopes, ...found]);
  }
  return scopes;
}

const NONE: readonly string[] = Object.freeze([]);

/** Returns each scope once, frozen. */
function readClaim(payload: JsonObject, name: string, cache: ScopeCache): readonly string[] | Refusal {
  const value = Object.hasOwn(payload, name) ? payload[name] : undefined;
  // Authlib writes null if no scope was granted.
  if (value === undefined || value === null) return NONE;
  const scopes = typeof value === 'string' ? cache.parse(value) : parseScopeArray(value);
  return scopes ?? new Refusal('claim_malformed', name);
}

function parseScopeArray(value: unknown): readonly string[] | undefined {
  if (!isStrings(value)) return undefined;
  const scopes = value.filter((scope) => scope !== '');
  return scopes.every(isScopeToken) ? unique(scopes) : undefined;
}

function callSource(
  source: (claims: JsonObject) => readonly string[],
  payload: JsonObject,
): readonly string[] | Refusal {
  try {
    const scopes: unknown = source(payload);
    ignoreRejection(scopes);
    return isStrings(scopes) ? unique(scopes) : new Refusal('scopes_source_failed', 'it gave no array of strings');
  } catch (cause) {
    return new Refusal('scopes_source_failed', 'it threw', { cause });
  }
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
