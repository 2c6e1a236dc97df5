import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { HMAC_ALGORITHMS, type HmacAlgorithm, type SignatureAlgorithm } from '../jws/algorithm.js';
import { Malformed } from '../jws/malformed.js';
import { checkJwk, INVALID_KEY } from '../jws/verification-key.js';
import type { FetchSecrets } from '../keys/fetched-secrets.js';
import { checkUrl } from '../options/check-url.js';
import { ConfigurationError } from '../options/configuration-error.js';
import { optionPath, readMembers, requireObject } from '../options/option-reader.js';
import { anything } from '../options/readers.js';
import { refuseOtherDocument } from './document-urls.js';
import { type GivenKey, parsePublicKeys } from './public-key-option.js';

/** Where the keys of an issuer are. */
export type KeyLocation =
  | { readonly kind: 'metadata'; readonly urls: readonly string[] }
  | { readonly kind: 'jwksUri'; readonly url: string }
  | { readonly kind: 'jwks'; readonly members: readonly unknown[] }
  | { readonly kind: 'publicKey'; readonly keys: readonly GivenKey[] }
  | { readonly kind: 'secret'; readonly secrets: readonly Uint8Array[]; readonly algorithms: readonly HmacAlgorithm[] }
  | { readonly kind: 'fetchedSecret'; readonly fetch: FetchSecrets; readonly algorithms: readonly HmacAlgorithm[] };

/** Readers of the options that locate keys. At most one of these options may be given. */
export const KEY_LOCATION_READERS = {
  metadataUrl: anything,
  jwksUri: anything,
  jwks: anything,
  publicKey: anything,
  secret: anything,
};

/** The options that locate keys, unchecked. */
export type KeyLocationInput = { readonly [Name in keyof typeof KEY_LOCATION_READERS]?: unknown };

const KEY_LOCATION_NAMES = [
  'metadataUrl',
  'jwksUri',
  'jwks',
  'publicKey',
  'secret',
] as const satisfies (keyof KeyLocationInput)[];

/** A secret that issuer and server share. A string stands for its UTF-8 bytes. */
export type SharedSecret = string | Uint8Array;

/** The secrets of an issuer, or a function that fetches them: from a vault, a file, an environment. */
export type SecretSource =
  | SharedSecret
  | readonly SharedSecret[]
  | (() => SharedSecret | readonly SharedSecret[] | Promise<SharedSecret | readonly SharedSecret[]>);

const SECRET_FIX = 'Give a random string or bytes, such as the output of "openssl rand -base64 64".';

// RFC 7517 §4, RFC 7518 §6, RFC 9964 §3: the members that `checkJwk` reads, and the private ones that it refuses.
const PUBLIC_JWK_NAMES = ['kty', 'kid', 'alg', 'use', 'key_ops', 'crv', 'x', 'y', 'n', 'e', 'pub', 'x5c', 'x5t'];
const PRIVATE_JWK_NAMES = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];
const JWK_NAMES: readonly string[] = [...PUBLIC_JWK_NAMES, ...PRIVATE_JWK_NAMES];

const PUBLIC_PEM = /-----BEGIN (?:(?:RSA )?PUBLIC KEY|CERTIFICATE)-----/;

/** What the location of public keys depends on. */
export interface KeyLocationRules {
  /** Where the metadata is where nothing else locates the keys. */
  readonly metadataUrls: () => readonly string[];
  readonly algorithms: ReadonlySet<SignatureAlgorithm>;
  readonly allowInsecureHttp: boolean;
}

/** Parses the location of the public keys of an issuer. @throws {ConfigurationError} */
export function parseKeyLocation(input: KeyLocationInput, path: string, rules: KeyLocationRules): KeyLocation {
  const { metadataUrl, jwksUri, jwks, publicKey } = input;
  const { algorithms, allowInsecureHttp } = rules;

  if (publicKey !== undefined) {
    return { kind: 'publicKey', keys: parsePublicKeys(publicKey, algorithms, optionPath(path, 'publicKey')) };
  }
  if (jwks !== undefined) return { kind: 'jwks', members: parseJwks(jwks, optionPath(path, 'jwks')) };
  const readUrl = (url: unknown, option: 'jwksUri' | 'metadataUrl') => {
    const urlPath = optionPath(path, option);
    refuseOtherDocument(url, option, urlPath);
    return checkUrl(url, urlPath, allowInsecureHttp);
  };
  if (jwksUri !== undefined) return { kind: 'jwksUri', url: readUrl(jwksUri, 'jwksUri') };
  if (metadataUrl !== undefined) return { kind: 'metadata', urls: [readUrl(metadataUrl, 'metadataUrl')] };
  return { kind: 'metadata', urls: rules.metadataUrls() };
}

/** Returns whether the options locate the keys. */
export function hasKeyLocation(input: KeyLocationInput): boolean {
  return givenLocations(input).length > 0;
}

/** Refuses more than one location. @throws {ConfigurationError} */
export function checkOneLocation(input: KeyLocationInput, path: string): void {
  const names = givenLocations(input);
  if (names.length < 2) return;
  throw new ConfigurationError(path, `has ${names.join(' and ')}.`, 'Give one of them: each says where the keys are.');
}

function givenLocations(input: KeyLocationInput): readonly string[] {
  return KEY_LOCATION_NAMES.filter((name) => input[name] !== undefined);
}

/** Parses the secrets of an issuer, or the function that fetches them. @throws {ConfigurationError} */
export function parseSecretSource(input: unknown, algorithms: readonly HmacAlgorithm[], path: string): KeyLocation {
  if (typeof input !== 'function') {
    return { kind: 'secret', secrets: parseSecrets(input, algorithms, path), algorithms };
  }
  const fetch = async () => parseSecrets(await input(), algorithms, path);
  return { kind: 'fetchedSecret', fetch, algorithms };
}

function parseSecrets(input: unknown, algorithms: readonly HmacAlgorithm[], path: string): readonly Uint8Array[] {
  if (!Array.isArray(input)) return [parseSecret(input, algorithms, path)];

  const items: readonly unknown[] = Array.from(input);
  if (items.length === 0) throw new ConfigurationError(path, 'is an empty list.', SECRET_FIX);
  return items.map((item, index) => parseSecret(item, algorithms, `${path}[${index}]`));
}

function parseSecret(input: unknown, algorithms: readonly HmacAlgorithm[], path: string): Uint8Array {
  // An error never shows a part of a secret.
  if (typeof input !== 'string' && !(input instanceof Uint8Array)) {
    throw new ConfigurationError(path, `is of type ${typeof input}.`, SECRET_FIX);
  }

  const bytes = typeof input === 'string' ? Buffer.from(input) : Buffer.from(input);
  if (PUBLIC_PEM.test(bytes.toString('latin1'))) {
    const problem = 'is a public key, which is no secret: whoever has it could make tokens (RFC 8725 §2.1).';
    throw new ConfigurationError(path, problem, "Give it as publicKey, with algorithms such as ['RS256'].");
  }
  const min = Math.max(...algorithms.map((name) => HMAC_ALGORITHMS[name]));
  if (bytes.byteLength >= min) return bytes;
  const problem = `has ${bytes.byteLength} bytes; ${algorithms.join(', ')} need ${min} at least (RFC 7518 §3.2).`;
  throw new ConfigurationError(path, problem, SECRET_FIX);
}

function parseJwks(input: unknown, path: string): readonly unknown[] {
  const fix = 'Give a JSON Web Key Set such as { keys: [{ kty: ... }] } with public keys.';
  requireObject(input, path, fix);
  const { keys } = readMembers(input, ['keys']);
  if (!Array.isArray(keys)) throw new ConfigurationError(path, 'has no keys array.', fix);

  const members = Array.from(keys, copyJwk);
  const problems = members.map(findKeyProblem);
  if (problems.includes(undefined)) return members;
  const details = problems.map((problem, index) => `keys[${index}] ${problem?.why}`).join('; ');
  throw new ConfigurationError(path, `has no key that can be used${details === '' ? '' : `: ${details}`}.`, fix);
}

/** Copies a JWK, since it is imported later and must not change after the check. */
function copyJwk(member: unknown): unknown {
  const isObject = typeof member === 'object' && member !== null && !Array.isArray(member);
  return isObject ? readMembers(member, JWK_NAMES) : member;
}

/** Fetched keys that cannot be used are skipped. Keys in the options are checked at once. */
function findKeyProblem(member: unknown): Malformed | undefined {
  const usable = checkJwk(member);
  if (usable instanceof Malformed) return usable;
  try {
    createPublicKey({ key: usable.publicJwk as JsonWebKey, format: 'jwk' });
    return undefined;
  } catch {
    return INVALID_KEY;
  }
}
