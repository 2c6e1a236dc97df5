import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PACKAGE } from '../support/built-package.js';
import { type Consumer, installConsumer } from './install.js';

let consumer: Consumer;

beforeAll(async () => {
  consumer = await installConsumer('javascript');
});

afterAll(() => consumer?.remove());

describe('the tarball', () => {
  it('holds the build and the documents of a package, and nothing else', () => {
    const folder = join(consumer.path, 'node_modules/scopegate');
    expect(readdirSync(folder).sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'SECURITY.md',
      'dist',
      'package.json',
    ]);
    const built = readdirSync(join(folder, 'dist'), { recursive: true, withFileTypes: true });
    const files = built.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
    const modules = files.filter((path) => path.endsWith('.js')).map((path) => `./${relative(folder, path)}`);
    const isShared = (path: string) => /^\.\/dist\/(?:cjs\/)?shared-[0-9A-Z]+\.js$/.test(path);
    expect(modules.filter((path) => !isShared(path)).sort()).toEqual(readEntryPoints(folder));
    expect(modules.filter(isShared)).not.toEqual([]);
    expect(files.length).toBeGreaterThan(50);
    const others = files.filter((path) => !/\/(?:shared-[0-9A-Z]+\.js|[a-z0-9-]+(?:\.d\.ts|\.js))$/.test(path));
    const cjs = join(folder, 'dist/cjs');
    expect(others.sort()).toEqual([join(cjs, 'LICENSE-jose.md'), join(cjs, 'package.json')]);
  });

  it('brings jose and lru-cache along, and no Express', () => {
    const installed = readdirSync(join(consumer.path, 'node_modules')).filter((name) => !name.startsWith('.'));
    expect(installed.sort()).toEqual(['jose', 'lru-cache', 'scopegate']);
  });
});

/** The modules that the manifest names: exports and programs. */
function readEntryPoints(folder: string): readonly string[] {
  const { exports, bin = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<
      Record<string, string | Readonly<Record<'import' | 'require', { readonly default: string }>>>
    >;
    readonly bin?: Readonly<Record<string, string>>;
  };
  const exported = Object.values(exports).flatMap((target) =>
    typeof target === 'string' ? [] : [target.import.default, target.require.default],
  );
  return [...exported, ...Object.values(bin).map((path) => `./${path}`)].sort();
}

describe('the command line', () => {
  it('is installed with the package, and explains itself', () => {
    const program = join(consumer.path, 'node_modules/.bin/scopegate');
    expect(execFileSync(program, ['--help'], { encoding: 'utf8' })).toMatch(/^npx scopegate routes MODULE/);
    const { status, stderr } = spawnSync(program, ['routes'], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([2, expect.stringMatching(/^npx scopegate routes MODULE/)]);
  });
});

describe('the exports map', () => {
  it('lets its subpaths be loaded, by import and by require', async () => {
    const names = ['scopegate', 'scopegate/testing', 'scopegate/presets', 'scopegate/global', 'scopegate/package.json'];
    const loaded = { imported: 'loaded', required: 'loaded' };
    expect(await consumer.runJson('resolve.mjs', names)).toEqual(
      Object.fromEntries(names.map((name) => [name, loaded])),
    );
  });

  it.each([
    'scopegate/dist/index.js',
    'scopegate/dist/token/signature.js',
    'scopegate/dist/testing/index.js',
    'scopegate/testing/index.js',
    'scopegate/presets/auth0.js',
    'scopegate/express',
    'scopegate/src/index.ts',
    'scopegate/README.md',
  ])('refuses %s, beside a name that it lets be loaded', async (name) => {
    const code = 'ERR_PACKAGE_PATH_NOT_EXPORTED';
    expect(await consumer.runJson('resolve.mjs', ['scopegate', name])).toEqual({
      scopegate: { imported: 'loaded', required: 'loaded' },
      [name]: { imported: code, required: code },
    });
  });
});

describe('a project in JavaScript', () => {
  const good = { subject: 'test-user', scopes: ['orders:read'] };
  const foreign = { status: 401, reason: 'audience_mismatch' };

  it('verifies tokens as an ES module, and RFC 9068 §4: refuses those for another audience', async () => {
    expect(await consumer.runJson('verify.mjs')).toEqual({ good, foreign });
  });

  it('verifies tokens from CommonJS by require', async () => {
    const { version } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as { version: string };
    expect(await consumer.runJson('verify.cjs')).toEqual({
      version,
      good,
      foreign: { ...foreign, isAuthorizationError: true },
    });
  });
});

describe('an app in ES modules and a library in CommonJS, in one process', () => {
  it('have two copies, and know the errors and the data of each other', async () => {
    expect(await consumer.runJson('two-copies.mjs')).toEqual({
      areTwo: true,
      own: ['function', 'function'],
      foreign: {
        name: 'ConfigurationError',
        option: 'verifier',
        message: expect.stringContaining('was created by another copy of scopegate'),
      },
      refused: { name: 'AuthorizationError', isInstance: false, isRefusal: true, mark: true },
      misused: { name: 'ConfigurationError', isRefusal: false, option: 'issuer' },
      preset: 'https://tenant.eu.auth0.com/',
      policy: 'function',
    });
  });
});

describe('the presets', () => {
  it('make issuers for a verifier, and throw the very ConfigurationError of scopegate', async () => {
    expect(await consumer.runJson('presets.mjs')).toEqual({
      issuers: ['https://tenant.eu.auth0.com/'],
      refused: { isConfigurationError: true, option: 'auth0.domain' },
    });
  });
});

describe('what is loaded to verify a token', () => {
  interface Loaded {
    readonly subject: string;
    readonly urls: readonly string[];
  }

  async function load(...names: readonly string[]): Promise<Loaded> {
    const token = JSON.stringify(await consumer.runJson('issue.mjs'));
    return (await consumer.runJson('loaded.mjs', names, token)) as Loaded;
  }

  const urlOf = (path: string) => pathToFileURL(join(consumer.path, path)).href;

  it('is scopegate without presets and aids for tests, jose, lru-cache and Node', async () => {
    const { subject, urls } = await load();
    expect(subject).toBe('test-user');
    const files = urls.filter((url) => !url.startsWith('node:') && url !== urlOf('loaded.mjs'));
    const allowed = ['scopegate/dist/', 'jose/', 'lru-cache/'].map((path) => urlOf(`node_modules/${path}`));
    for (const folder of allowed) expect(files.filter((url) => url.startsWith(folder))).not.toEqual([]);
    expect(files.filter((url) => !allowed.some((folder) => url.startsWith(folder)))).toEqual([]);
    expect(files.filter((url) => /\/scopegate\/dist\/(?:testing|presets)\//.test(url))).toEqual([]);
    expect(files).toContain(urlOf('node_modules/scopegate/dist/index.js'));
  });

  it.each(['testing', 'presets'])('would show scopegate/%s, were it loaded', async (name) => {
    const { urls } = await load(`scopegate/${name}`);
    expect(urls).toContain(urlOf(`node_modules/scopegate/dist/${name}/index.js`));
  });
});
