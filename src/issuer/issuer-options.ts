import type { JSONWebKeySet } from 'jose';
import { isFetchable } from '../discovery/fetch-metadata.js';
import { metadataUrls } from '../discovery/well-known.js';
import { ALL_HMAC_ALGORITHMS, type HmacAlgorithm, isHmacAlgorithm } from '../jws/algorithm.js';
import { checkOptionNames, describeValue, optionPath, readStrings, requireObject } from '../options/option-reader.js';
import { ConfigurationError } from '../protocol/errors.js';
import { type IntrospectionConfig, type IntrospectionOptions, parseIntrospection } from './introspection-options.js';
import {
  checkOneLocation,
  checkUrl,
  KEY_LOCATION_NAMES,
  type KeyLocation,
  parseKeyLocation,
  parseSecretSource,
  type SecretSource,
} from './key-location.js';
import { type IssuerRules, parseSharedRules, SHARED_RULE_NAMES, type SharedRules } from './shared-rules.js';

/** What every form of an issuer has. */
export interface IssuerIdentity extends SharedRules {
  /** Compared with the `iss` claim to the letter. */
  readonly issuer: string;
  /**
   * A narrower audience for this issuer's tokens, besides that of the verifier or guard. `false`: this issuer names
   * no audience in its tokens, so that none is asked for, whatever the verifier or guard says; needs `clientIds`.
   */
  readonly audience?: string | readonly string[] | false;
  /**
   * Where to ask about tokens that are no JWTs (RFC 7662). One issuer of a verifier may have it: an opaque token
   * names none.
   */
  readonly introspection?: IntrospectionOptions;
}

/** Keys are found through the issuer's metadata: OpenID Connect Discovery, else RFC 8414. */
export interface DiscoveredIssuer extends IssuerIdentity {
  /** Where the metadata is, when not at the well-known place: inside a cluster, say. Its `issuer` must be the same. */
  readonly metadataUrl?: string;
  readonly jwksUri?: never;
  readonly jwks?: never;
  readonly secret?: never;
}

/** Keys are at a known URL. */
export interface JwksUriIssuer extends IssuerIdentity {
  readonly jwksUri: string;
  readonly metadataUrl?: never;
  readonly jwks?: never;
  readonly secret?: never;
}

/** Keys are given here and never fetched. */
export interface StaticKeysIssuer extends IssuerIdentity {
  readonly jwks: JSONWebKeySet;
  readonly metadataUrl?: never;
  readonly jwksUri?: never;
  readonly secret?: never;
}

/**
 * Tokens are signed with a shared secret. Whoever has it can issue tokens, this server included: use it to
 * keep an older scheme alive, not to start with. The name of the issuer need not be a URL.
 */
export interface SharedSecretIssuer extends Omit<IssuerIdentity, 'algorithms'> {
  /**
   * At least as long as the hash of the algorithm: 32, 48 or 64 bytes. Several, while one replaces another. A function
   * is asked again as key sets are: behind the requests after `keys.maxAgeSeconds`.
   */
  readonly secret: SecretSource;
  readonly algorithms: readonly HmacAlgorithm[];
  readonly metadataUrl?: never;
  readonly jwksUri?: never;
  readonly jwks?: never;
}

/** How the keys of one trusted issuer are found. */
export type IssuerOptions = DiscoveredIssuer | JwksUriIssuer | StaticKeysIssuer | SharedSecretIssuer;

/**
 * Finds the options of an issuer by the `iss` of a token; undefined: not trusted. The `issuer` in its answer
 * must be that `iss`. Called before anything of the token is verified, so `iss` is a stranger's text. Answers
 * are remembered, refusals too. What it throws, or never settling, is answered with 503.
 */
export type IssuerResolver = (iss: string) => IssuerOptions | undefined | Promise<IssuerOptions | undefined>;

/** The options of one issuer, checked, with every default filled in. */
export interface IssuerConfig {
  readonly issuer: string;
  readonly audience: readonly string[] | false | undefined;
  readonly location: KeyLocation;
  /** Whether the options say where the keys are. */
  readonly hasKeyLocation: boolean;
  /** Where the metadata of the issuer is, for whatever else it tells. */
  readonly metadataUrls: readonly string[];
  readonly introspection: IntrospectionConfig | undefined;
  readonly rules: IssuerRules;
}

const ISSUER_OPTION_NAMES = ['issuer', 'audience', 'introspection', ...KEY_LOCATION_NAMES, ...SHARED_RULE_NAMES];
const ISSUER_EXAMPLE = "such as 'https://login.example.com'";

/** @throws {ConfigurationError} */
export function parseIssuerOptions(given: unknown, where: string, shared: IssuerRules): IssuerConfig {
  const options = typeof given === 'string' ? { issuer: given } : given;
  requireObject(options, where, `Give the issuer's URL, or an object with an issuer, ${ISSUER_EXAMPLE}.`);
  checkOptionNames(options, ISSUER_OPTION_NAMES, where);
  checkOneLocation(options, where);
  const { issuer, secret, introspection } = options as Partial<Record<string, unknown>>;
  const issuerOption = typeof given === 'string' ? where : optionPath(where, 'issuer');
  const name = checkName(issuer, issuerOption);
  const parseKeys = secret === undefined ? parsePublicKeyIssuer : parseSecretIssuer;
  const { location, rules } = parseKeys(options as GivenIssuer, where, shared, issuerOption);
  const urls = findMetadataUrls(name, location, rules);
  return Object.freeze({
    issuer: name,
    audience: parseAudience(options, rules, where),
    location,
    hasKeyLocation: KEY_LOCATION_NAMES.some((option) => (options as GivenIssuer)[option] !== undefined),
    metadataUrls: urls,
    introspection:
      introspection === undefined ? undefined : parseIntrospectionOption(introspection, urls, rules, where),
    rules,
  });
}

function parseAudience(given: object, rules: IssuerRules, where: string): readonly string[] | false | undefined {
  const { audience } = given as Partial<Record<string, unknown>>;
  const option = optionPath(where, 'audience');
  if (audience === undefined) return undefined;
  if (audience !== false) return readStrings(audience, option, 'Give a string or a list of them.');
  if (rules.clientIds !== undefined) return false;
  const problem = 'is false, so that any token of this issuer would be accepted, whoever it is meant for.';
  throw new ConfigurationError(option, problem, 'Name the clients to accept in clientIds.');
}

/** The name of an issuer with a shared secret need not be a URL, or one that is safe to ask. */
function findMetadataUrls(
  issuer: string,
  location: KeyLocation,
  { allowInsecureHttp }: IssuerRules,
): readonly string[] {
  if (location.kind === 'metadata') return location.urls;
  return isFetchable(issuer, allowInsecureHttp) ? metadataUrls(issuer) : [];
}

function parseIntrospectionOption(
  given: unknown,
  urls: readonly string[],
  { allowInsecureHttp }: IssuerRules,
  where: string,
): IntrospectionConfig {
  const option = optionPath(where, 'introspection');
  const config = parseIntrospection(given, option, allowInsecureHttp);
  if (config.endpoint !== undefined || urls.length > 0) return config;
  const fix = 'Give its URL: the issuer is no https URL, and so has no metadata that could name it.';
  throw new ConfigurationError(optionPath(option, 'endpoint'), 'is missing.', fix);
}

type GivenIssuer = { readonly issuer: string; readonly [name: string]: unknown };
type KeysAndRules = Pick<IssuerConfig, 'location' | 'rules'>;

function parsePublicKeyIssuer(given: GivenIssuer, where: string, shared: IssuerRules, option: string): KeysAndRules {
  const rules = parseSharedRules(given, where, shared);
  checkUrl(given.issuer, option, rules.allowInsecureHttp);
  // RFC 8414 §2: no query or fragment components.
  if (/[?#]/.test(given.issuer)) {
    throw new ConfigurationError(
      option,
      `${describeValue(given.issuer)} has a query or fragment.`,
      `Give the URL alone, ${ISSUER_EXAMPLE}.`,
    );
  }
  return { rules, location: parseKeyLocation(given, given.issuer, where, rules.allowInsecureHttp) };
}

/** A shared secret is not fetched from anywhere, so that the issuer can have any name. */
function parseSecretIssuer(given: GivenIssuer, where: string, shared: IssuerRules): KeysAndRules {
  const { algorithms: names, ...rest } = given;
  const option = optionPath(where, 'algorithms');
  const fix = `Give some of ${ALL_HMAC_ALGORITHMS.join(', ')}: an issuer with a secret has no public keys.`;
  const algorithms = readStrings(names, option, fix);
  if (!algorithms.every(isHmacAlgorithm)) throw new ConfigurationError(option, `holds ${algorithms.join(', ')}.`, fix);
  const rules = Object.freeze({ ...parseSharedRules(rest, where, shared), algorithms: new Set(algorithms) });
  return { rules, location: parseSecretSource(given['secret'], algorithms, optionPath(where, 'secret')) };
}

function checkName(issuer: unknown, option: string): string {
  if (typeof issuer === 'string' && issuer !== '') return issuer;
  throw new ConfigurationError(option, `is ${describeValue(issuer)}.`, `Give the issuer's URL, ${ISSUER_EXAMPLE}.`);
}
