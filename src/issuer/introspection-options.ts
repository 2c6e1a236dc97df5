import { type AsymmetricKeyDetails, createPrivateKey, type JsonWebKey, KeyObject } from 'node:crypto';
import type { JWK } from 'jose';
import { ALL_ALGORITHMS, type Algorithm, algorithmsOfKey } from '../jws/algorithm.js';
import {
  checkOptionNames,
  describeSecret,
  describeValue,
  optionPath,
  readBoolean,
  readNumber,
  requireObject,
} from '../options/option-reader.js';
import { isBearerToken } from '../protocol/bearer-token.js';
import { ConfigurationError } from '../protocol/errors.js';
import { checkUrl } from './key-location.js';

/** A text, or a function that gives it, called for each question that goes out. */
export type TextSource = string | (() => string | Promise<string>);

/** The options of introspection, whichever way this server authenticates. */
export interface IntrospectionSettings {
  /** @defaultValue `introspection_endpoint` of the issuer's metadata */
  readonly endpoint?: string;
  /**
   * Asks about JWTs of this issuer too, and about those without `iss`, in place of verifying them here.
   * @defaultValue `false`: JWTs are verified with the issuer's keys, whatever comes of it
   */
  readonly jwt?: boolean;
  /** Asks for answers that the issuer signed, and takes no others (RFC 9701). Needs `clientId`. @defaultValue `false` */
  readonly signed?: boolean;
  /** For how long an answer is kept, and never beyond `exp`. @defaultValue 60 */
  readonly cacheSeconds?: number;
  /** How many answers are kept. @defaultValue 10_000 */
  readonly cacheMax?: number;
  /** How many questions may be under way at once; 503 beyond it. @defaultValue 100 */
  readonly maxInFlight?: number;
  /** The deadline of one question, the answer's body included. @defaultValue 5 */
  readonly timeoutSeconds?: number;
  /**
   * Looks at `active` alone, not at `exp`. For a server that writes local time into `exp`, which is then hours
   * off: Django OAuth Toolkit with `USE_TZ=False`.
   * @defaultValue `false`
   */
  readonly ignoreExp?: boolean;
}

/** This server asks with a client secret (RFC 6749 §2.3.1). */
export interface SecretIntrospection extends IntrospectionSettings {
  readonly clientId: string;
  readonly clientSecret: TextSource;
  /** @defaultValue `client_secret_basic` */
  readonly authMethod?: 'client_secret_basic' | 'client_secret_post';
  readonly privateKey?: never;
  readonly algorithm?: never;
  readonly keyId?: never;
  readonly bearerToken?: never;
}

/** This server asks with a JWT that it signs: `private_key_jwt` (RFC 7523 §2.2). */
export interface PrivateKeyIntrospection extends IntrospectionSettings {
  readonly clientId: string;
  /** Its `kid` goes into the header. */
  readonly privateKey: KeyObject | JWK;
  /** @defaultValue `alg` of the JWK, else what fits the key */
  readonly algorithm?: Algorithm;
  /** Names the key, where a JWK does not. */
  readonly keyId?: string;
  readonly authMethod?: 'private_key_jwt';
  readonly clientSecret?: never;
  readonly bearerToken?: never;
}

/** This server asks with an access token of its own (RFC 7662 §2.1). */
export interface BearerIntrospection extends IntrospectionSettings {
  readonly bearerToken: TextSource;
  /** Who this server is to the issuer: the audience of signed answers. */
  readonly clientId?: string;
  readonly authMethod?: 'bearer';
  readonly clientSecret?: never;
  readonly privateKey?: never;
  readonly algorithm?: never;
  readonly keyId?: never;
}

/** How the tokens of an issuer are introspected (RFC 7662). */
export type IntrospectionOptions = SecretIntrospection | PrivateKeyIntrospection | BearerIntrospection;

/** How this server shows the issuer who it is. */
export type ClientCredentials =
  | { readonly method: 'client_secret_basic' | 'client_secret_post'; readonly id: string; readonly secret: TextSource }
  | {
      readonly method: 'private_key_jwt';
      readonly id: string;
      readonly key: KeyObject;
      readonly algorithm: Algorithm;
      readonly keyId: string | undefined;
    }
  | { readonly method: 'bearer'; readonly id: string | undefined; readonly token: TextSource };

/** The option `introspection`, checked, with every default filled in. */
export interface IntrospectionConfig {
  readonly endpoint: string | undefined;
  readonly credentials: ClientCredentials;
  readonly jwt: boolean;
  readonly signed: boolean;
  readonly ignoreExp: boolean;
  readonly cacheSeconds: number;
  readonly cacheMax: number;
  readonly maxInFlight: number;
  readonly timeoutSeconds: number;
}

const OPTION_NAMES = [
  'endpoint',
  'jwt',
  'signed',
  'ignoreExp',
  'cacheSeconds',
  'cacheMax',
  'maxInFlight',
  'timeoutSeconds',
  'authMethod',
  'clientId',
  'clientSecret',
  'privateKey',
  'algorithm',
  'keyId',
  'bearerToken',
];
const METHODS_OF = {
  clientSecret: ['client_secret_basic', 'client_secret_post'],
  privateKey: ['private_key_jwt'],
  bearerToken: ['bearer'],
} as const;
type Credential = keyof typeof METHODS_OF;
const CREDENTIALS = Object.keys(METHODS_OF) as readonly Credential[];

const CREDENTIALS_FIX = 'Give clientId with clientSecret or privateKey, or a bearerToken.';

/** @throws {ConfigurationError} */
export function parseIntrospection(given: unknown, where: string, allowInsecureHttp: boolean): IntrospectionConfig {
  requireObject(given, where, CREDENTIALS_FIX);
  checkOptionNames(given, OPTION_NAMES, where);
  const options = given as Given;
  const credentials = parseCredentials(options, where);
  const signed = readBoolean(given, 'signed', where) ?? false;
  if (signed && credentials.id === undefined) {
    throw new ConfigurationError(optionPath(where, 'clientId'), 'is missing.', 'A signed answer names it as audience.');
  }
  const number = (name: string, least: number, most: number, unit: string, whole = false) =>
    readNumber(given, name, where, { least, most, unit, whole });
  return Object.freeze({
    endpoint:
      options.endpoint === undefined
        ? undefined
        : checkUrl(options.endpoint, optionPath(where, 'endpoint'), allowInsecureHttp),
    credentials,
    signed,
    jwt: readBoolean(given, 'jwt', where) ?? false,
    ignoreExp: readBoolean(given, 'ignoreExp', where) ?? false,
    cacheSeconds: number('cacheSeconds', 0, 3600, 'seconds') ?? 60,
    cacheMax: number('cacheMax', 1, 1_000_000, 'answers', true) ?? 10_000,
    maxInFlight: number('maxInFlight', 1, 10_000, 'questions', true) ?? 100,
    timeoutSeconds: number('timeoutSeconds', 0.01, 60, 'seconds') ?? 5,
  });
}

type Given = Partial<Record<string, unknown>>;

function parseCredentials(given: Given, where: string): ClientCredentials {
  const [kind, ...others] = CREDENTIALS.filter((name) => given[name] !== undefined);
  if (kind === undefined) throw new ConfigurationError(where, 'says nowhere who this server is.', CREDENTIALS_FIX);
  if (others.length > 0) {
    throw new ConfigurationError(where, `has ${[kind, ...others].join(' and ')}.`, 'Give one of them.');
  }
  refuseUnusedOptions(given, kind, where);
  const methods: readonly string[] = METHODS_OF[kind];
  const { authMethod = methods[0] } = given;
  if (!methods.includes(authMethod as string)) {
    const fix = `Give ${methods.join(' or ')} with ${kind}, or leave it out.`;
    throw new ConfigurationError(optionPath(where, 'authMethod'), `is ${describeValue(authMethod)}.`, fix);
  }
  const id = parseClientId(given['clientId'], kind, where);
  if (kind === 'privateKey') return { method: 'private_key_jwt', id: id as string, ...parsePrivateKey(given, where) };
  const text = parseText(given[kind], kind, where);
  if (kind === 'bearerToken') return { method: 'bearer', id, token: text };
  return { method: authMethod as 'client_secret_basic' | 'client_secret_post', id: id as string, secret: text };
}

/** What only a key can have says that a key was meant. */
function refuseUnusedOptions(given: Given, kind: Credential, where: string): void {
  const stray = ['algorithm', 'keyId'].find((name) => given[name] !== undefined);
  if (kind === 'privateKey' || stray === undefined) return;
  throw new ConfigurationError(optionPath(where, stray), `goes with privateKey, not with ${kind}.`, 'Leave it out.');
}

function parseClientId(given: unknown, kind: Credential, where: string): string | undefined {
  if (given === undefined && kind === 'bearerToken') return undefined;
  if (typeof given === 'string' && given !== '') return given;
  const fix = 'Give the client id under which this server is registered with the issuer.';
  throw new ConfigurationError(optionPath(where, 'clientId'), `is ${describeValue(given)}.`, fix);
}

function parseText(given: unknown, kind: Credential, where: string): TextSource {
  if (typeof given === 'function') return given as TextSource;
  const option = optionPath(where, kind);
  if (typeof given !== 'string' || given === '') {
    throw new ConfigurationError(option, `is ${describeSecret(given)}.`, 'Give a text, or a function that gives it.');
  }
  if (kind !== 'bearerToken' || isBearerToken(given)) return given;
  const fix = 'Give the token alone, without scheme, spaces and line breaks (RFC 6750 §2.1).';
  throw new ConfigurationError(option, 'has characters that no bearer token has.', fix);
}

type SigningKey = Pick<Extract<ClientCredentials, { method: 'private_key_jwt' }>, 'key' | 'algorithm' | 'keyId'>;

// RFC 7518 §3.3.
const MIN_RSA_BITS = 2048;
const FIX_KEY = 'Give a private key: a JWK, or what createPrivateKey of node:crypto gives.';

function parsePrivateKey(given: Given, where: string): SigningKey {
  const { privateKey, algorithm, keyId } = given;
  const key = toPrivateKey(privateKey, optionPath(where, 'privateKey'));
  const jwk = privateKey instanceof KeyObject ? {} : (privateKey as JWK);
  const fitting = algorithmsFor(key, optionPath(where, 'privateKey'));
  const wanted = algorithm ?? jwk.alg ?? fitting[0];
  const chosen = fitting.find((name) => name === wanted);
  if (chosen === undefined) {
    const fix = `Give one that fits the key: ${fitting.join(', ')}.`;
    throw new ConfigurationError(optionPath(where, 'algorithm'), `is ${describeValue(wanted)}.`, fix);
  }
  const kid = keyId ?? jwk.kid;
  if (kid !== undefined && (typeof kid !== 'string' || kid === '')) {
    throw new ConfigurationError(optionPath(where, 'keyId'), `is ${describeValue(kid)}.`, 'Give the kid of the key.');
  }
  return { key, algorithm: chosen, keyId: kid };
}

function toPrivateKey(given: unknown, option: string): KeyObject {
  if (given instanceof KeyObject) {
    if (given.type === 'private') return given;
    throw new ConfigurationError(option, `is a ${given.type} key.`, FIX_KEY);
  }
  // A text may be the key itself, in PEM.
  if (typeof given === 'string') throw new ConfigurationError(option, `is ${describeSecret(given)}.`, FIX_KEY);
  requireObject(given, option, FIX_KEY);
  try {
    return createPrivateKey({ key: given as JsonWebKey, format: 'jwk' });
  } catch {
    throw new ConfigurationError(option, 'is no private JWK that this Node.js can use.', FIX_KEY);
  }
}

/** Gives the algorithms that a key can sign with: one at least. */
function algorithmsFor(key: KeyObject, option: string): readonly Algorithm[] {
  const { modulusLength = MIN_RSA_BITS } = key.asymmetricKeyDetails as AsymmetricKeyDetails;
  if (modulusLength < MIN_RSA_BITS) {
    const fix = `Give one of ${MIN_RSA_BITS} bits at least (RFC 7518 §3.3).`;
    throw new ConfigurationError(option, `is an RSA key of ${modulusLength} bits.`, fix);
  }
  const { kty, crv, alg } = toJwk(key);
  // RFC 9964 §3: the JWK of an ML-DSA key names its algorithm.
  const fitting = algorithmsOfKey(kty, crv).filter((name) => name === (alg ?? name));
  if (fitting.length > 0) return fitting;
  const fix = `Give a key for one of ${ALL_ALGORITHMS.join(', ')}.`;
  throw new ConfigurationError(option, 'is a key that no supported algorithm signs with.', fix);
}

/** Keys for RSA-PSS, DSA and Diffie-Hellman have no JWK. */
function toJwk(key: KeyObject): JsonWebKey {
  try {
    return key.export({ format: 'jwk' });
  } catch {
    return {};
  }
}
