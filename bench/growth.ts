import { createSeries, type Series } from './growth/series.js';
import { sendResult } from './lib/programs.js';
import { type PartResult, ratio, type Table } from './lib/report.js';
import type { Settings } from './lib/settings.js';
import type { Spread } from './lib/statistics.js';
import { timeInterleaved } from './lib/stopwatch.js';
import { checkTarget, type TargetResult } from './targets.js';

// Shows that the time of a request does not grow with the number of issuers, keys, routes and cached tokens.

const { isQuick } = JSON.parse(process.argv[2] ?? '{"isQuick":true}') as Settings;
const rows: (string | number)[][] = [];
const targets: TargetResult[] = [];
const spreads: Spread[] = [];

for (const create of createSeries(isQuick)) {
  spreads.push(...(await measure(await create())));
}

const table: Table = {
  name: 'growth',
  title: 'Growth: time of a request',
  columns: ['what there is more of', 'how many', 'us', 'least us', 'least, of the smallest'],
  rows,
};
sendResult({ tables: [table], targets, spreads } satisfies PartResult);

async function measure({ name, candidates, isSlow, role }: Series): Promise<readonly Spread[]> {
  const size = isSlow ? 100 : 1000;
  const rounds = isSlow ? 61 : 101;
  const plan = isQuick ? { rounds: 5, warmUpRounds: 3, size: 200 } : { rounds, warmUpRounds: 20, size };
  const times = await timeInterleaved(candidates, plan);
  const smallest = times.least(candidates[0]?.name ?? '');
  for (const candidate of candidates) {
    const least = times.least(candidate.name);
    rows.push([name, candidate.name, times.median(candidate.name), least, ratio(least, smallest)]);
  }
  const largest = Math.max(...candidates.map((candidate) => times.least(candidate.name)));
  const target = role === 'tokens' ? 'growth-tokens' : 'growth';
  if (role !== 'control') targets.push(checkTarget(target, `growth with ${name}`, largest / smallest));
  return times.spreads('us', `${name}: `);
}
