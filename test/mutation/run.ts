import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// Stryker needs a newer Node.js than scopegate does, so it comes with one, in a folder of its own.
const root = fileURLToPath(new URL('../..', import.meta.url));
const modules = fileURLToPath(new URL('node_modules', import.meta.url));

function run(command: string, args: readonly string[], cwd: string): void {
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

if (!existsSync(modules)) run('npm', ['ci', '--no-audit', '--no-fund'], fileURLToPath(new URL('.', import.meta.url)));
run(
  `${modules}/node/bin/node`,
  [
    `${modules}/@stryker-mutator/core/bin/stryker.js`,
    'run',
    'test/mutation/stryker.config.mjs',
    ...process.argv.slice(2),
  ],
  root,
);
