import { createPublicKey, hash } from 'node:crypto';
import { createGuard, createVerifier, type Verifier } from '../../src/index.js';
import { type CompactJws, parseCompactJws } from '../../src/jws/compact-jws.js';
import { verifySignature } from '../../src/jws/signature.js';
import { SignatureQueue } from '../../src/jws/signature-queue.js';
import { parseStrictJsonObject } from '../../src/jws/strict-json.js';
import { toSignatureKey } from '../../src/jws/verification-key.js';
import { checkPolicy } from '../../src/policy/check-policy.js';
import { anyOf, claim, parsePolicy } from '../../src/policy/policy.js';
import { checkBearerToken, findBearerToken } from '../../src/protocol/bearer-token.js';
import { formatChallenge } from '../../src/protocol/challenge.js';
import { formatAnswer } from '../../src/protocol/http-answer.js';
import { Refusal } from '../../src/protocol/refusal.js';
import { parseValidatedClaims } from '../../src/token/claim-rules.js';
import { checkRequestRules } from '../../src/token/request-rules.js';
import { toAccessToken } from '../../src/token/to-access-token.js';
import { checkKind } from '../../src/token/token-kind.js';
import { parseTokenScopes } from '../../src/token/token-scopes.js';
import { internalsOf } from '../../src/verifier/create-verifier.js';
import type { VerifierInternals } from '../../src/verifier/verifier.js';
import { createRequest, createSink } from '../lib/request.js';
import { AUDIENCE, createSigner, createSigningKey, fresh, ISSUER } from '../lib/tokens.js';

export interface Step {
  readonly name: string;
  readonly step: () => unknown;
}

// Inputs take turns, so that no step is folded into a constant.
const INPUTS = 64;
const MAX_TOKEN_BYTES = 16_384;
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'ES512', 'EdDSA'] as const;

/** The steps of a request, in the order of authenticate.ts. */
export async function createSteps(): Promise<readonly Step[]> {
  const key = createSigningKey('RS256');
  const sign = createSigner(key);
  const tokens = Array.from({ length: INPUTS }, (_, i) => sign(i));
  const issuer = { issuer: ISSUER, jwks: { keys: [key.publicJwk] } as never };
  const verifier = createVerifier({ issuer, audience: AUDIENCE });
  // Twice, should a cache take a token in at its second sight only.
  for (const token of [...tokens, ...tokens]) await verifier.verify(token);
  return [
    ...carriageSteps(tokens),
    ...tokenSteps(tokens),
    ...ALGORITHMS.map(signatureStep),
    ...(await ruleSteps(verifier, tokens)),
    ...answerSteps(),
    ...guardSteps(verifier, tokens),
  ];
}

function carriageSteps(tokens: readonly string[]): readonly Step[] {
  const plain = inTurn(tokens.map((token) => createRequest(`Bearer ${token}`)));
  const withQuery = inTurn(tokens.map((token) => createRequest(`Bearer ${token}`, '/orders?page=2&sort=date')));
  const bearers = inTurn(tokens.map((token) => ({ token: fresh(token), location: 'header' as const })));
  return [
    { name: 'bearer extraction', step: () => findBearerToken(plain(), []) },
    { name: 'bearer extraction, URL with a query', step: () => findBearerToken(withQuery(), []) },
    { name: 'characters of a bearer token', step: () => checkBearerToken(bearers()) },
  ];
}

function tokenSteps(tokens: readonly string[]): readonly Step[] {
  const next = inTurn(tokens.map(fresh));
  const payloads = inTurn(tokens.map((token) => Buffer.from(token.split('.')[1] ?? '', 'base64url')));
  const garbage = inTurn(tokens.map((token) => `${token.slice(0, -1)}*`));
  return [
    { name: 'SHA-256 of the token alone', step: () => hash('sha256', next(), 'base64url') },
    { name: 'parse: compact JWS', step: () => parseCompactJws(next(), MAX_TOKEN_BYTES) },
    { name: 'parse: compact JWS, malformed', step: () => parseCompactJws(garbage(), MAX_TOKEN_BYTES) },
    { name: 'parse: strict JSON of the payload', step: () => parseStrictJsonObject(payloads()) },
    { name: 'JSON.parse of the payload, to compare', step: () => JSON.parse(payloads().toString()) },
  ];
}

function signatureStep(algorithm: (typeof ALGORITHMS)[number]): Step {
  const queue = new SignatureQueue();
  const key = createSigningKey(algorithm);
  const sign = createSigner(key);
  const keys = [toSignatureKey(createPublicKey({ key: key.publicJwk, format: 'jwk' }))];
  const next = inTurn(
    Array.from({ length: INPUTS }, (_, i) => parseCompactJws(sign(i), MAX_TOKEN_BYTES) as CompactJws),
  );
  return {
    name: `signature: ${algorithm}`,
    step() {
      return verifySignature(keys, algorithm, next(), queue);
    },
  };
}

async function ruleSteps(verifier: Verifier, tokens: readonly string[]): Promise<readonly Step[]> {
  const { context } = internalsOf(verifier) as VerifierInternals;
  const { cache, clock, clockToleranceSeconds } = context;
  const next = inTurn(tokens.map(fresh));
  const payloads = inTurn(tokens.map((token) => (parseCompactJws(token, MAX_TOKEN_BYTES) as CompactJws).payload));
  const cached = cache?.find(tokens[0] ?? '');
  if (cached === undefined) throw new Error('the token is not cached');
  const acceptance = () => ({ audience: [AUDIENCE], now: clock() / 1000, clockToleranceSeconds });
  const accessTokens = inTurn(await Promise.all(tokens.map((token) => verifier.verify(token))));
  const scope = parsePolicy('orders:read', 'policy');
  const rich = parsePolicy(anyOf('admin', claim('client_id').equals('orders-dashboard')), 'policy');
  return [
    { name: 'hash and look up', step: () => cache?.find(next()) },
    { name: 'kind of token', step: () => checkKind(cached.header as never, payloads(), cached.issuer.rules) },
    { name: 'claim rules: types', step: () => parseValidatedClaims(payloads()) },
    {
      name: 'claim rules: time and audience',
      step: () => checkRequestRules(cached.validated, cached.issuer, acceptance()),
    },
    { name: 'scopes', step: () => parseTokenScopes(payloads(), cached.issuer.rules.scopesFrom, context.scopes) },
    { name: 'access token', step: () => toAccessToken('a.b.c', cached, context) },
    { name: 'policy: a scope', step: () => checkPolicy(scope, accessTokens()) },
    { name: 'policy: a scope or a claim', step: () => checkPolicy(rich, accessTokens()) },
  ];
}

function answerSteps(): readonly Step[] {
  const error = 'insufficient_scope' as const;
  const scopes = ['orders:read', 'orders:write'];
  const challenges = inTurn(
    Array.from({ length: INPUTS }, (_, i) => ({
      realm: `realm ${i}`,
      error,
      description: 'It lacks a scope.',
      scopes,
    })),
  );
  const refusals = inTurn(Array.from({ length: INPUTS }, (_, i) => new Refusal('token_expired', `exp ${i}`)));
  return [
    { name: 'challenge', step: () => formatChallenge(challenges()) },
    { name: 'whole answer of a refusal', step: () => formatAnswer(refusals(), 'https://orders.bench.test') },
  ];
}

function guardSteps(verifier: Verifier, tokens: readonly string[]): readonly Step[] {
  const middleware = createGuard(verifier)('orders:read');
  const requests = inTurn(tokens.map((token) => createRequest(`Bearer ${token}`)));
  const response = createSink();
  return [{ name: 'whole guard, token seen before', step: () => middleware(requests(), response, () => {}) }];
}

function inTurn<T>(items: readonly T[]): () => T {
  let next = 0;
  return () => {
    next = next + 1 === items.length ? 0 : next + 1;
    return items[next] as T;
  };
}
