// Makes one module of each entry point, and of what several of them share. To import some eighty small modules takes
// Node.js longer than all that is in them. Makes the same for CommonJS.
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const jose = dirname(fileURLToPath(import.meta.resolve('jose/package.json')));
const ENTRY_POINTS = [
  'index.js',
  'testing/index.js',
  'presets/index.js',
  'adapters/express/global.js',
  'adapters/fetch/index.js',
  'adapters/fastify/index.js',
  'adapters/koa/index.js',
  'adapters/nest/index.js',
];
const OPTIONS = {
  absWorkingDir: dist,
  bundle: true,
  splitting: true,
  chunkNames: 'shared-[hash]',
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  logLevel: 'warning',
};

// First, since it reads the modules that the other build replaces.
await buildCommonJs();
await buildEsModules();

async function buildEsModules() {
  const { metafile } = await build({
    ...OPTIONS,
    entryPoints: [...ENTRY_POINTS, 'cli/main.js'],
    outdir: '.',
    allowOverwrite: true,
    packages: 'external',
    metafile: true,
  });
  const made = new Set(Object.keys(metafile.outputs));
  for (const path of listModules()) if (!made.has(path) && !path.startsWith('cjs/')) rmSync(join(dist, path));
}

/**
 * TypeScript before 5.8, and Jest, cannot `require` ES modules. So jose, which is nothing else, goes into this build.
 * esbuild splits ES modules alone: each of them is made CommonJS afterwards, so that subpaths share their classes.
 */
async function buildCommonJs() {
  const outdir = join(dist, 'cjs');
  const external = ['lru-cache'];
  const { outputFiles } = await build({ ...OPTIONS, entryPoints: ENTRY_POINTS, outdir, external, write: false });
  for (const { path, text } of outputFiles) {
    const { code } = await transform(text, { format: 'cjs', platform: 'node', target: OPTIONS.target });
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, code);
  }

  // Without it, the package says that these files are ES modules.
  writeFileSync(join(outdir, 'package.json'), '{ "type": "commonjs" }\n');
  cpSync(join(jose, 'LICENSE.md'), join(outdir, 'LICENSE-jose.md'));
  for (const path of listFiles('.d.ts')) cpSync(join(dist, path), join(outdir, path));
}

function listModules() {
  return listFiles('.js');
}

function listFiles(extension) {
  const paths = readdirSync(dist, { recursive: true }).map((path) => path.replaceAll('\\', '/'));
  return paths.filter((path) => path.endsWith(extension));
}
