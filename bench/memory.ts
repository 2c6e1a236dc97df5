import type { ServerResponse } from 'node:http';
import { createGuard, createVerifier, type Middleware } from '../dist/index.js';
import { usedHeapBytes } from '../test/support/heap.js';
import { createReadyVerifier } from './in-process/systems.js';
import { sendResult } from './lib/programs.js';
import type { PartResult, Table } from './lib/report.js';
import { createRequest, createSink, type GuardedRequest } from './lib/request.js';
import type { Settings } from './lib/settings.js';
import { openTokenPool, readTokens } from './lib/token-pool.js';
import { AUDIENCE, createSigner, createSigningKey, fresh, ISSUER, SECRET } from './lib/tokens.js';
import { CACHED_BY_DEFAULT, checkTarget, type TargetResult } from './targets.js';

// What the heap holds after many tokens, once all that nobody needs is collected.

const MIB = 2 ** 20;

type Guard = Middleware<GuardedRequest, ServerResponse>;

const { isQuick } = JSON.parse(process.argv[2] ?? '{"isQuick":true}') as Settings;
const rows: (string | number)[][] = [];
const targets: TargetResult[] = [];

await measureCachedTokens(isQuick ? 10_000 : 100_000);
await measureStreams(isQuick ? 40_000 : 1_000_000);

const table: Table = {
  name: 'memory',
  title: 'Memory',
  columns: ['what', 'tokens', 'heap, MiB', 'bytes a token'],
  rows,
};
sendResult({ tables: [table], targets, spreads: [] } satisfies PartResult);

/** RS256 tokens as they come from an issuer, all of them kept. */
async function measureCachedTokens(count: number): Promise<void> {
  const pool = await openTokenPool('RS256', count);
  const before = await usedHeapBytes();
  const verifier = await createReadyVerifier(pool.key, { tokenCache: { max: count } });
  const guard = createGuard(verifier)('orders:read') as Guard;
  // Twice, should a cache take a token in at its second sight only.
  for (const _ of ['first sight', 'second sight']) {
    for (let from = 0; from < count; from += 1000) {
      for (const token of readTokens(pool, from, Math.min(1000, count - from))) await pass(guard, token);
    }
  }
  const grown = (await usedHeapBytes()) - before;
  if (verifier.status().tokenCache?.size !== count) throw new Error('not all of the tokens are cached');
  rows.push(['cached tokens, RS256', count, grown / MIB, grown / count]);
  targets.push(checkTarget('cached-token', 'bytes a cached token', grown / count));
}

/** Distinct tokens through a verifier with the default cache. */
async function measureStreams(count: number): Promise<void> {
  const before = await usedHeapBytes();
  const issuer = { issuer: ISSUER, secret: SECRET, algorithms: ['HS256'] as const };
  const verifier = createVerifier({ issuer, audience: AUDIENCE });
  const guard = createGuard(verifier)('orders:read') as Guard;
  const sign = createSigner(createSigningKey('HS256'));
  const note = async (what: string) => {
    const grown = (await usedHeapBytes()) - before;
    rows.push([what, count, grown / MIB, '']);
    const stream = `${count.toLocaleString('en-US')} ${what}`;
    targets.push(checkTarget('heap-after-stream', `heap after ${stream}, MiB`, grown / MIB));
  };
  for (let i = 0; i < count; i += 1) await pass(guard, sign(i));
  await note('distinct valid tokens');
  const [header, payload] = sign(0).split('.');
  for (let i = 0; i < count; i += 1) {
    const made = [`${i}`.padStart(300, 'x'), `${header}.${payload}.${i}`.padEnd(300, 'A'), `${i}.${payload}.${i}`];
    await beRefused(guard, made[i % made.length] as string);
  }
  await note('distinct garbage tokens');
  // Looked at here, so that it is not garbage itself by then.
  if (verifier.status().tokenCache?.max !== CACHED_BY_DEFAULT) throw new Error('the default of tokenCache has changed');
}

function pass(guard: Guard, token: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const req = createRequest(`Bearer ${fresh(token)}`);
    const res = createSink();
    Object.assign(res, { end: () => reject(new Error('a good token was refused')) });
    guard(req, res, () => resolve());
  });
}

function beRefused(guard: Guard, token: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const res = createSink();
    Object.assign(res, { end: resolve });
    guard(createRequest(`Bearer ${token}`), res, () => reject(new Error('a bad token was let through')));
  });
}
