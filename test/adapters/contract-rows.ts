import { z } from 'zod';
import { claim, type RefusalReason, type VerifierOptions } from '../../src/index.js';
import type { TestIssuer } from '../../src/testing/index.js';
import {
  type Answer,
  insufficientScope,
  invalidRequest,
  invalidToken,
  noCredentials,
  unavailable,
} from '../support/expect-answer.js';
import { bearer, type Call, type TestIssuerApi, type TestIssuerApiOptions } from '../support/guarded-api.js';

/** What makes a good request bad, by one change, and what is answered to it. */
export interface ContractRow {
  readonly answer: Answer;
  readonly call: Call;
  /** The good request, where it is not the usual one. */
  readonly control?: Call;
}

/** What makes any request fail, and what is answered then. */
export interface OutageRow {
  readonly answer: Answer;
  begin(api: TestIssuerApi): unknown;
  readonly verifier?: (issuer: TestIssuer) => Partial<VerifierOptions>;
}

/** The issuer and the options of a verifier that make every reason of `CONTRACT_ROWS` possible. */
export const CONTRACT_OPTIONS = {
  issuer: { algorithms: ['ES256', 'RS256'] },
  verifier: {
    algorithms: ['ES256'],
    clientIds: ['test-client'],
    maxTokenAgeSeconds: 7200,
    requireKid: true,
    maxTokenBytes: 8192,
    claims: z.looseObject({ tenant: z.string().optional() }).refine(({ bomb }) => bomb !== 'schema' || explode()),
    scopesFrom: ['scope', ({ bomb }) => (bomb === 'scopes' ? explode() : [])],
  },
} as const satisfies Pick<TestIssuerApiOptions, 'issuer' | 'verifier'>;

/** The policy of `GET /gold`. */
export const GOLD_POLICY = claim('tier').satisfies((tier, { bomb }) =>
  bomb === 'policy' ? explode() : tier === 'gold',
);

function explode(): never {
  throw new Error('the function of the user threw');
}

const withClaims = (claims: object): Call => ({ claims: { claims: { ...claims } } });
const withHeader = (header: object): Call => ({ claims: { header: { ...header } } });
const gold: Call = { target: '/gold', ...withClaims({ tier: 'gold' }) };

/** A row for each reason that a request alone can bring about. */
export const CONTRACT_ROWS: readonly ContractRow[] = [
  { answer: noCredentials, call: { lines: () => [] } },

  {
    answer: invalidRequest('bearer_malformed'),
    call: { lines: (token) => [`Authorization: Bearer ${token} x`] },
  },
  {
    answer: invalidRequest('authorization_repeated'),
    call: { lines: (token) => [...bearer(token), ...bearer(token)] },
  },
  {
    answer: invalidRequest('multiple_tokens'),
    call: { target: (token) => `/orders?access_token=${token}` },
  },

  { answer: invalidToken('token_too_large'), call: withClaims({ padding: 'x'.repeat(8192) }) },
  { answer: invalidToken('token_opaque'), call: { token: 'b4d455be' } },
  { answer: invalidToken('token_encrypted'), call: { token: 'e30.e30.e30.e30.e30' } },
  { answer: invalidToken('token_malformed'), call: { lines: (token) => bearer(`${token}=`) } },
  { answer: invalidToken('critical_header_unsupported'), call: withHeader({ b64: true }) },
  { answer: invalidToken('algorithm_not_allowed'), call: { claims: { algorithm: 'RS256' } } },
  { answer: invalidToken('token_type_not_allowed'), call: withHeader({ typ: 'dpop+jwt' }) },
  { answer: invalidToken('issuer_not_trusted'), call: withClaims({ iss: 'https://evil.example' }) },
  { answer: invalidToken('kid_missing'), call: withHeader({ kid: undefined }) },
  { answer: invalidToken('unknown_key'), call: withHeader({ kid: 'es256-2' }) },
  {
    answer: invalidToken('signature_invalid'),
    call: { lines: (token) => bearer(token.replace(/\.[^.]+$/, `.${'A'.repeat(86)}`)) },
  },
  { answer: invalidToken('claim_missing'), call: withClaims({ exp: undefined }) },
  { answer: invalidToken('claim_malformed'), call: withClaims({ sub: 1 }) },
  { answer: invalidToken('token_expired'), call: { claims: { expiresInSeconds: -60 } } },
  { answer: invalidToken('token_not_yet_valid'), call: withClaims({ nbf: 253_402_300_799 }) },
  { answer: invalidToken('token_too_old'), call: withClaims({ iat: 1 }) },
  { answer: invalidToken('audience_mismatch'), call: { claims: { audience: 'https://other.test' } } },
  { answer: invalidToken('client_not_allowed'), call: { claims: { clientId: 'other-client' } } },
  { answer: invalidToken('binding_not_proven'), call: withClaims({ cnf: { jkt: 'x' } }) },
  { answer: invalidToken('claims_rejected'), call: withClaims({ tenant: 1 }) },
  { answer: invalidToken('claims_schema_failed'), call: withClaims({ bomb: 'schema' }) },
  { answer: invalidToken('scopes_source_failed'), call: withClaims({ bomb: 'scopes' }) },

  { answer: insufficientScope('orders:read'), call: { claims: { scope: 'orders:write' } } },
  {
    answer: { reason: 'claim_rule_failed', status: 403, error: 'insufficient_scope' },
    call: { ...gold, ...withClaims({ tier: 'silver' }) },
    control: gold,
  },
  {
    answer: { reason: 'claim_rule_threw', status: 403, error: 'insufficient_scope' },
    call: { ...gold, ...withClaims({ tier: 'gold', bomb: 'policy' }) },
    control: gold,
  },
];

/** Issuers whose resolver throws from now on. */
const unresolved = new WeakSet<TestIssuer>();

/** Reasons of verifiers that fetch more than keys. `describeAdapterContract` has a test for each. */
export const FETCHED_REASONS: readonly RefusalReason[] = [
  'token_inactive',
  'introspection_unavailable',
  'secret_unavailable',
];

/** A row for each reason that lies with the server or its issuer. */
export const OUTAGE_ROWS: readonly OutageRow[] = [
  { answer: unavailable('metadata_unavailable'), begin: (api) => api.issuer.outage('error') },
  {
    answer: unavailable('keys_unavailable'),
    begin: (api) => api.issuer.outage('html'),
    verifier: ({ issuer, jwksUri }) => ({ issuer: { issuer, jwksUri } }),
  },
  {
    answer: unavailable('issuer_resolver_failed'),
    begin: (api) => unresolved.add(api.issuer),
    verifier: (issuer) => ({
      issuer: (iss) => {
        if (unresolved.has(issuer)) throw new Error('the list of tenants cannot be read');
        return { issuer: iss };
      },
    }),
  },
  { answer: unavailable('verifier_closed'), begin: (api) => api.verifier.close() },
];
