import { ConfigurationError } from '../options/configuration-error.js';
import { describeValue } from '../options/describe-value.js';
import { type Reader, type ReadersOf, type ReadOptions, readOptions } from '../options/option-reader.js';
import { boolean, number, optional, strings } from '../options/readers.js';
import { type Policy, type PolicyInput, parsePolicy } from '../policy/policy.js';
import { EXTRA_TOKEN_LOCATIONS, type ExtraTokenLocation } from '../protocol/bearer-token.js';
import { isQuotable } from '../protocol/challenge.js';

/** The options of `verifier.verify`. */
export interface VerifyOptions {
  /** Replaces the audience of the verifier. */
  readonly audience?: string | readonly string[];
  /** Stops waiting, for this call alone: it rejects with the reason of the signal. */
  readonly signal?: AbortSignal;
}

/** The options of `verifier.authenticate`. */
export interface AuthenticateOptions extends VerifyOptions {
  /** The policy of the request: a scope string, or a policy made by `allOf`, `anyOf` or `claim`. */
  readonly policy?: PolicyInput;
  /** Names the protected space in challenges. @defaultValue the first audience */
  readonly realm?: string;
  /** Locations of a token besides the `Authorization` header (RFC 6750 §2.2, §2.3). @defaultValue `[]` */
  readonly extraTokenLocations?: readonly ExtraTokenLocation[];
}

/** The requirements of one route, guard or call, checked. */
export interface Requirements {
  readonly audience: readonly string[] | false;
  readonly policy: Policy | undefined;
  readonly realm: string;
  readonly extraTokenLocations: readonly ExtraTokenLocation[];
}

/** The options of one call, checked. */
export interface CallOptions {
  readonly requirements: Requirements;
  readonly signal: AbortSignal | undefined;
}

/** The options of `verifier.ready`. */
export interface ReadyOptions {
  /** Stops waiting after this long. @defaultValue the deadlines of the fetches themselves */
  readonly timeoutSeconds?: number;
  /**
   * Asks introspection endpoints about a made-up token too: fails where one is down, or answers that the credentials of
   * this server are wrong. Some servers call the token inactive then, which cannot be seen.
   * @defaultValue `false`
   */
  readonly introspect?: boolean;
}

/** The options of `verifier.userInfo`. */
export interface UserInfoOptions {
  /** Stops waiting, for this call alone: it rejects with the reason of the signal. */
  readonly signal?: AbortSignal;
}

const OPTIONS_FIX = "Give an object such as { audience: 'https://orders.example.com' }.";

/** Readers of the options that guards and calls share. */
export const REQUIREMENT_READERS = {
  audience: optional(strings('Give a string or a list of them, or leave it out to use that of the verifier.')),
  realm: optional(readRealm),
  extraTokenLocations: readExtraTokenLocations,
};

const USER_INFO_READERS = { signal: optional(readSignal) } satisfies ReadersOf<UserInfoOptions>;
const READY_READERS = {
  timeoutSeconds: number({ min: 0.01, max: 600, unit: 'seconds' }),
  introspect: boolean(false),
} satisfies ReadersOf<ReadyOptions>;
const VERIFY_READERS = {
  audience: REQUIREMENT_READERS.audience,
  signal: USER_INFO_READERS.signal,
} satisfies ReadersOf<VerifyOptions>;
const AUTHENTICATE_READERS = {
  ...VERIFY_READERS,
  policy: readPolicy('Leave it out to demand a valid access token and no scope.'),
  realm: REQUIREMENT_READERS.realm,
  extraTokenLocations: REQUIREMENT_READERS.extraTokenLocations,
} satisfies ReadersOf<AuthenticateOptions>;

type Audience = Requirements['audience'];

/** `audience` is that of the verifier. @throws {ConfigurationError} */
export function parseVerifyOptions(input: unknown, audience: Audience): CallOptions {
  if (input === undefined) return withoutOptions(audience);
  const options = readOptions(input, '', OPTIONS_FIX, VERIFY_READERS);
  return { requirements: toRequirements(options, audience), signal: options.signal };
}

/** `audience` is that of the verifier. @throws {ConfigurationError} */
export function parseAuthenticateOptions(input: unknown, audience: Audience): CallOptions {
  if (input === undefined) return withoutOptions(audience);
  const options = readOptions(input, '', OPTIONS_FIX, AUTHENTICATE_READERS);
  return { requirements: toRequirements(options, audience), signal: options.signal };
}

/** A fast path: most calls of a verifier have no options. */
function withoutOptions(audience: Audience): CallOptions {
  return { requirements: toRequirements({}, audience), signal: undefined };
}

/** @throws {ConfigurationError} */
export function parseUserInfoOptions(input: unknown = {}): ReadOptions<typeof USER_INFO_READERS> {
  return readOptions(input, '', 'Give an object such as { signal: AbortSignal.timeout(1000) }.', USER_INFO_READERS);
}

/** @throws {ConfigurationError} */
export function parseReadyOptions(input: unknown = {}): ReadOptions<typeof READY_READERS> {
  return readOptions(input, '', 'Give an object such as { timeoutSeconds: 10 }.', READY_READERS);
}

/** Fills in the defaults. */
export function toRequirements(
  options: Partial<ReadOptions<typeof REQUIREMENT_READERS>> & { readonly policy?: Policy | undefined },
  audienceOfVerifier: readonly string[] | false,
): Requirements {
  const audience = options.audience ?? audienceOfVerifier;
  return Object.freeze({
    audience,
    policy: options.policy,
    realm: options.realm ?? defaultRealm(audience),
    extraTokenLocations: options.extraTokenLocations ?? NONE,
  });
}

/** Reads a policy. A misspelt constant is undefined, and must not allow every token. */
export function readPolicy(fix: string): Reader<Policy | undefined> {
  return (value, path, isGiven) => {
    if (value !== undefined) return parsePolicy(value, path);
    if (isGiven) throw new ConfigurationError(path, 'is undefined.', fix);
    return undefined;
  };
}

function readRealm(value: unknown, path: string): string {
  if (typeof value === 'string' && value !== '' && isQuotable(value)) return value;
  const fix = 'Give printable ASCII without quotes and backslashes.';
  throw new ConfigurationError(path, `${describeValue(value)} cannot stand in a challenge.`, fix);
}

/** Returns the first audience, if a challenge can hold it. */
export function defaultRealm(audience: readonly string[] | false): string {
  const first = audience === false ? undefined : audience[0];
  return first !== undefined && isQuotable(first) ? first : 'api';
}

// Shared by all guards without extra locations.
const NONE: readonly ExtraTokenLocation[] = Object.freeze([]);

function readExtraTokenLocations(value: unknown, path: string): readonly ExtraTokenLocation[] {
  if (value === undefined) return NONE;
  const fix = `Give a list of ${EXTRA_TOKEN_LOCATIONS.join(' and ')}, or leave it out to use the header alone.`;
  if (!Array.isArray(value)) throw new ConfigurationError(path, `is ${describeValue(value)}.`, fix);

  const locations: readonly unknown[] = Array.from(value);
  return Object.freeze(locations.map((location) => toExtraTokenLocation(location, path, fix)));
}

function toExtraTokenLocation(input: unknown, path: string, fix: string): ExtraTokenLocation {
  const location = EXTRA_TOKEN_LOCATIONS.find((name) => name === input);
  if (location !== undefined) return location;
  throw new ConfigurationError(path, `holds ${describeValue(input)}.`, fix);
}

function readSignal(value: unknown, path: string): AbortSignal {
  if (isSignal(value)) return value;
  throw new ConfigurationError(path, `is ${describeValue(value)}.`, 'Give the signal of an AbortController.');
}

/** Compares no class: test environments have their own. */
function isSignal(value: unknown): value is AbortSignal {
  const { aborted, addEventListener } = Object(value) as Partial<AbortSignal>;
  return typeof aborted === 'boolean' && typeof addEventListener === 'function';
}
