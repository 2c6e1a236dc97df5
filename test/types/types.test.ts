import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkIsBuilt, PACKAGE } from '../support/built-package.js';
import { createTempProject } from '../support/temp-project.js';
import { THOROUGH, thorough } from '../support/thorough.js';
import { type Compilation, compile } from '../support/tsc.js';

const TYPES = fileURLToPath(new URL('./', import.meta.url));
const TIMEOUT = 120_000;

beforeAll(checkIsBuilt);

/** What each file of express/ shows, in the compiler's eyes. */
const EXPRESS_FILES = [
  ['handlers.ts', 'gives guarded handlers the claims of the schema, and all that Express has'],
  ['handlers-in-lists.ts', 'leaves no guarded handler untyped where Express takes lists or error handlers'],
  ['optional-guard.ts', 'makes req.auth optional behind guard.optional'],
  ['auth-of.ts', 'types authOf by its guard, and leaves claims unknown without one'],
  ['claims.ts', 'types claims by what a schema gives out, and registered claims by their RFCs'],
  ['loose-claims.ts', 'keeps the types of registered claims with a schema that is loose'],
  ['verifiers.ts', 'infers the types of verifiers and guards from their options'],
  ['options-by-name.ts', 'takes options that were declared as VerifierOptions'],
] as const;

const PROJECTS: readonly (readonly [types: string, tsconfig: string, used: string, unused: string])[] = [
  ['Express 5', 'tsconfig.json', '/node_modules/@types/express/', '/node_modules/@types/express4/'],
  ['Express 4', 'tsconfig.express4.json', '/node_modules/@types/express4/', '/node_modules/@types/express/'],
  ['Express 5 and the DOM', 'tsconfig.dom.json', '/node_modules/@types/express/', '/node_modules/@types/express4/'],
];

describe.each(thorough(PROJECTS, PROJECTS.slice(0, 1)))('with the types of %s', (_, tsconfig, used, unused) => {
  let compilation: Compilation;

  beforeAll(async () => {
    compilation = await compile(join(TYPES, 'express', tsconfig));
  }, TIMEOUT);

  it('compiles against the build, and against that version alone', () => {
    expect(compilation.files).toContain(join(PACKAGE, 'dist/index.d.ts'));
    expect(compilation.files.filter((file) => file.includes(used))).not.toEqual([]);
    expect(compilation.files.filter((file) => file.includes(unused))).toEqual([]);
  });

  it.each(EXPRESS_FILES)('%s: %s', (file) => {
    expect(compilation.files).toContain(join(TYPES, 'express', file));
    expect(compilation.diagnostics.filter((diagnostic) => diagnostic.file === file)).toEqual([]);
  });

  it('finds no fault anywhere else, declarations of packages included', () => {
    const known: readonly string[] = EXPRESS_FILES.map(([file]) => file);
    expect(compilation.diagnostics.filter(({ file }) => !known.includes(file))).toEqual([]);
  });
});

describe('scopegate/global', () => {
  it('types req.auth of every request by Register, and authOf with it', { timeout: TIMEOUT }, async () => {
    const { status, diagnostics, files } = await compile(join(TYPES, 'global/tsconfig.json'));
    expect(files).toContain(join(PACKAGE, 'dist/adapters/express/global.d.ts'));
    expect({ status, diagnostics }).toEqual({ status: 0, diagnostics: [] });
  });
});

describe.runIf(THOROUGH)('beside packages that type req.auth of every request', () => {
  it.each([
    ['express-oauth2-jwt-bearer', 'auth0'],
    ['@modelcontextprotocol/express', 'mcp'],
  ])('compiles beside %s, with the declarations of both checked', { timeout: TIMEOUT }, async (name, project) => {
    const alone = await compile(join(TYPES, `beside-peers/tsconfig.${project}-alone.json`));
    expect(alone.diagnostics).toEqual([]);
    expect(alone.files.filter((file) => file.includes(`/node_modules/${name}/`))).not.toEqual([]);
    const { status, diagnostics, files } = await compile(join(TYPES, `beside-peers/tsconfig.${project}.json`));
    expect(files).toEqual(expect.arrayContaining([...alone.files, join(PACKAGE, 'dist/index.d.ts')]));
    expect({ status, diagnostics }).toEqual({ status: 0, diagnostics: [] });
  });

  it('compiles beside both, which do not compile beside each other unless skipLibCheck is set', {
    timeout: TIMEOUT,
  }, async () => {
    const peersAlone = await compile(join(TYPES, 'beside-peers/tsconfig.peers-alone.json'));
    const messages = peersAlone.diagnostics.map(({ message }) => message);
    expect(new Set(messages.map((text) => text.includes("Types of property 'auth' are incompatible")))).toEqual(
      new Set([true]),
    );
    const { status, diagnostics, files } = await compile(join(TYPES, 'beside-peers/tsconfig.json'));
    expect(files).toEqual(expect.arrayContaining([...peersAlone.files, join(PACKAGE, 'dist/index.d.ts')]));
    expect({ status, diagnostics }).toEqual({ status: 0, diagnostics: [] });
  });
});

describe('without Express and its types', () => {
  let compilation: Compilation;

  beforeAll(async () => {
    const files = ['tsconfig.base.json', 'type-of.ts', 'no-express'];
    const project = await createTempProject(TYPES, files, ['jose', 'lru-cache', '@types/node']);
    try {
      compilation = await compile(join(project.path, 'no-express/tsconfig.json'));
    } finally {
      await project.remove();
    }
  }, TIMEOUT);

  it('is compiled where neither can be found', () => {
    expect(
      compilation.files.filter((file) => file.endsWith('/scopegate/dist/adapters/express/guard.d.ts')),
    ).toHaveLength(1);
    expect(compilation.files.filter((file) => /\/express[^/]*\/index\.d\.ts$/.test(file))).toEqual([]);
  });

  it.each([
    ['node-http.ts', 'types verifier, guard and test issuer for node:http'],
    ['bare-handlers.ts', 'gives handlers the requests of node:http where they do not say what they take'],
  ])('%s: %s', (file) => {
    expect(compilation.files.filter((path) => path.endsWith(`/no-express/${file}`))).toHaveLength(1);
    expect(compilation.diagnostics.filter((diagnostic) => diagnostic.file === file)).toEqual([]);
  });

  it('finds no fault in the declarations of scopegate', () => {
    expect(compilation.diagnostics.filter(({ file }) => file.includes('node_modules'))).toEqual([]);
  });
});

describe.runIf(THOROUGH)('a package that exports its verifier and guard', () => {
  it('gets declarations that name public types of scopegate only', { timeout: TIMEOUT }, async () => {
    const outDir = await mkdtemp(join(tmpdir(), 'scopegate-'));
    try {
      const options = ['--noEmit', 'false', '--outDir', outDir];
      const { status, diagnostics } = await compile(join(TYPES, 'library/tsconfig.json'), ...options);
      expect({ status, diagnostics }).toEqual({ status: 0, diagnostics: [] });
      const declarations = await readFile(join(outDir, 'shared-guard.d.ts'), 'utf8');
      const imported = [...declarations.matchAll(/import\("([^"]*scopegate[^"]*)"\)/g)].map(
        ([, specifier]) => specifier,
      );
      expect(new Set(imported)).toEqual(new Set(['scopegate', 'scopegate/testing']));
      expect(declarations).toMatch(/guard: import\("scopegate"\)\.Guard<[^;]*\{\s*tenant: string;\s*\}>>;/);
    } finally {
      await rm(outDir, { recursive: true, force: true });
    }
  });
});
