// Makes one module of each entry point, and of what several of them share. To import some eighty small modules takes
// Node.js longer than all that is in them.
import { readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));

const { metafile } = await build({
  absWorkingDir: dist,
  entryPoints: [
    'index.js',
    'testing/index.js',
    'presets/index.js',
    'adapters/express/global.js',
    'adapters/fetch/index.js',
    'adapters/fastify/index.js',
    'adapters/koa/index.js',
    'adapters/nest/index.js',
    'cli/main.js',
  ],
  outdir: '.',
  allowOverwrite: true,
  bundle: true,
  splitting: true,
  chunkNames: 'shared-[hash]',
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  packages: 'external',
  metafile: true,
  logLevel: 'warning',
});
const made = Object.keys(metafile.outputs);
const modules = readdirSync(dist, { recursive: true }).filter((file) => file.endsWith('.js'));
for (const file of modules) if (!made.includes(file.replaceAll('\\', '/'))) rmSync(`${dist}${file}`);
