import { once } from 'node:events';
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { BENCH } from './programs.js';
import { type BenchAlgorithm, createSigner, createSigningKey, type SigningKey } from './tokens.js';

const FOLDER = `${BENCH}node_modules/.cache/tokens`;
const SIGNED_AT_ONCE = 2000;

/** Distinct tokens in a file, a line each, all of one length. Later runs find and extend it. */
export interface TokenPool {
  readonly key: SigningKey;
  readonly file: string;
  readonly count: number;
  /** Characters of a line, with its end. */
  readonly stride: number;
}

/** Makes sure that there are at least so many tokens. Signs in all threads that the machine has. */
export async function openTokenPool(algorithm: BenchAlgorithm, wanted: number): Promise<TokenPool> {
  mkdirSync(FOLDER, { recursive: true });
  const file = `${FOLDER}/${algorithm}.txt`;
  const keyFile = `${FOLDER}/${algorithm}.json`;
  if (!existsSync(keyFile)) {
    writeFileSync(keyFile, JSON.stringify(createSigningKey(algorithm)));
    writeFileSync(file, '');
  }
  const key = JSON.parse(readFileSync(keyFile, 'utf8')) as SigningKey;
  const stride = createSigner(key)(0).length + 1;
  let count = Math.floor(statSync(file).size / stride);
  if (count < wanted) console.log(`signing ${wanted - count} ${algorithm} tokens, once`);
  while (count < wanted) {
    const texts = await signInThreads(key, count, Math.min(wanted - count, SIGNED_AT_ONCE * availableParallelism()));
    for (const text of texts) appendFileSync(file, `${text}\n`);
    count = Math.floor(statSync(file).size / stride);
  }
  return { key, file, count, stride };
}

/** Reads some tokens of a pool. */
export function readTokens(pool: TokenPool, from: number, count: number): string[] {
  if (from + count > pool.count) throw new Error(`the pool has ${pool.count} tokens, not ${from + count}`);
  return readLines({ ...pool, from, count });
}

/** Reads some lines of a file whose lines are all of one length. */
export function readLines(where: { file: string; stride: number; from: number; count: number }): string[] {
  const bytes = Buffer.alloc(where.count * where.stride);
  const file = openSync(where.file, 'r');
  readSync(file, bytes, 0, bytes.length, where.from * where.stride);
  closeSync(file);
  return bytes.toString('latin1').trimEnd().split('\n');
}

async function signInThreads(key: SigningKey, from: number, count: number): Promise<readonly string[]> {
  const share = Math.ceil(count / availableParallelism());
  const shares: Promise<string>[] = [];
  for (let start = 0; start < count; start += share) {
    const workerData = { key, from: from + start, count: Math.min(share, count - start) };
    shares.push(signInThread(workerData));
  }
  return Promise.all(shares);
}

async function signInThread(workerData: { key: SigningKey; from: number; count: number }): Promise<string> {
  // A worker inherits no loader from tsx, so it brings its own.
  const execArgv = ['--import', new URL('../load-typescript.mjs', import.meta.url).href];
  const worker = new Worker(new URL('./sign-worker.ts', import.meta.url), { workerData, execArgv });
  const [text] = await once(worker, 'message');
  await worker.terminate();
  return text as string;
}
