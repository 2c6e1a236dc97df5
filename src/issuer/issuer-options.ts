import { isFetchable } from '../discovery/fetch-metadata.js';
import { metadataUrls } from '../discovery/well-known.js';
import { ALL_HMAC_ALGORITHMS, type HmacAlgorithm, isHmacAlgorithm } from '../jws/algorithm.js';
import type { JwkSet } from '../jws/jwk.js';
import { checkUrl } from '../options/check-url.js';
import { ConfigurationError } from '../options/configuration-error.js';
import { describeName, describeValue } from '../options/describe-value.js';
import { optionPath, type ReadersOf, type ReadOptions, readOptions } from '../options/option-reader.js';
import { anything, boolean, optional, refuseBlankEnds, strings, text } from '../options/readers.js';
import type { JsonObject } from '../protocol/json-object.js';
import { refuseDocumentUrl } from './document-urls.js';
import { type IntrospectionConfig, type IntrospectionOptions, parseIntrospection } from './introspection-options.js';
import {
  checkOneLocation,
  hasKeyLocation,
  KEY_LOCATION_READERS,
  type KeyLocation,
  parseKeyLocation,
  parseSecretSource,
  type SecretSource,
} from './key-location.js';
import type { PublicKeyInput } from './public-key-option.js';
import {
  type IssuerRules,
  readAlgorithms,
  SHARED_RULE_READERS,
  type SharedRules,
  toIssuerRules,
} from './shared-rules.js';

/** The options that every form of an issuer has. */
export interface IssuerIdentity extends SharedRules {
  /**
   * Must equal the `iss` claim, character for character. Any text; a URL where the keys are found through the metadata at its
   * well-known place.
   */
  readonly issuer: string;
  /**
   * A narrower audience for this issuer's tokens, besides that of the verifier or guard. `false`: the tokens of
   * this issuer have no audience, so none is required, whatever the verifier or guard requires. Needs `clientIds`, or
   * `dangerouslyAcceptAnyAudience`.
   */
  readonly audience?: string | readonly string[] | false;
  /**
   * Stop telling other kinds of tokens by their claims. For an issuer whose access tokens look like ID tokens, such as
   * Dex. Every ID, refresh and logout token that it signs for this audience then passes, unless its `typ` header is
   * registered for another kind, such as `logout+jwt`.
   * @defaultValue `false`
   */
  readonly dangerouslyAcceptAnyTokenKind?: boolean;
  /**
   * Accept every token of this issuer, whoever it is meant for, and whichever client has it. For session tokens that name
   * neither, from a key set that belongs to this one app (WorkOS, Clerk). Includes `audience: false`.
   * @defaultValue `false`
   */
  readonly dangerouslyAcceptAnyAudience?: boolean;
  /**
   * Introspects tokens that are no JWTs (RFC 7662). Only one issuer of a verifier may have it: an opaque token names no
   * issuer.
   */
  readonly introspection?: IntrospectionOptions;
}

/** Keys are found through the issuer's metadata: OpenID Connect Discovery, else RFC 8414. */
export interface DiscoveredIssuer extends IssuerIdentity {
  /** The URL of the metadata if it is not the well-known one, such as one inside a cluster. Its `issuer` must be the same. */
  readonly metadataUrl?: string;
  readonly jwksUri?: never;
  readonly jwks?: never;
  readonly publicKey?: never;
  readonly secret?: never;
}

/** Keys are at a known URL. */
export interface JwksUriIssuer extends IssuerIdentity {
  readonly jwksUri: string;
  readonly metadataUrl?: never;
  readonly jwks?: never;
  readonly publicKey?: never;
  readonly secret?: never;
}

/** Keys are in the options and never fetched. */
export interface StaticKeysIssuer extends IssuerIdentity {
  readonly jwks: JwkSet;
  readonly metadataUrl?: never;
  readonly jwksUri?: never;
  readonly publicKey?: never;
  readonly secret?: never;
}

/** Keys are in the options, without names: the `kid` of a token is not looked at. */
export interface PublicKeyIssuer extends IssuerIdentity {
  /** One key or several, 8 at most, in PEM or another form. Give several during a rotation: each that fits is tried. */
  readonly publicKey: PublicKeyInput | readonly PublicKeyInput[];
  readonly metadataUrl?: never;
  readonly jwksUri?: never;
  readonly jwks?: never;
  readonly secret?: never;
}

/**
 * Tokens are signed with a shared secret. Everybody who has it can issue tokens, this server too: use it for an existing
 * scheme, not for a new one.
 */
export interface SharedSecretIssuer extends Omit<IssuerIdentity, 'algorithms'> {
  /**
   * At least as long as the hash of the algorithm: 32, 48 or 64 bytes. Give several during a rotation. A function is
   * called again as key sets are fetched again: in the background, after `keys.maxAgeSeconds`.
   */
  readonly secret: SecretSource;
  readonly algorithms: readonly HmacAlgorithm[];
  readonly metadataUrl?: never;
  readonly jwksUri?: never;
  readonly jwks?: never;
  readonly publicKey?: never;
}

/** How the keys of one trusted issuer are found. */
export type IssuerOptions = DiscoveredIssuer | JwksUriIssuer | StaticKeysIssuer | PublicKeyIssuer | SharedSecretIssuer;

/** What a token says of itself. Nobody has verified it. */
export interface UnverifiedParts {
  readonly header: JsonObject;
  readonly claims: JsonObject;
}

/**
 * Finds the options of an issuer by the `iss` of a token; undefined: not trusted. The `issuer` of the result must be
 * that `iss`. `token` tells more where `iss` alone does not, such as the tenant. Called before the token is verified, so
 * all of it is untrusted. Results are cached, undefined too, by `iss` and by those members of `token` that the function
 * read. If it throws or never settles, requests get 503.
 */
export type IssuerResolver = (
  iss: string,
  token: UnverifiedParts,
) => IssuerOptions | undefined | Promise<IssuerOptions | undefined>;

/** The options of one issuer, checked, with every default filled in. */
export interface IssuerConfig {
  readonly issuer: string;
  readonly audience: readonly string[] | false | undefined;
  /** Whether the options say that neither audience nor client matters. */
  readonly acceptsAnyAudience: boolean;
  readonly location: KeyLocation;
  /** Whether the options say where the keys are. */
  readonly hasKeyLocation: boolean;
  /** The URLs of the metadata, for its other endpoints. */
  readonly metadataUrls: readonly string[];
  readonly introspection: IntrospectionConfig | undefined;
  readonly rules: IssuerRules;
}

const ISSUER_EXAMPLE = "such as 'https://login.example.com'";
const ISSUER_FIX = `Give the issuer's URL, ${ISSUER_EXAMPLE}.`;

const ISSUER_READERS = {
  issuer: anything,
  audience: optional(readAudience),
  dangerouslyAcceptAnyTokenKind: boolean(),
  dangerouslyAcceptAnyAudience: boolean(),
  introspection: anything,
  ...KEY_LOCATION_READERS,
  ...SHARED_RULE_READERS,
  // Read later: an issuer with a secret has other algorithms.
  algorithms: anything,
} satisfies ReadersOf<IssuerOptions>;

type IssuerInput = ReadOptions<typeof ISSUER_READERS>;

/** @throws {ConfigurationError} */
export function parseIssuerOptions(input: unknown, path: string, shared: IssuerRules): IssuerConfig {
  const isName = typeof input === 'string';
  const fix = `Give the issuer's URL, or an object with an issuer, ${ISSUER_EXAMPLE}.`;
  const options = readOptions(isName ? { issuer: input } : input, path, fix, ISSUER_READERS);
  checkOneLocation(options, path);

  const issuerPath = isName ? path : optionPath(path, 'issuer');
  const issuer = text(ISSUER_FIX)(options.issuer, issuerPath);
  refuseBlankEnds(issuer, issuerPath);
  const rules = parseRules(options, path, shared);
  const introspection = parseIntrospectionOption(options.introspection, path, rules);
  const location = parseLocation(options, { issuer, path, issuerPath, introspection }, rules);
  const urls = findMetadataUrls(issuer, location, rules);
  if (introspection !== undefined && urls.length === 0) requireEndpoint(introspection, path);

  return Object.freeze({
    issuer,
    audience: parseAudience(options, rules, path),
    acceptsAnyAudience: options.dangerouslyAcceptAnyAudience === true,
    location,
    hasKeyLocation: hasKeyLocation(options),
    metadataUrls: urls,
    introspection,
    rules,
  });
}

function readAudience(value: unknown, path: string): readonly string[] | false {
  return value === false ? false : strings('Give a string or a list of them.')(value, path);
}

function parseAudience(
  { audience, dangerouslyAcceptAnyAudience: acceptsAny }: IssuerInput,
  { clientIds }: IssuerRules,
  path: string,
): IssuerConfig['audience'] {
  if (acceptsAny) {
    if (audience === undefined || audience === false) return false;
    const fix = 'Leave one of the two out: an audience is required, or none is.';
    throw new ConfigurationError(optionPath(path, 'audience'), 'is at odds with dangerouslyAcceptAnyAudience.', fix);
  }

  if (audience !== false || clientIds !== undefined) return audience;
  const problem = 'is false, so that any token of this issuer would be accepted, whoever it is meant for.';
  const fix =
    'Name the clients to accept in clientIds. Where tokens name no client either, and the key set belongs to this app alone, set dangerouslyAcceptAnyAudience.';
  throw new ConfigurationError(optionPath(path, 'audience'), problem, fix);
}

function parseRules(options: IssuerInput, path: string, verifierRules: IssuerRules): IssuerRules {
  const algorithmsPath = optionPath(path, 'algorithms');
  const shared = { ...verifierRules, acceptAnyTokenKind: options.dangerouslyAcceptAnyTokenKind ?? false };
  if (options.secret === undefined) {
    const algorithms = optional(readAlgorithms)(options.algorithms, algorithmsPath);
    const rules = toIssuerRules({ ...options, algorithms }, shared);
    return Object.freeze({ ...rules, ignoreKid: options.publicKey !== undefined });
  }
  const rules = toIssuerRules({ ...options, algorithms: undefined }, shared);
  return Object.freeze({ ...rules, algorithms: new Set(readHmacAlgorithms(options.algorithms, algorithmsPath)) });
}

function readHmacAlgorithms(value: unknown, path: string): readonly HmacAlgorithm[] {
  const fix = `Give some of ${ALL_HMAC_ALGORITHMS.join(', ')}: an issuer with a secret has no public keys.`;
  const names = strings(fix)(value, path);
  if (names.every(isHmacAlgorithm)) return names;
  throw new ConfigurationError(path, `holds ${names.map(describeName).join(', ')}.`, fix);
}

/** The name of an issuer, and where it and its options stand. */
interface NamedIssuer {
  readonly issuer: string;
  readonly path: string;
  readonly issuerPath: string;
  readonly introspection: IntrospectionConfig | undefined;
}

function parseLocation(
  options: IssuerInput,
  { issuer, path, issuerPath, introspection }: NamedIssuer,
  rules: IssuerRules,
): KeyLocation {
  const { allowInsecureHttp, algorithms } = rules;
  if (options.secret !== undefined) {
    return parseSecretSource(options.secret, [...algorithms].filter(isHmacAlgorithm), optionPath(path, 'secret'));
  }

  // Its tokens are introspected, and no keys of it are needed.
  const hasNoKeys = introspection?.signed === false && !hasKeyLocation(options) && !isPlace(issuer, allowInsecureHttp);
  if (hasNoKeys) return { kind: 'jwks', members: [] };

  return parseKeyLocation(options, path, {
    algorithms,
    allowInsecureHttp,
    metadataUrls: () => {
      checkIssuerUrl(issuer, issuerPath, allowInsecureHttp);
      return metadataUrls(issuer);
    },
  });
}

const OTHER_NAMES_FIX =
  'Or say where its keys are, with metadataUrl, jwksUri, jwks, publicKey or secret: any text may be the name then.';

/** Where nothing else says where the keys are, the name does. */
function checkIssuerUrl(issuer: string, path: string, allowInsecureHttp: boolean): void {
  refuseDocumentUrl(issuer, path);
  checkUrl(issuer, path, allowInsecureHttp, OTHER_NAMES_FIX);
  if (isPlace(issuer, allowInsecureHttp)) return;
  const fix = `Give the URL alone, ${ISSUER_EXAMPLE}. ${OTHER_NAMES_FIX}`;
  throw new ConfigurationError(path, `${describeValue(issuer)} has a query or fragment.`, fix);
}

/** Returns no URL if the name of the issuer is none, or may not be fetched. */
function findMetadataUrls(
  issuer: string,
  location: KeyLocation,
  { allowInsecureHttp }: IssuerRules,
): readonly string[] {
  if (location.kind === 'metadata') return location.urls;
  return isPlace(issuer, allowInsecureHttp) ? metadataUrls(issuer) : [];
}

/** Whether metadata may be at the well-known places of a name. RFC 8414 §2: no query or fragment components. */
function isPlace(issuer: string, allowInsecureHttp: boolean): boolean {
  return isFetchable(issuer, allowInsecureHttp) && !/[?#]/.test(issuer);
}

function parseIntrospectionOption(
  input: unknown,
  path: string,
  { allowInsecureHttp }: IssuerRules,
): IntrospectionConfig | undefined {
  if (input === undefined) return undefined;
  return parseIntrospection(input, optionPath(path, 'introspection'), allowInsecureHttp);
}

function requireEndpoint({ endpoint }: IntrospectionConfig, path: string): void {
  if (endpoint !== undefined) return;
  const fix = 'Give its URL: the issuer is no https URL, and so has no metadata that could name it.';
  throw new ConfigurationError(optionPath(optionPath(path, 'introspection'), 'endpoint'), 'is missing.', fix);
}
