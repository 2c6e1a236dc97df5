import { isUtf8 } from 'node:buffer';

/** A JSON object without a prototype, whose members and their values, at every level, are frozen. */
export type JsonObject = { readonly [name: string]: unknown };

const MAX_DEPTH = 32;

/**
 * Parses an untrusted JSON object more strictly than `JSON.parse`: the bytes must be UTF-8 without a byte
 * order mark, every string well-formed Unicode, members unique at every level (RFC 7515 §4, RFC 7519 §4),
 * none named `__proto__`, and nothing nested deeper than 32 levels. The result is deeply frozen.
 *
 * Gives the problem as a text when the input is refused; the text holds nothing of the input.
 */
export function parseStrictJsonObject(bytes: Buffer): JsonObject | string {
  if (!isUtf8(bytes)) return 'is not UTF-8';
  const text = bytes.toString('utf8');
  const shape = measure(text);
  if (shape.depth > MAX_DEPTH) return `is nested deeper than ${MAX_DEPTH} levels`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'is not JSON';
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'is not a JSON object';
  // A member's name must never meet `Object.prototype`.
  Object.setPrototypeOf(value, null);
  const walk: Walk = { members: 0, problem: undefined, checkStrings: shape.hasEscapes };
  freezeDeep(value, walk);
  if (walk.problem !== undefined) return walk.problem;
  // JSON.parse keeps the last of two members with one name, so a duplicate shows as a missing member.
  if (walk.members !== shape.members) return 'has duplicate members';
  return value as JsonObject;
}

interface Shape {
  readonly members: number;
  readonly depth: number;
  readonly hasEscapes: boolean;
}

/** Counts the members (a colon outside of strings each) and the levels of a text that may not be JSON. */
function measure(text: string): Shape {
  let members = 0;
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < text.length; i += 1) {
    switch (text.charCodeAt(i)) {
      case 0x22: // "
        i = endOfString(text, i + 1);
        break;
      case 0x3a: // :
        members += 1;
        break;
      case 0x5b: // [
      case 0x7b: // {
        depth += 1;
        if (depth > deepest) deepest = depth;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth -= 1;
        break;
    }
  }
  return { members, depth: deepest, hasEscapes: text.includes('\\') };
}

/** Gives the index of the quotation mark that closes a string, or the end of the text. */
function endOfString(text: string, start: number): number {
  let quote = text.indexOf('"', start);
  while (quote !== -1 && isEscaped(text, quote)) quote = text.indexOf('"', quote + 1);
  return quote === -1 ? text.length : quote;
}

function isEscaped(text: string, index: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(index - 1 - backslashes) === 0x5c) backslashes += 1;
  return backslashes % 2 === 1;
}

interface Walk {
  members: number;
  problem: string | undefined;
  /** Only an escape can bring a lone surrogate into text that was valid UTF-8. */
  readonly checkStrings: boolean;
}

/** Freezes a parsed value and all in it, counts members, and notes what `JSON.parse` lets pass. */
function freezeDeep(value: unknown, walk: Walk): void {
  if (typeof value === 'string') checkString(value, walk);
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) freezeDeep(item, walk);
  } else {
    for (const name of Object.keys(value)) {
      walk.members += 1;
      if (name === '__proto__') walk.problem = 'has a member named __proto__';
      checkString(name, walk);
      freezeDeep((value as JsonObject)[name], walk);
    }
  }
  Object.freeze(value);
}

function checkString(text: string, walk: Walk): void {
  if (walk.checkStrings && !text.isWellFormed()) walk.problem = 'has ill-formed Unicode';
}
