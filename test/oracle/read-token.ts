/** A segment as a lenient reader has it. */
export interface ReadPart {
  readonly bytes: Buffer;
  /** With U+FFFD in the place of what is not UTF-8. */
  readonly text: string;
  /** What `JSON.parse` makes of it, the last of two members with one name; nothing where it is no object. */
  readonly members: { readonly [name: string]: unknown };
}

export interface ReadToken {
  readonly segments: readonly string[];
  readonly header: ReadPart;
  readonly payload: ReadPart;
  readonly signature: Buffer;
}

/** Reads a token as leniently as can be, without the code under test, for the proofs of listed splits. */
export function readToken(token: string): ReadToken {
  const segments = token.split('.');
  const [header = '', payload = '', signature = ''] = segments;
  return {
    segments,
    header: readPart(header),
    payload: readPart(payload),
    signature: Buffer.from(signature, 'base64url'),
  };
}

function readPart(segment: string): ReadPart {
  const bytes = Buffer.from(segment, 'base64url');
  // Leaves a byte order mark out, as the decoders of the others do.
  const text = new TextDecoder().decode(bytes);
  return { bytes, text, members: readMembers(text) };
}

function readMembers(text: string): { readonly [name: string]: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
  } catch {
    return {};
  }
}

/** Tells whether a segment is the one spelling of its bytes (RFC 4648 §3.5, §5). */
export function isCanonicalBase64url(segment: string): boolean {
  if (!/^[A-Za-z0-9_-]+$/.test(segment) || segment.length % 4 === 1) return false;
  const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.indexOf(segment.at(-1) ?? '');
  if (segment.length % 4 === 2) return last % 16 === 0;
  return segment.length % 4 === 0 || last % 4 === 0;
}

export interface JsonShape {
  readonly depth: number;
  readonly hasDuplicates: boolean;
  /** The names of the members, at every level. */
  readonly names: ReadonlySet<string>;
  readonly isWellFormed: boolean;
}

/** Walks through a valid JSON text piece by piece, and notes what `JSON.parse` keeps to itself. */
export function measureJson(text: string): JsonShape {
  const levels: Set<string>[] = [];
  const names = new Set<string>();
  const shape = { depth: 0, hasDuplicates: false, names, isWellFormed: true };
  // A string followed by a colon is the name of a member; only objects have those.
  for (const [, string, colon, bracket] of text.matchAll(/("(?:[^"\\]|\\.)*")\s*(:?)|([{}[\]])/g)) {
    if (string !== undefined) noteString(JSON.parse(string) as string, colon === ':');
    else if (bracket === '{' || bracket === '[') levels.push(new Set());
    else levels.pop();
    shape.depth = Math.max(shape.depth, levels.length);
  }

  function noteString(value: string, isName: boolean): void {
    if (!value.isWellFormed()) shape.isWellFormed = false;
    if (!isName) return;
    const level = levels.at(-1);
    if (level?.has(value)) shape.hasDuplicates = true;
    level?.add(value);
    names.add(value);
  }
  return shape;
}
