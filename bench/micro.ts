import { getHeapStatistics } from 'node:v8';
import { do_not_optimize as keep, measure } from 'mitata';
import { sendResult } from './lib/programs.js';
import type { PartResult, Table } from './lib/report.js';
import type { Settings } from './lib/settings.js';
import { createSteps } from './micro/steps.js';

// Each step of a request alone, so that what became slower shows where. The one part that measures src: dist is
// bundled and does not export its steps.

const { isQuick } = JSON.parse(process.argv[2] ?? '{"isQuick":true}') as Settings;
// Small batches: their median leaves out those that something else interrupted.
const OPTIONS = {
  min_cpu_time: (isQuick ? 0.05 : 1) * 1e9,
  min_samples: isQuick ? 5 : 100,
  batch_samples: 256,
  gc: false,
  heap: () => getHeapStatistics().used_heap_size,
};

const rows: (string | number)[][] = [];
for (const { name, step } of await createSteps()) {
  const { p50, p99, heap } = await measure(observed(step), OPTIONS);
  rows.push([name, p50, p99, heap === undefined ? '' : heap.avg]);
}
const columns = ['step', 'p50 ns', 'p99 ns', 'allocated bytes'];
const table: Table = { name: 'micro', title: 'Steps of a request', columns, rows };
sendResult({ tables: [table], targets: [], spreads: [] } satisfies PartResult);

/** Hands promises back, so that they are awaited, and no result can be left out. */
function observed(step: () => unknown): () => unknown {
  return () => {
    const result = step();
    keep(result);
    return result;
  };
}
