import autocannon from 'autocannon';
import { sendResult } from '../lib/programs.js';
import { readLines } from '../lib/token-pool.js';
import type { Load, LoadResult } from './load.js';

// What load.lua does, for machines without wrk.

const load = JSON.parse(process.argv[2] ?? '{}') as Load;
const tokens = readLines(load);
let sent = 0;
let ended = 0;

const running = autocannon({
  url: `http://127.0.0.1:${load.port}/orders`,
  connections: load.connections,
  duration: load.seconds,
  requests: [{ setupRequest }],
});
const started = performance.now();
const result = await running;
const loadResult: LoadResult = {
  requests: result['2xx'] + result.non2xx,
  seconds: ended > 0 ? (ended - started) / 1000 : result.duration,
  p50Ms: result.latency.p50,
  p99Ms: result.latency.p99,
  refused: result.non2xx,
  failed: result.errors,
  ranOut: ended > 0,
};
sendResult(loadResult);

function setupRequest(request: object): object {
  if (!load.isAgain && sent === tokens.length) {
    if (ended === 0) {
      ended = performance.now();
      running.stop();
    }
    return { ...request, path: '/end' };
  }
  const token = tokens[sent % tokens.length];
  sent += 1;
  return { ...request, headers: { accept: 'application/json', authorization: `Bearer ${token}` } };
}
