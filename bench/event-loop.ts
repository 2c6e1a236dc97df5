import type { PacedLoad, PacedResult } from './event-loop/paced-client.js';
import type { LoopDelay, Question } from './http/server.js';
import { ask, endProgram, nextMessage, runProgram, startProgram } from './lib/programs.js';
import type { PartResult, Table } from './lib/report.js';
import type { Settings } from './lib/settings.js';
import { openTokenPool } from './lib/token-pool.js';
import { AUDIENCE, ISSUER } from './lib/tokens.js';
import { checkTarget, type TargetResult } from './targets.js';

const PER_SECOND = 2000;
const CASES = [
  ['open route', 'RS256'],
  ['scopegate', 'RS256'],
  ['scopegate', 'ES512'],
] as const;

/** The delay of a server's event loop while new tokens come in at a steady pace. */
export async function measureEventLoop(settings: Settings): Promise<PartResult> {
  const seconds = settings.isQuick ? 2 : 10;
  const rows: (string | number)[][] = [];
  const targets: TargetResult[] = [];
  for (const [system, algorithm] of CASES) {
    const { delay, paced } = await measureOne(settings, system, algorithm, seconds);
    if (paced.requests < PER_SECOND * seconds) console.log(`event-loop: ${system} could not keep up with ${algorithm}`);
    rows.push([system, algorithm, paced.requests / paced.seconds, delay.p50Ms, delay.p99Ms, delay.maxMs, paced.p99Ms]);
    if (system === 'open route') continue;
    const what = `${PER_SECOND} new ${algorithm} tokens a second: p99 delay of the loop, ms`;
    targets.push(checkTarget('event-loop', what, delay.p99Ms));
  }
  const table: Table = {
    name: 'event-loop',
    title: `Event loop: ${PER_SECOND.toLocaleString('en-US')} new tokens a second for ${seconds} s`,
    columns: ['system', 'tokens', 'requests/s', 'delay p50 ms', 'delay p99 ms', 'delay max ms', 'answer p99 ms'],
    rows,
  };
  return { tables: [table], targets, spreads: [] };
}

async function measureOne(
  { node }: Settings,
  system: string,
  algorithm: 'RS256' | 'ES512',
  seconds: number,
): Promise<{ delay: LoopDelay; paced: PacedResult }> {
  // A second more than is measured, to warm up.
  const pool = await openTokenPool(algorithm, PER_SECOND * (seconds + 1));
  const issuer = startProgram('http/issuer.ts', { node, args: [JSON.stringify({ keys: [pool.key.publicJwk] })] });
  const { port: issuerPort } = await nextMessage<{ port: number }>(issuer);
  const world = { issuer: ISSUER, audience: AUDIENCE, jwksUri: `http://127.0.0.1:${issuerPort}/jwks` };
  const server = startProgram('http/server.ts', { node, args: [system, JSON.stringify(world)] });
  try {
    const { port } = await nextMessage<{ port: number }>(server);
    const load = { port, perSecond: PER_SECOND, file: pool.file, stride: pool.stride };
    await send(node, { ...load, from: 0, count: PER_SECOND });
    await ask<LoopDelay>(server, { ask: 'watch loop' } satisfies Question);
    const paced = await send(node, { ...load, from: PER_SECOND, count: PER_SECOND * seconds });
    const delay = await ask<LoopDelay>(server, { ask: 'loop delay' } satisfies Question);
    return { delay, paced };
  } finally {
    await endProgram(server);
    await endProgram(issuer);
  }
}

function send(node: string, load: PacedLoad): Promise<PacedResult> {
  return runProgram('event-loop/paced-client.ts', { node, args: [JSON.stringify(load)] });
}
