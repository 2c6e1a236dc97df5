import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { hasWrk } from '../lib/environment.js';
import { runProgram } from '../lib/programs.js';

/** Which tokens are sent, and for how long. */
export interface Load {
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  readonly file: string;
  /** Characters of a line of the file. */
  readonly stride: number;
  readonly from: number;
  readonly count: number;
  /** Whether tokens are sent again. If not, the run ends when they run out. */
  readonly isAgain: boolean;
}

export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers other than 2xx and 3xx. */
  readonly refused: number;
  /** Requests without an answer. */
  readonly failed: number;
  readonly ranOut: boolean;
}

const SCRIPT = fileURLToPath(new URL('./load.lua', import.meta.url));
const run = promisify(execFile);
const isWrk = hasWrk();

/** Sends requests from a process of its own: wrk where it is installed, else autocannon. */
export function runLoad(load: Load): Promise<LoadResult> {
  if (isWrk) return runWrk(load);
  return runProgram<LoadResult>('http/load-autocannon.ts', { node: process.execPath, args: [JSON.stringify(load)] });
}

/** One thread sends, so that the server has the other cores. */
async function runWrk({ port, connections, seconds, file, stride, from, count, isAgain }: Load): Promise<LoadResult> {
  // wrk takes whole seconds alone.
  const args = ['-t1', `-c${connections}`, `-d${Math.max(1, Math.ceil(seconds))}s`, '--timeout', '10s', '-s', SCRIPT];
  const own = [file, stride, from, count, isAgain ? 'again' : 'once'].map(String);
  const { stdout } = await run('wrk', [...args, `http://127.0.0.1:${port}/orders`, '--', ...own]);
  const result = /^RESULT (.*)$/m.exec(stdout)?.[1];
  if (result === undefined) throw new Error(`wrk gave no result: ${stdout}`);
  return JSON.parse(result) as LoadResult;
}
