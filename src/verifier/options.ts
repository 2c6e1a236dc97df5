import type { IssuerConfigs } from '../issuer/create-issuer-registry.js';
import {
  type IssuerConfig,
  type IssuerOptions,
  type IssuerResolver,
  parseIssuerOptions,
  type UnverifiedParts,
} from '../issuer/issuer-options.js';
import { type IssuerRules, SHARED_RULE_READERS, type SharedRules, toIssuerRules } from '../issuer/shared-rules.js';
import type { KeyLimits, KeySnapshot } from '../keys/key-source.js';
import { ConfigurationError } from '../options/configuration-error.js';
import { describeValue } from '../options/describe-value.js';
import { type ReadersOf, readMembers, readOptions, readRecord, requireObject } from '../options/option-reader.js';
import { anything, callback, number, optional, required, strings } from '../options/readers.js';
import { type Clock, systemClock } from '../platform/clock.js';
import { type Fetch, globalFetch } from '../platform/fetch.js';
import type { StandardSchema } from '../protocol/standard-schema.js';

/** How key sets are fetched and cached. */
export interface KeyOptions {
  /** A key set of this age is fetched again, in the background. @defaultValue 600 */
  readonly maxAgeSeconds?: number;
  /** How much longer the last good key set is used while fetches fail. @defaultValue 3600 */
  readonly staleIfErrorSeconds?: number;
  /** The deadline of one fetch, with its body. @defaultValue 5 */
  readonly fetchTimeoutSeconds?: number;
  /** The largest document to read, in bytes: of metadata, keys, introspection and UserInfo. @defaultValue 524_288 */
  readonly maxResponseBytes?: number;
  /** How many fetches unknown `kid`s may cause in a burst. @defaultValue 3 */
  readonly refetchBurst?: number;
  /** After this long, unknown `kid`s may cause one fetch more. @defaultValue 30 */
  readonly refetchEverySeconds?: number;
  /** The oldest `snapshot` to start with. @defaultValue 86_400 */
  readonly snapshotMaxAgeSeconds?: number;
}

/** The options of `createVerifier`. */
export interface VerifierOptions<Schema extends StandardSchema<object> = StandardSchema<object>> extends SharedRules {
  /** The issuers to trust: URLs, objects that locate their keys, or a function that finds them. */
  readonly issuer: string | IssuerOptions | readonly (string | IssuerOptions)[] | IssuerResolver;
  /**
   * The audience of tokens: one of these must be in `aud`, character for character. `false` requires no audience and
   * needs `clientIds`.
   */
  readonly audience: string | readonly string[] | false;
  /**
   * Validates the claims, and types `req.auth.claims` by its output. Must be pure: it runs once for a token, or for each
   * request if its output is more than plain data.
   */
  readonly claims?: Schema;
  /** For `exp` and `nbf`. An `iat` may lie ahead by 60 seconds, or by this if it is more. @defaultValue 5 */
  readonly clockToleranceSeconds?: number;
  /** The longest token to parse, in bytes. @defaultValue 16_384 */
  readonly maxTokenBytes?: number;
  /** Caches verified tokens, so that each is verified once. @defaultValue `{ max: 10_000 }` */
  readonly tokenCache?: false | { readonly max: number };
  readonly keys?: KeyOptions;
  /** The first keys: the `verifier.snapshot()` of another process. It is trusted like the other options. */
  readonly snapshot?: VerifierSnapshot;
  /** Used for every outgoing request. Replace it for proxies, private certificate authorities and tests. @defaultValue the global `fetch` of the moment */
  readonly fetch?: Fetch;
  /** Milliseconds since the epoch. @defaultValue `Date.now` */
  readonly clock?: Clock;
}

/** The public keys of every issuer as plain data for JSON. Nothing in it is secret. */
export interface VerifierSnapshot {
  readonly version: 1;
  readonly issuers: { readonly [issuer: string]: KeySnapshot };
}

/** The options of a verifier, checked, with every default filled in. */
export interface VerifierConfig {
  readonly issuers: IssuerConfigs;
  readonly audience: readonly string[] | false;
  readonly schema: StandardSchema | undefined;
  readonly clockToleranceSeconds: number;
  readonly maxTokenBytes: number;
  /** The maximum of cached tokens; 0 caches none. */
  readonly tokenCacheMax: number;
  readonly keyLimits: KeyLimits;
  readonly snapshot: ReadonlyMap<string, KeySnapshot>;
  readonly fetch: Fetch;
  readonly clock: Clock;
}

const AUDIENCE_FIX =
  "Give the identifier of this server that the issuer puts into aud, such as 'https://orders.example.com'. " +
  'For an issuer without audiences write audience: false together with clientIds.';
const ISSUER_FIX = "Give the issuer's URL, such as 'https://login.example.com', or a list of them.";
const SNAPSHOT_FIX = 'Give what verifier.snapshot() returned, or leave it out.';
// The tokens of 10,000 clients. Bounds the memory: an entry holds the token and its claims.
const DEFAULT_TOKEN_CACHE_MAX = 10_000;

// `maxAgeSeconds` is how long a withdrawn key stays in use, and `staleIfErrorSeconds` how much longer during an outage.
// 512 KiB hold a key set of hundreds of keys. After the burst, made-up kids cause two fetches a minute.
const KEY_READERS = {
  maxAgeSeconds: number({ min: 1, max: 86_400, unit: 'seconds', fallback: 600 }),
  staleIfErrorSeconds: number({ min: 0, max: 604_800, unit: 'seconds', fallback: 3600 }),
  fetchTimeoutSeconds: number({ min: 0.01, max: 60, unit: 'seconds', fallback: 5 }),
  maxResponseBytes: number({ min: 1024, max: 16_777_216, unit: 'bytes', fallback: 524_288 }),
  refetchBurst: number({ min: 1, max: 100, unit: 'fetches', integer: true, fallback: 3 }),
  refetchEverySeconds: number({ min: 1, max: 3600, unit: 'seconds', fallback: 30 }),
  snapshotMaxAgeSeconds: number({ min: 0, max: 2_592_000, unit: 'seconds', fallback: 86_400 }),
} satisfies ReadersOf<KeyOptions>;

const TOKEN_CACHE_READERS = {
  max: number({ min: 1, max: 10_000_000, unit: 'tokens', integer: true, fallback: DEFAULT_TOKEN_CACHE_MAX }),
} satisfies ReadersOf<{ max: number }>;

// Clocks that NTP sets differ by less than 5 seconds. A larger tolerance extends the life of every token. Entra
// makes tokens of 8.7 to 11.2 kB for members of 150 to 199 groups. Node.js accepts headers of 16 KiB in total
// (`maxHeaderSize`), so that by default no longer token arrives in a header.
const READERS = {
  issuer: required(anything, ISSUER_FIX),
  audience: optional(readAudience),
  claims: optional(readSchema),
  clockToleranceSeconds: number({ min: 0, max: 300, unit: 'seconds', fallback: 5 }),
  maxTokenBytes: number({ min: 256, max: 1_048_576, unit: 'bytes', integer: true, fallback: 16_384 }),
  tokenCache: readTokenCacheMax,
  keys: readKeyLimits,
  snapshot: readSnapshot,
  fetch: callback<Fetch>(),
  clock: callback<Clock>(),
  ...SHARED_RULE_READERS,
} satisfies ReadersOf<VerifierOptions>;

/** @throws {ConfigurationError} */
export function parseVerifierOptions(input: unknown): VerifierConfig {
  const fix = "Call createVerifier({ issuer: 'https://...', audience: 'https://...' }).";
  const options = readOptions(input, '', fix, READERS);
  const { audience, claims, clockToleranceSeconds, maxTokenBytes, keys, snapshot } = options;
  const issuers = parseIssuers(options.issuer, audience, toIssuerRules(options));
  if (audience === undefined) throw new ConfigurationError('audience', 'is missing.', fixForAudience(issuers));

  return Object.freeze({
    issuers,
    audience,
    schema: claims,
    clockToleranceSeconds,
    maxTokenBytes,
    tokenCacheMax: options.tokenCache,
    keyLimits: keys,
    snapshot,
    fetch: options.fetch ?? globalFetch,
    clock: options.clock ?? systemClock,
  });
}

function fixForAudience(issuers: IssuerConfigs): string {
  const needsNone = Array.isArray(issuers) && issuers.every(({ audience }) => audience === false);
  return needsNone
    ? 'No issuer here has one: write audience: false beside issuer too, not on the issuer alone.'
    : AUDIENCE_FIX;
}

function parseIssuers(
  input: unknown,
  audience: readonly string[] | false | undefined,
  rules: IssuerRules,
): IssuerConfigs {
  const parse = (item: unknown, path: string) => {
    const config = parseIssuerOptions(item, path, rules);
    if (audience === false) requireClientIds(config);
    return config;
  };
  if (typeof input === 'function') return createResolver(input as IssuerResolver, parse);
  if (!Array.isArray(input)) return [parse(input, 'issuer')];

  const issuers = Array.from(input, (item, index) => parse(item, `issuer[${index}]`));
  if (issuers.length === 0) throw new ConfigurationError('issuer', 'is an empty list.', ISSUER_FIX);
  refuseDuplicates(issuers);
  requireSingleIntrospection(issuers);
  return issuers;
}

/** Two entries may have one name if one has a secret: the algorithm of a token chooses (RFC 8725 §2.1). */
function refuseDuplicates(issuers: readonly IssuerConfig[]): void {
  for (const [index, { issuer, location }] of issuers.entries()) {
    const sameName = issuers.slice(0, index).filter((other) => other.issuer === issuer);
    if (sameName.every((other) => hasSecret(other.location) !== hasSecret(location))) continue;
    throw new ConfigurationError(
      'issuer',
      `lists ${describeValue(issuer)} twice.`,
      'Give each issuer once. One name may stand twice with a secret and with public keys.',
    );
  }
}

function hasSecret({ kind }: IssuerConfig['location']): boolean {
  return kind === 'secret' || kind === 'fetchedSecret';
}

/** An opaque token names no issuer, and must be sent to no issuer but its own. */
function requireSingleIntrospection(issuers: readonly IssuerConfig[]): void {
  const [, second] = issuers.filter(({ introspection }) => introspection !== undefined);
  if (second === undefined) return;
  throw new ConfigurationError(
    `issuer[${issuers.indexOf(second)}].introspection`,
    'is the second one: an opaque token does not tell which of the two to ask.',
    'Create a verifier for each, or introspect the tokens of one issuer.',
  );
}

function createResolver(resolver: IssuerResolver, parse: (item: unknown, path: string) => IssuerConfig) {
  return async (iss: string, token: UnverifiedParts): Promise<IssuerConfig | undefined> => {
    const input = await resolver(iss, token);
    if (input === undefined) return undefined;

    const config = parse(input, 'issuer');
    if (config.introspection !== undefined) {
      throw new ConfigurationError('issuer.introspection', 'comes from a resolver.', 'List the issuer in the options.');
    }
    if (config.issuer === iss) return config;
    throw new ConfigurationError(
      'issuer',
      'resolves to another issuer than was asked for.',
      'Give its iss back as issuer.',
    );
  };
}

function requireClientIds({ issuer, audience, acceptsAnyAudience, rules }: IssuerConfig): void {
  if (Array.isArray(audience) || acceptsAnyAudience || rules.clientIds !== undefined) return;
  throw new ConfigurationError(
    'audience',
    `is false, so that any token of ${describeValue(issuer)} would be accepted, whoever it is meant for.`,
    'Name the clients to accept in clientIds, or give an audience.',
  );
}

function readAudience(value: unknown, path: string): readonly string[] | false {
  return value === false ? false : strings(AUDIENCE_FIX)(value, path);
}

function readSchema(value: unknown, path: string): StandardSchema {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  const { '~standard': standard } = isObject ? readMembers(value, ['~standard']) : {};
  const { version, vendor, validate } = Object(standard) as Partial<StandardSchema['~standard']>;
  if (version === 1 && typeof validate === 'function') {
    const validateClaims = (claims: unknown) => validate.call(standard, claims);
    return Object.freeze({ '~standard': { version, vendor: String(vendor), validate: validateClaims } });
  }
  throw new ConfigurationError(
    path,
    `is ${describeValue(value)} and not a Standard Schema.`,
    'Give a schema of zod 3.24, valibot 1, arktype 2 or later, such as z.object({ tenant: z.string() }).',
  );
}

/** Returns 0 for no cache. */
function readTokenCacheMax(value: unknown, path: string): number {
  if (value === undefined) return DEFAULT_TOKEN_CACHE_MAX;
  if (value === false) return 0;
  return readOptions(value, path, 'Give false, or an object such as { max: 10_000 }.', TOKEN_CACHE_READERS).max;
}

function readKeyLimits(value: unknown = {}, path: string): KeyLimits {
  return readOptions(value, path, 'Give an object such as { maxAgeSeconds: 600 }.', KEY_READERS);
}

function readSnapshot(value: unknown, path: string): ReadonlyMap<string, KeySnapshot> {
  if (value === undefined) return new Map();
  requireObject(value, path, SNAPSHOT_FIX);
  const { version, issuers } = readMembers(value, ['version', 'issuers']);
  if (version !== 1) throw new ConfigurationError(path, `has the version ${describeValue(version)}.`, SNAPSHOT_FIX);

  requireObject(issuers, `${path}.issuers`, SNAPSHOT_FIX);
  const entries = Object.entries(readRecord(issuers)).map(([issuer, keys]) => {
    return [issuer, readKeySnapshot(keys, `${path}.issuers[${describeValue(issuer)}]`)] as const;
  });
  return new Map(entries);
}

function readKeySnapshot(value: unknown, path: string): KeySnapshot {
  requireObject(value, path, SNAPSHOT_FIX);
  const { fetchedAt, maxAgeSeconds, keys } = readMembers(value, ['fetchedAt', 'maxAgeSeconds', 'keys']);
  if (typeof fetchedAt !== 'number' || !Array.isArray(keys)) {
    throw new ConfigurationError(path, 'lacks fetchedAt or keys.', SNAPSHOT_FIX);
  }
  if (maxAgeSeconds === undefined) return Object.freeze({ fetchedAt, keys: Array.from(keys) });
  if (typeof maxAgeSeconds === 'number') return Object.freeze({ fetchedAt, maxAgeSeconds, keys: Array.from(keys) });
  throw new ConfigurationError(`${path}.maxAgeSeconds`, `is ${describeValue(maxAgeSeconds)}.`, SNAPSHOT_FIX);
}
