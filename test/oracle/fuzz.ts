// Runs scopegate beside jose and oauth4webapi over many tokens: `npm run fuzz`.
// COUNT tokens, a million by default; SEED repeats the mutations of another run; COLLECT=1 also writes one file
// for each listed split that has none. New splits become files in test/attack/corpus/, and the exit code is 1.
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { type CorpusEntry, readCorpus, writeCorpusEntry } from './corpus.js';
import type { FuzzMessage } from './fuzz-worker.js';
import { OURS_STRICTER, THEIRS_STRICTER } from './listed-splits.js';
import type { OracleReport } from './oracle-run.js';

const COUNT = Number(process.env['COUNT'] ?? 1_000_000);
const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 0x1_0000_0000));
const COLLECTS = process.env['COLLECT'] === '1';
const WORKERS = availableParallelism();
const SHOW_PROGRESS_EVERY = 50_000;

const startedAt = performance.now();
const done = new Map<number, number>();
let shown = 0;

console.log(`SEED=${SEED} COUNT=${COUNT}, ${WORKERS} processes, Node ${process.version}`);
const reports = await Promise.all(Array.from({ length: WORKERS }, (_, worker) => runWorker(worker)));
const findings = reports.flatMap((report) => report.findings);
const findingCount = reports.reduce((sum, report) => sum + report.findingCount, 0);

showSummary();
for (const entry of findings) console.log(`new: test/attack/corpus/${writeCorpusEntry(entry)}`);
if (COLLECTS) for (const entry of findMissing()) console.log(`listed: test/attack/corpus/${writeCorpusEntry(entry)}`);
process.exitCode = findingCount === 0 ? 0 : 1;

/** A process of its own has a thread pool of its own. */
function runWorker(worker: number): Promise<OracleReport> {
  const count = Math.floor(COUNT / WORKERS) + (worker < COUNT % WORKERS ? 1 : 0);
  const settings = { seed: SEED, count, first: worker, stride: WORKERS, collects: COLLECTS };
  const child = fork(new URL('./fuzz-worker.ts', import.meta.url), [JSON.stringify(settings)]);
  return new Promise((resolve, reject) => {
    child.on('message', (message: FuzzMessage) => {
      if (typeof message === 'number') showProgress(worker, message);
      else resolve(message);
    });
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`process ${worker} ended with ${code} before it was done`)));
  });
}

function showProgress(worker: number, count: number): void {
  done.set(worker, count);
  const total = [...done.values()].reduce((sum, one) => sum + one, 0);
  if (total < shown + SHOW_PROGRESS_EVERY) return;
  shown = total;
  console.log(`${String(total).padStart(9)} of ${COUNT}, ${perSecond(total)} a second`);
}

function perSecond(tokens: number): string {
  return ((1000 * tokens) / (performance.now() - startedAt)).toFixed(0);
}

function showSummary(): void {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  console.log(`\n${COUNT} tokens in ${seconds} s, ${perSecond(COUNT)} a second`);
  showCounts('what the judges say', sum(reports.map((report) => report.outcomes)));
  const splits = sum(reports.map((report) => report.splits));
  showCounts('ours is stricter', countsOf(OURS_STRICTER, splits));
  showCounts('theirs is stricter', countsOf(THEIRS_STRICTER, splits));
  console.log(`\nsplits that nobody listed, and broken promises: ${findingCount}`);
}

function countsOf(rows: readonly { readonly id: string; readonly ground?: string }[], counts: Record<string, number>) {
  return Object.fromEntries(
    rows.map(({ id, ground }) => [ground === undefined ? id : `${ground}: ${id}`, counts[id] ?? 0]),
  );
}

function sum(tables: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const [name, count] of tables.flatMap((table) => Object.entries(table)))
    total[name] = (total[name] ?? 0) + count;
  return total;
}

function showCounts(title: string, counts: Readonly<Record<string, number>>): void {
  console.log(`\n${title}`);
  for (const [name, count] of Object.entries(counts)) console.log(`${String(count).padStart(9)}  ${name}`);
}

/** The entries of listed splits that the corpus has no token for, the shortest of each. */
function findMissing(): readonly CorpusEntry[] {
  const known = new Set(readCorpus().flatMap(({ listed }) => listed));
  const shortest = new Map<string, CorpusEntry>();
  for (const entry of reports.flatMap((report) => report.collected)) {
    const other = shortest.get(entry.id);
    if (known.has(entry.id)) continue;
    if (other === undefined || entry.token.length < other.token.length) shortest.set(entry.id, entry);
  }
  return [...shortest.values()];
}
