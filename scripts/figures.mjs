// Prints the figures of a source tree: node scripts/figures.mjs [DIRECTORY]. To compare with an older commit, give a
// worktree of it. The counting is that of test/shapes.test.ts and test/architecture.test.ts.
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { tsImport } from 'tsx/esm/api';

const { importPairs, readSources } = await tsImport('../test/support/architecture.ts', import.meta.url);
const { measureFunctions } = await tsImport('../test/support/shapes.ts', import.meta.url);

const directory = pathToFileURL(`${resolve(process.argv[2] ?? '.')}/`);
const sources = readSources(new URL('src/', directory));
const folders = countLinesByFolder();
const functions = [...sources]
  .flatMap(([path, source]) => measureFunctions(source).map((shape) => ({ ...shape, path })))
  .filter(({ lines }) => lines > 0)
  .sort((a, b) => a.lines - b.lines);
const at = (share) => functions[Math.floor((functions.length - 1) * share)].lines;
const longest = functions.at(-1);
const long = functions.filter(({ lines }) => lines >= 16);
const paragraphs = long.filter(({ hasParagraphs }) => hasParagraphs).length;

console.log(`files ${sources.size}, lines ${[...folders.values()].reduce((sum, lines) => sum + lines, 0)}`);
for (const [folder, lines] of [...folders].sort(([a], [b]) => a.localeCompare(b))) console.log(`  ${folder} ${lines}`);
console.log(`functions with a block ${functions.length}, median ${at(0.5)} lines, 95th percentile ${at(0.95)}`);
console.log(`longest function ${longest.lines} lines: ${longest.path} ${longest.name}`);
console.log(`functions of more than 40 lines ${functions.filter(({ lines }) => lines > 40).length}`);
console.log(`functions of more than 4 parameters ${functions.filter(({ parameters }) => parameters > 4).length}`);
console.log(
  `functions of 16 lines and more ${long.length}, with paragraphs ${Math.round((100 * paragraphs) / long.length)} %`,
);
console.log(`import pairs of folders used ${importPairs(sources).length}, allowed ${countAllowedPairs()}`);

function countLinesByFolder() {
  const counts = new Map();
  for (const [path, source] of sources) {
    const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '.';
    counts.set(folder, (counts.get(folder) ?? 0) + source.split('\n').length - 1);
  }
  return counts;
}

/** Reads the table of the tree itself: `MAY_IMPORT`, or the ranks before it, where a folder may import each lower one. */
function countAllowedPairs() {
  const file = new URL('test/architecture.test.ts', directory);
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const table = /^const MAY_IMPORT[^=]*= (\{[\s\S]*?^\});/m.exec(text)?.[1];
  if (table !== undefined)
    return [...table.matchAll(/: \[([^\]]*)\]/g)].flatMap(([, row]) => row.match(/'/g) ?? []).length / 2;

  const ranks = /^const RANKS[^=]*= \[([\s\S]*?)^\];/m.exec(text)?.[1];
  if (ranks === undefined) return 'by no table';
  // The ranks name folders that did not exist yet.
  const rows = ranks.match(/\[[^\]]*\]/g).map((row) => row.match(/\w+/g).filter((name) => folders.has(name)).length);
  return rows.reduce((sum, row, index) => sum + row * rows.slice(0, index).reduce((lower, size) => lower + size, 0), 0);
}
