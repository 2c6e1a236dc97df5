import { type Algorithm, isAlgorithm } from '../jws/algorithm.js';
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
  /** A key is made for each; the first one signs unless a token says otherwise. @defaultValue `['ES256']` */
  readonly algorithms?: readonly Algorithm[];
  /** Listen on a loopback port. Without it, the issuer is reached by the `fetch` of `verifierOptions` alone. @defaultValue false */
  readonly network?: boolean;
  /** The issuer identifier, without network. @defaultValue `'https://issuer.test'` */
  readonly issuer?: string;
  /** The path of the issuer identifier, with network: `/tenant1`. @defaultValue none */
  readonly path?: string;
  /** The audience of tokens that name none. @defaultValue `'https://api.test'` */
  readonly audience?: string;
  /** Where the clock starts, in milliseconds since the epoch. @defaultValue the time of creation */
  readonly startAt?: number;
}

/** What a token says. Everything has a default; a claim or header set to `undefined` is left out. */
export interface TestTokenOptions {
  /** A scope string, or a list. @defaultValue no `scope` claim */
  readonly scope?: string | readonly string[];
  /** @defaultValue the audience of the issuer */
  readonly audience?: string | readonly string[];
  /** @defaultValue `'test-user'` */
  readonly subject?: string;
  /** @defaultValue `'test-client'` */
  readonly clientId?: string;
  /** Negative for a token that expired. @defaultValue 3600 */
  readonly expiresInSeconds?: number;
  /** Any claims, these included. */
  readonly claims?: JsonObject;
  /** Any header parameters: `{ typ: 'JWT' }`, `{ kid: undefined }`. */
  readonly header?: JsonObject;
  /** Which of the issuer's keys signs. @defaultValue the first algorithm of the issuer */
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

/** What a token says, read. */
export type TestTokenInput = ReadOptions<typeof TOKEN_READERS>;

/** @throws {ConfigurationError} */
export function parseTestTokenOptions(input: unknown = {}): TestTokenInput {
  return readOptions(input, '', "Give an object such as { scope: 'orders:read' }.", TOKEN_READERS);
}

/** With a network, the port that is found decides on the identifier; without one, the options do. */
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
  const given = text(PATH_FIX)(value, path);
  if (given.startsWith('/')) return given;
  throw new ConfigurationError(path, `is ${describeValue(given)}.`, PATH_FIX);
}

function readAlgorithms(value: unknown, path: string): readonly Algorithm[] {
  return list(ALGORITHMS_FIX)(value, path).map(checkAlgorithm);
}

export function checkAlgorithm(algorithm: unknown): Algorithm {
  if (isAlgorithm(algorithm)) return algorithm;
  throw new ConfigurationError(
    'algorithms',
    `holds ${describeValue(algorithm)}.`,
    'Give names such as ES256 or RS256.',
  );
}

function readAlgorithm(value: unknown, path: string): Algorithm {
  if (isAlgorithm(value)) return value;
  throw new ConfigurationError(path, `is ${describeValue(value)}.`, 'Give a name such as ES256 or RS256.');
}

/** Leaves a claim to the types: a test may want it wrong. */
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
