import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile } from '../support/tsc.js';
import { type Consumer, installConsumer } from './install.js';

const NODENEXT = { module: 'nodenext' };
const BUNDLER = { module: 'esnext', moduleResolution: 'bundler' };

describe.each([
  ['Express 5', 'express', '@types/express', /^5\./],
  ['Express 4', 'express4', '@types/express4', /^4\./],
])('a project in TypeScript with %s', (_, express, types, version) => {
  let consumer: Consumer;

  beforeAll(async () => {
    const packages = { express, '@types/express': types, '@types/node': '@types/node', zod: 'zod' };
    consumer = await installConsumer('typescript', packages);
  });

  afterAll(() => consumer?.remove());

  /** Makes a folder of the project with settings of its own, and gives the path of its tsconfig.json. */
  async function configure(folder: string, type: string, options: object): Promise<string> {
    const path = join(consumer.path, folder);
    await mkdir(path);
    await cp(join(consumer.path, 'server.ts'), join(path, 'server.ts'));
    await writeFile(join(path, 'package.json'), JSON.stringify({ type }));
    const common = { target: 'es2023', strict: true, skipLibCheck: false, types: ['node'], outDir: 'out' };
    const tsconfig = join(path, 'tsconfig.json');
    await writeFile(tsconfig, JSON.stringify({ compilerOptions: { ...common, ...options }, files: ['server.ts'] }));
    return tsconfig;
  }

  it.each(['express', '@types/express'])('has that version of %s', async (name) => {
    const manifest = await readFile(join(consumer.path, 'node_modules', name, 'package.json'), 'utf8');
    expect((JSON.parse(manifest) as { version: string }).version).toMatch(version);
  });

  it.each([
    ['as ES modules with the resolution nodenext', 'nodenext', 'module', NODENEXT],
    ['as CommonJS with the resolution nodenext', 'commonjs', 'commonjs', NODENEXT],
    ['as ES modules with the resolution of bundlers', 'bundler', 'module', BUNDLER],
  ])('compiles %s, and guards its routes', async (_title, folder, type, options) => {
    const { status, diagnostics, files } = await compile(await configure(folder, type, options));
    expect({ status, diagnostics }).toEqual({ status: 0, diagnostics: [] });
    const build = type === 'commonjs' ? 'dist/cjs' : 'dist';
    expect(files).toContain(join(consumer.path, 'node_modules/scopegate', build, 'index.d.ts'));
    expect(await consumer.runJson(join(folder, 'out/server.js'))).toEqual({
      orders: { status: 200, body: { tenant: 'acme' } },
      me: { status: 200, body: { tenant: 'acme' } },
      lacking: { status: 403, body: expect.objectContaining({ error: 'insufficient_scope' }) },
    });
  });
});
