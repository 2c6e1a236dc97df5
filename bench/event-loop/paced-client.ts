import { Agent, get } from 'node:http';
import { sendResult } from '../lib/programs.js';
import { quantile } from '../lib/statistics.js';
import { readLines } from '../lib/token-pool.js';

// Sends each token of a file once, so many a second, evenly: a millisecond's share at a time.

export interface PacedLoad {
  readonly port: number;
  readonly perSecond: number;
  readonly file: string;
  readonly stride: number;
  readonly from: number;
  readonly count: number;
}

export interface PacedResult {
  readonly requests: number;
  readonly seconds: number;
  readonly p99Ms: number;
}

const load = JSON.parse(process.argv[2] ?? '{}') as PacedLoad;
const tokens = readLines(load);
const agent = new Agent({ keepAlive: true, maxSockets: 100 });
const latencies: number[] = [];
const started = performance.now();
// A server that cannot keep up is not waited for any longer.
const giveUpAt = started + (3000 * load.count) / load.perSecond;
let sent = 0;

const timer = setInterval(() => {
  const due = Math.min(tokens.length, Math.floor(((performance.now() - started) * load.perSecond) / 1000));
  for (; sent < due; sent += 1) request(tokens[sent] as string);
  if (performance.now() > giveUpAt) end();
}, 1);

function request(token: string): void {
  const headers = { authorization: `Bearer ${token}` };
  const sentAt = performance.now();
  get({ host: '127.0.0.1', port: load.port, path: '/orders', agent, headers }, (response) => {
    if (response.statusCode !== 200) throw new Error(`answered with ${response.statusCode}`);
    response.resume().once('end', () => {
      latencies.push(performance.now() - sentAt);
      if (latencies.length === tokens.length) end();
    });
  });
}

function end(): void {
  clearInterval(timer);
  const seconds = (performance.now() - started) / 1000;
  sendResult({ requests: latencies.length, seconds, p99Ms: quantile(latencies, 0.99) } satisfies PacedResult);
}
