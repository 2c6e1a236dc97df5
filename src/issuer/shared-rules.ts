import {
  ALL_ALGORITHMS,
  type Algorithm,
  isAlgorithm,
  isHmacAlgorithm,
  type SignatureAlgorithm,
} from '../jws/algorithm.js';
import { hasMlDsa } from '../jws/runtime-support.js';
import { describeValue, optionPath, readBoolean, readNumber, readStrings } from '../options/option-reader.js';
import { ConfigurationError } from '../protocol/errors.js';

/**
 * Which tokens count as access tokens. `jwt`: any JWT that bears no mark of another kind of token.
 * `rfc9068`: `typ` is `at+jwt` and every claim that RFC 9068 §2.2 requires is there.
 */
export type Profile = 'jwt' | 'rfc9068';

/** A claim to read scopes from, or a function that finds them. A function must not change what it is given. */
export type ScopeSource = string | ((claims: { readonly [name: string]: unknown }) => readonly string[]);

/** Rules that may stand on the verifier, for all issuers, and on one issuer, where they take their place. */
export interface SharedRules {
  /**
   * Signature algorithms to accept.
   * @defaultValue every asymmetric algorithm that scopegate knows
   */
  readonly algorithms?: readonly Algorithm[];
  /** @defaultValue `'jwt'` */
  readonly profile?: Profile;
  /**
   * Where scopes are read from; what is found in several places is put together.
   * @defaultValue `['scope', 'scp']`
   */
  readonly scopesFrom?: readonly ScopeSource[];
  /** Accept tokens of these clients alone. The client is `client_id`, else `azp`, `cid` or `appid`. */
  readonly clientIds?: readonly string[];
  /** Refuse tokens whose `iat` lies further back, in seconds. Makes `iat` required. */
  readonly maxTokenAgeSeconds?: number;
  /**
   * Refuse tokens whose header names no key. Without it, a token without `kid` is verified with a key that fits
   * its algorithm, two at most.
   * @defaultValue `false`
   */
  readonly requireKid?: boolean;
  /** Allow `http:` URLs. For development against a local authorization server only. */
  readonly dangerouslyAllowInsecureHttp?: boolean;
}

/** What `SharedRules` become once they are checked. */
export interface IssuerRules {
  readonly algorithms: ReadonlySet<SignatureAlgorithm>;
  readonly profile: Profile;
  readonly scopesFrom: readonly ScopeSource[];
  readonly clientIds: readonly string[] | undefined;
  readonly maxTokenAgeSeconds: number | undefined;
  readonly requireKid: boolean;
  readonly allowInsecureHttp: boolean;
}

export const SHARED_RULE_NAMES = [
  'algorithms',
  'profile',
  'scopesFrom',
  'clientIds',
  'maxTokenAgeSeconds',
  'requireKid',
  'dangerouslyAllowInsecureHttp',
] as const satisfies readonly (keyof SharedRules)[];

const DEFAULT_RULES: IssuerRules = {
  algorithms: new Set(ALL_ALGORITHMS),
  profile: 'jwt',
  scopesFrom: ['scope', 'scp'],
  clientIds: undefined,
  maxTokenAgeSeconds: undefined,
  requireKid: false,
  allowInsecureHttp: false,
};

const A_YEAR_OF_SECONDS = 31_536_000;

/** @throws {ConfigurationError} */
export function parseSharedRules(given: object, where: string, defaults: IssuerRules = DEFAULT_RULES): IssuerRules {
  const { algorithms, profile, scopesFrom, clientIds } = given as Partial<Record<string, unknown>>;
  const at = (name: string) => optionPath(where, name);
  if (profile !== undefined && profile !== 'jwt' && profile !== 'rfc9068') {
    throw new ConfigurationError(at('profile'), `is ${describeValue(profile)}.`, "Give 'jwt' or 'rfc9068'.");
  }
  const maxTokenAgeSeconds = readNumber(given, 'maxTokenAgeSeconds', where, {
    least: 1,
    most: A_YEAR_OF_SECONDS,
    unit: 'seconds',
  });
  return Object.freeze({
    algorithms: algorithms === undefined ? defaults.algorithms : parseAlgorithms(algorithms, at('algorithms')),
    profile: profile ?? defaults.profile,
    scopesFrom: scopesFrom === undefined ? defaults.scopesFrom : parseScopesFrom(scopesFrom, at('scopesFrom')),
    clientIds:
      clientIds === undefined
        ? defaults.clientIds
        : readStrings(clientIds, at('clientIds'), 'Give an array of client ids.'),
    maxTokenAgeSeconds: maxTokenAgeSeconds ?? defaults.maxTokenAgeSeconds,
    requireKid: readBoolean(given, 'requireKid', where) ?? defaults.requireKid,
    allowInsecureHttp: readBoolean(given, 'dangerouslyAllowInsecureHttp', where) ?? defaults.allowInsecureHttp,
  });
}

function parseAlgorithms(given: unknown, option: string): ReadonlySet<Algorithm> {
  const fix = `Give some of ${ALL_ALGORITHMS.join(', ')}.`;
  const names = readStrings(given, option, fix);
  for (const name of names) {
    const problem = findAlgorithmProblem(name);
    if (problem !== undefined) throw new ConfigurationError(option, `holds ${describeValue(name)}${problem}.`, fix);
  }
  return new Set(names as readonly Algorithm[]);
}

function findAlgorithmProblem(name: string): string | undefined {
  if (name.toLowerCase() === 'none') return ': anybody could make such tokens (RFC 8725 §3.2)';
  if (isHmacAlgorithm(name)) {
    return ', which needs a shared secret; the keys of this issuer are public (RFC 8725 §2.1). Set it on an issuer with a secret';
  }
  if (!isAlgorithm(name)) return ', which is not supported';
  return name.startsWith('ML-DSA') && !hasMlDsa() ? ', which this Node.js does not support' : undefined;
}

function parseScopesFrom(given: unknown, option: string): readonly ScopeSource[] {
  const fix = "Give an array of claim names and functions, such as ['scope', (claims) => claims.roles].";
  if (!Array.isArray(given)) throw new ConfigurationError(option, `is ${describeValue(given)}.`, fix);
  if (given.length === 0) throw new ConfigurationError(option, 'is an empty list.', fix);
  for (const source of given) {
    if (typeof source !== 'function' && (typeof source !== 'string' || source === '')) {
      throw new ConfigurationError(option, `holds ${describeValue(source)}.`, fix);
    }
  }
  return Object.freeze([...given]);
}
