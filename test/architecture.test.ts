import { describe, expect, it } from 'vitest';
import {
  countSpecifiers,
  findCode,
  findCycles,
  findForbiddenImports,
  findForeignImports,
  findLostImports,
  findReachable,
  findUnusedPermissions,
  type MayImport,
  parseImports,
  readSources,
  type Sources,
} from './support/architecture.js';

/** A row a folder, as docs/architecture.md has it. A new import of another folder is a new word here. */
const MAY_IMPORT: MayImport = {
  protocol: [],
  options: ['protocol'],
  platform: ['protocol'],
  resilience: ['platform'],
  jws: ['protocol'],
  discovery: ['protocol', 'platform', 'resilience'],
  keys: ['protocol', 'platform', 'resilience', 'jws', 'discovery'],
  issuer: ['protocol', 'options', 'platform', 'resilience', 'jws', 'discovery', 'keys'],
  token: ['protocol', 'platform', 'resilience', 'jws', 'issuer'],
  policy: ['protocol', 'options', 'platform'],
  introspection: ['protocol', 'platform', 'resilience', 'jws', 'discovery', 'issuer', 'token'],
  verifier: [
    'protocol',
    'options',
    'platform',
    'resilience',
    'jws',
    'keys',
    'issuer',
    'token',
    'policy',
    'introspection',
  ],
  'adapters/core': ['protocol', 'options', 'platform', 'policy', 'verifier'],
  'adapters/express': ['protocol', 'options', 'platform', 'policy', 'verifier', 'adapters/core'],
  'adapters/fetch': ['protocol', 'policy', 'verifier', 'adapters/core'],
  'adapters/fastify': ['protocol', 'policy', 'verifier', 'adapters/core'],
  'adapters/nest': ['protocol', 'options', 'policy', 'verifier', 'adapters/core'],
  'adapters/koa': ['protocol', 'policy', 'verifier', 'adapters/core'],
  'integrations/audit': ['options', 'platform'],
  presets: ['protocol', 'options', 'issuer'],
  testing: ['protocol', 'options', 'jws', 'discovery'],
  cli: ['adapters/express'],
};

const RUN_TIME_PACKAGES = ['jose', 'jose/jwt/sign', 'jose/key/import', 'lru-cache'];
/** Packages that are optional, so that nothing but types may come from them, and only in one folder. */
const TYPE_PACKAGES: Readonly<Record<string, string>> = {
  'adapters/express': 'express',
  'adapters/fastify': 'fastify',
  'adapters/koa': 'koa',
};

/** What comes by a subpath of its own, or not at all, and never with the main entry. */
const NOT_IN_MAIN_ENTRY =
  /^(?:testing|presets|cli|redis|otel)\/|^adapters\/(?:fetch|fastify|koa|nest)\/|^adapters\/express\/global\.ts$/;

const sources = new Map(readSources(new URL('../src/', import.meta.url)));
// One line, which loads whatever module the command line was told of. No other file may.
const LOADER = 'cli/load-module.ts';
const loader = sources.get(LOADER);
sources.set(LOADER, '');
// The only file that may look at the environment: the test kit warns where NODE_ENV is production.
const ENVIRONMENT_READER = 'testing/warn-in-production.ts';

function isAllowedPackage(specifier: string, folder: string, isTypeOnly: boolean): boolean {
  if (specifier.startsWith('node:') || RUN_TIME_PACKAGES.includes(specifier)) return true;
  return isTypeOnly && TYPE_PACKAGES[folder] === specifier;
}

/** Rules about single lines of code, each with a line that breaks it and its twin that does not. */
const CODE_RULES: readonly (readonly [rule: string, pattern: RegExp, bad: string, good: string])[] = [
  ['has no default exports', /^export default\b|\bas default\b/, 'export default guard;', 'export { guard };'],
  ['has no variables at module level', /^(?:export )?(?:let|var)\b/, 'let count = 0;', '  let count = 0;'],
  [
    'has no empty containers at module level, since those are there to be filled',
    /^(?:export )?const (?!\w+: (?:readonly|Readonly)).*= (?:new \w*(?:Map|Set|Cache|WeakRef)\b.*\(\)|\[\]|\{\});$/,
    'const seen = new Map<string, string>();',
    'const NONE: readonly string[] = [];',
  ],
  [
    'makes no cache at module level',
    /^(?:export )?const .*= new \w*Cache\b/,
    'const keys = new LRUCache({ max: 1 });',
    '  const keys = new LRUCache({ max: 1 });',
  ],
  [
    'reads no environment',
    /\bprocess\.env\b|\benv\b.*'node:process'/,
    "const home = process.env['HOME'];",
    "process.emitWarning('x');",
  ],
  ['starts no interval', /\bsetInterval\b/, 'setInterval(refresh, 1000);', 'setTimeout(stop, 1000);'],
  ['writes nothing to the console', /\bconsole\./, "console.log('token');", "log('console');"],
  [
    'loads nothing by a name that is not written out',
    /(?:\bawait|\breturn|[=(,:?>]) *import\((?! *['"`][^$]*$)/,
    'await import(name);',
    "await import('./a.js');",
  ],
  [
    'does not go back to require',
    /(?<![.\w])require\(|\bcreateRequire\b/,
    "require('jose');",
    "sources.require('jose');",
  ],
];

describe('the layers', () => {
  it('is read whole: every import of every file is understood', () => {
    expect(sources.size).toBeGreaterThan(50);
    for (const [path, source] of sources) {
      expect([path, parseImports(source).length]).toEqual([path, countSpecifiers(source)]);
    }
    expect(parseImports(sources.get('index.ts') ?? '').length).toBeGreaterThan(15);
    expect(parseImports(sources.get('verifier/authenticate.ts') ?? '').length).toBeGreaterThan(10);
  });

  it('loads modules by names that are not written out in one place, which has nothing else in it', () => {
    expect(loader?.match(/^export|import\(url\)/gm)).toEqual(['export', 'import(url)']);
  });

  it('imports what the table allows, and the table allows no more than that', () => {
    expect(findForbiddenImports(sources, MAY_IMPORT)).toEqual([]);
    expect(findUnusedPermissions(sources, MAY_IMPORT)).toEqual([]);
  });

  it('has imports of files that exist only', () => {
    expect(findLostImports(sources)).toEqual([]);
  });

  it('has no circles of imports, types included', () => {
    expect(findCycles(sources)).toEqual([]);
  });

  it('takes jose and lru-cache from elsewhere, and the types of express in its adapter', () => {
    expect(findForeignImports(sources, isAllowedPackage)).toEqual([]);
  });

  it('keeps what has a subpath of its own out of the main entry', () => {
    const reachable = [...findReachable(sources, 'index.ts')];
    expect(reachable).toContain('verifier/authenticate.ts');
    expect(reachable.filter((path) => NOT_IN_MAIN_ENTRY.test(path))).toEqual([]);
  });

  it('names its files in kebab-case', () => {
    expect([...sources.keys()].filter((path) => !isKebabCase(path))).toEqual([]);
  });

  it.each(CODE_RULES)('%s', (_, pattern) => {
    const found = findCode(sources, pattern).filter((line) => !line.startsWith(`${ENVIRONMENT_READER}:`));
    expect(found).toEqual([]);
  });

  it('reads the environment in one place, which does nothing but warn', () => {
    const reader = sources.get(ENVIRONMENT_READER) ?? '';
    expect(reader.match(/process\.env\b|emitWarning/g)).toEqual(['process.env', 'emitWarning']);
  });
});

describe('the rules of the layers, on sources made for them', () => {
  const project = (files: Record<string, string>): Sources => new Map(Object.entries(files));

  it('see every form of import', () => {
    const forms = [
      ["import a from './a.js';", './a.js', false],
      ["import * as a from './a.js';", './a.js', false],
      ["import a, { b } from './a.js';", './a.js', false],
      ["import {\n  a,\n  type b,\n} from './a.js';", './a.js', false],
      ["import './a.js';", './a.js', false],
      ["import type { a } from './a.js';", './a.js', true],
      ["export { a } from './a.js';", './a.js', false],
      ["export * from './a.js';", './a.js', false],
      ["export * as a from './a.js';", './a.js', false],
      ["export type { a } from './a.js';", './a.js', true],
      ["const a = await import('./a.js');", './a.js', false],
      ["type A = import('./a.js').A;", './a.js', false],
    ] as const;
    for (const [source, specifier, isTypeOnly] of forms) {
      expect([source, parseImports(source)]).toEqual([source, [{ specifier, isTypeOnly }]]);
      expect([source, countSpecifiers(source)]).toEqual([source, 1]);
    }
  });

  it('see no import in comments, in texts and in methods', () => {
    const source = ["/**\n * import a from './a.js';\n */", "// import './a.js'", "KeySet.import('./a.js');"].join(
      '\n',
    );
    expect(parseImports(source)).toEqual([]);
  });

  it('refuse an import that is not in the row of its folder', () => {
    const table = { protocol: [], issuer: ['protocol'] };
    const files = { 'protocol/a.ts': '', 'issuer/b.ts': "import '../protocol/a.js';" };
    expect(findForbiddenImports(project(files), table)).toEqual([]);
    const upward = { 'issuer/b.ts': '', 'protocol/a.ts': "import type { B } from '../issuer/b.js';" };
    expect(findForbiddenImports(project(upward), table)).toEqual(['protocol/a.ts must not import issuer/b.ts']);
  });

  it('refuse that one adapter imports another', () => {
    const table = { 'adapters/express': ['verifier'], 'adapters/koa': ['verifier'], verifier: [] };
    const files = { 'adapters/express/a.ts': "import './b.js';", 'adapters/express/b.ts': '', 'adapters/koa/c.ts': '' };
    expect(findForbiddenImports(project(files), table)).toEqual([]);
    const sideways = { ...files, 'adapters/express/b.ts': "import '../koa/c.js';" };
    expect(findForbiddenImports(project(sideways), table)).toEqual([
      'adapters/express/b.ts must not import adapters/koa/c.ts',
    ]);
  });

  it('refuse an import of the main entry from below', () => {
    const table = { token: [], cli: ['token'] };
    const files = { 'index.ts': "export { a } from './token/a.js';", 'token/a.ts': '' };
    expect(findForbiddenImports(project(files), table)).toEqual([]);
    expect(findForbiddenImports(project({ ...files, 'cli/b.ts': "import '../index.js';" }), table)).toEqual([
      'cli/b.ts must not import index.ts',
    ]);
  });

  it.each(['utils/a.ts', 'helper.ts'])('refuse %s, which is in no folder of the table', (path) => {
    expect(findForbiddenImports(project({ 'token/a.ts': '' }), { token: [] })).toEqual([]);
    expect(findForbiddenImports(project({ 'token/a.ts': '', [path]: '' }), { token: [] })).toEqual([
      `${path} is in no folder of the table`,
    ]);
  });

  it('report what the table allows and nobody uses', () => {
    const files = { 'protocol/a.ts': '', 'token/b.ts': "import '../protocol/a.js';" };
    expect(findUnusedPermissions(project(files), { protocol: [], token: ['protocol'] })).toEqual([]);
    expect(findUnusedPermissions(project(files), { protocol: [], token: ['protocol', 'issuer'] })).toEqual([
      'token -> issuer',
    ]);
  });

  it('refuse an import of a file that is not there', () => {
    expect(findLostImports(project({ 'token/a.ts': "import './b.js';", 'token/b.ts': '' }))).toEqual([]);
    expect(findLostImports(project({ 'token/a.ts': "import './c.js';", 'token/b.ts': '' }))).toEqual([
      'token/a.ts imports token/c.ts, which is not there',
    ]);
  });

  it('report the way of a circle', () => {
    const files = {
      'token/a.ts': "import './b.js';",
      'token/b.ts': "import type { C } from '../issuer/c.js';",
      'issuer/c.ts': '',
    };
    expect(findCycles(project(files))).toEqual([]);
    const circle = { ...files, 'issuer/c.ts': "import type { A } from '../token/a.js';" };
    expect(findCycles(project(circle))).toEqual(['token/a.ts -> token/b.ts -> issuer/c.ts -> token/a.ts']);
    expect(findCycles(project({ 'token/a.ts': "import './a.js';" }))).toEqual(['token/a.ts -> token/a.ts']);
  });

  it.each([
    ["import { z } from 'zod';", "import { importJWK } from 'jose';"],
    ["import { Router } from 'express';", "import type { Router } from 'express';"],
    ["import { type Router } from 'express';", "import type { Router } from 'express';"],
    ["import { readFileSync } from 'fs';", "import { readFileSync } from 'node:fs';"],
    ["import { createVerifier } from 'scopegate';", "import { createVerifier } from '../verifier/a.js';"],
  ])('refuse %s', (bad, good) => {
    expect(findForeignImports(project({ 'adapters/express/a.ts': good }), isAllowedPackage)).toEqual([]);
    expect(findForeignImports(project({ 'adapters/express/a.ts': bad }), isAllowedPackage)).toHaveLength(1);
  });

  it('refuse the types of express outside of its adapter', () => {
    const source = "import type { Request } from 'express';";
    expect(findForeignImports(project({ 'adapters/express/a.ts': source }), isAllowedPackage)).toEqual([]);
    expect(findForeignImports(project({ 'token/a.ts': source }), isAllowedPackage)).toEqual([
      'token/a.ts imports express',
    ]);
  });

  it('find what comes along with the main entry, over several steps', () => {
    const files = project({
      'index.ts': "export { a } from './verifier/a.js';",
      'verifier/a.ts': "import { b } from '../testing/b.js';",
      'testing/b.ts': '',
      'cli/c.ts': '',
    });
    expect([...findReachable(files, 'index.ts')].filter((path) => NOT_IN_MAIN_ENTRY.test(path))).toEqual([
      'testing/b.ts',
    ]);
  });

  it.each(['createGuard.ts', 'Guard.ts', 'express/create_guard.ts'])('refuse the file name %s', (path) => {
    expect(isKebabCase('express/create-guard.ts')).toBe(true);
    expect(isKebabCase(path)).toBe(false);
  });

  it.each(CODE_RULES)('can tell a file that %s', (_, pattern, bad, good) => {
    expect(findCode(project({ 'a.ts': good, 'b.ts': `// ${bad}` }), pattern)).toEqual([]);
    expect(findCode(project({ 'a.ts': `\n${bad}` }), pattern)).toEqual([`a.ts:2 ${bad.trim()}`]);
  });
});

function isKebabCase(path: string): boolean {
  return path.split('/').every((name) => /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*(?:\.ts)?$/.test(name));
}
