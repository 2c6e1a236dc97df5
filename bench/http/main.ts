import type { ChildProcess } from 'node:child_process';
import { ask, endProgram, nextMessage, startProgram } from '../lib/programs.js';
import type { PartResult } from '../lib/report.js';
import type { Settings } from '../lib/settings.js';
import { rotate } from '../lib/statistics.js';
import { openTokenPool, type TokenPool } from '../lib/token-pool.js';
import { AUDIENCE, createSigner, ISSUER } from '../lib/tokens.js';
import { runLoad } from './load.js';
import { evaluate, type Measurement } from './results.js';
import type { Question, Usage } from './server.js';
import { SYSTEM_INFOS, type SystemInfo, type World } from './systems.js';

const CONNECTIONS = 20;
const KNOWN_TOKENS = 10;
const TOKENS = { quick: 12_000, whole: 120_000 };
// Of the tokens that are sent once each, those of the warm-up.
const WARM_UP_SHARE = 0.2;
// Long enough for new tokens to fill the caches, as they are in a server that has been up for a while.
const WARM_UP_SECONDS = { known: 2, new: 6 };

/** Requests per second and the server's time per request, for each system, with tokens known and new. */
export async function measureHttp(settings: Settings, nodeVersion: string): Promise<PartResult> {
  const pool = await openTokenPool('RS256', settings.isQuick ? TOKENS.quick : TOKENS.whole);
  const { node } = settings;
  const issuer = startProgram('http/issuer.ts', { node, args: [JSON.stringify({ keys: [pool.key.publicJwk] })] });
  const { port } = await nextMessage<{ port: number }>(issuer);
  const world = { issuer: ISSUER, audience: AUDIENCE, jwksUri: `http://127.0.0.1:${port}/jwks` };
  const systems = SYSTEM_INFOS.filter(({ name }) => settings.systems?.includes(name) ?? true);
  const measurements: Measurement[] = [];
  try {
    for (let round = 0; round < settings.rounds; round += 1) {
      for (const system of rotate(systems, round)) {
        for (const load of ['known', 'new'] as const) {
          measurements.push(await measureOne(system, load, { settings, pool, world }));
        }
      }
      console.log(`http: round ${round + 1} of ${settings.rounds}`);
    }
  } finally {
    await endProgram(issuer);
  }
  return evaluate(measurements, Number.parseInt(nodeVersion, 10));
}

interface Surroundings {
  readonly settings: Settings;
  readonly pool: TokenPool;
  readonly world: World;
}

/** Starts a server that has seen no token, warms it up, and measures it. */
async function measureOne(
  system: SystemInfo,
  load: Measurement['load'],
  { settings, pool, world }: Surroundings,
): Promise<Measurement> {
  const server = startProgram('http/server.ts', { node: settings.node, args: [system.name, JSON.stringify(world)] });
  try {
    const { port } = await nextMessage<{ port: number }>(server);
    await checkAnswers(system, port, pool);
    const base = { port, connections: CONNECTIONS, file: pool.file, stride: pool.stride, isAgain: load === 'known' };
    const warmUpCount = Math.floor(pool.count * WARM_UP_SHARE);
    const isKnown = load === 'known';
    const warmUp = isKnown ? { from: 0, count: KNOWN_TOKENS } : { from: 0, count: warmUpCount };
    const measured = isKnown ? warmUp : { from: warmUpCount, count: pool.count - warmUpCount };
    if (!settings.isQuick)
      requireAnswers(system, await runLoad({ ...base, ...warmUp, seconds: WARM_UP_SECONDS[load] }));
    const before = await askUsage(server);
    const result = await runLoad({ ...base, ...measured, seconds: settings.seconds });
    const after = await askUsage(server);
    requireAnswers(system, result);
    return {
      system: system.name,
      load,
      perSecond: result.requests / result.seconds,
      p50Ms: result.p50Ms,
      p99Ms: result.p99Ms,
      cpuMicros: (after.cpuMicros - before.cpuMicros) / result.requests,
      requests: result.requests,
    };
  } finally {
    await endProgram(server);
  }
}

function askUsage(server: ChildProcess): Promise<Usage> {
  return ask<Usage>(server, { ask: 'usage' } satisfies Question);
}

function requireAnswers({ name }: SystemInfo, result: { requests: number; refused: number; failed: number }): void {
  if (result.requests > 0 && result.refused === 0 && result.failed === 0) return;
  throw new Error(`${name}: not every answer was 200: ${JSON.stringify(result)}`);
}

/** The negative controls: what is fast since it checks nothing is not measured. */
async function checkAnswers({ name, checksSignature, checksScope }: SystemInfo, port: number, pool: TokenPool) {
  const sign = createSigner(pool.key);
  const good = sign(1_000_000_000);
  const [header, payload, signature = ''] = good.split('.');
  const forged = `${header}.${payload}.${signature[0] === 'A' ? 'B' : 'A'}${signature.slice(1)}`;
  const refuses = (isRefused: boolean, status: number) => (isRefused ? status : 200);
  const cases = [
    ['a good token', good, 200],
    ['a forged token', forged, refuses(checksSignature, 401)],
    ['a token without the scope', sign(1_000_000_001, { scope: 'openid' }), refuses(checksScope, 403)],
    ['a token for another server', sign(1_000_000_002, { aud: 'https://other.test' }), refuses(checksScope, 401)],
    ['a token of another issuer', sign(1_000_000_003, { iss: 'https://other.test' }), refuses(checksScope, 401)],
    ['a token that expired', sign(1_000_000_004, { exp: 1_700_000_001 }), refuses(checksScope, 401)],
  ] as const;
  for (const [what, token, expected] of cases) {
    const headers = { authorization: `Bearer ${token}` };
    const { status } = await fetch(`http://127.0.0.1:${port}/orders`, { headers });
    if (status !== expected) throw new Error(`${name} answers ${what} with ${status}, not ${expected}`);
  }
}
