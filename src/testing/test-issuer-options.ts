import { type Algorithm, DEFAULT_ALGORITHMS } from '../jws/algorithm.js';
import { ConfigurationError } from '../options/configuration-error.js';
import { describeValue } from '../options/describe-value.js';
import {
  type Reader,
  type ReadersOf,
  type ReadOptions,
  readOptions,
  readRecord,
  requireObject,
} from '../options/option-reader.js';
import { boolean, list, number, optional, text } from '../options/readers.js';
import type { JsonObject } from '../protocol/json-object.js';

/** The options of `createTestIssuer`. */
export interface TestIssuerOptions {
  /** Each gets a key. The first one signs tokens that name no algorithm. @defaultValue `['ES256']` */
  readonly algorithms?: readonly Algorithm[];
  /** Listen on a loopback port. Without it, only the `fetch` of `verifierOptions` reaches the issuer. @defaultValue false */
  readonly network?: boolean;
  /** The issuer identifier. Only without network. @defaultValue `'https://issuer.test'` */
  readonly issuer?: string;
  /** The path of the issuer identifier: `/tenant1`. Only with network. @defaultValue none */
  readonly path?: string;
  /** The audience of tokens without an `audience` option. @defaultValue `'https://api.test'` */
  readonly audience?: string;
  /** The start of the clock, in milliseconds since the epoch. @defaultValue the time of creation */
  readonly startAt?: number;
}

/** The content of a token. Every option has a default. A claim or header that is `undefined` is omitted. */
export interface TestTokenOptions {
  /** A scope string, or a list. @defaultValue no `scope` claim */
  readonly scope?: string | readonly string[];
  /** @defaultValue the audience of the issuer */
  readonly audience?: string | readonly string[];
  /** @defaultValue `'test-user'` */
  readonly subject?: string;
  /** @defaultValue `'test-client'` */
  readonly clientId?: string;
  /** Negative for an expired token. @defaultValue 3600 */
  readonly expiresInSeconds?: number;
  /** Any claims. They replace the others. */
  readonly claims?: JsonObject;
  /** Any header parameters: `{ typ: 'JWT' }`, `{ kid: undefined }`. */
  readonly header?: JsonObject;
  /** The algorithm of the key that signs. @defaultValue the first algorithm of the issuer */
  readonly algorithm?: Algorithm;
}

// The last moment that a Date can hold (ECMA-262 §21.4.1.1).
const MAX_TIME_MS = 8_640_000_000_000_000;
const MAX_LIFETIME_SECONDS = MAX_TIME_MS / 1000;
const ALGORITHMS_FIX = "Give a list of names, such as ['ES256', 'RS256'].";
const PATH_FIX = 'Begin it with a slash: /tenant1.';

const ISSUER_READERS = {
  algorithms: optional(readAlgorithms),
  network: boolean(false),
  issuer: optional(text('Give a URL such as https://issuer.test.')),
  path: optional(readPath),
  audience: optional(text('Give a string.')),
  startAt: number({ min: 0, max: MAX_TIME_MS, unit: 'milliseconds' }),
} satisfies ReadersOf<TestIssuerOptions>;

const TOKEN_READERS = {
  scope: unchecked<string | readonly string[]>(),
  audience: unchecked<string | readonly string[]>(),
  subject: unchecked<string>(),
  clientId: unchecked<string>(),
  expiresInSeconds: number({ min: -MAX_LIFETIME_SECONDS, max: MAX_LIFETIME_SECONDS, unit: 'seconds', fallback: 3600 }),
  claims: members("Give an object such as { tenant: 'acme' }."),
  header: members("Give an object such as { typ: 'JWT' }."),
  algorithm: optional(readAlgorithm),
} satisfies ReadersOf<TestTokenOptions>;

/** Fills in the defaults. @throws {ConfigurationError} */
export function parseTestIssuerOptions(input: unknown): Required<TestIssuerOptions> {
  const options = readOptions(input, '', 'Give an object such as { network: true }, or nothing.', ISSUER_READERS);
  const { network, issuer, path } = options;
  checkAddress(options);
  return {
    algorithms: options.algorithms ?? ['ES256'],
    network,
    issuer: issuer ?? 'https://issuer.test',
    path: path ?? '',
    audience: options.audience ?? 'https://api.test',
    startAt: options.startAt ?? Date.now(),
  };
}

/** The content of a token, parsed. */
export type TestTokenInput = ReadOptions<typeof TOKEN_READERS>;

/** @throws {ConfigurationError} */
export function parseTestTokenOptions(input: unknown = {}): TestTokenInput {
  return readOptions(input, '', "Give an object such as { scope: 'orders:read' }.", TOKEN_READERS);
}

/** With a network, the port is part of the identifier. Without one, the options give it. */
function checkAddress({ network, issuer, path }: ReadOptions<typeof ISSUER_READERS>): void {
  if (network && issuer !== undefined) {
    throw new ConfigurationError(
      'issuer',
      'is given by the port that network: true finds.',
      'Give a path, or no network.',
    );
  }
  if (network || path === undefined) return;
  throw new ConfigurationError('path', 'needs network: true.', 'Without a network, put it into issuer.');
}

function readPath(value: unknown, path: string): string {
  const urlPath = text(PATH_FIX)(value, path);
  if (urlPath.startsWith('/')) return urlPath;
  throw new ConfigurationError(path, `is ${describeValue(urlPath)}.`, PATH_FIX);
}

function readAlgorithms(value: unknown, path: string): readonly Algorithm[] {
  return list(ALGORITHMS_FIX)(value, path).map(checkAlgorithm);
}

export function checkAlgorithm(algorithm: unknown): Algorithm {
  if (isTestAlgorithm(algorithm)) return algorithm;
  throw new ConfigurationError(
    'algorithms',
    `holds ${describeValue(algorithm)}.`,
    'Give names such as ES256 or RS256.',
  );
}

function readAlgorithm(value: unknown, path: string): Algorithm {
  if (isTestAlgorithm(value)) return value;
  throw new ConfigurationError(path, `is ${describeValue(value)}.`, 'Give a name such as ES256 or RS256.');
}

/** Leaves a claim unchecked: a test may need a wrong one. */
function unchecked<T>(): Reader<T | undefined> {
  return (value) => value as T | undefined;
}

function members(fix: string): Reader<JsonObject> {
  return (value, path) => {
    if (value === undefined) return {};
    requireObject(value, path, fix);
    return readRecord(value);
  };
}

/** `jose` signs for the test issuer, and has neither ES256K nor Ed448. */
function isTestAlgorithm(name: unknown): name is Algorithm {
  return DEFAULT_ALGORITHMS.some((known) => known === name);
}
