import { checkOptionNames, describeValue, readStrings, requireObject } from '../options/option-reader.js';
import { ConfigurationError } from '../protocol/errors.js';
import { isScopeToken } from '../protocol/scope.js';

/** The options of a preset, their names checked and their values not. */
export type PresetInput = { readonly [name: string]: unknown };

/** @throws {ConfigurationError} */
export function readPresetOptions(
  given: unknown,
  names: readonly string[],
  preset: string,
  example: string,
): PresetInput {
  requireObject(given, preset, `Call ${preset}(${example}).`);
  checkOptionNames(given, names, preset);
  return given as PresetInput;
}

/** Reads a host name as it stands in the `iss` of tokens: in lower case, without scheme and path. */
export function readHost(value: unknown, option: string, example: string): string {
  if (typeof value === 'string' && isHost(value)) return value;
  throw new ConfigurationError(option, describeGiven(value), `Give the host name alone, such as '${example}'.`);
}

/** Reads a URL without query and fragment. Whether `http:` will do is for the verifier to say. */
export function readUrl(value: unknown, option: string, example: string): string {
  const fix = `Give a URL such as '${example}'.`;
  if (typeof value !== 'string' || !URL.canParse(value))
    throw new ConfigurationError(option, describeGiven(value), fix);
  const { protocol, username, password, origin, pathname } = new URL(value);
  if (username !== '' || password !== '') {
    throw new ConfigurationError(option, 'has a user name or password in it.', fix);
  }
  const isPlain = value === origin || value === `${origin}${pathname}`;
  if (isPlain && (protocol === 'https:' || protocol === 'http:')) return value;
  throw new ConfigurationError(option, describeGiven(value), fix);
}

export function withoutSlash(url: string): string {
  return url.replace(/\/$/, '');
}

/** Reads a list that must be there: it stands in for an audience, or says whom to trust. */
export function readNames(value: unknown, option: string, fix: string): readonly string[] {
  if (value === undefined) throw new ConfigurationError(option, 'is missing.', fix);
  return readStrings(value, option, fix);
}

/** Takes from a claim the roles or groups that a route can ask for as a scope; there are none where it holds no list. */
export function rolesOf(claim: unknown): readonly string[] {
  if (!Array.isArray(claim)) return [];
  return claim.filter((name): name is string => typeof name === 'string' && isScopeToken(name));
}

function isHost(text: string): boolean {
  const url = `https://${text}`;
  return URL.canParse(url) && new URL(url).host === text;
}

function describeGiven(value: unknown): string {
  return value === undefined ? 'is missing.' : `is ${describeValue(value)}.`;
}
