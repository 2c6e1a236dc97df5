import { readFile } from 'node:fs/promises';
import { transform } from 'esbuild';

const ROOT = new URL('../../package.json', import.meta.url).href;
const BENCH = new URL('../', import.meta.url).href;
// Peers bring older copies of their own.
const FROM_ROOT = ['jose', 'express', 'lru-cache'];

export async function resolve(specifier, context, next) {
  const { parentURL = '' } = context;
  if (!parentURL.endsWith('.ts')) return next(specifier, context);
  if (FROM_ROOT.includes(specifier) && parentURL.startsWith(BENCH))
    return next(specifier, { ...context, parentURL: ROOT });
  if (!specifier.startsWith('.') || !specifier.endsWith('.js')) return next(specifier, context);
  return next(specifier.replace(/\.js$/, '.ts'), context).catch(() => next(specifier, context));
}

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const { code } = await transform(await readFile(new URL(url), 'utf8'), { loader: 'ts', target: 'node20' });
  return { format: 'module', source: code, shortCircuit: true };
}
