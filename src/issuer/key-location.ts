import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { metadataUrls } from '../discovery/well-known.js';
import { HMAC_ALGORITHMS, type HmacAlgorithm } from '../jws/algorithm.js';
import { Malformed } from '../jws/malformed.js';
import { checkJwk, INVALID_KEY } from '../jws/verification-key.js';
import type { FetchSecrets } from '../keys/fetched-secrets.js';
import { describeValue, optionPath, requireObject } from '../options/option-reader.js';
import { ConfigurationError } from '../protocol/errors.js';

/** Where the keys of an issuer are. */
export type KeyLocation =
  | { readonly kind: 'metadata'; readonly urls: readonly string[] }
  | { readonly kind: 'jwksUri'; readonly url: string }
  | { readonly kind: 'jwks'; readonly members: readonly unknown[] }
  | { readonly kind: 'secret'; readonly secrets: readonly Uint8Array[]; readonly algorithms: readonly HmacAlgorithm[] }
  | { readonly kind: 'fetchedSecret'; readonly fetch: FetchSecrets; readonly algorithms: readonly HmacAlgorithm[] };

/** The options that say where keys are. At most one of them may be given. */
export const KEY_LOCATION_NAMES = ['metadataUrl', 'jwksUri', 'jwks', 'secret'] as const;

/** A secret that issuer and server share: a string counts by its UTF-8 bytes. */
export type SharedSecret = string | Uint8Array;

/** The secrets of an issuer, or a function that fetches them: from a vault, a file, an environment. */
export type SecretSource =
  | SharedSecret
  | readonly SharedSecret[]
  | (() => SharedSecret | readonly SharedSecret[] | Promise<SharedSecret | readonly SharedSecret[]>);

/** Parses where the public keys of an issuer are. @throws {ConfigurationError} */
export function parseKeyLocation(
  given: object,
  issuer: string,
  where: string,
  allowInsecureHttp: boolean,
): KeyLocation {
  const { metadataUrl, jwksUri, jwks } = given as Partial<Record<string, unknown>>;
  if (jwks !== undefined) return { kind: 'jwks', members: checkJwks(jwks, optionPath(where, 'jwks')) };
  if (jwksUri !== undefined) {
    return { kind: 'jwksUri', url: checkUrl(jwksUri, optionPath(where, 'jwksUri'), allowInsecureHttp) };
  }
  if (metadataUrl !== undefined) {
    return { kind: 'metadata', urls: [checkUrl(metadataUrl, optionPath(where, 'metadataUrl'), allowInsecureHttp)] };
  }
  return { kind: 'metadata', urls: metadataUrls(issuer) };
}

/** Refuses an issuer whose keys would be in two places. @throws {ConfigurationError} */
export function checkOneLocation(given: object, where: string): void {
  const names = KEY_LOCATION_NAMES.filter((name) => (given as Partial<Record<string, unknown>>)[name] !== undefined);
  if (names.length < 2) return;
  throw new ConfigurationError(where, `has ${names.join(' and ')}.`, 'Give one of them: each says where the keys are.');
}

/** Parses the secrets of an issuer, or where they come from. @throws {ConfigurationError} */
export function parseSecretSource(given: unknown, algorithms: readonly HmacAlgorithm[], option: string): KeyLocation {
  if (typeof given !== 'function')
    return { kind: 'secret', secrets: parseSecrets(given, algorithms, option), algorithms };
  const fetch = async () => parseSecrets(await given(), algorithms, option);
  return { kind: 'fetchedSecret', fetch, algorithms };
}

function parseSecrets(given: unknown, algorithms: readonly HmacAlgorithm[], option: string): readonly Uint8Array[] {
  const fix = `Give a random string or bytes, such as the output of "openssl rand -base64 64".`;
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (list.length === 0) throw new ConfigurationError(option, 'is an empty list.', fix);
  const least = Math.max(...algorithms.map((name) => HMAC_ALGORITHMS[name]));
  return list.map((item, index) => {
    const where = Array.isArray(given) ? `${option}[${index}]` : option;
    const isSecret = typeof item === 'string' || item instanceof Uint8Array;
    // A secret is never shown, not even in part.
    if (!isSecret) throw new ConfigurationError(where, `is of type ${typeof item}.`, fix);
    const bytes = Buffer.from(item as string);
    if (bytes.byteLength >= least) return bytes;
    const problem = `has ${bytes.byteLength} bytes; ${algorithms.join(', ')} need ${least} at least (RFC 7518 §3.2).`;
    throw new ConfigurationError(where, problem, fix);
  });
}

// URL parsers mend white space, control characters, backslashes and missing slashes; the issuer is compared to the letter.
const HTTP_URL = /^https?:\/\/[^\s\\\p{Cc}]+$/iu;

/** @throws {ConfigurationError} */
export function checkUrl(given: unknown, option: string, allowInsecureHttp: boolean): string {
  const fix = 'Give an absolute https URL.';
  if (typeof given !== 'string' || !URL.canParse(given)) {
    throw new ConfigurationError(option, `${describeValue(given)} is not a URL.`, fix);
  }
  const { protocol, username, password } = new URL(given);
  if (protocol !== 'https:' && protocol !== 'http:') {
    throw new ConfigurationError(option, `${describeValue(given)} is not an https URL.`, fix);
  }
  if (!HTTP_URL.test(given)) throw new ConfigurationError(option, `${describeValue(given)} is not a URL.`, fix);
  if (username !== '' || password !== '') {
    throw new ConfigurationError(option, 'has a user name or password in it.', 'Give the URL without them.');
  }
  if (protocol === 'https:' || allowInsecureHttp) return given;
  throw new ConfigurationError(
    option,
    `${describeValue(given)} is not https: whoever is on the way could put other keys in place of the issuer's.`,
    'Give an https URL, or set dangerouslyAllowInsecureHttp for development against a local server.',
  );
}

/** Fetched keys are imported later and skipped if they are no good; of keys in the options we can tell at once. */
function checkStaticKey(member: unknown): Malformed | undefined {
  const usable = checkJwk(member);
  if (usable instanceof Malformed) return usable;
  try {
    createPublicKey({ key: usable.publicJwk as JsonWebKey, format: 'jwk' });
    return undefined;
  } catch {
    return INVALID_KEY;
  }
}

function checkJwks(jwks: unknown, option: string): readonly unknown[] {
  const fix = 'Give a JSON Web Key Set such as { keys: [{ kty: ... }] } with public keys.';
  requireObject(jwks, option, fix);
  const { keys } = jwks as { keys?: unknown };
  if (!Array.isArray(keys)) throw new ConfigurationError(option, 'has no keys array.', fix);
  const problems = Array.from(keys, checkStaticKey);
  if (problems.includes(undefined)) return [...keys];
  const reasons = problems.map((problem, index) => `keys[${index}] ${problem?.why}`).join('; ');
  throw new ConfigurationError(option, `has no key that can be used${reasons === '' ? '' : `: ${reasons}`}.`, fix);
}
