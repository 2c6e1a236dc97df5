import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { drawBarChart } from './draw/bar-chart.js';
import { createCharts } from './draw/charts.js';
import { createBlocks, fillBlocks } from './draw/markdown.js';
import { ROOT } from './lib/programs.js';
import { readResults } from './lib/result-file.js';

// Writes docs/performance-*.svg and the tables of docs/performance.md from bench/results/*.json.
// `--quick` takes the results of quick runs, `--to FOLDER` writes elsewhere: to try it out.

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, to: { type: 'string', default: `${ROOT}docs` } },
});
const all = readResults(values.quick);
if (all.length === 0) throw new Error('there are no results: npm run bench');
mkdirSync(values.to, { recursive: true });

for (const results of all) {
  for (const [file, chart] of createCharts(results)) {
    writeFileSync(`${values.to}/${file}`, drawBarChart(chart));
    console.log(`drawn: ${file}`);
  }
}

const page = `${values.to}/performance.md`;
const blocks = createBlocks(all);
if (existsSync(page)) {
  const { text, unknown } = fillBlocks(readFileSync(page, 'utf8'), blocks);
  writeFileSync(page, text);
  for (const name of unknown) console.log(`performance.md: no numbers for ${name}`);
} else {
  console.log('there is no performance.md');
}
console.log(`blocks that it can have: ${[...blocks.keys()].join(', ')}`);
