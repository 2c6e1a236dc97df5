import { ask, endProgram, nextMessage, runProgram, startProgram } from '../lib/programs.js';
import { type PartResult, ratio, type Table } from '../lib/report.js';
import type { Settings } from '../lib/settings.js';
import { rotate, Samples } from '../lib/statistics.js';
import { openTokenPool, type TokenPool } from '../lib/token-pool.js';
import { AUDIENCE, ISSUER } from '../lib/tokens.js';
import { checkTarget } from '../targets.js';
import { NOT_RANKED, OPEN, OURS } from './results.js';
import type { TokensToSend } from './send-once.js';
import type { Question, Usage } from './server.js';
import { SYSTEM_INFOS, type World } from './systems.js';

const CONNECTIONS = 20;
const REQUESTS = { quick: 1000, whole: 5000 };

interface Surroundings {
  readonly node: string;
  readonly pool: TokenPool;
  readonly world: World;
  readonly count: number;
}

/** What the first requests of a fresh server take of the processor: nothing is warm, and every token is new. */
export async function measureFirstRequests(settings: Settings): Promise<PartResult> {
  const { node, isQuick, rounds } = settings;
  const count = isQuick ? REQUESTS.quick : REQUESTS.whole;
  const pool = await openTokenPool('RS256', count);
  const issuer = startProgram('http/issuer.ts', { node, args: [JSON.stringify({ keys: [pool.key.publicJwk] })] });
  const { port } = await nextMessage<{ port: number }>(issuer);
  const world = { issuer: ISSUER, audience: AUDIENCE, jwksUri: `http://127.0.0.1:${port}/jwks` };
  const names = SYSTEM_INFOS.map(({ name }) => name).filter((name) => settings.systems?.includes(name) ?? true);
  const samples = new Samples();
  try {
    for (let round = 0; round < rounds; round += 1) {
      for (const name of rotate(names, round)) samples.add(name, await measureOne(name, { node, pool, world, count }));
    }
  } finally {
    await endProgram(issuer);
  }
  return summarize(samples, names, count);
}

/** Milliseconds of all threads of the server, from its first request to its last. */
async function measureOne(name: string, { node, pool, world, count }: Surroundings): Promise<number> {
  const server = startProgram('http/server.ts', { node, args: [name, JSON.stringify(world)] });
  try {
    const { port } = await nextMessage<{ port: number }>(server);
    const before = await ask<Usage>(server, { ask: 'usage' } satisfies Question);
    const { file, stride } = pool;
    const load: TokensToSend = { port, connections: CONNECTIONS, file, stride, from: 0, count };
    await runProgram('http/send-once.ts', { node: process.execPath, args: [JSON.stringify(load)] });
    const after = await ask<Usage>(server, { ask: 'usage' } satisfies Question);
    return (after.cpuMicros - before.cpuMicros) / 1000;
  } finally {
    await endProgram(server);
  }
}

function summarize(samples: Samples, names: readonly string[], count: number): PartResult {
  const open = samples.least(OPEN);
  const peers = names.filter((name) => !NOT_RANKED.includes(name) && !name.startsWith(OURS));
  const best = Math.min(...peers.map((name) => samples.least(name)));
  const table: Table = {
    name: 'first-requests',
    title: `The first ${count.toLocaleString('en-US')} requests of a fresh server, every token new`,
    columns: ['system', 'CPU ms, least', 'CPU ms, median', 'least above the open route', 'of the best peer'],
    rows: names.map((name) => [
      name,
      samples.least(name),
      samples.median(name),
      name === OPEN ? '' : samples.least(name) - open,
      peers.length === 0 ? '' : ratio(samples.least(name), best),
    ]),
  };
  const targets =
    peers.length === 0 || !names.includes(OURS)
      ? []
      : [
          checkTarget(
            'first-requests',
            'the first requests of a fresh server: of the best peer',
            samples.least(OURS) / best,
          ),
        ];
  return { tables: [table], targets, spreads: samples.spreads('CPU ms', 'first requests: ') };
}
