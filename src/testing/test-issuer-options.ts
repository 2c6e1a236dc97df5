import { type Algorithm, isAlgorithm } from '../protocol/algorithm.js';
import { ConfigurationError } from '../protocol/errors.js';
import { checkOptionNames, describeValue, readNumber, requireObject } from '../protocol/options.js';

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

const OPTION_NAMES = ['algorithms', 'network', 'issuer', 'path', 'audience', 'startAt'];
// The last moment that a Date can hold (ECMA-262 §21.4.1.1).
const LATEST_TIME_MS = 8_640_000_000_000_000;

/** Fills in the defaults. @throws {ConfigurationError} */
export function parseTestIssuerOptions(given: TestIssuerOptions): Required<TestIssuerOptions> {
  requireObject(given, 'options', 'Give an object such as { network: true }, or nothing.');
  checkOptionNames(given, OPTION_NAMES, '');
  const { algorithms = ['ES256'], network = false, issuer, path, audience = 'https://api.test' } = given;
  if (algorithms.length === 0) {
    throw new ConfigurationError('algorithms', 'is an empty list.', 'Give names such as ES256 or RS256.');
  }
  if (network && issuer !== undefined) {
    throw new ConfigurationError(
      'issuer',
      'is given by the port that network: true finds.',
      'Give a path, or no network.',
    );
  }
  if (!network && path !== undefined) {
    throw new ConfigurationError('path', 'needs network: true.', 'Without a network, put it into issuer.');
  }
  if (path !== undefined && !path.startsWith('/')) {
    throw new ConfigurationError('path', `is ${describeValue(path)}.`, 'Begin it with a slash: /tenant1.');
  }
  const bounds = { least: 0, most: LATEST_TIME_MS, unit: 'milliseconds' };
  return {
    algorithms: algorithms.map(checkAlgorithm),
    network,
    issuer: issuer ?? 'https://issuer.test',
    path: path ?? '',
    audience,
    startAt: readNumber(given, 'startAt', '', bounds) ?? Date.now(),
  };
}

export function checkAlgorithm(algorithm: unknown): Algorithm {
  if (isAlgorithm(algorithm)) return algorithm;
  throw new ConfigurationError(
    'algorithms',
    `holds ${describeValue(algorithm)}.`,
    'Give names such as ES256 or RS256.',
  );
}
