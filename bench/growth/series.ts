import { hash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { anyOf, createGuard, createVerifier, type Middleware, type Verifier } from '../../dist/index.js';
import { createRequest, createSink, type GuardedRequest } from '../lib/request.js';
import { type Candidate, oneAtATime } from '../lib/stopwatch.js';
import { AUDIENCE, createSigner, createSigningKey, fresh, ISSUER, SECRET } from '../lib/tokens.js';

/** The same request with ever more of something around it. */
export interface Series {
  readonly name: string;
  /** From few to many. */
  readonly candidates: readonly Candidate[];
  /** Where each operation takes a signature. */
  readonly isSlow: boolean;
  /** `control`: there to compare with, what the caches of the processor do to any table of so many entries. */
  readonly role?: 'tokens' | 'control';
}

type Guard = Middleware<GuardedRequest, ServerResponse>;

const KNOWN_TOKENS = 10;

export function createSeries(isQuick: boolean): readonly (() => Promise<Series>)[] {
  const issuers = isQuick ? [1, 1000] : [1, 100, 10_000];
  const keys = isQuick ? [1, 100] : [1, 10, 100, 1000];
  const routes = isQuick ? [1, 1000] : [1, 10, 100, 1000];
  const tokens = isQuick ? [100, 10_000] : [100, 1000, 10_000, 100_000];
  return [
    () => issuerSeries(issuers, true),
    () => issuerSeries(issuers, false),
    () => keySeries(keys, true),
    () => keySeries(keys, false),
    () => routeSeries(routes),
    () => tokenSeries(tokens),
    () => mapSeries(tokens),
  ];
}

/** Tokens of ten issuers among many; new tokens are signed by a secret, which takes the least time besides. */
async function issuerSeries(counts: readonly number[], isKnown: boolean): Promise<Series> {
  const sign = createSigner(createSigningKey('HS256'));
  const candidates = counts.map((count) => {
    const issuer = Array.from({ length: count }, (_, i) => ({
      issuer: `${ISSUER}/${i}`,
      secret: SECRET,
      algorithms: ['HS256'] as const,
    }));
    const verifier = createVerifier({ issuer, audience: AUDIENCE, ...(!isKnown && { tokenCache: false }) });
    const tokens = spread(count).map((at, i) => sign(i, { iss: `${ISSUER}/${at}` }));
    return requestCandidate(count, verifier, tokens, isKnown);
  });
  return { name: `issuers, ${tokenWord(isKnown)}`, candidates, isSlow: !isKnown };
}

/** Tokens that ten keys of a set signed. */
async function keySeries(counts: readonly number[], isKnown: boolean): Promise<Series> {
  const all = Array.from({ length: counts.at(-1) ?? 1 }, (_, i) => createSigningKey('EdDSA', `key-${i}`));
  const candidates: Candidate[] = [];
  for (const count of counts) {
    const keys = all.slice(0, count);
    const jwks = { keys: keys.map(({ publicJwk }) => publicJwk) } as never;
    const issuer = { issuer: ISSUER, jwks };
    const verifier = createVerifier({ issuer, audience: AUDIENCE, ...(!isKnown && { tokenCache: false }) });
    await verifier.ready();
    const tokens = spread(count).map((at, i) => createSigner(keys[at] as (typeof keys)[number])(i));
    candidates.push(requestCandidate(count, verifier, tokens, isKnown));
  }
  return { name: `keys in a set, ${tokenWord(isKnown)}`, candidates, isSlow: !isKnown };
}

/** Requests to one route after the other, each with a policy of its own. */
async function routeSeries(counts: readonly number[]): Promise<Series> {
  const { verifier, sign } = createSecretVerifier(1000);
  const tokens = Array.from({ length: KNOWN_TOKENS }, (_, i) => sign(i));
  const guard = createGuard(verifier);
  const candidates = counts.map((count) => {
    const guards = Array.from({ length: count }, (_, i) => guard(anyOf(`route-${i}:all`, 'orders:read')) as Guard);
    return guardCandidate(count, { guards, verifier, pick: (i) => tokens[i % tokens.length] as string });
  });
  return { name: 'routes with policies, known tokens', candidates, isSlow: false };
}

/** Requests with any of the cached tokens, each as likely as the others. */
async function tokenSeries(counts: readonly number[]): Promise<Series> {
  const most = counts.at(-1) ?? 1;
  const candidates: Candidate[] = [];
  for (const count of counts) {
    const { verifier, sign } = createSecretVerifier(most);
    const tokens = Array.from({ length: count }, (_, i) => sign(i));
    // Twice, should a cache take a token in at its second sight only.
    for (const token of [...tokens, ...tokens]) await verifier.verify(token);
    const pick = () => tokens[Math.floor(Math.random() * tokens.length)] as string;
    candidates.push(guardCandidate(count, { guards: [guardOf(verifier)], verifier: undefined, pick }));
  }
  return { name: 'cached tokens', candidates, isSlow: false, role: 'tokens' };
}

/** The least that a cache can do: hash the token, look into a Map, touch the entry. */
async function mapSeries(counts: readonly number[]): Promise<Series> {
  const sign = createSigner(createSigningKey('HS256'));
  const candidates = counts.map((count): Candidate<readonly string[]> => {
    const tokens = Array.from({ length: count }, (_, i) => sign(i));
    const entries = new Map(tokens.map((token, i) => [digestOf(token), { facts: { expiresAt: i } }]));
    return {
      name: count.toLocaleString('en-US'),
      prepare: (size) => Array.from({ length: size }, () => fresh(tokens[Math.floor(Math.random() * count)] as string)),
      run(batch) {
        let sum = 0;
        for (const token of batch) sum += entries.get(digestOf(token))?.facts.expiresAt ?? Number.NaN;
        if (Number.isNaN(sum)) throw new Error('a token is missing');
      },
    };
  });
  return { name: 'entries of a bare Map, to compare', candidates, isSlow: false, role: 'control' };
}

function digestOf(token: string): string {
  return hash('sha256', token, 'base64url');
}

function createSecretVerifier(max: number): { verifier: Verifier; sign: (number: number) => string } {
  const issuer = { issuer: ISSUER, secret: SECRET, algorithms: ['HS256'] as const };
  const verifier = createVerifier({ issuer, audience: AUDIENCE, tokenCache: { max } });
  return { verifier, sign: createSigner(createSigningKey('HS256')) };
}

function requestCandidate(count: number, verifier: Verifier, tokens: readonly string[], isKnown: boolean): Candidate {
  const pick = (i: number) => tokens[i % tokens.length] as string;
  return guardCandidate(count, { guards: [guardOf(verifier)], verifier: isKnown ? verifier : undefined, pick });
}

function guardOf(verifier: Verifier): Guard {
  return createGuard(verifier)('orders:read') as Guard;
}

interface Around {
  readonly guards: readonly Guard[];
  /** That has to have seen the tokens, where none of them is to be new. */
  readonly verifier: Verifier | undefined;
  readonly pick: (i: number) => string;
}

interface Call {
  readonly req: GuardedRequest;
  readonly res: ServerResponse;
}

function guardCandidate(count: number, { guards, verifier, pick }: Around): Candidate<readonly Call[]> {
  let route = 0;
  const passNext = ({ req, res }: Call) => {
    const guard = guards[route] as Guard;
    route = route + 1 === guards.length ? 0 : route + 1;
    let isPassed = false;
    let settle: (() => void) | undefined;
    guard(req, res, () => {
      isPassed = true;
      settle?.();
    });
    if (isPassed) return undefined;
    return new Promise<void>((resolve) => {
      settle = resolve;
    });
  };
  return {
    name: count.toLocaleString('en-US'),
    async prepare(size) {
      const tokens = Array.from({ length: size }, (_, i) => pick(i));
      // Twice, for the same reason as above.
      if (verifier !== undefined) for (const token of [...tokens, ...tokens]) await verifier.verify(token);
      return tokens.map((token) => ({ req: createRequest(`Bearer ${token}`), res: createSink() }));
    },
    async run(batch) {
      await oneAtATime(batch, passNext);
      if (batch.some(({ req }) => req.auth === undefined)) throw new Error('a request was refused');
    },
  };
}

/** Ten places among so many, from the first to the last. */
function spread(count: number): readonly number[] {
  return Array.from({ length: KNOWN_TOKENS }, (_, i) => Math.floor((i * (count - 1)) / (KNOWN_TOKENS - 1)));
}

function tokenWord(isKnown: boolean): string {
  return isKnown ? 'known tokens' : 'new tokens';
}
