/**
 * What is known of the path of a layer.
 *
 * - `root`: it matches every request and takes nothing off the path.
 * - `text`: it matches `text` to the letter, at the end of a segment.
 * - `open`: whatever it matches begins with the whole segments of `text`; what follows is not known.
 * - `opaque`: nothing is known of what it matches.
 */
export interface RoutePath {
  readonly kind: 'root' | 'text' | 'open' | 'opaque';
  readonly text: string;
  /** Whether upper and lower case differ. Undefined where nobody can tell. */
  readonly isSensitive: boolean | undefined;
  /** As it was declared, for people. */
  readonly display: string;
  /** The names of its parameters; undefined where they are not known. */
  readonly names: readonly string[] | undefined;
}

/** What a router sees of the path of a request on its way to a route: the paths of routers below it, put together. */
export interface Way {
  readonly pieces: readonly Pick<RoutePath, 'text' | 'isSensitive'>[];
  /** `exact`: it is the pieces. `open`: it begins with them. `opaque`: it may be anything, even no path (`OPTIONS *`). */
  readonly end: 'exact' | 'open' | 'opaque';
}

export const NO_WAY: Way = { pieces: [], end: 'exact' };

/** Adds the path of the next layer to a way. */
export function extendWay(way: Way, path: RoutePath): Way {
  if (way.end !== 'exact' || path.kind === 'root') return way;
  // Whatever matched a path before has begun with a slash.
  if (path.kind === 'opaque') return { pieces: way.pieces, end: way.pieces.length === 0 ? 'opaque' : 'open' };
  return { pieces: [...way.pieces, path], end: path.kind === 'text' ? 'exact' : 'open' };
}

/** Tells whether a middleware that `use` put at a path sees every request that goes this way. Where it might not, no. */
export function coversWay(path: RoutePath, way: Way): boolean {
  if (path.kind === 'root') return true;
  if (path.kind !== 'text' || way.end === 'opaque') return false;
  const characters = way.pieces.flatMap(({ text, isSensitive }) =>
    [...text].map((character) => ({ character, isFolded: isSensitive !== true })),
  );
  const isFolded = path.isSensitive === false;
  const isBegin = [...path.text].every((expected, index) => {
    const found = characters[index];
    if (found === undefined) return false;
    if (isFolded) return foldCase(found.character) === foldCase(expected);
    return found.character === expected && !(found.isFolded && hasCase(expected));
  });
  const next = characters[[...path.text].length];
  return isBegin && (next === undefined || next.character === '/');
}

/** Regular expressions fold more than ASCII, in ways of their own: other letters are the same to the letter alone. */
function foldCase(character: string): string {
  return character <= '\x7f' ? character.toLowerCase() : character;
}

function hasCase(character: string): boolean {
  return /[a-z]/i.test(character) || character > '\x7f';
}

// What path-to-regexp 0.1 writes: the segments of a path, and what it puts at the end of the path.
const SEGMENT = String.raw`\\/\(\.\*\)|\(\?:\\/\(\[\^\\?/\]\+\?\)\)\??|\\/(?:[^\\^$.*+?()[\]{}|/]|\\\.)*`;
const MOUNT_PATTERN = new RegExp(String.raw`^\^((?:${SEGMENT})*)\\/\?\(\?=\\/\|\$\)$`);
const ROUTE_PATTERN = new RegExp(String.raw`^\^((?:${SEGMENT})*)(?:\\/\?)?\$$`);
const SEGMENTS = new RegExp(SEGMENT, 'g');

/**
 * Reads the paths of a layer out of the regular expression that Express 4 made of them, since it keeps nothing else.
 * Undefined where it is more than text, parameters that are whole segments, and `*` as one. An expression of the user's
 * that is written as Express would have matches as such a path does.
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

/** Tells whether a text matches the path. */
export type Matches = (path: string) => boolean;

// What has a meaning in path-to-regexp 8.
const SPECIAL = /[:*{}()[\]+?!\\]/;
const NAME = /[:*](?:"((?:[^"\\]|\\.)*)"|([\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*))/gu;

/** Reads a path of Express 5, which keeps it as it was given. */
export function readExpress5Path(given: unknown, isMount: boolean, matches: Matches | undefined): RoutePath {
  // In a list, a slash alone is no root: it leaves the second slash of `//x` to the router.
  const display = isMount && given === '/' ? '/' : displayPath(given);
  const opaque = { kind: 'opaque', text: '', isSensitive: undefined, display, names: undefined } as const;
  if (typeof given !== 'string') return opaque;
  const special = given.search(SPECIAL);
  const names = namesOf(given);
  if (special === -1) {
    // The router takes slashes from the end, but not from a path that is nothing else and stands in a list.
    const text = isMount && given !== '/' ? given.replace(/\/+$/, '') : given;
    if (text !== '' && !text.startsWith('/')) return { ...opaque, names };
    return { kind: 'text', text, isSensitive: probeCase(given, given, matches), display, names };
  }
  const text = given.slice(0, special);
  if (!text.startsWith('/')) return { ...opaque, names };
  const segments = text.slice(0, text.lastIndexOf('/'));
  return { kind: 'open', text: segments, isSensitive: probeCase(segments, toExample(given), matches), display, names };
}

/** Writes a path for people, without the slash at its end. */
export function displayPath(given: unknown): string {
  return typeof given === 'string' && given.endsWith('/') ? given.slice(0, -1) : String(given);
}

function namesOf(path: string): readonly string[] {
  return [...path.matchAll(NAME)].map(([, quoted, name]) => name ?? (quoted as string).replaceAll(/\\(.)/g, '$1'));
}

/** Writes a path that a pattern matches: parameters filled in, optional parts left out. */
function toExample(pattern: string): string {
  return pattern.replaceAll(/\{[^{}]*\}/g, '').replaceAll(NAME, 'x');
}

/** Layers do not tell whether they heed case, and their router may be told otherwise later: they show it. */
function probeCase(text: string, example: string, matches: Matches | undefined): boolean | undefined {
  if (matches?.(example) !== true) return undefined;
  const swapped = [...text].map((character) => swapCase(character)).join('');
  return !matches(swapped + example.slice(text.length));
}

function swapCase(character: string): string {
  if (character > '\x7f') return character;
  return character === character.toLowerCase() ? character.toUpperCase() : character.toLowerCase();
}
