import { dirname, join } from 'node:path/posix';

/*
 * Which types the declarations of a package refer to
 *
 * The compiler writes declaration files in one form: each statement begins in the first column, and ends before the next
 * one. So they are read as text here, since TypeScript 7 has no API for JavaScript.
 */

/** The text of declaration files, by path from the folder that they are built to. */
export type Declarations = ReadonlyMap<string, string>;

/** A name, and the module that declares it. */
interface DeclaredName {
  readonly module: string;
  readonly name: string;
}

interface Declaration {
  readonly name: string;
  readonly text: string;
  readonly isType: boolean;
  readonly isExported: boolean;
}

interface Module {
  /** What is declared here, by name. Overloads are several declarations. */
  readonly declared: ReadonlyMap<string, readonly Declaration[]>;
  readonly imported: ReadonlyMap<string, DeclaredName>;
  /** By the name that others import. */
  readonly exported: ReadonlyMap<string, DeclaredName>;
}

type Modules = ReadonlyMap<string, Module>;

const STATEMENT_START = /^(?=(?:import|export|declare|interface|type|abstract|class|function|const|enum)\b)/m;
const DECLARATION =
  /^(?<export>export )?(?:declare )?(?:abstract )?(?<kind>interface|type|class|enum|function|const|let|global)\b ?(?<name>[\w$]*)/;
const LIST = /^(?<keyword>import|export) (?:type )?\{(?<names>[^}]*)\}(?: from '(?<from>[^']+)')?/;
const INLINE_IMPORT = /\bimport\('(?<from>\.[^']+)'\)\.(?<name>\w+)/g;
const TYPE_KINDS = ['interface', 'type', 'class', 'enum'];

/** Finds types of the package that an exported declaration refers to, and that no entry point exports. */
export function findHiddenTypes(declarations: Declarations, entries: readonly string[]): readonly string[] {
  const modules: Modules = new Map([...declarations].map(([path, text]) => [path, parseModule(path, text)]));
  const exported = entries.flatMap((entry) => exportsOf(modules, entry));
  const visible = new Set(exported.map(keyOf));

  const hidden = exported.flatMap((symbol) =>
    referencesOf(modules, symbol)
      .filter((reference) => !visible.has(keyOf(reference)))
      .map(({ module, name }) => `${symbol.name} refers to ${name} (${module})`),
  );
  return [...new Set(hidden)].sort();
}

/** Gives what can be imported from a module, each under the name that it is declared by. */
function exportsOf(modules: Modules, path: string): readonly DeclaredName[] {
  return [...moduleAt(modules, path).exported.values()].map((symbol) => resolve(modules, symbol));
}

/** Follows imports and exports to the module that declares a name. */
function resolve(modules: Modules, { module, name }: DeclaredName): DeclaredName {
  const { declared, imported, exported } = moduleAt(modules, module);
  if (declared.has(name)) return { module, name };
  const next = imported.get(name) ?? exported.get(name);
  if (next === undefined) throw new Error(`${module} has no ${name}`);
  return resolve(modules, next);
}

/** Finds the types of the package in a declaration, and in that of each value that it takes the type of. */
function referencesOf(modules: Modules, { module, name }: DeclaredName): readonly DeclaredName[] {
  const scope = moduleAt(modules, module);
  const texts = (scope.declared.get(name) ?? []).map(({ text }) => text);
  const inline = texts.flatMap((text) =>
    [...text.matchAll(INLINE_IMPORT)].map(({ groups = {} }) => ({
      module: pathFrom(module, groups['from'] as string),
      name: groups['name'] as string,
    })),
  );
  const words = texts.flatMap((text) => [...withoutTexts(text).matchAll(/(typeof )?(?<![.\w$])([A-Za-z_$][\w$]*)/g)]);
  const named = words.flatMap(([, typeOf, word = '']) => {
    if (word === name || !(scope.declared.has(word) || scope.imported.has(word))) return [];
    const symbol = resolve(modules, { module, name: word });
    if (isType(modules, symbol)) return [symbol];
    return typeOf === undefined ? [] : referencesOf(modules, symbol);
  });
  return [...inline.map((symbol) => resolve(modules, symbol)), ...named];
}

function isType(modules: Modules, { module, name }: DeclaredName): boolean {
  return (
    moduleAt(modules, module)
      .declared.get(name)
      ?.some((declaration) => declaration.isType) ?? false
  );
}

function parseModule(path: string, text: string): Module {
  const statements = withoutComments(text).split(STATEMENT_START);
  const lists = statements.map((statement) => LIST.exec(statement)?.groups ?? {});
  const listed = (keyword: string) =>
    lists.filter((list) => list['keyword'] === keyword).flatMap((list) => parseList(path, list));
  const declarations = statements.flatMap((statement) => parseDeclaration(statement) ?? []);
  const exported = declarations.filter(({ isExported }) => isExported).map(({ name }) => name);
  return {
    declared: groupByName(declarations),
    imported: new Map(listed('import')),
    exported: new Map([...listed('export'), ...exported.map((name) => [name, { module: path, name }] as const)]),
  };
}

function groupByName(declarations: readonly Declaration[]): ReadonlyMap<string, readonly Declaration[]> {
  const groups = new Map<string, Declaration[]>();
  for (const declaration of declarations) {
    groups.set(declaration.name, [...(groups.get(declaration.name) ?? []), declaration]);
  }
  return groups;
}

function parseDeclaration(text: string): Declaration | undefined {
  const groups = DECLARATION.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const { kind = '', name = '' } = groups;
  // What is added to global types has no name, and everybody sees it.
  const isGlobal = kind === 'global';
  const isExported = isGlobal || groups['export'] !== undefined;
  return { name: isGlobal ? kind : name, text, isType: TYPE_KINDS.includes(kind), isExported };
}

/** Reads the braces of an import or export. What comes from other packages is left out. */
function parseList(
  path: string,
  { names = '', from }: Readonly<Record<string, string | undefined>>,
): readonly (readonly [alias: string, symbol: DeclaredName])[] {
  if (from !== undefined && !from.startsWith('.')) return [];
  const module = from === undefined ? path : pathFrom(path, from);
  const items = names.split(',').map((item) => item.trim().replace(/^type /, ''));
  return items.filter(Boolean).map((item) => {
    const [name = '', alias = name] = item.split(' as ');
    return [alias, { module, name }];
  });
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}

function withoutTexts(code: string): string {
  return code.replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "''");
}

function pathFrom(path: string, specifier: string): string {
  return join(dirname(path), specifier).replace(/\.js$/, '.d.ts');
}

function moduleAt(modules: Modules, path: string): Module {
  const module = modules.get(path);
  if (module === undefined) throw new Error(`there is no ${path}`);
  return module;
}

function keyOf({ module, name }: DeclaredName): string {
  return `${module} ${name}`;
}
