import { ConfigurationError } from '../options/configuration-error.js';
import { describeValue } from '../options/describe-value.js';
import { type Reader, type ReadersOf, type ReadOptions, readOptions } from '../options/option-reader.js';
import { boolean, callback, number, optional, strings, text } from '../options/readers.js';
import { type Policy, type PolicyInput, parsePolicy } from '../policy/policy.js';
import { isQuotable } from '../protocol/challenge.js';
import type { AuthorizationError, IssuerUnavailableError } from '../protocol/errors.js';
import type { HttpRequest } from '../protocol/http-request.js';
import type { ExtraTokenLocation } from '../protocol/token-location.js';

/** The options of `verifier.verify`. */
export interface VerifyOptions {
  /** Replaces the audience of the verifier. */
  readonly audience?: string | readonly string[];
  /** What the token must suffice for: a scope string, or a policy made by `allOf`, `anyOf` or `claim`. */
  readonly policy?: PolicyInput;
  /** Stops waiting, for this call alone: it rejects with the reason of the signal. */
  readonly signal?: AbortSignal;
}

/** The options of `verifier.authenticate`. */
export interface AuthenticateOptions extends VerifyOptions {
  /** Names the protected space in challenges. @defaultValue the first audience */
  readonly realm?: string;
  /**
   * Locations of a token besides the `Authorization` header: `'form'`, `'query'` (RFC 6750 §2.2, §2.3),
   * `{ header: 'cf-access-jwt-assertion' }`, `{ cookie: 'session' }`. A cookie counts unless the request comes from another
   * site.
   * @defaultValue `[]`
   */
  readonly extraTokenLocations?: readonly ExtraTokenLocation[];
  /** Called for each refusal, for logs and metrics. It cannot change the outcome: what it throws or rejects with is a warning. */
  readonly onRefusal?: (error: AuthorizationError | IssuerUnavailableError, request: HttpRequest) => void;
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
  readonly onRefusal?: AuthenticateOptions['onRefusal'];
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
  policy: readPolicy('Leave it out to demand a valid access token and no scope.'),
  signal: USER_INFO_READERS.signal,
} satisfies ReadersOf<VerifyOptions>;
const AUTHENTICATE_READERS = {
  ...VERIFY_READERS,
  realm: REQUIREMENT_READERS.realm,
  extraTokenLocations: REQUIREMENT_READERS.extraTokenLocations,
  onRefusal: callback<NonNullable<AuthenticateOptions['onRefusal']>>(),
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
  const { signal, onRefusal } = options;
  return { requirements: toRequirements(options, audience), signal, onRefusal };
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

const LOCATIONS_FIX =
  "Give a list of form and query, of { header: 'name' } and { cookie: 'name' }, or leave it out to use the Authorization header alone.";

function readExtraTokenLocations(value: unknown, path: string): readonly ExtraTokenLocation[] {
  if (value === undefined) return NONE;
  if (!Array.isArray(value)) throw new ConfigurationError(path, `is ${describeValue(value)}.`, LOCATIONS_FIX);

  const locations: readonly unknown[] = Array.from(value);
  return Object.freeze(locations.map((location, index) => toExtraTokenLocation(location, path, `${path}[${index}]`)));
}

const LOCATION_READERS = {
  header: optional(text(LOCATIONS_FIX)),
  cookie: optional(text(LOCATIONS_FIX)),
};

// RFC 9110 §5.6.2: a token, which is what names of headers and cookies are.
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// They have a meaning of their own.
const TAKEN_HEADERS = ['authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'host', 'origin'];

function toExtraTokenLocation(input: unknown, path: string, itemPath: string): ExtraTokenLocation {
  if (input === 'form' || input === 'query') return input;
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new ConfigurationError(path, `holds ${describeValue(input)}.`, LOCATIONS_FIX);
  }

  const { header, cookie } = readOptions(input, itemPath, LOCATIONS_FIX, LOCATION_READERS);
  const name = header ?? cookie;
  if (name === undefined || (header !== undefined && cookie !== undefined)) {
    throw new ConfigurationError(itemPath, 'names not exactly one place.', LOCATIONS_FIX);
  }
  if (!NAME.test(name) || (header !== undefined && TAKEN_HEADERS.includes(header.toLowerCase()))) {
    const fix = 'Give the name of a header of its own, or of a cookie.';
    throw new ConfigurationError(itemPath, `${describeValue(name)} cannot hold a token.`, fix);
  }
  return Object.freeze(header === undefined ? { cookie: name } : { header: name.toLowerCase() });
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
