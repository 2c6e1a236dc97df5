import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import express, { type ErrorRequestHandler } from 'express';
import { createHandlers, type World } from './systems.js';

// A process of its own for each system: one Express 5 app with one route. Tells its parent its port, and what it
// used of the processor when asked.

/** What can be asked of the server. */
export type Question = { readonly ask: 'usage' | 'watch loop' | 'loop delay' };

export interface Usage {
  /** User and system time of the process, all threads, in microseconds. */
  readonly cpuMicros: number;
  /** The most memory that the process held at a time. */
  readonly peakBytes: number;
}

export interface LoopDelay {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

// How often the watch looks, which it counts into every delay.
const LOOP_RESOLUTION_MS = 1;

const [system = '', world = '{}'] = process.argv.slice(2);
const app = express();
app.get('/orders', ...(await createHandlers(system, JSON.parse(world) as World)), (_req, res) => {
  res.json({ orders: [{ id: 1, item: 'bread' }] });
});
const answerErrors: ErrorRequestHandler = (error, _req, res, _next) => {
  res.sendStatus((error as { status?: number }).status ?? 500);
};
app.use(answerErrors);

const delays = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });

function answer({ ask }: Question): Usage | LoopDelay {
  if (ask === 'watch loop') {
    delays.enable();
    delays.reset();
  }
  if (ask === 'loop delay') {
    const ms = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - LOOP_RESOLUTION_MS);
    return { p50Ms: ms(delays.percentile(50)), p99Ms: ms(delays.percentile(99)), maxMs: ms(delays.max) };
  }
  const { user, system: kernel } = process.cpuUsage();
  // maxRSS is in KiB.
  return { cpuMicros: user + kernel, peakBytes: process.resourceUsage().maxRSS * 1024 };
}

const server = createServer(app).listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});
process.on('message', (question: Question) => process.send?.(answer(question)));
process.once('disconnect', () => process.exit());
