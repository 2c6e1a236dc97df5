import { createPublicKey, verify } from 'node:crypto';
import { createGuard, type Verifier } from '../../dist/index.js';
import { bareRoute, type SignedParts, split, type VerifyKey } from '../lib/bare-route.js';
import type { PartResult, Table } from '../lib/report.js';
import { createRequest, createSink, type GuardedRequest } from '../lib/request.js';
import type { Spread } from '../lib/statistics.js';
import { type Candidate, inFlight, oneAtATime, timeInterleaved } from '../lib/stopwatch.js';
import { openTokenPool, readTokens } from '../lib/token-pool.js';
import { fresh, type SigningKey, schemeOf } from '../lib/tokens.js';
import { checkTarget, type TargetResult } from '../targets.js';
import { createPeers, createReadyVerifier, type VerifyToken } from './systems.js';

const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;
type Algorithm = (typeof ALGORITHMS)[number];

const WIDTH = 64;
const OURS = 'scopegate: whole guard';
const BARE = 'bare crypto.verify, callback';
const SYNCHRONOUS = 'bare crypto.verify, synchronous';
const ROUTE = 'route of a bare callback, no rules';

/** Tokens never seen before: one at a time, and 64 in flight. */
export async function measureUnseen(isQuick: boolean): Promise<PartResult> {
  const rows: (string | number)[][] = [];
  const targets: TargetResult[] = [];
  const spreads: Spread[] = [];
  for (const algorithm of ALGORITHMS) {
    const size = isQuick ? 300 : 2000;
    const pool = await openTokenPool(algorithm, size);
    const tokens = readTokens(pool, 0, size);
    const plan = { rounds: isQuick ? 3 : 21, warmUpRounds: isQuick ? 1 : 3, size };
    const alone = await timeInterleaved(candidates(algorithm, pool.key, tokens, 1), plan);
    const together = await timeInterleaved(candidates(algorithm, pool.key, tokens, WIDTH), plan);
    const rate = (name: string) => 1e6 / together.median(name);
    for (const name of alone.names()) {
      const aside = name === SYNCHRONOUS ? [1e6 / alone.median(name)] : [rate(name)];
      rows.push([algorithm, name, alone.median(name), ...aside, ((aside[0] ?? 0) / rate(BARE)).toFixed(2)]);
    }
    const share = rate(OURS) / rate(BARE);
    const flight = `never seen, ${algorithm}, ${WIDTH} in flight: `;
    targets.push(checkTarget('new-in-process', `${flight}rate of the bare callback`, share));
    spreads.push(...alone.spreads('us', `never seen, ${algorithm}: `), ...together.spreads('us', flight));
  }
  const columns = ['algorithm', 'system', 'one at a time, us', `${WIDTH} in flight, a second`, 'of the bare callback'];
  const table: Table = { name: 'in-process-new', title: 'In process: tokens never seen', columns, rows };
  return { tables: [table], targets, spreads };
}

function candidates(
  algorithm: Algorithm,
  key: SigningKey,
  tokens: readonly string[],
  width: number,
): readonly Candidate[] {
  const publicKey = createPublicKey({ key: key.publicJwk, format: 'jwk' });
  const [hash, parameters] = schemeOf(algorithm);
  // Node.js 24 takes 12 us longer for a key with options beside it, so there are some only where it does not work without.
  const input = Object.keys(parameters).length === 0 ? publicKey : { key: publicKey, ...parameters };
  const own = [
    bareCandidate(hash, input, tokens, width),
    // It has no flight: what it comes to is the same at any width.
    ...(width === 1 ? [synchronousCandidate(hash, input, tokens)] : []),
    routeCandidate(hash, input, tokens, width),
    guardCandidate(key, tokens, width),
  ];
  if (algorithm !== 'RS256') return own;
  const { 'fast-jwt, cache': _, ...peers } = createPeers(key);
  return [
    ...own,
    ...Object.entries(peers).map(([name, verifyToken]) => peerCandidate(name, verifyToken, tokens, width)),
  ];
}

/** OpenSSL's work and nothing else: the token was taken apart beforehand. */
function bareCandidate(
  hash: string | null,
  key: VerifyKey,
  tokens: readonly string[],
  width: number,
): Candidate<SignedParts[]> {
  return {
    name: BARE,
    prepare: (size) => tokens.slice(0, size).map(split),
    run: (batch) =>
      inFlight(batch, width, ({ input, signature }, done) => {
        verify(hash, input, key, signature, (error, isValid) => requireValid(error === null && isValid, done));
      }),
  };
}

function synchronousCandidate(
  hash: string | null,
  key: VerifyKey,
  tokens: readonly string[],
): Candidate<SignedParts[]> {
  return {
    name: SYNCHRONOUS,
    prepare: (size) => tokens.slice(0, size).map(split),
    run(batch) {
      for (const { input, signature } of batch) requireValid(verify(hash, input, key, signature), () => {});
    },
  };
}

/** What a route has to do beside OpenSSL's work, with no rule checked: request, token, split, verify, parse, `req.auth`. */
function routeCandidate(
  hash: string | null,
  key: VerifyKey,
  tokens: readonly string[],
  width: number,
): Candidate<GuardedRequest[]> {
  const middleware = bareRoute(hash, key);
  return {
    name: ROUTE,
    prepare: (size) => tokens.slice(0, size).map((token) => createRequest(`Bearer ${token}`)),
    run: (batch) =>
      inFlight(batch, width, (req, done) => {
        middleware(req, createSink(), (error) => requireValid(error === undefined && req.auth !== undefined, done));
      }),
  };
}

interface Calls {
  readonly requests: GuardedRequest[];
  readonly verifier: Verifier;
}

/** With a verifier of its own each round, whose cache is empty. */
function guardCandidate(key: SigningKey, tokens: readonly string[], width: number): Candidate<Calls> {
  return {
    name: OURS,
    async prepare(size) {
      const requests = tokens.slice(0, size).map((token) => createRequest(`Bearer ${token}`));
      return { requests, verifier: await createReadyVerifier(key) };
    },
    async run({ requests, verifier }) {
      const middleware = createGuard(verifier)('orders:read');
      await inFlight(requests, width, (req, done) => {
        middleware(req, createSink(), (error) => requireValid(error === undefined && req.auth !== undefined, done));
      });
      const hits = verifier.status().tokenCache?.hits;
      if (hits !== 0) throw new Error(`${hits} tokens had been seen before`);
    },
  };
}

function peerCandidate(
  name: string,
  verifyToken: VerifyToken,
  tokens: readonly string[],
  width: number,
): Candidate<string[]> {
  return {
    name,
    prepare: (size) => tokens.slice(0, size).map(fresh),
    run(batch) {
      if (width === 1) return oneAtATime(batch, verifyToken);
      return inFlight(batch, width, (token, done) => {
        const result = verifyToken(token);
        // fast-jwt answers at once; called back later, as the others are, it does not pile up frames.
        if (result instanceof Promise) result.then(done);
        else queueMicrotask(done);
      });
    },
  };
}

function requireValid(isValid: boolean, done: () => void): void {
  if (!isValid) throw new Error('a token was refused that is good');
  done();
}
