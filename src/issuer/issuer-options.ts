import { createPublicKey, type JsonWebKey } from 'node:crypto';
import type { JSONWebKeySet } from 'jose';
import { ALL_ALGORITHMS, type Algorithm, isAlgorithm } from '../protocol/algorithm.js';
import { ConfigurationError } from '../protocol/errors.js';
import {
  checkOptionNames,
  describeValue,
  optionPath,
  readNumber,
  readStrings,
  requireObject,
} from '../protocol/options.js';
import { metadataUrls } from '../protocol/well-known.js';
import { checkJwk } from './verification-key.js';

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
  /** Allow `http:` URLs. For development against a local authorization server only. */
  readonly dangerouslyAllowInsecureHttp?: boolean;
}

interface IssuerIdentity extends SharedRules {
  /** Compared with the `iss` claim to the letter. */
  readonly issuer: string;
  /** A narrower audience for this issuer's tokens, besides that of the verifier or guard. */
  readonly audience?: string | readonly string[];
}

/** Keys are found through the issuer's metadata: OpenID Connect Discovery, else RFC 8414. */
export interface DiscoveredIssuer extends IssuerIdentity {
  /** Where the metadata is, when not at the well-known place: inside a cluster, say. Its `issuer` must be the same. */
  readonly metadataUrl?: string;
  readonly jwksUri?: never;
  readonly jwks?: never;
}

/** Keys are at a known URL. */
export interface JwksUriIssuer extends IssuerIdentity {
  readonly jwksUri: string;
  readonly metadataUrl?: never;
  readonly jwks?: never;
}

/** Keys are given here and never fetched. */
export interface StaticKeysIssuer extends IssuerIdentity {
  readonly jwks: JSONWebKeySet;
  readonly metadataUrl?: never;
  readonly jwksUri?: never;
}

/** How the keys of one trusted issuer are found. */
export type IssuerOptions = DiscoveredIssuer | JwksUriIssuer | StaticKeysIssuer;

/**
 * Finds the options of an issuer by the `iss` of a token; undefined: not trusted. The `issuer` in its answer
 * must be that `iss`. Called before anything of the token is verified, so `iss` is a stranger's text. Answers
 * are remembered, refusals too. What it throws, or never settling, is answered with 503.
 */
export type IssuerResolver = (iss: string) => IssuerOptions | undefined | Promise<IssuerOptions | undefined>;

/** What `SharedRules` become once they are checked. */
export interface IssuerRules {
  readonly algorithms: ReadonlySet<Algorithm>;
  readonly profile: Profile;
  readonly scopesFrom: readonly ScopeSource[];
  readonly clientIds: readonly string[] | undefined;
  readonly maxTokenAgeSeconds: number | undefined;
  readonly allowInsecureHttp: boolean;
}

/** Where the keys of an issuer are. */
export type KeyLocation =
  | { readonly kind: 'metadata'; readonly urls: readonly string[] }
  | { readonly kind: 'jwksUri'; readonly url: string }
  | { readonly kind: 'jwks'; readonly members: readonly unknown[] };

/** The options of one issuer, checked, with every default filled in. */
export interface IssuerConfig {
  readonly issuer: string;
  readonly audience: readonly string[] | undefined;
  readonly location: KeyLocation;
  readonly rules: IssuerRules;
}

export const SHARED_RULE_NAMES = [
  'algorithms',
  'profile',
  'scopesFrom',
  'clientIds',
  'maxTokenAgeSeconds',
  'dangerouslyAllowInsecureHttp',
] as const satisfies readonly (keyof SharedRules)[];

const LOCATION_NAMES = ['metadataUrl', 'jwksUri', 'jwks'] as const;
const ISSUER_OPTION_NAMES = ['issuer', 'audience', ...LOCATION_NAMES, ...SHARED_RULE_NAMES];

const DEFAULT_RULES: IssuerRules = {
  algorithms: new Set(ALL_ALGORITHMS),
  profile: 'jwt',
  scopesFrom: ['scope', 'scp'],
  clientIds: undefined,
  maxTokenAgeSeconds: undefined,
  allowInsecureHttp: false,
};

const A_YEAR_OF_SECONDS = 31_536_000;

/** @throws {ConfigurationError} */
export function parseIssuerOptions(given: unknown, where: string, shared: IssuerRules): IssuerConfig {
  const options = typeof given === 'string' ? { issuer: given } : given;
  requireObject(options, where, "Give the issuer's URL, or an object such as { issuer: 'https://login.example.com' }.");
  checkOptionNames(options, ISSUER_OPTION_NAMES, where);
  const at = (name: string) => (typeof given === 'string' ? where : optionPath(where, name));
  const { issuer, audience, ...rest } = options as Partial<Record<string, unknown>>;
  const rules = parseSharedRules(options, where, shared);
  return Object.freeze({
    issuer: checkIssuer(issuer, at('issuer'), rules.allowInsecureHttp),
    audience:
      audience === undefined
        ? undefined
        : readStrings(audience, at('audience'), 'Give a string or an array of strings.'),
    location: parseLocation(issuer as string, rest, where, rules.allowInsecureHttp),
    rules,
  });
}

/** @throws {ConfigurationError} */
export function parseSharedRules(given: object, where: string, defaults: IssuerRules = DEFAULT_RULES): IssuerRules {
  const { algorithms, profile, scopesFrom, clientIds, dangerouslyAllowInsecureHttp } = given as Partial<
    Record<string, unknown>
  >;
  const at = (name: string) => optionPath(where, name);
  if (profile !== undefined && profile !== 'jwt' && profile !== 'rfc9068') {
    throw new ConfigurationError(at('profile'), `is ${describeValue(profile)}.`, "Give 'jwt' or 'rfc9068'.");
  }
  if (dangerouslyAllowInsecureHttp !== undefined && typeof dangerouslyAllowInsecureHttp !== 'boolean') {
    throw new ConfigurationError(
      at('dangerouslyAllowInsecureHttp'),
      `is ${describeValue(dangerouslyAllowInsecureHttp)}.`,
      'Give true or false.',
    );
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
    allowInsecureHttp: dangerouslyAllowInsecureHttp ?? defaults.allowInsecureHttp,
  });
}

function parseAlgorithms(given: unknown, option: string): ReadonlySet<Algorithm> {
  const fix = `Give some of ${ALL_ALGORITHMS.join(', ')}.`;
  const names = readStrings(given, option, fix);
  for (const name of names) {
    if (isAlgorithm(name)) continue;
    if (name.toLowerCase() === 'none') {
      throw new ConfigurationError(option, 'holds "none": anybody could make such tokens (RFC 8725 §3.2).', fix);
    }
    if (/^HS\d+$/.test(name)) {
      throw new ConfigurationError(
        option,
        `holds ${name}, which needs a shared secret; the keys of this issuer are public (RFC 8725 §2.1).`,
        fix,
      );
    }
    throw new ConfigurationError(option, `holds ${describeValue(name)}, which is not supported.`, fix);
  }
  return new Set(names as readonly Algorithm[]);
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

function checkIssuer(issuer: unknown, option: string, allowInsecureHttp: boolean): string {
  const example = "such as 'https://login.example.com'";
  if (typeof issuer !== 'string' || issuer === '') {
    throw new ConfigurationError(option, `is ${describeValue(issuer)}.`, `Give the issuer's URL, ${example}.`);
  }
  checkUrl(issuer, option, allowInsecureHttp);
  // RFC 8414 §2: no query or fragment components.
  if (issuer.includes('?') || issuer.includes('#')) {
    throw new ConfigurationError(
      option,
      `${describeValue(issuer)} has a query or fragment.`,
      `Give the URL alone, ${example}.`,
    );
  }
  return issuer;
}

function parseLocation(
  issuer: string,
  options: Partial<Record<string, unknown>>,
  where: string,
  allowInsecureHttp: boolean,
): KeyLocation {
  const given = LOCATION_NAMES.filter((name) => options[name] !== undefined);
  if (given.length > 1) {
    throw new ConfigurationError(
      where,
      `has ${given.join(' and ')}.`,
      'Give one of them: each says where the keys are.',
    );
  }
  const { metadataUrl, jwksUri, jwks } = options;
  if (jwks !== undefined) return { kind: 'jwks', members: checkJwks(jwks, optionPath(where, 'jwks')) };
  if (jwksUri !== undefined) {
    return { kind: 'jwksUri', url: checkUrl(jwksUri, optionPath(where, 'jwksUri'), allowInsecureHttp) };
  }
  if (metadataUrl !== undefined) {
    return { kind: 'metadata', urls: [checkUrl(metadataUrl, optionPath(where, 'metadataUrl'), allowInsecureHttp)] };
  }
  return { kind: 'metadata', urls: metadataUrls(issuer) };
}

// URL parsers mend white space, control characters, backslashes and missing slashes; the issuer is compared to the letter.
const HTTP_URL = /^https?:\/\/[^\s\\\p{Cc}]+$/iu;

function checkUrl(given: unknown, option: string, allowInsecureHttp: boolean): string {
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
function checkStaticKey(member: unknown): string | undefined {
  const usable = checkJwk(member);
  if (typeof usable === 'string') return usable;
  try {
    createPublicKey({ key: usable.publicJwk as JsonWebKey, format: 'jwk' });
    return undefined;
  } catch {
    return 'is not a valid key, such as a point off its curve';
  }
}

function checkJwks(jwks: unknown, option: string): readonly unknown[] {
  const fix = 'Give a JSON Web Key Set such as { keys: [{ kty: ... }] } with public keys.';
  requireObject(jwks, option, fix);
  const { keys } = jwks as { keys?: unknown };
  if (!Array.isArray(keys)) throw new ConfigurationError(option, 'has no keys array.', fix);
  const judged = Array.from(keys, checkStaticKey);
  if (judged.some((why) => why === undefined)) return [...keys];
  const reasons = judged.map((why, index) => `keys[${index}] ${why}`).join('; ');
  throw new ConfigurationError(option, `has no key that can be used${reasons === '' ? '' : `: ${reasons}`}.`, fix);
}
