import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './lib/programs.js';
import type { PartResult, Table } from './lib/report.js';
import type { Settings } from './lib/settings.js';
import { rotate, Samples } from './lib/statistics.js';
import { checkTarget, TARGETS } from './targets.js';

const IMPORTED = ['scopegate', 'jose', 'express-oauth2-jwt-bearer'];
const PEER = 'express-oauth2-jwt-bearer';

/** How long the first import takes in a fresh process, and how large what is installed is. */
export async function measureStart({ node, isQuick }: Settings): Promise<PartResult> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'scopegate-start-')));
  try {
    const ours = install(folder, 'ours', pack(folder));
    const theirs = install(folder, 'theirs', PEER);
    const times = timeImports(node, { scopegate: ours, jose: ours, [PEER]: theirs }, isQuick ? 3 : 15);
    return summarize(times, sizeOf(ours), sizeOf(theirs));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function summarize(times: Samples, ourBytes: number, theirBytes: number): PartResult {
  const importing: Table = {
    name: 'start',
    title: 'Start: the first import in a fresh process',
    columns: ['package', 'ms'],
    rows: IMPORTED.map((name) => [name, times.median(name)]),
  };
  const installed: Table = {
    name: 'size',
    title: 'Start: what is installed, dependencies included',
    columns: ['package', 'KiB'],
    rows: [
      ['scopegate', ourBytes / 1024],
      [PEER, theirBytes / 1024],
    ],
  };
  const mostMs = times.median('jose') + TARGETS.import.limit;
  const mostKib = (theirBytes / 1024) * TARGETS['installed-size'].limit;
  const targets = [
    checkTarget('import', 'import, ms', times.median('scopegate'), mostMs),
    checkTarget('installed-size', 'installed size, KiB', ourBytes / 1024, mostKib),
  ];
  return { tables: [importing, installed], targets, spreads: times.spreads('ms', 'import: ') };
}

function pack(folder: string): string {
  const args = ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder];
  const name = execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8' }).trim().split('\n').at(-1) ?? '';
  return join(folder, name);
}

/** Installs a package alone, without optional peers, as a server in production does. */
function install(folder: string, name: string, what: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  writeFileSync(join(path, 'package.json'), '{ "private": true }\n');
  execFileSync('npm', ['install', '--silent', '--omit=dev', '--omit=peer', '--no-audit', '--no-fund', what], {
    cwd: path,
  });
  return path;
}

function timeImports(node: string, folders: Readonly<Record<string, string>>, rounds: number): Samples {
  const samples = new Samples();
  // The first round fills the caches of the file system.
  for (let round = -1; round < rounds; round += 1) {
    for (const name of rotate(IMPORTED, round + 1)) {
      const code = `const start = performance.now(); await import('${name}'); console.log(performance.now() - start);`;
      const args = ['--input-type=module', '--eval', code];
      const text = execFileSync(node, args, { cwd: folders[name], encoding: 'utf8' });
      if (round >= 0) samples.add(name, Number(text));
    }
  }
  return samples;
}

/** The bytes of all files under `node_modules`. */
function sizeOf(path: string): number {
  const modules = join(path, 'node_modules');
  return readdirSync(modules, { recursive: true, encoding: 'utf8' })
    .map((file) => statSync(join(modules, file)))
    .reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0);
}
