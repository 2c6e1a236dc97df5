import {
  ALL_ALGORITHMS,
  type Algorithm,
  DEFAULT_ALGORITHMS,
  isAlgorithm,
  isHmacAlgorithm,
  type SignatureAlgorithm,
} from '../jws/algorithm.js';
import { isSupported } from '../jws/runtime-support.js';
import { ConfigurationError } from '../options/configuration-error.js';
import { describeValue } from '../options/describe-value.js';
import type { ReadersOf, ReadOptions } from '../options/option-reader.js';
import { boolean, list, number, oneOf, optional, strings } from '../options/readers.js';
import type { JsonObject } from '../protocol/json-object.js';

/**
 * Which tokens count as access tokens. `jwt`: any JWT without the indicators of another kind of token. `rfc9068`: `typ`
 * is `at+jwt`, and every claim that RFC 9068 §2.2 requires is present.
 */
export type Profile = 'jwt' | 'rfc9068';

/** A claim to read scopes from, or a function that finds them. A function must not change its argument. */
export type ScopeSource = string | ((claims: JsonObject) => readonly string[]);

/** Rules of the verifier for all issuers. Those of one issuer replace them. */
export interface SharedRules {
  /**
   * Signature algorithms to accept.
   * @defaultValue every asymmetric algorithm that scopegate knows but ES256K and Ed448
   */
  readonly algorithms?: readonly Algorithm[];
  /** @defaultValue `'jwt'` */
  readonly profile?: Profile;
  /**
   * The sources of scopes. The scopes of all sources count.
   * @defaultValue `['scope', 'scp']`
   */
  readonly scopesFrom?: readonly ScopeSource[];
  /** Accept only tokens of these clients. The client is `client_id`, else `azp`, `cid` or `appid`. */
  readonly clientIds?: readonly string[];
  /** Refuse tokens whose `iat` lies further back, in seconds. Makes `iat` required. */
  readonly maxTokenAgeSeconds?: number;
  /**
   * Refuse tokens whose header names no key. Without this rule, a token without `kid` is verified with the keys that fit
   * its algorithm, two at most.
   * @defaultValue `false`
   */
  readonly requireKid?: boolean;
  /** Allow `http:` URLs. For development against a local authorization server only. */
  readonly dangerouslyAllowInsecureHttp?: boolean;
}

/** `SharedRules`, checked, with every default filled in. */
export interface IssuerRules {
  readonly algorithms: ReadonlySet<SignatureAlgorithm>;
  readonly profile: Profile;
  readonly scopesFrom: readonly ScopeSource[];
  readonly clientIds: readonly string[] | undefined;
  readonly maxTokenAgeSeconds: number | undefined;
  readonly requireKid: boolean;
  /** The keys have no names, so the `kid` of a token is not looked at. */
  readonly ignoreKid: boolean;
  readonly allowInsecureHttp: boolean;
  /** Whether claims tell no kinds of tokens apart. An issuer alone can say so. */
  readonly acceptAnyTokenKind: boolean;
}

const DEFAULT_RULES: IssuerRules = {
  algorithms: new Set(DEFAULT_ALGORITHMS),
  profile: 'jwt',
  scopesFrom: ['scope', 'scp'],
  clientIds: undefined,
  maxTokenAgeSeconds: undefined,
  requireKid: false,
  ignoreKid: false,
  allowInsecureHttp: false,
  acceptAnyTokenKind: false,
};

// Access tokens live for hours. A longer bound is a mistake, such as milliseconds.
const A_YEAR_OF_SECONDS = 31_536_000;
const ALGORITHMS_FIX = `Give some of ${ALL_ALGORITHMS.join(', ')}.`;
const SCOPES_FIX = "Give an array of claim names and functions, such as ['scope', (claims) => claims.roles].";

export const SHARED_RULE_READERS = {
  algorithms: optional(readAlgorithms),
  profile: optional(oneOf<Profile>(['jwt', 'rfc9068'], "Give 'jwt' or 'rfc9068'.")),
  scopesFrom: optional(readScopesFrom),
  clientIds: optional(strings('Give an array of client ids.')),
  maxTokenAgeSeconds: number({ min: 1, max: A_YEAR_OF_SECONDS, unit: 'seconds' }),
  requireKid: boolean(),
  dangerouslyAllowInsecureHttp: boolean(),
} satisfies ReadersOf<SharedRules>;

/** Fills in the defaults. */
export function toIssuerRules(
  options: ReadOptions<typeof SHARED_RULE_READERS>,
  defaults: IssuerRules = DEFAULT_RULES,
): IssuerRules {
  return Object.freeze({
    algorithms: options.algorithms ?? defaults.algorithms,
    profile: options.profile ?? defaults.profile,
    scopesFrom: options.scopesFrom ?? defaults.scopesFrom,
    clientIds: options.clientIds ?? defaults.clientIds,
    maxTokenAgeSeconds: options.maxTokenAgeSeconds ?? defaults.maxTokenAgeSeconds,
    requireKid: options.requireKid ?? defaults.requireKid,
    ignoreKid: false,
    allowInsecureHttp: options.dangerouslyAllowInsecureHttp ?? defaults.allowInsecureHttp,
    acceptAnyTokenKind: defaults.acceptAnyTokenKind,
  });
}

/** Reads the algorithms of an issuer with public keys. */
export function readAlgorithms(value: unknown, path: string): ReadonlySet<Algorithm> {
  const names = strings(ALGORITHMS_FIX)(value, path);
  return new Set(names.map((name) => toAlgorithm(name, path)));
}

function toAlgorithm(name: string, path: string): Algorithm {
  if (isAlgorithm(name) && isSupported(name)) return name;
  throw new ConfigurationError(path, `holds ${describeValue(name)}${describeProblem(name)}.`, ALGORITHMS_FIX);
}

function describeProblem(name: string): string {
  if (name.toLowerCase() === 'none') return ': anybody could make such tokens (RFC 8725 §3.2)';
  if (isHmacAlgorithm(name)) {
    return ', which needs a shared secret; the keys of this issuer are public (RFC 8725 §2.1). Set it on an issuer with a secret';
  }
  return isAlgorithm(name) ? ', which this Node.js does not support' : ', which is not supported';
}

function readScopesFrom(value: unknown, path: string): readonly ScopeSource[] {
  const sources = list(SCOPES_FIX)(value, path);
  return Object.freeze(sources.map((source) => checkScopeSource(source, path)));
}

function checkScopeSource(source: unknown, path: string): ScopeSource {
  if (typeof source === 'function') return source as ScopeSource;
  if (typeof source === 'string' && source !== '') return source;
  throw new ConfigurationError(path, `holds ${describeValue(source)}.`, SCOPES_FIX);
}
