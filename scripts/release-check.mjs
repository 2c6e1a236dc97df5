// Says what is missing before the package can be published: node scripts/release-check.mjs. What nobody but its owner
// knows, such as the address of the repository, is asked for here and not made up.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findDeadLinks, findMissingFields, findUnreleased } from './release-problems.mjs';

const root = new URL('../', import.meta.url);
const read = (path) => readFileSync(new URL(path, root), 'utf8');
const run = (command, ...args) => execFileSync(command, args, { cwd: fileURLToPath(root), encoding: 'utf8' });

const manifest = JSON.parse(read('package.json'));
const [{ files }] = JSON.parse(run('npm', 'pack', '--dry-run', '--json', '--ignore-scripts'));
const paths = files.map(({ path }) => path);
const changed = run('git', 'status', '--porcelain').trim();

const problems = [
  ...findMissingFields(manifest),
  ...findUnreleased(manifest.version, read('CHANGELOG.md')),
  ...findDeadLinks(paths, read),
  ...(changed === '' ? [] : [`not committed:\n${changed}`]),
];
for (const problem of problems) console.error(`- ${problem}`);
console.error(problems.length === 0 ? 'ready to publish' : `not ready to publish: ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
