import { randomUUID } from 'node:crypto';
import type { JSONWebKeySet } from 'jose';
import type { Algorithm } from '../jws/algorithm.js';
import { ConfigurationError } from '../options/configuration-error.js';
import { describeValue } from '../options/describe-value.js';
import { IssuerDocuments, type Outage } from './issuer-documents.js';
import { createIssuerFetch } from './issuer-fetch.js';
import { IssuerServer } from './issuer-server.js';
import { TestClock } from './test-clock.js';
import {
  checkAlgorithm,
  parseTestIssuerOptions,
  parseTestTokenOptions,
  type TestIssuerOptions,
  type TestTokenInput,
  type TestTokenOptions,
} from './test-issuer-options.js';
import { TestKeys } from './test-keys.js';

/** How often the documents of a test issuer were fetched, outages included. */
export interface TestIssuerHits {
  readonly metadata: number;
  readonly jwks: number;
}

/** An authorization server for tests: real keys, real signatures, a clock to move and outages to order. */
export interface TestIssuer {
  readonly issuer: string;
  readonly audience: string;
  /** For `createVerifier({ ...issuer.verifierOptions })`. */
  readonly verifierOptions: {
    readonly issuer: string;
    readonly audience: string;
    readonly clock: () => number;
    readonly fetch?: typeof fetch;
    readonly dangerouslyAllowInsecureHttp?: boolean;
  };
  /** Where the key set is. */
  readonly jwksUri: string;
  /** The key set as it is published now. */
  readonly jwks: JSONWebKeySet;
  /** How often metadata and key set were asked for. */
  readonly hits: TestIssuerHits;
  /** Milliseconds since the epoch, on the clock of the issuer. */
  now(): number;
  /** Moves the clock by seconds, forward or back. */
  advance(seconds: number): void;
  /** Issues an access token of the form of RFC 9068. */
  token(options?: TestTokenOptions): Promise<string>;
  /** Makes a new signing key and gives its `kid`. The one before stays published until it is withdrawn. */
  rotate(algorithm?: Algorithm): Promise<string>;
  /** Takes a key out of the key set. */
  withdraw(kid: string): void;
  /** Is down from now on, in the way that is named. */
  outage(kind: Outage): Promise<void>;
  /** Is up again. */
  recover(): Promise<void>;
  resetHits(): void;
  close(): Promise<void>;
}

const OUTAGES: readonly Outage[] = ['refuse', 'hang', 'reset', 'error', 'html'];

/**
 * Creates an authorization server for tests.
 *
 * @example
 * ```ts
 * const issuer = await createTestIssuer();
 * const verifier = createVerifier({ ...issuer.verifierOptions });
 * const token = await issuer.token({ scope: 'orders:read' });
 * await verifier.verify(token);
 * issuer.advance(3600); // now the token is expired
 * ```
 *
 * @throws {ConfigurationError}
 */
export async function createTestIssuer(options: TestIssuerOptions = {}): Promise<TestIssuer> {
  const { algorithms, network, path, audience, startAt, ...given } = parseTestIssuerOptions(options);
  const clock = new TestClock(startAt);
  const keys = new TestKeys();
  for (const algorithm of algorithms) await keys.rotate(algorithm);

  const server = network ? new IssuerServer() : undefined;
  await server?.open();
  const issuer = server === undefined ? given.issuer : `${server.origin}${path}`;
  const site = new IssuerDocuments(issuer, () => keys.jwks());
  server?.serve(site);
  const access = server === undefined ? { fetch: createIssuerFetch(site) } : { dangerouslyAllowInsecureHttp: true };
  const firstAlgorithm = algorithms[0] as Algorithm;

  return {
    issuer,
    audience,
    verifierOptions: { issuer, audience, clock: clock.now, ...access },
    jwksUri: site.jwksUri,
    get jwks() {
      return keys.jwks();
    },
    get hits() {
      return { ...site.hits };
    },
    now: clock.now,
    advance: (seconds) => clock.advance(seconds),

    async token(wanted) {
      const said = parseTestTokenOptions(wanted);
      const { header, algorithm = firstAlgorithm } = said;
      return keys.sign(algorithm, header, tokenClaims(said, { issuer, audience }, clock.now() / 1000));
    },

    rotate: (algorithm = firstAlgorithm) => keys.rotate(checkAlgorithm(algorithm)),
    withdraw: (kid) => keys.withdraw(kid),

    async outage(kind) {
      if (!OUTAGES.includes(kind)) {
        throw new ConfigurationError('outage', `is ${describeValue(kind)}.`, `Give one of ${OUTAGES.join(', ')}.`);
      }
      site.outage = kind;
      await (kind === 'refuse' ? server?.close() : server?.open());
    },
    async recover() {
      site.outage = undefined;
      await server?.open();
    },
    resetHits() {
      site.hits.metadata = 0;
      site.hits.jwks = 0;
    },
    async close() {
      await server?.close();
    },
  };
}

/** The claims of RFC 9068 §2.2. */
function tokenClaims(
  said: TestTokenInput,
  { issuer, audience }: Pick<TestIssuer, 'issuer' | 'audience'>,
  now: number,
): object {
  const { scope, subject = 'test-user', clientId = 'test-client', expiresInSeconds } = said;
  const issuedAt = Math.floor(now);

  return {
    iss: issuer,
    sub: subject,
    aud: said.audience ?? audience,
    client_id: clientId,
    iat: issuedAt,
    exp: issuedAt + expiresInSeconds,
    jti: randomUUID(),
    scope: typeof scope === 'object' ? scope.join(' ') : scope,
    ...said.claims,
  };
}
