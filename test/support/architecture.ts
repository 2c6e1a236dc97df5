import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';

/** The text of source files, by path from `src`. */
export type Sources = ReadonlyMap<string, string>;

export interface Import {
  readonly specifier: string;
  /** Leaves nothing behind in the built file. */
  readonly isTypeOnly: boolean;
}

/** By folder: the folders that its files may import from, besides their own. */
export type MayImport = Readonly<Record<string, readonly string[]>>;

export function readSources(src: URL): Sources {
  const paths = readdirSync(src, { recursive: true, encoding: 'utf8' }).map((path) => path.replaceAll('\\', '/'));
  const files = paths.filter((path) => path.endsWith('.ts')).sort();
  return new Map(files.map((path) => [path, readFileSync(new URL(path, src), 'utf8')]));
}

// Statements begin a line: the formatter sees to it, and comments begin with something else.
const NAMED = String.raw`\{[^{}]*\}|\*(?:\s+as\s+\w+)?`;
const CLAUSE = String.raw`${NAMED}|\w+(?:\s*,\s*(?:${NAMED}))?`;
const STATEMENT = new RegExp(
  String.raw`^(?:import|export)\s+(type\s+(?!from\b))?(?:${CLAUSE})\s+from\s+'([^']+)'`,
  'gm',
);
const SIDE_EFFECT = /^import\s+'([^']+)'/gm;
const DYNAMIC = /(?<![.\w$])import\(\s*['"`]([^'"`]*)['"`]/g;

/** Reads the imports of a file: static ones, exports from elsewhere, and dynamic ones. */
export function parseImports(source: string): readonly Import[] {
  const code = withoutComments(source);
  return [
    ...[...code.matchAll(STATEMENT)].map(([, type, specifier]) => ({
      specifier: specifier as string,
      isTypeOnly: type !== undefined,
    })),
    ...[...code.matchAll(SIDE_EFFECT)].map(([, specifier]) => ({ specifier: specifier as string, isTypeOnly: false })),
    ...[...code.matchAll(DYNAMIC)].map(([, specifier]) => ({ specifier: specifier as string, isTypeOnly: false })),
  ];
}

/** Counts what looks like an import, by another way than `parseImports` goes. */
export function countSpecifiers(source: string): number {
  const lines = withoutComments(source).split('\n');
  return lines.filter((line) => /(?:^import|\bfrom|\bimport\() ?'[^']+'\)?/.test(line)).length;
}

/** Finds files in no folder of the table, and imports that the table does not allow. */
export function findForbiddenImports(sources: Sources, mayImport: MayImport): readonly string[] {
  const homeless = [...sources.keys()].filter((path) => path !== 'index.ts' && !(folderOf(path) in mayImport));
  const forbidden = relativeImports(sources).filter(([from, to]) => {
    const [importer, imported] = [folderOf(from), folderOf(to)];
    if (!sources.has(to) || from === 'index.ts') return false;
    return importer !== imported && !mayImport[importer]?.includes(imported);
  });
  return [
    ...homeless.map((path) => `${path} is in no folder of the table`),
    ...forbidden.map(([from, to]) => `${from} must not import ${to}`),
  ];
}

/** Finds what the table allows and nobody uses, so that it says no more than is true. */
export function findUnusedPermissions(sources: Sources, mayImport: MayImport): readonly string[] {
  const used = importPairs(sources);
  const allowed = Object.entries(mayImport).flatMap(([from, folders]) => folders.map((to) => `${from} -> ${to}`));
  return allowed.filter((pair) => !used.includes(pair));
}

/** Lists which folder imports which other folder, each pair once. The main entry is no folder. */
export function importPairs(sources: Sources): readonly string[] {
  const pairs = relativeImports(sources)
    .map(([from, to]) => [folderOf(from), folderOf(to)])
    .filter(([importer, imported]) => importer !== '' && importer !== imported);
  return [...new Set(pairs.map((pair) => pair.join(' -> ')))];
}

/** Finds relative imports that lead to no file of the sources. */
export function findLostImports(sources: Sources): readonly string[] {
  const lost = relativeImports(sources).filter(([, to]) => !sources.has(to));
  return lost.map(([from, to]) => `${from} imports ${to}, which is not there`);
}

/** Finds circles of imports, those of types included. */
export function findCycles(sources: Sources): readonly string[] {
  const targets = targetsOf(sources);
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, way: readonly string[]) => {
    const start = way.indexOf(path);
    if (start !== -1) cycles.push([...way.slice(start), path].join(' -> '));
    if (start !== -1 || done.has(path)) return;
    for (const target of targets.get(path) ?? []) visit(target, [...way, path]);
    done.add(path);
  };
  for (const path of sources.keys()) visit(path, []);
  return cycles;
}

/** Finds imports of packages that are not allowed where they stand. */
export function findForeignImports(
  sources: Sources,
  isAllowed: (specifier: string, folder: string, isTypeOnly: boolean) => boolean,
): readonly string[] {
  return [...sources].flatMap(([path, source]) =>
    parseImports(source)
      .filter(({ specifier }) => !specifier.startsWith('.'))
      .filter(({ specifier, isTypeOnly }) => !isAllowed(specifier, folderOf(path), isTypeOnly))
      .map(({ specifier }) => `${path} imports ${specifier}`),
  );
}

/** Gives every file that comes along when one is imported. */
export function findReachable(sources: Sources, entry: string): ReadonlySet<string> {
  const targets = targetsOf(sources);
  const reached = new Set([entry]);
  for (const path of reached) for (const target of targets.get(path) ?? []) reached.add(target);
  return reached;
}

/** Finds code, comments left aside, that a pattern matches. */
export function findCode(sources: Sources, pattern: RegExp): readonly string[] {
  return [...sources].flatMap(([path, source]) =>
    withoutComments(source)
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1} ${line.trim()}`] : [])),
  );
}

/** Blanks comments that have lines to themselves, so that line numbers stay. */
function withoutComments(source: string): string {
  return source.replace(/^[ \t]*(?:\/\*[\s\S]*?\*\/|\/\/.*)$/gm, (comment) => comment.replace(/[^\n]/g, ''));
}

function relativeImports(sources: Sources): readonly (readonly [from: string, to: string])[] {
  return [...sources].flatMap(([path, source]) =>
    parseImports(source)
      .filter(({ specifier }) => specifier.startsWith('.'))
      .map(({ specifier }) => [path, join(dirname(path), specifier).replace(/\.js$/, '.ts')] as const),
  );
}

function targetsOf(sources: Sources): ReadonlyMap<string, readonly string[]> {
  const targets = new Map<string, string[]>();
  for (const [from, to] of relativeImports(sources)) targets.set(from, [...(targets.get(from) ?? []), to]);
  return targets;
}

// Adapters and integrations are folders of their own: one can be deleted without touching another.
const GROUPS = ['adapters', 'integrations'];

function folderOf(path: string): string {
  const folders = path.split('/').slice(0, -1);
  return folders.slice(0, GROUPS.includes(folders[0] ?? '') ? 2 : 1).join('/');
}
