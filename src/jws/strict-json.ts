import { isUtf8 } from 'node:buffer';
import { copyWithoutPrototype, type JsonObject } from '../protocol/json-object.js';
import { Malformed } from './malformed.js';
import { scanJson } from './scan-json.js';

/**
 * Parses an untrusted JSON object more strictly than `JSON.parse`: the bytes must be UTF-8 without a byte
 * order mark, every string well-formed Unicode, members unique at every level (RFC 7515 §4, RFC 7519 §4),
 * none named `__proto__`, and nothing nested deeper than 32 levels. The result has no prototype and is deeply frozen.
 */
export function parseStrictJsonObject(bytes: Buffer): JsonObject | Malformed {
  if (!isUtf8(bytes)) return new Malformed('is not UTF-8');
  const shape = scanJson(bytes);
  if (shape instanceof Malformed) return shape;

  const value: unknown = JSON.parse(bytes.toString('utf8'));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return new Malformed('is not a JSON object');

  const walk: Walk = { members: 0, problem: undefined, checkStrings: shape.hasEscapes };
  freezeWithin(value, walk);
  if (walk.problem !== undefined) return new Malformed(walk.problem);

  // JSON.parse drops the first of two members with one name, so fewer members remain than were scanned.
  if (walk.members !== shape.members) return new Malformed('has duplicate members');
  return Object.freeze(copyWithoutPrototype(value));
}

interface Walk {
  members: number;
  problem: string | undefined;
  /** Only an escape can bring a lone surrogate into text that was valid UTF-8. */
  readonly checkStrings: boolean;
}

/** Freezes everything in a parsed value, counts members, and finds what `JSON.parse` accepts and this parser does not. */
function freezeWithin(value: object, walk: Walk): void {
  if (Array.isArray(value)) {
    for (const item of value) freezeDeep(item, walk);
    return;
  }
  for (const name of Object.keys(value)) {
    walk.members += 1;
    if (name === '__proto__') walk.problem = 'has a member named __proto__';
    checkString(name, walk);
    freezeDeep((value as JsonObject)[name], walk);
  }
}

function freezeDeep(value: unknown, walk: Walk): void {
  if (typeof value === 'string') checkString(value, walk);
  if (typeof value !== 'object' || value === null) return;
  freezeWithin(value, walk);
  Object.freeze(value);
}

function checkString(text: string, walk: Walk): void {
  if (walk.checkStrings && !text.isWellFormed()) walk.problem = 'has ill-formed Unicode';
}
