import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkIsBuilt, PACKAGE } from '../support/built-package.js';
import { type Declarations, findHiddenTypes } from '../support/declaration-graph.js';

const DIST = join(PACKAGE, 'dist');

/** Types that save words in a signature, and that no user has a reason to name. */
const SHORTHANDS = {
  AtLeastOne: 'a list that is not empty',
  DefaultRequest: 'the Request of Express where its types are installed, else that of Node.js',
  DefaultResponse: 'the same for responses',
  NamedKeys: 'the members that a type names, without its index signature',
};

function readDeclarations(): Declarations {
  const paths = readdirSync(DIST, { recursive: true, encoding: 'utf8' }).map((path) => path.replaceAll('\\', '/'));
  const files = paths.filter((path) => path.endsWith('.d.ts') && !path.startsWith('cjs/'));
  return new Map(files.map((path) => [path, readFileSync(join(DIST, path), 'utf8')]));
}

/** The declarations that package.json offers for import. */
function readEntries(): readonly string[] {
  const { exports } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, string | { readonly import: { readonly types: string } }>>;
  };
  return Object.values(exports).flatMap((entry) =>
    typeof entry === 'string' ? [] : [entry.import.types.replace('./dist/', '')],
  );
}

describe('the types that users can name', () => {
  beforeAll(checkIsBuilt);

  it('are all that an exported declaration refers to', () => {
    const entries = readEntries();
    expect(entries).toEqual(expect.arrayContaining(['index.d.ts', 'testing/index.d.ts', 'presets/index.d.ts']));
    const hidden = findHiddenTypes(readDeclarations(), entries);
    const names = (lines: readonly string[]) => lines.map((line) => / refers to (\w+) /.exec(line)?.[1] as string);
    expect(hidden.filter((line) => names([line]).every((name) => !(name in SHORTHANDS)))).toEqual([]);
    expect([...new Set(names(hidden))].sort()).toEqual(Object.keys(SHORTHANDS).sort());
  });
});

describe('the search for types that users cannot name', () => {
  const find = (index: string, others: Readonly<Record<string, string>>) =>
    findHiddenTypes(new Map(Object.entries({ 'index.d.ts': index, ...others })), ['index.d.ts']);
  const hidden = ['create refers to Options (a/create.d.ts)'];
  const options = 'export interface Options {\n    readonly a: string;\n}\n';

  it.each([
    ['as a parameter', `${options}export declare function create(options: Options): void;\n`],
    ['as a result', `${options}export declare function create(): Options;\n`],
    ['in a constant', `${options}export declare const create: (options: Options) => void;\n`],
    ['in a type', `${options}export type create = readonly Options[];\n`],
    ['in an interface', `${options}export interface create extends Options {\n}\n`],
    ['in a class', `${options}export declare class create {\n    get options(): Options;\n}\n`],
    [
      'in a constant that one takes the type of',
      `${options}declare const forms: readonly Options[];\nexport type create = typeof forms;\n`,
    ],
    ['as a type that is not exported at all', `interface Options {\n}\nexport type create = Options;\nexport {};\n`],
    [
      'in the second of two overloads',
      `${options}export declare function create(): void;\nexport declare function create(a: Options): void;\n`,
    ],
  ])('sees one %s', (_, declaration) => {
    expect(find("export { create } from './a/create.js';\n", { 'a/create.d.ts': declaration })).toEqual(hidden);
    const both = "export { create, Options } from './a/create.js';\n";
    expect(find(both, { 'a/create.d.ts': declaration })).toEqual([]);
  });

  it.each([
    ['an import', "import type { Options } from './options.js';\nexport type create = Options;\n"],
    ['an import under another name', "import { type Options as O } from './options.js';\nexport type create = O;\n"],
    ['an import within the type', "export type create = import('./options.js').Options;\n"],
  ])('follows %s', (_, declaration) => {
    const others = { 'a/create.d.ts': declaration, 'a/options.d.ts': options };
    const index = "export type { create } from './a/create.js';\n";
    expect(find(index, others)).toEqual(['create refers to Options (a/options.d.ts)']);
    expect(find(`${index}export type { Options as Given } from './a/options.js';\n`, others)).toEqual([]);
  });

  it('sees one that is added to global types', () => {
    const index = `${options.replace('export ', '')}declare global {\n    interface Request {\n        a: Options;\n    }\n}\nexport {};\n`;
    expect(find(index, {})).toEqual(['global refers to Options (index.d.ts)']);
    expect(find(index.replace('interface Options', 'export interface Options'), {})).toEqual([]);
  });

  it('sees none in comments, in texts, in members and in what is not exported', () => {
    const declaration = [
      options,
      '/** Takes Options. */',
      "export declare function create(form: 'Options'): void;",
      'export interface More {\n    readonly more: number;\n}',
      'declare function hidden(options: Options): void;',
      'export {};\n',
    ].join('\n');
    expect(find("export { create, type More } from './a/create.js';\n", { 'a/create.d.ts': declaration })).toEqual([]);
  });
});
