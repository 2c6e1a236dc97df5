import { hash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { createGuard, type Verifier } from '../../dist/index.js';
import { checkRequest } from '../lib/check-request.js';
import { type PartResult, ratio } from '../lib/report.js';
import { createRequest, createSink, type GuardedRequest } from '../lib/request.js';
import { type Candidate, oneAtATime, type Plan, timeInterleaved } from '../lib/stopwatch.js';
import { createSigner, createSigningKey, fresh } from '../lib/tokens.js';
import { checkTarget } from '../targets.js';
import { createPeers, createReadyVerifier, type VerifyToken } from './systems.js';

const TOKENS = 10;
const OURS = 'scopegate: whole guard';
const HASH = 'SHA-256 of the token alone';

/** Tokens that were seen before: the whole work of a guard, beside the hash of the token and the peers. */
export async function measureSeen(isQuick: boolean): Promise<PartResult> {
  const key = createSigningKey('RS256');
  const sign = createSigner(key);
  const tokens = Array.from({ length: TOKENS }, (_, i) => sign(i));
  await checkRequest(`Bearer ${tokens[0]}`);
  const fast: Candidate[] = [hashCandidate(tokens), guardCandidate(await createReadyVerifier(key), tokens)];
  const { 'fast-jwt, cache': cached, ...peers } = createPeers(key);
  const slow = Object.entries(peers).map(([name, verify]) => peerCandidate(name, verify, tokens));
  fast.push(peerCandidate('fast-jwt, cache', cached as VerifyToken, tokens));
  const plan: Plan = isQuick
    ? { rounds: 15, warmUpRounds: 10, size: 500 }
    : { rounds: 201, warmUpRounds: 100, size: 1000 };
  const samples = await timeInterleaved(fast, plan);
  const slowSamples = await timeInterleaved(slow, {
    rounds: isQuick ? 5 : 41,
    warmUpRounds: 3,
    size: isQuick ? 100 : 500,
  });

  const names = [...fast, ...slow].map(({ name }) => name);
  const samplesOf = (name: string) => (slow.some((peer) => peer.name === name) ? slowSamples : samples);
  const medianOf = (name: string) => samplesOf(name).median(name);
  const leastOf = (name: string) => samplesOf(name).least(name);
  const rows = names.map((name) => [
    name,
    medianOf(name),
    ratio(medianOf(name), medianOf(HASH)),
    leastOf(name),
    ratio(leastOf(name), leastOf(HASH)),
  ]);
  const table = {
    name: 'in-process-seen',
    title: 'In process: tokens seen before, RS256',
    columns: ['system', 'us', 'of the SHA-256', 'least us', 'least, of the SHA-256'],
    rows,
  };
  const fastestPeer = Math.min(...names.slice(2).map(leastOf));
  const targets = [
    checkTarget('known-beside-hash', 'seen before: whole guard, of the bare SHA-256', leastOf(OURS) / leastOf(HASH)),
    checkTarget('known-beside-peers', 'seen before: whole guard, of the fastest peer', leastOf(OURS) / fastestPeer),
  ];
  const spreads = [samples, slowSamples].flatMap((each) => each.spreads('us', 'seen before: '));
  return { tables: [table], targets, spreads };
}

/** `crypto.hash` came with Node 20.12 and 21.7. */
function hashCandidate(tokens: readonly string[]): Candidate<readonly string[]> {
  return {
    name: HASH,
    prepare: (size) => freshTokens(tokens, size),
    run(batch) {
      let length = 0;
      for (const token of batch) length += hash('sha256', token, 'base64url').length;
      if (length !== batch.length * 43) throw new Error('a hash is missing');
    },
  };
}

interface Call {
  readonly req: GuardedRequest;
  readonly res: ServerResponse;
}

function guardCandidate(verifier: Verifier, tokens: readonly string[]): Candidate<readonly Call[]> {
  const middleware = createGuard(verifier)('orders:read');
  let passed = 0;
  const next = (error?: unknown) => {
    if (error === undefined) passed += 1;
  };
  return {
    name: OURS,
    async prepare(size) {
      // Each round the tokens are brought once beforehand: what is measured is never their first sight.
      for (const token of tokens) await verifier.verify(token);
      return freshTokens(tokens, size).map((token) => ({ req: createRequest(`Bearer ${token}`), res: createSink() }));
    },
    run(batch) {
      passed = 0;
      for (const { req, res } of batch) middleware(req, res, next);
      // At once: nothing was awaited.
      if (passed !== batch.length || batch[0]?.req.auth === undefined) throw new Error(`${passed} requests passed`);
    },
  };
}

function peerCandidate(name: string, verify: VerifyToken, tokens: readonly string[]): Candidate<readonly string[]> {
  return { name, prepare: (size) => freshTokens(tokens, size), run: (batch) => oneAtATime(batch, verify) };
}

function freshTokens(tokens: readonly string[], size: number): readonly string[] {
  return Array.from({ length: size }, (_, i) => fresh(tokens[i % tokens.length] as string));
}
