import { checkOptionNames, describeValue, readStrings, requireObject } from '../options/option-reader.js';
import { type Policy, type PolicyInput, parsePolicy } from '../policy/policy.js';
import { EXTRA_TOKEN_LOCATIONS, type ExtraTokenLocation } from '../protocol/bearer-token.js';
import { isQuotable } from '../protocol/challenge.js';
import { ConfigurationError } from '../protocol/errors.js';

/** What `verifier.verify` can be told. */
export interface VerifyOptions {
  /** Takes the place of the verifier's audience. */
  readonly audience?: string | readonly string[];
  /** Gives up waiting, for this call alone: it rejects with the reason of the signal. */
  readonly signal?: AbortSignal;
}

/** What `verifier.authenticate` can be told. */
export interface AuthenticateOptions extends VerifyOptions {
  /** What the token must allow: a scope string, or a policy made by `allOf`, `anyOf` or `claim`. */
  readonly policy?: PolicyInput;
  /** Names the protected space in challenges. @defaultValue the first audience */
  readonly realm?: string;
  /** Where to look for a token besides the `Authorization` header (RFC 6750 §2.2, §2.3). @defaultValue `[]` */
  readonly extraTokenLocations?: readonly ExtraTokenLocation[];
}

/** What one route, guard or call asks for, checked. */
export interface Requirements {
  readonly audience: readonly string[] | false;
  readonly policy: Policy | undefined;
  readonly realm: string;
  readonly extraTokenLocations: readonly ExtraTokenLocation[];
}

/** @throws {ConfigurationError} */
export function parseRequirements(
  given: AuthenticateOptions,
  names: readonly string[],
  audienceOfVerifier: readonly string[] | false,
): Requirements {
  requireObject(given, 'options', "Give an object such as { audience: 'https://orders.example.com' }.");
  checkOptionNames(given, names, '');
  const audience = parseOwnAudience(given.audience) ?? audienceOfVerifier;
  return Object.freeze({
    audience,
    policy: given.policy === undefined ? undefined : parsePolicy(given.policy, 'policy'),
    realm: parseRealm(given.realm) ?? defaultRealm(audience),
    extraTokenLocations: parseExtraTokenLocations(given.extraTokenLocations),
  });
}

function parseOwnAudience(given: unknown): readonly string[] | undefined {
  if (given === undefined) return undefined;
  return readStrings(
    given,
    'audience',
    'Give a string or a list of them, or leave it out to use that of the verifier.',
  );
}

function parseRealm(given: unknown): string | undefined {
  if (given === undefined) return undefined;
  if (typeof given === 'string' && given !== '' && isQuotable(given)) return given;
  const fix = 'Give printable ASCII without quotes and backslashes.';
  throw new ConfigurationError('realm', `${describeValue(given)} cannot stand in a challenge.`, fix);
}

/** Names the protected space by the first audience, where that can stand in a challenge. */
export function defaultRealm(audience: readonly string[] | false): string {
  const first = audience === false ? undefined : audience[0];
  return first !== undefined && isQuotable(first) ? first : 'api';
}

// One for all guards that have none.
const NONE: readonly ExtraTokenLocation[] = Object.freeze([]);

function parseExtraTokenLocations(given: unknown): readonly ExtraTokenLocation[] {
  if (given === undefined) return NONE;
  const fix = `Give a list of ${EXTRA_TOKEN_LOCATIONS.join(' and ')}, or leave it out to use the header alone.`;
  if (!Array.isArray(given)) throw new ConfigurationError('extraTokenLocations', `is ${describeValue(given)}.`, fix);
  for (const location of given) {
    if (EXTRA_TOKEN_LOCATIONS.includes(location)) continue;
    throw new ConfigurationError('extraTokenLocations', `holds ${describeValue(location)}.`, fix);
  }
  return Object.freeze([...given]);
}
