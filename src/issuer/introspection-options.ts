import { type AsymmetricKeyDetails, createPrivateKey, type JsonWebKey, KeyObject } from 'node:crypto';
import { type Algorithm, algorithmsOfKey, DEFAULT_ALGORITHMS, MIN_RSA_BITS } from '../jws/algorithm.js';
import type { Jwk } from '../jws/jwk.js';
import { checkUrl } from '../options/check-url.js';
import { ConfigurationError } from '../options/configuration-error.js';
import { describeSecret, describeValue } from '../options/describe-value.js';
import {
  optionPath,
  type ReadersOf,
  type ReadOptions,
  readMembers,
  readNames,
  readOptions,
  requireObject,
} from '../options/option-reader.js';
import { anything, boolean, callback, number, oneOf, optional, text } from '../options/readers.js';
import { isBearerToken } from '../protocol/bearer-token.js';
import type { HttpRequest } from '../protocol/http-request.js';

/** A text, or a function that returns it. The function is called for each introspection request. */
export type TextSource = string | (() => string | Promise<string>);

/** The options of introspection that every authentication method has. */
export interface IntrospectionSettings {
  /** @defaultValue `introspection_endpoint` of the issuer's metadata */
  readonly endpoint?: string;
  /**
   * `true` introspects JWTs of this issuer too, and JWTs without `iss`, instead of verifying them here. `'refuse'`: its
   * access tokens are opaque, so that a JWT of it is another kind of token, and is refused unseen.
   * @defaultValue `false`: JWTs are verified with the issuer's keys and never introspected
   */
  readonly jwt?: boolean | 'refuse';
  /** Requests signed responses, and accepts no others (RFC 9701). Needs `clientId`. @defaultValue `false` */
  readonly signed?: boolean;
  /** How long a response is cached, and never beyond `exp`. @defaultValue 60 */
  readonly cacheSeconds?: number;
  /** How many responses are cached. @defaultValue 10_000 */
  readonly cacheMax?: number;
  /** How many requests may be in flight. As many more wait for half of `timeoutSeconds`; 503 beyond it. @defaultValue 100 */
  readonly maxInFlight?: number;
  /** The deadline of one introspection, with all that it waits for. @defaultValue 5 */
  readonly timeoutSeconds?: number;
  /**
   * Tells where a request came from. Requests that wait take turns by it, so that a flood from one source does not keep the
   * tokens of others out. An IPv6 address stands for its network of 56 bits.
   *
   * @defaultValue `ip` of the request, where the framework has it, else the address of its connection
   */
  readonly sourceOf?: (request: HttpRequest) => string | undefined;
  /**
   * Reads `active` and not `exp`. For a server that writes local time into `exp`, which is then hours off: Django OAuth
   * Toolkit with `USE_TZ=False`.
   * @defaultValue `false`
   */
  readonly ignoreExp?: boolean;
}

export type SourceOf = NonNullable<IntrospectionSettings['sourceOf']>;

/** This server authenticates with a client secret (RFC 6749 §2.3.1). */
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

/** This server authenticates with a JWT that it signs: `private_key_jwt` (RFC 7523 §2.2). */
export interface PrivateKeyIntrospection extends IntrospectionSettings {
  readonly clientId: string;
  /** Its `kid` goes into the header. */
  readonly privateKey: KeyObject | Jwk;
  /** @defaultValue `alg` of the JWK, else the first algorithm that fits the key */
  readonly algorithm?: Algorithm;
  /** The `kid` of a key that is no JWK, or of a JWK without one. */
  readonly keyId?: string;
  readonly authMethod?: 'private_key_jwt';
  readonly clientSecret?: never;
  readonly bearerToken?: never;
}

/** This server authenticates with an access token of its own (RFC 7662 §2.1). */
export interface BearerIntrospection extends IntrospectionSettings {
  readonly bearerToken: TextSource;
  /** The client id of this server: the audience of signed responses. */
  readonly clientId?: string;
  readonly authMethod?: 'bearer';
  readonly clientSecret?: never;
  readonly privateKey?: never;
  readonly algorithm?: never;
  readonly keyId?: never;
}

/** This server does not authenticate: for an endpoint that answers whoever can reach it. */
export interface UnauthenticatedIntrospection extends IntrospectionSettings {
  readonly authMethod: 'none';
  /** Sent as `client_id`, where the endpoint wants to know who asks. */
  readonly clientId?: string;
  readonly clientSecret?: never;
  readonly privateKey?: never;
  readonly algorithm?: never;
  readonly keyId?: never;
  readonly bearerToken?: never;
}

/** How the tokens of an issuer are introspected (RFC 7662). */
export type IntrospectionOptions =
  | SecretIntrospection
  | PrivateKeyIntrospection
  | BearerIntrospection
  | UnauthenticatedIntrospection;

/** The credentials of this server at the issuer. */
export type ClientCredentials =
  | { readonly method: 'client_secret_basic' | 'client_secret_post'; readonly id: string; readonly secret: TextSource }
  | {
      readonly method: 'private_key_jwt';
      readonly id: string;
      readonly key: KeyObject;
      readonly algorithm: Algorithm;
      readonly keyId: string | undefined;
    }
  | { readonly method: 'bearer'; readonly id: string | undefined; readonly token: TextSource }
  | { readonly method: 'none'; readonly id: string | undefined };

/** The option `introspection`, checked, with every default filled in. */
export interface IntrospectionConfig {
  readonly endpoint: string | undefined;
  readonly credentials: ClientCredentials;
  readonly jwt: boolean | 'refuse';
  readonly signed: boolean;
  readonly ignoreExp: boolean;
  readonly cacheSeconds: number;
  readonly cacheMax: number;
  readonly maxInFlight: number;
  readonly timeoutSeconds: number;
  readonly sourceOf: SourceOf | undefined;
}

// `cacheSeconds` is how long a revoked token stays accepted (RFC 7662 §4). `cacheMax` bounds memory, `maxInFlight` the load
// on the issuer, and `timeoutSeconds` how long a request waits.
const READERS = {
  endpoint: anything,
  jwt: readJwt,
  signed: boolean(false),
  ignoreExp: boolean(false),
  cacheSeconds: number({ min: 0, max: 3600, unit: 'seconds', fallback: 60 }),
  cacheMax: number({ min: 1, max: 1_000_000, unit: 'responses', integer: true, fallback: 10_000 }),
  maxInFlight: number({ min: 1, max: 10_000, unit: 'requests', integer: true, fallback: 100 }),
  timeoutSeconds: number({ min: 0.01, max: 60, unit: 'seconds', fallback: 5 }),
  sourceOf: callback<SourceOf>(),
  authMethod: anything,
  clientId: anything,
  clientSecret: anything,
  privateKey: anything,
  algorithm: anything,
  keyId: anything,
  bearerToken: anything,
} satisfies ReadersOf<IntrospectionOptions>;

type IntrospectionInput = ReadOptions<typeof READERS>;

const METHODS_OF = {
  clientSecret: ['client_secret_basic', 'client_secret_post'],
  privateKey: ['private_key_jwt'],
  bearerToken: ['bearer'],
} as const;
type Credential = keyof typeof METHODS_OF;
const CREDENTIALS = ['clientSecret', 'privateKey', 'bearerToken'] as const satisfies readonly Credential[];

const CREDENTIALS_FIX =
  "Give clientId with clientSecret or privateKey, or a bearerToken. If the endpoint asks for no client: authMethod: 'none'.";
const CLIENT_ID_FIX = 'Give the client id under which this server is registered with the issuer.';

/** @throws {ConfigurationError} */
export function parseIntrospection(input: unknown, path: string, allowInsecureHttp: boolean): IntrospectionConfig {
  const options = readOptions(input, path, CREDENTIALS_FIX, READERS);
  const credentials = parseCredentials(options, path);
  if (options.signed && credentials.id === undefined) {
    throw new ConfigurationError(optionPath(path, 'clientId'), 'is missing.', 'A signed answer names it as audience.');
  }

  const { jwt, signed, ignoreExp, cacheSeconds, cacheMax, maxInFlight, timeoutSeconds, sourceOf } = options;
  const endpoint = optional((value, at) => checkUrl(value, at, allowInsecureHttp));
  return Object.freeze({
    endpoint: endpoint(options.endpoint, optionPath(path, 'endpoint')),
    credentials,
    jwt,
    signed,
    ignoreExp,
    cacheSeconds,
    cacheMax,
    maxInFlight,
    timeoutSeconds,
    sourceOf,
  });
}

/** Reads the names of the option `introspection`. `parseIntrospection` checks the values. */
export function readIntrospection(input: unknown, path: string, fix: string): Partial<IntrospectionInput> {
  return readNames(input, path, fix, Object.keys(READERS));
}

function parseCredentials(options: IntrospectionInput, path: string): ClientCredentials {
  const [kind, ...others] = CREDENTIALS.filter((name) => options[name] !== undefined);
  if (options.authMethod === 'none') return parseNone(options, kind, path);
  if (kind === undefined) throw new ConfigurationError(path, 'says nowhere who this server is.', CREDENTIALS_FIX);
  if (others.length > 0) {
    throw new ConfigurationError(path, `has ${[kind, ...others].join(' and ')}.`, 'Give one of them.');
  }

  refuseUnusedOptions(options, kind, path);
  switch (kind) {
    case 'clientSecret':
      return parseClientSecret(options, path);
    case 'privateKey':
      return parsePrivateKey(options, path);
    case 'bearerToken':
      return parseBearerToken(options, path);
  }
}

function readJwt(value: unknown, path: string): boolean | 'refuse' {
  if (value === 'refuse' || typeof value === 'boolean') return value;
  if (value === undefined) return false;
  throw new ConfigurationError(
    path,
    `is ${describeValue(value)}.`,
    "Give true or false. Or 'refuse', if its access tokens are all opaque.",
  );
}

function parseNone(options: IntrospectionInput, kind: Credential | undefined, path: string): ClientCredentials {
  const unused = kind ?? (['algorithm', 'keyId'] as const).find((name) => options[name] !== undefined);
  if (unused === undefined) {
    return { method: 'none', id: optional(text(CLIENT_ID_FIX))(options.clientId, optionPath(path, 'clientId')) };
  }
  const problem = `is 'none', beside ${unused}.`;
  throw new ConfigurationError(optionPath(path, 'authMethod'), problem, 'Leave one of them out.');
}

/** `algorithm` and `keyId` without `privateKey` are a mistake. */
function refuseUnusedOptions(options: IntrospectionInput, kind: Credential, path: string): void {
  const unused = (['algorithm', 'keyId'] as const).find((name) => options[name] !== undefined);
  if (kind === 'privateKey' || unused === undefined) return;
  throw new ConfigurationError(optionPath(path, unused), `goes with privateKey, not with ${kind}.`, 'Leave it out.');
}

function parseClientSecret(
  { clientId, clientSecret, authMethod }: IntrospectionInput,
  path: string,
): ClientCredentials {
  const method = parseMethod(authMethod, 'clientSecret', path);
  const id = text(CLIENT_ID_FIX)(clientId, optionPath(path, 'clientId'));
  return { method, id, secret: parseText(clientSecret, optionPath(path, 'clientSecret')) };
}

function parseBearerToken({ clientId, bearerToken, authMethod }: IntrospectionInput, path: string): ClientCredentials {
  const method = parseMethod(authMethod, 'bearerToken', path);
  const id = optional(text(CLIENT_ID_FIX))(clientId, optionPath(path, 'clientId'));
  const tokenPath = optionPath(path, 'bearerToken');
  const token = parseText(bearerToken, tokenPath);
  if (typeof token !== 'string' || isBearerToken(token)) return { method, id, token };

  const fix = 'Give the token alone, without scheme, spaces and line breaks (RFC 6750 §2.1).';
  throw new ConfigurationError(tokenPath, 'has characters that no bearer token has.', fix);
}

function parseMethod<Kind extends Credential>(input: unknown, kind: Kind, path: string): Method<Kind> {
  const methods: readonly [Method<Kind>, ...Method<Kind>[]] = METHODS_OF[kind] as never;
  const fix = `Give ${methods.join(' or ')} with ${kind}, or leave it out.`;
  return optional(oneOf(methods, fix))(input, optionPath(path, 'authMethod')) ?? methods[0];
}

type Method<Kind extends Credential> = (typeof METHODS_OF)[Kind][number];

function parseText(input: unknown, path: string): TextSource {
  if (typeof input === 'function') return input as TextSource;
  if (typeof input === 'string' && input !== '') return input;
  throw new ConfigurationError(path, `is ${describeSecret(input)}.`, 'Give a text, or a function that gives it.');
}

const KEY_FIX = 'Give a private key: a JWK, or what createPrivateKey of node:crypto gives.';
// RFC 7517 §4, RFC 7518 §6, RFC 9964 §3.
const PRIVATE_JWK_NAMES = [
  'kty',
  'kid',
  'alg',
  'crv',
  'x',
  'y',
  'n',
  'e',
  'd',
  'p',
  'q',
  'dp',
  'dq',
  'qi',
  'pub',
  'priv',
];

function parsePrivateKey(options: IntrospectionInput, path: string): ClientCredentials {
  const method = parseMethod(options.authMethod, 'privateKey', path);
  const id = text(CLIENT_ID_FIX)(options.clientId, optionPath(path, 'clientId'));

  const keyPath = optionPath(path, 'privateKey');
  const { key, alg, kid } = readPrivateKey(options.privateKey, keyPath);
  const supported = algorithmsFor(key, keyPath);
  const name = options.algorithm ?? alg ?? supported[0];
  const readAlgorithm = oneOf(supported, `Give one that fits the key: ${supported.join(', ')}.`);
  const algorithm = readAlgorithm(name, optionPath(path, 'algorithm'));

  const readKeyId = optional(text('Give the kid of the key.'));
  const keyId = readKeyId(options.keyId ?? kid, optionPath(path, 'keyId'));
  return { method, id, key, algorithm, keyId };
}

/** A private key, and the metadata of its JWK. */
interface PrivateKeyInput {
  readonly key: KeyObject;
  readonly alg?: unknown;
  readonly kid?: unknown;
}

function readPrivateKey(input: unknown, path: string): PrivateKeyInput {
  if (input instanceof KeyObject) {
    if (input.type === 'private') return { key: input };
    throw new ConfigurationError(path, `is a ${input.type} key.`, KEY_FIX);
  }
  // A text may be the key itself, in PEM.
  if (typeof input === 'string') throw new ConfigurationError(path, `is ${describeSecret(input)}.`, KEY_FIX);

  requireObject(input, path, KEY_FIX);
  const jwk = readMembers(input, PRIVATE_JWK_NAMES);
  const { alg, kid } = jwk;
  try {
    return { key: createPrivateKey({ key: jwk as JsonWebKey, format: 'jwk' }), alg, kid };
  } catch {
    throw new ConfigurationError(path, 'is no private JWK that this Node.js can use.', KEY_FIX);
  }
}

/** Returns the algorithms that a key can sign with. There is at least one. */
function algorithmsFor(key: KeyObject, path: string): readonly Algorithm[] {
  const { modulusLength = MIN_RSA_BITS } = key.asymmetricKeyDetails as AsymmetricKeyDetails;
  if (modulusLength < MIN_RSA_BITS) {
    const fix = `Give one of ${MIN_RSA_BITS} bits at least (RFC 7518 §3.3).`;
    throw new ConfigurationError(path, `is an RSA key of ${modulusLength} bits.`, fix);
  }

  const { kty, crv, alg } = toJwk(key);
  // RFC 9964 §3: the JWK of an ML-DSA key names its algorithm.
  const supported = algorithmsOfKey(kty, crv).filter((name) => {
    return name === (alg ?? name) && DEFAULT_ALGORITHMS.includes(name);
  });
  if (supported.length > 0) return supported;

  const fix = `Give a key for one of ${DEFAULT_ALGORITHMS.join(', ')}.`;
  throw new ConfigurationError(path, 'is a key that no supported algorithm signs with.', fix);
}

/** Keys for RSA-PSS, DSA and Diffie-Hellman have no JWK. */
function toJwk(key: KeyObject): JsonWebKey {
  try {
    return key.export({ format: 'jwk' });
  } catch {
    return {};
  }
}
