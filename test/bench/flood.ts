import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { BENCH } from './lib/programs.js';
import { atMost, type PartResult, type Table } from './lib/report.js';
import type { Settings } from './lib/settings.js';

const LINE = /^(?:good|BAD ) +(.*): p99 (\S+) ms quiet, (\S+) ms flooded, ratio (\S+); (.*): (\S+) \(limit (\S+)\)$/gm;
// Issue "Keys": a flood of made-up kids must not slow down requests with known keys.
const TARGET = 0;

/** Runs unknown-kid-flood.ts, which judges itself. */
export async function measureFlood({ node, isQuick }: Settings): Promise<PartResult> {
  const args = [
    '--import',
    `${BENCH}load-typescript.mjs`,
    `${BENCH}unknown-kid-flood.ts`,
    ...(isQuick ? ['--quick'] : []),
  ];
  // The exit code says what the lines say too.
  const { stdout } = await promisify(execFile)(node, args).catch((error: { stdout?: string }) => {
    if (!error.stdout) throw error;
    return { stdout: error.stdout };
  });
  const found = [...stdout.matchAll(LINE)];
  if (found.length === 0) throw new Error(`unknown-kid-flood.ts said ${stdout}`);
  const rows = found.map(([, name = '', quiet, flooded, ratio = '']) => [name, Number(quiet), Number(flooded), ratio]);
  const targets = found.map(([, name, , , , what, value, limit]) =>
    atMost(TARGET, `a flood of unknown kids, ${name}: p99 flooded, ${what}`, Number(value), Number(limit)),
  );
  const columns = ['requests', 'p99 quiet, ms', 'p99 flooded, ms', 'ratio'];
  const table: Table = { name: 'flood', title: 'A flood of made-up kids', columns, rows };
  return { tables: [table], targets, samples: stdout };
}
