import type { ScopeSource } from '../issuer/shared-rules.js';
import { disownPromise } from '../platform/maybe-promise.js';
import { Refusal } from '../protocol/refusal.js';
import { isScopeToken, parseScope } from '../protocol/scope.js';
import type { JsonObject } from '../protocol/strict-json.js';

/** Reads the scopes of a token from wherever its issuer puts them: space-separated strings or arrays. */
export function parseTokenScopes(payload: JsonObject, sources: readonly ScopeSource[]): readonly string[] | Refusal {
  const scopes = new Set<string>();
  for (const source of sources) {
    const found = typeof source === 'string' ? readClaim(payload, source) : callSource(source, payload);
    if (found instanceof Refusal) return found;
    for (const scope of found) scopes.add(scope);
  }
  return Object.freeze([...scopes]);
}

function readClaim(payload: JsonObject, name: string): readonly string[] | Refusal {
  const value = Object.hasOwn(payload, name) ? payload[name] : undefined;
  // Authlib writes null where no scope was granted.
  if (value === undefined || value === null) return [];
  const scopes = typeof value === 'string' ? parseScope(value) : parseScopeArray(value);
  return scopes ?? new Refusal('claim_malformed', name);
}

function parseScopeArray(value: unknown): readonly string[] | undefined {
  return isStrings(value) && value.every(isScopeToken) ? value : undefined;
}

function callSource(
  source: (claims: JsonObject) => readonly string[],
  payload: JsonObject,
): readonly string[] | Refusal {
  try {
    const scopes: unknown = source(payload);
    disownPromise(scopes);
    return isStrings(scopes) ? scopes : new Refusal('scopes_source_failed', 'it gave no array of strings');
  } catch (cause) {
    return new Refusal('scopes_source_failed', 'it threw', { cause });
  }
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
