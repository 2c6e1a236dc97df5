import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describeEnvironment } from './lib/environment.js';
import { BENCH, ROOT, runProgram } from './lib/programs.js';
import { type PartResult, printTable, printTargets } from './lib/report.js';
import { type PartOfRun, readParts, resultFile, writeResults } from './lib/result-file.js';
import { type PartName, parseSettings, USAGE } from './lib/settings.js';

const PROGRAMS = {
  known: 'in-process/known.ts',
  'in-process': 'in-process/main.ts',
  growth: 'growth.ts',
  memory: 'memory.ts',
  micro: 'micro.ts',
  flood: 'flood.ts',
} as const;

// Measures scopegate beside its peers. `npm run bench -- --help` tells the options.

if (process.argv.includes('--help')) {
  console.log(USAGE);
  process.exit();
}
const settings = parseSettings(process.argv.slice(2));
if (!existsSync(`${BENCH}node_modules`)) run('npm', ['ci', '--no-audit', '--no-fund'], BENCH);
if (settings.isBuilt) run('npm', ['run', '--silent', 'build'], ROOT);
const environment = describeEnvironment(settings.node);
console.log(`scopegate on Node ${environment.node}, ${environment.cores} cores, ${environment.loadGenerator}`);

const file = resultFile(Number.parseInt(environment.node, 10), settings.isQuick);
const parts: Record<string, PartOfRun> = { ...readParts(file) };
const failed: PartName[] = [];
for (const part of settings.parts) {
  const started = Date.now();
  const result = await measure(part).catch((error: unknown) => {
    console.error(error);
    failed.push(part);
  });
  if (result === undefined) continue;
  const seconds = Math.round((Date.now() - started) / 1000);
  for (const table of result.tables) printTable(table);
  printTargets(result.targets);
  console.log(`\n${part}: ${seconds} s`);
  parts[part] = { date: new Date(started).toISOString(), seconds, environment, command: commandLine(), ...result };
  // After each part, so that none is lost when a later one fails.
  writeResults(file, parts);
}
console.log(`\nwritten to ${file.slice(ROOT.length)}`);
if (failed.length > 0) {
  console.log(`FAILED: ${failed.join(', ')}`);
  process.exitCode = 1;
}

async function measure(part: PartName): Promise<PartResult> {
  // Imported late: what it needs may have been installed just now.
  if (part === 'http') return (await import('./http/main.js')).measureHttp(settings, environment.node);
  if (part === 'crowd') return (await import('./http/crowd.js')).measureCrowd(settings);
  if (part === 'first') return (await import('./http/first-requests.js')).measureFirstRequests(settings);
  if (part === 'event-loop') return (await import('./event-loop.js')).measureEventLoop(settings);
  if (part === 'start') return (await import('./start.js')).measureStart(settings);
  const args = [JSON.stringify(settings)];
  return runProgram(PROGRAMS[part], { node: settings.node, args, nodeOptions: ['--expose-gc'] });
}

/** The path of a Node.js is of this machine alone. */
function commandLine(): string {
  const args = process.argv.slice(2).map((arg, i, all) => (all[i - 1] === '--node' ? 'PATH' : arg));
  return ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' ');
}

function run(command: string, args: readonly string[], cwd: string): void {
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
