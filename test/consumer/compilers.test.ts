import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../support/run.js';
import { type Consumer, installProject } from './install.js';

interface Setting {
  readonly name: string;
  /** What package.json says of the files. */
  readonly type: 'commonjs' | 'module';
  readonly options: Readonly<Record<string, unknown>>;
  /** The first and the last version of TypeScript that knows it. */
  readonly since?: number;
  readonly until?: number;
}

const NODE10 = { module: 'commonjs', moduleResolution: 'node10', esModuleInterop: true };
const BUNDLER = { module: 'esnext', moduleResolution: 'bundler' };

const SETTINGS: readonly Setting[] = [
  { name: 'commonjs, resolved as Node.js 10 did', type: 'commonjs', options: NODE10, until: 5.9 },
  {
    name: 'commonjs, resolved as Node.js 10 did',
    type: 'commonjs',
    options: { ...NODE10, ignoreDeprecations: '6.0' },
    since: 6,
    until: 6,
  },
  {
    name: 'commonjs, resolved as bundlers do',
    type: 'commonjs',
    options: { module: 'commonjs', moduleResolution: 'bundler', esModuleInterop: true },
    since: 6,
  },
  ...['node16', 'node18', 'node20', 'nodenext'].flatMap((module): readonly Setting[] => {
    const since = { node18: 5.8, node20: 5.9 }[module] ?? 0;
    return [
      { name: `${module}, a CommonJS module`, type: 'commonjs', options: { module }, since },
      { name: `${module}, an ES module`, type: 'module', options: { module }, since },
    ];
  }),
  { name: 'preserve', type: 'module', options: { module: 'preserve' } },
  { name: 'bundler', type: 'module', options: BUNDLER },
];

const VERSIONS = [5.4, 5.6, 5.9, 6, 7];

const CASES = VERSIONS.flatMap((version) =>
  SETTINGS.filter(({ since = 0, until = 99 }) => since <= version && version <= until).map(
    (setting) => [`${version}`, setting.name, setting] as const,
  ),
);

let consumer: Consumer;

beforeAll(async () => {
  consumer = await installProject('compilers');
});

afterAll(() => consumer?.remove());

/** Makes a folder of the project with settings of its own, and gives its name. */
async function createFolder(version: string, { name, type, options }: Setting): Promise<string> {
  const folder = `${version}-${name}`.replaceAll(/[^a-z0-9.]+/gi, '-');
  const path = join(consumer.path, folder);
  await mkdir(path);
  await cp(fileURLToPath(new URL('fixtures/typescript/server.ts', import.meta.url)), join(path, 'server.ts'));
  await cp(fileURLToPath(new URL('fixtures/typescript/subpaths.ts', import.meta.url)), join(path, 'subpaths.ts'));
  await writeFile(join(path, 'package.json'), JSON.stringify({ type }));
  const common = { target: 'es2022', lib: ['es2023'], strict: true, skipLibCheck: false, types: ['node'] };
  const compilerOptions = { ...common, rootDir: '.', outDir: 'out', ...options };
  await writeFile(
    join(path, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: ['server.ts', 'subpaths.ts'] }),
  );
  return folder;
}

describe('a project in TypeScript', () => {
  it('is tried with each version in each way that it knows', () => {
    expect(CASES.length).toBe(48);
  });

  it.concurrent.for(CASES)(
    '%s compiles with module %s, and its server guards its routes',
    async ([version, , setting], { expect }) => {
      const folder = await createFolder(version, setting);
      const compiler = join(consumer.path, `node_modules/typescript-${version}/bin/tsc`);
      const { stdout, stderr } = await run(process.execPath, [compiler, '-p', folder], { cwd: consumer.path });
      expect(stdout + stderr).toBe('');

      expect(await consumer.runJson(join(folder, 'out/server.js'))).toEqual({
        orders: { status: 200, body: { tenant: 'acme' } },
        me: { status: 200, body: { tenant: 'acme' } },
        lacking: { status: 403, body: expect.objectContaining({ error: 'insufficient_scope' }) },
      });
      expect(await consumer.runJson(join(folder, 'out/subpaths.js'))).toEqual({
        issuer: 'https://tenant.eu.auth0.com/',
      });
    },
  );
});
