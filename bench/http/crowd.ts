import { ask, endProgram, nextMessage, startProgram } from '../lib/programs.js';
import type { PartResult, Table } from '../lib/report.js';
import type { Settings } from '../lib/settings.js';
import { openTokenPool } from '../lib/token-pool.js';
import { AUDIENCE, ISSUER } from '../lib/tokens.js';
import { checkTarget } from '../targets.js';
import { runLoad } from './load.js';
import { OURS } from './results.js';
import type { Question, Usage } from './server.js';

const CONNECTIONS = 20;
// More than the default cache has room for.
const ACTIVE_TOKENS = 16_000;
const SYSTEMS = [OURS, 'scopegate, tokenCache false', 'fast-jwt, cache'];
const MB = 1e6;

/** The memory of a server process, and its processor time, with more active tokens than its cache has room for. */
export async function measureCrowd({ node, isQuick }: Settings): Promise<PartResult> {
  const pool = await openTokenPool('RS256', ACTIVE_TOKENS);
  const issuer = startProgram('http/issuer.ts', { node, args: [JSON.stringify({ keys: [pool.key.publicJwk] })] });
  const { port: issuerPort } = await nextMessage<{ port: number }>(issuer);
  const world = { issuer: ISSUER, audience: AUDIENCE, jwksUri: `http://127.0.0.1:${issuerPort}/jwks` };
  const rows: (string | number)[][] = [];
  try {
    for (const system of SYSTEMS) {
      const server = startProgram('http/server.ts', { node, args: [system, JSON.stringify(world)] });
      const { port } = await nextMessage<{ port: number }>(server);
      const { file, stride } = pool;
      const tokens = { file, stride, from: 0, count: ACTIVE_TOKENS, isAgain: true };
      const load = { port, connections: CONNECTIONS, seconds: isQuick ? 2 : 15, ...tokens };
      const before = await ask<Usage>(server, { ask: 'usage' } satisfies Question);
      const { requests, refused, failed } = await runLoad(load);
      if (refused + failed > 0) throw new Error(`${system}: ${refused} refused, ${failed} failed`);
      const after = await ask<Usage>(server, { ask: 'usage' } satisfies Question);
      rows.push([system, requests, after.peakBytes / MB, (after.cpuMicros - before.cpuMicros) / requests]);
      await endProgram(server);
    }
  } finally {
    await endProgram(issuer);
  }
  return summarize(rows);
}

function summarize(rows: readonly (readonly (string | number)[])[]): PartResult {
  const table: Table = {
    name: 'crowd',
    title: `${ACTIVE_TOKENS.toLocaleString('en-US')} active tokens in turn, over HTTP`,
    columns: ['system', 'requests', 'most memory of the process, MB', 'CPU us a request'],
    rows,
  };
  const ours = Number(rows.find(([system]) => system === OURS)?.[2]);
  const what = `memory of a server with ${ACTIVE_TOKENS.toLocaleString('en-US')} active tokens, MB`;
  return { tables: [table], targets: [checkTarget('process-memory', what, ours)], spreads: [] };
}
