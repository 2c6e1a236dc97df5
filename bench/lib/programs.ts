import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export const BENCH = fileURLToPath(new URL('../', import.meta.url));
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LOADER = new URL('../load-typescript.mjs', import.meta.url).href;

export interface ProgramOptions {
  readonly node: string;
  readonly args?: readonly string[];
  readonly nodeOptions?: readonly string[];
}

/** Starts a program of this folder in a process of its own, which can send messages. */
export function startProgram(file: string, { node, args = [], nodeOptions = [] }: ProgramOptions): ChildProcess {
  const { NODE_OPTIONS: _, ...env } = process.env;
  return fork(`${BENCH}${file}`, args, {
    execPath: node,
    // Node.js 26 deprecates `module.register`; its successor is not in Node.js 20.
    execArgv: ['--disable-warning=DEP0205', '--import', LOADER, ...nodeOptions],
    env: { ...env, NODE_ENV: 'production' },
  });
}

/** Waits for the next message of a program. Rejects when it ends before. */
export async function nextMessage<T>(program: ChildProcess): Promise<T> {
  const gone = new AbortController();
  const ended = once(program, 'exit', { signal: gone.signal }).then(([code, signal]) => {
    throw new Error(`a program ended before its message: ${code ?? signal} ${program.spawnargs.join(' ')}`);
  });
  try {
    const [message] = await Promise.race([once(program, 'message', { signal: gone.signal }), ended]);
    return message as T;
  } finally {
    gone.abort();
    ended.catch(() => {});
  }
}

/** Sends a message and waits for the answer. */
export function ask<T>(program: ChildProcess, message: object): Promise<T> {
  const answer = nextMessage<T>(program);
  program.send(message);
  return answer;
}

export async function endProgram(program: ChildProcess): Promise<void> {
  if (program.exitCode !== null || program.signalCode !== null) return;
  const ended = once(program, 'exit');
  program.kill('SIGKILL');
  await ended;
}

/** Runs a program to its one message, which is its result. */
export async function runProgram<T>(file: string, options: ProgramOptions): Promise<T> {
  const program = startProgram(file, options);
  try {
    return await nextMessage<T>(program);
  } finally {
    await endProgram(program);
  }
}

/** Called by a program: hands its result to who started it, or prints it when it was started by hand. */
export function sendResult(result: object): void {
  if (process.send === undefined) console.log(JSON.stringify(result, undefined, 2));
  else process.send(result);
}
