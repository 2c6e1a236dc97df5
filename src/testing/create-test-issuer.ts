import { randomUUID } from 'node:crypto';
import type { Algorithm } from '../jws/algorithm.js';
import type { Jwk } from '../jws/jwk.js';
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
import { warnInProduction } from './warn-in-production.js';

/** How often the documents of a test issuer were fetched, outages included. */
export interface TestIssuerHits {
  readonly metadata: number;
  readonly jwks: number;
}

/** An authorization server for tests, with real keys and signatures, its own clock, and outages on demand. */
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
  readonly jwksUri: string;
  /** The published key set. */
  readonly jwks: { keys: Jwk[] };
  /** How often metadata and key set were requested. */
  readonly hits: TestIssuerHits;
  /** Milliseconds since the epoch, on the clock of the issuer. */
  now(): number;
  /** Moves the clock by seconds, forward or back. */
  advance(seconds: number): void;
  /** Issues an access token in the form of RFC 9068. */
  token(options?: TestTokenOptions): Promise<string>;
  /** Creates a new signing key and returns its `kid`. The previous key stays published until it is withdrawn. */
  rotate(algorithm?: Algorithm): Promise<string>;
  /** Removes a key from the key set. */
  withdraw(kid: string): void;
  /** Starts an outage of this kind. */
  outage(kind: Outage): Promise<void>;
  /** Ends the outage. */
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
  const { algorithms, network, path, audience, startAt, ...parsed } = parseTestIssuerOptions(options);
  warnInProduction();
  const keys = new TestKeys();
  for (const algorithm of algorithms) await keys.rotate(algorithm);

  const server = network ? new IssuerServer() : undefined;
  await server?.open();
  const issuer = server === undefined ? parsed.issuer : `${server.origin}${path}`;
  const documents = new IssuerDocuments(issuer, () => keys.jwks());
  server?.serve(documents);

  const firstAlgorithm = algorithms[0] as Algorithm;
  return toTestIssuer({ issuer, audience, firstAlgorithm, clock: new TestClock(startAt), keys, documents, server });
}

interface IssuerParts {
  readonly issuer: string;
  readonly audience: string;
  readonly firstAlgorithm: Algorithm;
  readonly clock: TestClock;
  readonly keys: TestKeys;
  readonly documents: IssuerDocuments;
  /** Undefined without network. */
  readonly server: IssuerServer | undefined;
}

function toTestIssuer(parts: IssuerParts): TestIssuer {
  const { issuer, audience, firstAlgorithm, clock, keys, documents, server } = parts;
  const access =
    server === undefined ? { fetch: createIssuerFetch(documents) } : { dangerouslyAllowInsecureHttp: true };

  return {
    issuer,
    audience,
    verifierOptions: { issuer, audience, clock: clock.now, ...access },
    jwksUri: documents.jwksUri,
    get jwks() {
      return keys.jwks();
    },
    get hits() {
      return { ...documents.hits };
    },

    now: clock.now,
    advance: (seconds) => clock.advance(seconds),
    token: (options) => issueToken(parts, options),
    rotate: (algorithm = firstAlgorithm) => keys.rotate(checkAlgorithm(algorithm)),
    withdraw: (kid) => keys.withdraw(kid),
    outage: (kind) => startOutage(parts, kind),
    recover: () => endOutage(parts),
    resetHits: () => documents.resetHits(),
    close: async () => server?.close(),
  };
}

async function issueToken(
  { issuer, audience, firstAlgorithm, clock, keys }: IssuerParts,
  options: TestTokenOptions | undefined,
): Promise<string> {
  const input = parseTestTokenOptions(options);
  const { header, algorithm = firstAlgorithm } = input;
  return keys.sign(algorithm, header, tokenClaims(input, { issuer, audience }, clock.now() / 1000));
}

async function startOutage({ documents, server }: IssuerParts, kind: Outage): Promise<void> {
  if (!OUTAGES.includes(kind)) {
    throw new ConfigurationError('outage', `is ${describeValue(kind)}.`, `Give one of ${OUTAGES.join(', ')}.`);
  }
  documents.outage = kind;
  await (kind === 'refuse' ? server?.close() : server?.open());
}

async function endOutage({ documents, server }: IssuerParts): Promise<void> {
  documents.outage = undefined;
  await server?.open();
}

/** Creates the claims of RFC 9068 §2.2. */
function tokenClaims(
  input: TestTokenInput,
  { issuer, audience }: Pick<TestIssuer, 'issuer' | 'audience'>,
  now: number,
): object {
  const { scope, subject = 'test-user', clientId = 'test-client', expiresInSeconds } = input;
  const issuedAt = Math.floor(now);

  return {
    iss: issuer,
    sub: subject,
    aud: input.audience ?? audience,
    client_id: clientId,
    iat: issuedAt,
    exp: issuedAt + expiresInSeconds,
    jti: randomUUID(),
    scope: typeof scope === 'object' ? scope.join(' ') : scope,
    ...input.claims,
  };
}
