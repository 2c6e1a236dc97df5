import { createSeries, type Series } from './growth/series.js';
import { sendResult } from './lib/programs.js';
import { atMost, type PartResult, ratio, type Table, type Target } from './lib/report.js';
import type { Settings } from './lib/settings.js';
import { timeInterleaved } from './lib/stopwatch.js';

// Shows that the time of a request does not grow with the number of issuers, keys, routes and cached tokens.

const MOST_GROWTH = 1.15;

const { isQuick } = JSON.parse(process.argv[2] ?? '{"isQuick":true}') as Settings;
const rows: (string | number)[][] = [];
const targets: Target[] = [];
const samples: Record<string, unknown> = {};

for (const create of createSeries(isQuick)) {
  const series = await create();
  samples[series.name] = await measure(series);
}

const table: Table = {
  name: 'growth',
  title: 'Growth: time of a request',
  columns: ['what there is more of', 'how many', 'us', 'of the smallest'],
  rows,
};
sendResult({ tables: [table], targets, samples } satisfies PartResult);

async function measure({ name, candidates, isSlow, isControl = false }: Series): Promise<unknown> {
  const size = isSlow ? 100 : 1000;
  const rounds = isSlow ? 61 : 101;
  const plan = isQuick ? { rounds: 5, warmUpRounds: 3, size: 200 } : { rounds, warmUpRounds: 20, size };
  const times = await timeInterleaved(candidates, plan);
  const smallest = times.median(candidates[0]?.name ?? '');
  for (const candidate of candidates) {
    const micros = times.median(candidate.name);
    rows.push([name, candidate.name, micros, ratio(micros, smallest)]);
  }
  const largest = Math.max(...candidates.map((candidate) => times.median(candidate.name)));
  if (!isControl) targets.push(atMost(5, `growth with ${name}`, largest / smallest, MOST_GROWTH));
  return times.all();
}
