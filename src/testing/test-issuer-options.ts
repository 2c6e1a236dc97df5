import { type Algorithm, isAlgorithm } from '../jws/algorithm.js';
import { checkOptionNames, describeValue, readNumber, requireObject } from '../options/option-reader.js';
import { ConfigurationError } from '../protocol/errors.js';

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
  if (typeof network !== 'boolean') {
    throw new ConfigurationError('network', `is ${describeValue(network)}.`, 'Give true or false.');
  }
  checkAddress(network, issuer, path);
  const bounds = { least: 0, most: LATEST_TIME_MS, unit: 'milliseconds' };
  return {
    algorithms: parseAlgorithms(algorithms),
    network,
    issuer: issuer ?? 'https://issuer.test',
    path: path ?? '',
    audience: checkText(audience, 'audience', 'Give a string.'),
    startAt: readNumber(given, 'startAt', '', bounds) ?? Date.now(),
  };
}

function parseAlgorithms(given: unknown): readonly Algorithm[] {
  const fix = "Give a list of names, such as ['ES256', 'RS256'].";
  if (!Array.isArray(given)) throw new ConfigurationError('algorithms', `is ${describeValue(given)}.`, fix);
  if (given.length === 0) throw new ConfigurationError('algorithms', 'is an empty list.', fix);
  return Array.from(given, checkAlgorithm);
}

/** With a network, the port that is found decides on the identifier; without one, the options do. */
function checkAddress(network: boolean, issuer: unknown, path: unknown): void {
  if (network && issuer !== undefined) {
    throw new ConfigurationError(
      'issuer',
      'is given by the port that network: true finds.',
      'Give a path, or no network.',
    );
  }
  if (issuer !== undefined) checkText(issuer, 'issuer', 'Give a URL such as https://issuer.test.');
  if (path === undefined) return;
  if (!network) throw new ConfigurationError('path', 'needs network: true.', 'Without a network, put it into issuer.');
  const fix = 'Begin it with a slash: /tenant1.';
  if (!checkText(path, 'path', fix).startsWith('/'))
    throw new ConfigurationError('path', `is ${describeValue(path)}.`, fix);
}

function checkText(given: unknown, option: string, fix: string): string {
  if (typeof given === 'string' && given !== '') return given;
  throw new ConfigurationError(option, `is ${describeValue(given)}.`, fix);
}

export function checkAlgorithm(algorithm: unknown): Algorithm {
  if (isAlgorithm(algorithm)) return algorithm;
  throw new ConfigurationError(
    'algorithms',
    `holds ${describeValue(algorithm)}.`,
    'Give names such as ES256 or RS256.',
  );
}
