import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe } from 'vitest';
import { Program } from '../../support/child-program.js';

/** What a server is made of, and whether it is here. */
export interface Requirement {
  readonly isHere: boolean;
  /** What to install, and how. */
  readonly needs: string;
}

// The one that sees Debian's packages, whatever comes first on PATH.
const PYTHON = '/usr/bin/python3';

const running = new Set<Program>();

/** A server that is a module of Python, installed by Debian's packages. */
export function debianModules(modules: readonly string[], packages: string): Requirement {
  const program = modules.map((name) => `import ${name}`).join('\n');
  const isHere = existsSync(PYTHON) && spawnSync(PYTHON, ['-c', program]).status === 0;
  return { isHere, needs: `apt-get install ${packages}` };
}

/** A server from npm, installed in this folder. */
export function npmPackage(name: string): Requirement {
  const manifest = new URL(`../node_modules/${name}/package.json`, import.meta.url);
  return { isHere: existsSync(manifest), needs: `npm ci --prefix test/interop, for ${name}` };
}

/** Several servers at once. */
export function allOf(...requirements: readonly Requirement[]): Requirement {
  return {
    isHere: requirements.every(({ isHere }) => isHere),
    needs: requirements.map(({ needs }) => needs).join('; '),
  };
}

/**
 * Groups the tests with one server, and ends what they started. They are skipped where it is not installed; a failure
 * on a build server.
 */
export function describeServer(what: string, { isHere, needs }: Requirement, define: () => void): void {
  if (isHere) {
    return void describe(what, () => {
      afterAll(stopServers);
      define();
    });
  }
  if (process.env['CI'] === 'true') throw new Error(`The tests with ${what} need: ${needs}.`);
  describe.skip(`${what}: needs ${needs}`, define);
}

/**
 * Starts a program of the folder `servers` on a free loopback port, and waits until it says where it is.
 *
 * @param settings what the program reads as JSON from its first argument
 * @returns its origin, such as `http://127.0.0.1:40001`
 */
export async function startServer(file: string, settings: object = {}): Promise<string> {
  const path = fileURLToPath(new URL(`../servers/${file}`, import.meta.url));
  const command = file.endsWith('.py') ? PYTHON : process.execPath;
  const env = { PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1' };
  const program = new Program(command, [path, JSON.stringify(settings)], { env });
  running.add(program);
  const said = await program.untilItSays(/^listening on \S+$/m);
  return /^listening on (\S+)$/m.exec(said)?.[1] as string;
}

/** Ends every server of the file. */
async function stopServers(): Promise<void> {
  const programs = [...running];
  running.clear();
  await Promise.all(programs.map((program) => program.end('SIGTERM')));
}
