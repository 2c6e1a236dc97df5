import type { IssuerConfigs } from '../issuer/create-issuer-registry.js';
import {
  type IssuerConfig,
  type IssuerOptions,
  type IssuerResolver,
  parseIssuerOptions,
} from '../issuer/issuer-options.js';
import { type IssuerRules, parseSharedRules, SHARED_RULE_NAMES, type SharedRules } from '../issuer/shared-rules.js';
import type { KeyLimits, KeySnapshot } from '../keys/key-source.js';
import { checkOptionNames, describeValue, readNumber, readStrings, requireObject } from '../options/option-reader.js';
import type { Clock } from '../platform/clock.js';
import { ConfigurationError } from '../protocol/errors.js';
import type { StandardSchema } from '../protocol/standard-schema.js';

/** How the key sets of issuers are fetched and kept. */
export interface KeyOptions {
  /** From this age on a key set is fetched anew, behind the requests. @defaultValue 600 */
  readonly maxAgeSeconds?: number;
  /** For how much longer the last good key set answers while fetches fail. @defaultValue 3600 */
  readonly staleIfErrorSeconds?: number;
  /** The deadline of one fetch, its body included. @defaultValue 5 */
  readonly fetchTimeoutSeconds?: number;
  /** The largest document to read, in bytes. @defaultValue 524_288 */
  readonly maxResponseBytes?: number;
  /** How many fetches unknown `kid`s may cause at once. @defaultValue 3 */
  readonly refetchBurst?: number;
  /** How long it takes until unknown `kid`s may cause one fetch more. @defaultValue 30 */
  readonly refetchEverySeconds?: number;
  /** The oldest `snapshot` to start with. @defaultValue 86_400 */
  readonly snapshotMaxAgeSeconds?: number;
}

/** The options of `createVerifier`. */
export interface VerifierOptions<Schema extends StandardSchema<object> = StandardSchema<object>> extends SharedRules {
  /** The issuers to trust: URLs, objects that say where their keys are, or a function that knows them. */
  readonly issuer: string | IssuerOptions | readonly (string | IssuerOptions)[] | IssuerResolver;
  /**
   * Who a token must be meant for: one of these must be in its `aud`, to the letter. `false` asks for no
   * audience and needs `clientIds`.
   */
  readonly audience: string | readonly string[] | false;
  /**
   * Validates the claims, and types `req.auth.claims` by its output. Must be pure: it runs once a token, or for
   * each request where its output holds more than plain data.
   */
  readonly claims?: Schema;
  /** For `exp`, `nbf` and `iat` alike. @defaultValue 5 */
  readonly clockToleranceSeconds?: number;
  /** The longest token to look at, in bytes. @defaultValue 8192 */
  readonly maxTokenBytes?: number;
  /** Remembers verified tokens, so that each is verified once. @defaultValue `{ max: 10_000 }` */
  readonly tokenCache?: false | { readonly max: number };
  readonly keys?: KeyOptions;
  /** Keys to start with, as `verifier.snapshot()` of another process gave them. Trusted as the options are. */
  readonly snapshot?: VerifierSnapshot;
  /** The one way out: for proxies, private certificate authorities, tests. @defaultValue the global `fetch` */
  readonly fetch?: typeof fetch;
  /** Milliseconds since the epoch. @defaultValue `Date.now` */
  readonly clock?: Clock;
}

/** The keys of every issuer as plain data, which JSON can hold. Public keys alone: nothing in it is secret. */
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
  /** The most tokens to remember; 0 remembers none. */
  readonly tokenCacheMax: number;
  readonly keyLimits: KeyLimits;
  readonly snapshot: ReadonlyMap<string, KeySnapshot>;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
}

const OPTION_NAMES = [
  'issuer',
  'audience',
  'claims',
  'clockToleranceSeconds',
  'maxTokenBytes',
  'tokenCache',
  'keys',
  'snapshot',
  'fetch',
  'clock',
  ...SHARED_RULE_NAMES,
] as const satisfies readonly (keyof VerifierOptions)[];

const KEY_OPTION_BOUNDS = {
  maxAgeSeconds: { least: 1, most: 86_400, unit: 'seconds', fallback: 600 },
  staleIfErrorSeconds: { least: 0, most: 604_800, unit: 'seconds', fallback: 3600 },
  fetchTimeoutSeconds: { least: 0.01, most: 60, unit: 'seconds', fallback: 5 },
  maxResponseBytes: { least: 1024, most: 16_777_216, unit: 'bytes', fallback: 524_288 },
  refetchBurst: { least: 1, most: 100, unit: 'fetches', fallback: 3, whole: true },
  refetchEverySeconds: { least: 1, most: 3600, unit: 'seconds', fallback: 30 },
  snapshotMaxAgeSeconds: { least: 0, most: 2_592_000, unit: 'seconds', fallback: 86_400 },
} as const satisfies Record<keyof KeyOptions, object>;

const DEFAULT_CLOCK_TOLERANCE_SECONDS = 5;
const DEFAULT_MAX_TOKEN_BYTES = 8192;
const DEFAULT_TOKEN_CACHE_MAX = 10_000;

/** @throws {ConfigurationError} */
export function parseVerifierOptions(given: unknown): VerifierConfig {
  requireObject(given, 'options', "Call createVerifier({ issuer: 'https://...', audience: 'https://...' }).");
  checkOptionNames(given, OPTION_NAMES, '');
  const options = given as Partial<Record<keyof VerifierOptions, unknown>>;
  const rules = parseSharedRules(given, '');
  const issuers = parseIssuers(options, rules);
  const seconds = { least: 0, most: 300, unit: 'seconds' };
  const bytes = { least: 256, most: 1_048_576, unit: 'bytes', whole: true };
  return Object.freeze({
    issuers,
    audience: parseAudience(options.audience),
    schema: parseSchema(options.claims),
    clockToleranceSeconds: readNumber(given, 'clockToleranceSeconds', '', seconds) ?? DEFAULT_CLOCK_TOLERANCE_SECONDS,
    maxTokenBytes: readNumber(given, 'maxTokenBytes', '', bytes) ?? DEFAULT_MAX_TOKEN_BYTES,
    tokenCacheMax: parseTokenCache(options.tokenCache),
    keyLimits: parseKeyLimits(options.keys),
    snapshot: parseSnapshot(options.snapshot),
    fetch: parseFunction(options.fetch, 'fetch', globalThis.fetch) as typeof fetch,
    clock: parseFunction(options.clock, 'clock', Date.now) as Clock,
  });
}

type Given = Partial<Record<keyof VerifierOptions, unknown>>;

function parseIssuers({ issuer: given, audience }: Given, rules: IssuerRules): IssuerConfigs {
  const fix = "Give the issuer's URL, such as 'https://login.example.com', or a list of them.";
  if (given === undefined) throw new ConfigurationError('issuer', 'is missing.', fix);
  const parse = (item: unknown, where: string) => {
    const config = parseIssuerOptions(item, where, rules);
    if (audience === false) requireClientIds(config);
    return config;
  };
  if (typeof given === 'function') return createResolver(given as IssuerResolver, parse);
  if (!Array.isArray(given)) return [parse(given, 'issuer')];
  if (given.length === 0) throw new ConfigurationError('issuer', 'is an empty list.', fix);
  const issuers = Array.from(given, (item, index) => parse(item, `issuer[${index}]`));
  const seen = new Set<string>();
  for (const { issuer } of issuers) {
    if (seen.has(issuer))
      throw new ConfigurationError('issuer', `lists ${describeValue(issuer)} twice.`, 'Give each issuer once.');
    seen.add(issuer);
  }
  requireSingleIntrospection(issuers);
  return issuers;
}

/** An opaque token names no issuer, and must be shown to none but its own. */
function requireSingleIntrospection(issuers: readonly IssuerConfig[]): void {
  const [, second] = issuers.filter(({ introspection }) => introspection !== undefined);
  if (second === undefined) return;
  throw new ConfigurationError(
    `issuer[${issuers.indexOf(second)}].introspection`,
    'is the second one: an opaque token does not tell which of the two to ask.',
    'Create a verifier for each, or introspect the tokens of one issuer.',
  );
}

function createResolver(resolver: IssuerResolver, parse: (item: unknown, where: string) => IssuerConfig) {
  return async (iss: string): Promise<IssuerConfig | undefined> => {
    const given = await resolver(iss);
    if (given === undefined) return undefined;
    const config = parse(given, 'issuer');
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

function parseAudience(given: unknown): readonly string[] | false {
  if (given === undefined) throw new ConfigurationError('audience', 'is missing.', AUDIENCE_FIX);
  return given === false ? false : readStrings(given, 'audience', AUDIENCE_FIX);
}

const AUDIENCE_FIX =
  "Give the identifier of this server that the issuer puts into aud, such as 'https://orders.example.com'. " +
  'For an issuer without audiences write audience: false together with clientIds.';

function requireClientIds({ issuer, audience, rules }: IssuerConfig): void {
  if (Array.isArray(audience) || rules.clientIds !== undefined) return;
  throw new ConfigurationError(
    'audience',
    `is false, so that any token of ${describeValue(issuer)} would be accepted, whoever it is meant for.`,
    'Name the clients to accept in clientIds, or give an audience.',
  );
}

function parseSchema(given: unknown): StandardSchema | undefined {
  if (given === undefined) return undefined;
  const isObject = (typeof given === 'object' && given !== null) || typeof given === 'function';
  const standard = isObject ? (given as Partial<StandardSchema>)['~standard'] : undefined;
  if (standard?.version === 1 && typeof standard.validate === 'function') return given as StandardSchema;
  throw new ConfigurationError(
    'claims',
    `is ${describeValue(given)} and not a Standard Schema.`,
    'Give a schema of zod 3.24, valibot 1, arktype 2 or later, such as z.object({ tenant: z.string() }).',
  );
}

function parseTokenCache(given: unknown): number {
  if (given === undefined) return DEFAULT_TOKEN_CACHE_MAX;
  if (given === false) return 0;
  requireObject(given, 'tokenCache', 'Give false, or an object such as { max: 10_000 }.');
  checkOptionNames(given, ['max'], 'tokenCache');
  const bounds = { least: 1, most: 10_000_000, unit: 'tokens', whole: true };
  return readNumber(given, 'max', 'tokenCache', bounds) ?? DEFAULT_TOKEN_CACHE_MAX;
}

function parseKeyLimits(given: unknown = {}): KeyLimits {
  requireObject(given, 'keys', 'Give an object such as { maxAgeSeconds: 600 }.');
  checkOptionNames(given, Object.keys(KEY_OPTION_BOUNDS), 'keys');
  const limits = Object.entries(KEY_OPTION_BOUNDS).map(([name, bounds]) => [
    name,
    readNumber(given, name, 'keys', bounds) ?? bounds.fallback,
  ]);
  return Object.freeze(Object.fromEntries(limits) as Record<keyof KeyLimits, number>);
}

function parseSnapshot(given: unknown): ReadonlyMap<string, KeySnapshot> {
  if (given === undefined) return new Map();
  const fix = 'Give what verifier.snapshot() returned, or leave it out.';
  requireObject(given, 'snapshot', fix);
  const { version, issuers } = given as { version?: unknown; issuers?: unknown };
  if (version !== 1) throw new ConfigurationError('snapshot', `has the version ${describeValue(version)}.`, fix);
  requireObject(issuers, 'snapshot.issuers', fix);
  for (const [issuer, snapshot] of Object.entries(issuers)) {
    const where = `snapshot.issuers[${describeValue(issuer)}]`;
    requireObject(snapshot, where, fix);
    const { fetchedAt, keys } = snapshot as { fetchedAt?: unknown; keys?: unknown };
    if (typeof fetchedAt !== 'number' || !Array.isArray(keys)) {
      throw new ConfigurationError(where, 'lacks fetchedAt or keys.', fix);
    }
  }
  return new Map(Object.entries(issuers as VerifierSnapshot['issuers']));
}

function parseFunction(given: unknown, option: string, fallback: unknown): unknown {
  if (given === undefined) return fallback;
  if (typeof given === 'function') return given;
  throw new ConfigurationError(option, `is ${describeValue(given)}.`, 'Give a function, or leave it out.');
}
