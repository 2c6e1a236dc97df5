/**
 * The path of a layer, as far as it is known.
 *
 * - `root`: it matches every request and removes nothing from the path.
 * - `text`: it matches exactly `text`, at the end of a segment.
 * - `open`: every match begins with the whole segments of `text`; the rest is not known.
 * - `opaque`: its matches are not known.
 */
export interface RoutePath {
  readonly kind: 'root' | 'text' | 'open' | 'opaque';
  readonly text: string;
  /** Whether upper and lower case differ. Undefined if that is not known. */
  readonly isSensitive: boolean | undefined;
  /** As it was declared, for messages. */
  readonly display: string;
  /** The names of its parameters; undefined if they are not known. */
  readonly names: readonly string[] | undefined;
}

/** The part of the path of a request that a router matches: the joined paths of the routers and the route below it. */
export interface PathBelow {
  readonly pieces: readonly Pick<RoutePath, 'text' | 'isSensitive'>[];
  /** `exact`: the pieces are all of it. `open`: it begins with them. `opaque`: it may be anything, even no path (`OPTIONS *`). */
  readonly end: 'exact' | 'open' | 'opaque';
}

export const EMPTY_PATH: PathBelow = { pieces: [], end: 'exact' };

/** Adds the path of the next layer. */
export function extendPath(below: PathBelow, path: RoutePath): PathBelow {
  if (below.end !== 'exact' || path.kind === 'root') return below;
  // After another piece, a match begins with a slash.
  if (path.kind === 'opaque') return { pieces: below.pieces, end: below.pieces.length === 0 ? 'opaque' : 'open' };
  return { pieces: [...below.pieces, path], end: path.kind === 'text' ? 'exact' : 'open' };
}

/** Returns whether a middleware at a path runs for every request with the path below. False if it might not. */
export function coversPath(path: RoutePath, below: PathBelow): boolean {
  if (path.kind === 'root') return true;
  if (path.kind !== 'text' || below.end === 'opaque') return false;
  const characters = below.pieces.flatMap(({ text, isSensitive }) =>
    [...text].map((character) => ({ character, isFolded: isSensitive !== true })),
  );

  const isFolded = path.isSensitive === false;
  const isPrefix = [...path.text].every((expected, index) => {
    const found = characters[index];
    if (found === undefined) return false;
    if (isFolded) return foldCase(found.character) === foldCase(expected);
    return found.character === expected && !(found.isFolded && hasCase(expected));
  });

  const next = characters[[...path.text].length];
  return isPrefix && (next === undefined || next.character === '/');
}

/** Folds ASCII alone: regular expressions fold other letters differently, so these must be equal. */
function foldCase(character: string): string {
  return character <= '\x7f' ? character.toLowerCase() : character;
}

function hasCase(character: string): boolean {
  return /[a-z]/i.test(character) || character > '\x7f';
}

// The output of path-to-regexp 0.1: the segments of a path, and its end.
const SEGMENT = String.raw`\\/\(\.\*\)|\(\?:\\/\(\[\^\\?/\]\+\?\)\)\??|\\/(?:[^\\^$.*+?()[\]{}|/]|\\\.)*`;
const MOUNT_PATTERN = new RegExp(String.raw`^\^((?:${SEGMENT})*)\\/\?\(\?=\\/\|\$\)$`);
const ROUTE_PATTERN = new RegExp(String.raw`^\^((?:${SEGMENT})*)(?:\\/\?)?\$$`);
const SEGMENTS = new RegExp(SEGMENT, 'g');

/**
 * Parses the paths of a layer from the regular expression that Express 4 made of them: it stores nothing else. Returns
 * undefined if there is more than text, parameters that are whole segments, and `*` as a segment. A user's expression in
 * the form of Express matches the same as such a path.
 */
export function readExpress4Paths(
  regexp: RegExp,
  isMount: boolean,
  keys: readonly string[],
): readonly RoutePath[] | undefined {
  const { source, flags } = regexp;
  if (flags !== '' && flags !== 'i') return undefined;
  const pattern = isMount ? MOUNT_PATTERN : ROUTE_PATTERN;
  const names = [...keys];
  const alternatives = source.split(/\|(?=\^)/).map((alternative) => pattern.exec(alternative)?.[1]);
  if (alternatives.some((body) => body === undefined)) return undefined;

  return alternatives.map((body = '') => {
    const segments = body.match(SEGMENTS) ?? [];
    const plain = segments.map(readText);
    const end = plain.indexOf(undefined);

    const own: string[] = [];
    const shown = segments.map((segment, index) => {
      if (plain[index] !== undefined) return plain[index];
      own.push(names.shift() ?? '');
      if (segment.endsWith('(.*)')) return '/*';
      return `/:${own.at(-1)}${segment.endsWith('?') ? '?' : ''}`;
    });

    return {
      kind: end === -1 ? 'text' : 'open',
      text: plain.slice(0, end === -1 ? undefined : end).join(''),
      isSensitive: flags === '',
      display: displayPath(shown.join('')),
      names: own,
    };
  });
}

function readText(segment: string): string | undefined {
  return segment.includes('(') ? undefined : segment.replace('\\/', '/').replaceAll('\\.', '.');
}

/** Returns whether a text matches the path. */
export type Matches = (path: string) => boolean;

// The special characters of path-to-regexp 8.
const SPECIAL = /[:*{}()[\]+?!\\]/;
const NAME = /[:*](?:"((?:[^"\\]|\\.)*)"|([\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*))/gu;

/** Parses a path of Express 5, which stores it as it was declared. */
export function readExpress5Path(declared: unknown, isMount: boolean, matches: Matches | undefined): RoutePath {
  // In a list, a slash alone is no root: the router then matches the second slash of `//x`.
  const display = isMount && declared === '/' ? '/' : displayPath(declared);
  const opaque = { kind: 'opaque', text: '', isSensitive: undefined, display, names: undefined } as const;
  if (typeof declared !== 'string') return opaque;

  const special = declared.search(SPECIAL);
  const names = namesOf(declared);
  if (special === -1) {
    // The router removes slashes at the end, but not those of a `/` in a list.
    const text = isMount && declared !== '/' ? declared.replace(/\/+$/, '') : declared;
    if (text !== '' && !text.startsWith('/')) return { ...opaque, names };
    return { kind: 'text', text, isSensitive: probeCase(declared, declared, matches), display, names };
  }

  const text = declared.slice(0, special);
  if (!text.startsWith('/')) return { ...opaque, names };
  const segments = text.slice(0, text.lastIndexOf('/'));
  return {
    kind: 'open',
    text: segments,
    isSensitive: probeCase(segments, toExample(declared), matches),
    display,
    names,
  };
}

/** Formats a path for messages, without a slash at its end. */
export function displayPath(declared: unknown): string {
  return typeof declared === 'string' && declared.endsWith('/') ? declared.slice(0, -1) : String(declared);
}

function namesOf(path: string): readonly string[] {
  return [...path.matchAll(NAME)].map(([, quoted, name]) => name ?? (quoted as string).replaceAll(/\\(.)/g, '$1'));
}

/** Creates a path that a pattern matches: with values for parameters, without optional parts. */
function toExample(pattern: string): string {
  return pattern.replaceAll(/\{[^{}]*\}/g, '').replaceAll(NAME, 'x');
}

/** Tests whether case matters: layers do not show it, and the setting of their router may have changed since. */
function probeCase(text: string, example: string, matches: Matches | undefined): boolean | undefined {
  if (matches?.(example) !== true) return undefined;
  const swapped = [...text].map((character) => swapCase(character)).join('');
  return !matches(swapped + example.slice(text.length));
}

function swapCase(character: string): string {
  if (character > '\x7f') return character;
  return character === character.toLowerCase() ? character.toUpperCase() : character.toLowerCase();
}
