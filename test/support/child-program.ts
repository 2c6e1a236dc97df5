import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** How a program ended, and all that it said. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export const PROJECT = fileURLToPath(new URL('../../', import.meta.url));

// The loader and not the command: on SIGINT the command kills a program that does not confirm it within 30 ms.
const TSX = import.meta.resolve('tsx');
const VITEST = fileURLToPath(new URL('../vitest.mjs', import.meta.resolve('vitest')));

/** Starts a TypeScript program in a process of its own, as tsx does. */
export function startProgram(file: string, { args = [], ...options }: ProgramOptions = {}): Program {
  return new Program(process.execPath, ['--import', TSX, file, ...args], options);
}

/** Starts vitest on a folder, for one run. */
export function startVitest(root: string): Program {
  return new Program(process.execPath, [VITEST, 'run', '--root', root, '--no-cache'], {});
}

/** Runs any command of the system to its end. */
export function runCommand(command: string, args: readonly string[], options: ProgramOptions = {}): Promise<Ending> {
  return new Program(command, args, options).ended;
}

/** A program that runs. */
export class Program {
  /** Settles when it has ended and said all. */
  readonly ended: Promise<Ending>;
  readonly #process: ChildProcess;
  readonly #onOutput = new Set<() => void>();
  #stdout = '';
  #stderr = '';

  constructor(command: string, args: readonly string[], { cwd = PROJECT, env = {} }: ProgramOptions) {
    const options: SpawnOptions = { cwd, env: { ...ownEnvironment(), ...env }, stdio: ['ignore', 'pipe', 'pipe'] };
    this.#process = spawn(command, args, options);
    this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      for (const look of this.#onOutput) look();
    });
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.ended = new Promise((resolve, reject) => {
      this.#process.once('error', reject);
      this.#process.once('close', (code, signal) => {
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
  }

  /** Waits until its output has a match. Rejects when it ends before. */
  async untilItSays(pattern: RegExp): Promise<string> {
    const said = new Promise<string>((resolve) => {
      const look = () => {
        if (!pattern.test(this.#stdout)) return;
        this.#onOutput.delete(look);
        resolve(this.#stdout);
      };
      this.#onOutput.add(look);
      look();
    });
    const endedBefore = this.ended.then((ending) => {
      throw new Error(`it ended before it said ${pattern}: ${JSON.stringify(ending)}`);
    });
    return Promise.race([said, endedBefore]);
  }

  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<Ending> {
    this.#process.kill(signal);
    return this.ended;
  }
}

/** Without what belongs to the run of tests that is under way, and without proxies. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(?:VITEST|TEST$|NODE_ENV$|NODE_OPTIONS$|FORCE_COLOR$|PORT$)|_proxy$/i.test(name),
  );
  return Object.fromEntries(own);
}
