import { createPublicKey, type JsonWebKey, KeyObject, X509Certificate } from 'node:crypto';
import type { SignatureAlgorithm } from '../jws/algorithm.js';
import type { Jwk } from '../jws/jwk.js';
import { Malformed } from '../jws/malformed.js';
import { checkJwk, type UsableJwk } from '../jws/verification-key.js';
import { ConfigurationError } from '../options/configuration-error.js';
import { readMembers } from '../options/option-reader.js';

/**
 * A public key: PEM text (`PUBLIC KEY`, `RSA PUBLIC KEY`, `CERTIFICATE`), the bytes of such a file or of DER, the text of DER in
 * base64, a `KeyObject`, an `X509Certificate`, a `CryptoKey`, or a JWK.
 */
export type PublicKeyInput = string | Uint8Array | KeyObject | X509Certificate | CryptoKeyLike | Jwk;

/** A `CryptoKey` of any realm. */
export interface CryptoKeyLike {
  readonly type: string;
  readonly algorithm: object;
  readonly extractable: boolean;
  readonly usages: readonly string[];
}

/** A given key, and the algorithms that it may be used with. */
export interface GivenKey {
  readonly keyObject: KeyObject;
  readonly usable: UsableJwk;
}

// Each is tried for a token, so that a token costs at most this many verifications.
const MAX_KEYS = 8;
const FIX =
  'Give a public key in PEM, such as the text of a file that begins with -----BEGIN PUBLIC KEY-----, a KeyObject, or a JWK.';
const PEM_LABEL = /-----BEGIN ([A-Z0-9 ]+)-----/g;
const PUBLIC_LABELS = ['PUBLIC KEY', 'RSA PUBLIC KEY', 'CERTIFICATE'];
const BASE64 = /^[A-Za-z0-9+/\s]+={0,2}\s*$/;
// RFC 7517 §4, RFC 7518 §6, RFC 9964 §3, and a key set in place of a key.
const PUBLIC_NAMES = ['kty', 'alg', 'use', 'key_ops', 'crv', 'x', 'y', 'n', 'e', 'pub', 'x5c', 'keys'];
const PRIVATE_NAMES = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

/**
 * Parses the public keys of an issuer, whose tokens need not name one. An error never shows a part of a key, which may turn
 * out to be a private one.
 *
 * @throws {ConfigurationError}
 */
export function parsePublicKeys(
  input: unknown,
  allowed: ReadonlySet<SignatureAlgorithm>,
  path: string,
): readonly GivenKey[] {
  if (!Array.isArray(input)) return [parsePublicKey(input, allowed, path)];
  const items: readonly unknown[] = Array.from(input);
  if (items.length === 0) throw new ConfigurationError(path, 'is an empty list.', FIX);
  if (items.length > MAX_KEYS) {
    const fix = `Give ${MAX_KEYS} at most, or a key set as jwks, whose keys tokens name by their kid.`;
    throw new ConfigurationError(path, `has ${items.length} keys, each of which would be tried.`, fix);
  }
  return items.map((item, index) => parsePublicKey(item, allowed, `${path}[${index}]`));
}

function parsePublicKey(input: unknown, allowed: ReadonlySet<SignatureAlgorithm>, path: string): GivenKey {
  const usable = checkJwk(toJwk(input, path));
  if (usable instanceof Malformed) throw new ConfigurationError(path, `${usable.why}.`, FIX);

  const algorithms = usable.algorithms.filter((name) => allowed.has(name));
  if (algorithms.length === 0) {
    const problem = `fits ${usable.algorithms.join(', ')}, none of which is accepted.`;
    throw new ConfigurationError(path, problem, 'Name one of them in algorithms, or give another key.');
  }
  return { keyObject: importKey(usable.publicJwk, path), usable: { ...usable, algorithms } };
}

function importKey(jwk: Jwk, path: string): KeyObject {
  try {
    return createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
  } catch {
    throw new ConfigurationError(path, 'is no valid key, such as a point off its curve.', FIX);
  }
}

/** Without a `kid`, which nobody looks at. */
function toJwk(input: unknown, path: string): object {
  if (typeof input === 'string') return exportKey(readText(input, path), path);
  if (input instanceof Uint8Array) return exportKey(readBytes(Buffer.from(input), path), path);
  if (input instanceof X509Certificate) return exportKey(input.publicKey, path);
  if (input instanceof KeyObject) return exportKey(input, path);
  if (typeof input !== 'object' || input === null) {
    throw new ConfigurationError(path, `is of type ${input === null ? 'null' : typeof input}.`, FIX);
  }
  return isCryptoKey(input) ? exportKey(KeyObject.from(input as never), path) : readJwk(input, path);
}

function isCryptoKey(input: object): boolean {
  return Object.prototype.toString.call(input) === '[object CryptoKey]';
}

function readJwk(input: object, path: string): object {
  const jwk = readMembers(input, [...PUBLIC_NAMES, ...PRIVATE_NAMES]);
  if (jwk['kty'] === 'oct') refuseSecret(path);
  if (PRIVATE_NAMES.some((name) => jwk[name] != null)) refusePrivate(path);
  if (!Array.isArray(jwk['keys'])) return jwk;
  throw new ConfigurationError(path, 'is a key set.', 'Give it as jwks: its tokens name their key.');
}

/** Environment variables often hold line breaks as \n. */
function readText(input: string, path: string): KeyObject {
  const text = input.replaceAll('\\r', '').replaceAll('\\n', '\n').trim();
  const labels = Array.from(text.matchAll(PEM_LABEL), ([, label]) => label as string);
  if (labels.some((label) => label.endsWith('PRIVATE KEY'))) refusePrivate(path);

  if (labels.length > 1) {
    throw new ConfigurationError(
      path,
      `has ${labels.length} PEM blocks in one text.`,
      'Give each key as an item of a list.',
    );
  }
  const [label] = labels;
  if (label === undefined) return readBase64(text, path);
  if (PUBLIC_LABELS.includes(label)) return tryKeys([() => createPublicKey(text)], path);
  throw new ConfigurationError(path, 'is PEM of something else than a public key or a certificate.', FIX);
}

/** DER, as Keycloak shows the public key of a realm. */
function readBase64(text: string, path: string): KeyObject {
  if (BASE64.test(text)) return readDer(Buffer.from(text, 'base64'), path);
  throw new ConfigurationError(path, 'is a text that is no PEM.', FIX);
}

function readBytes(bytes: Buffer, path: string): KeyObject {
  // ITU-T X.690 §8.9: DER of all of these begins with a SEQUENCE.
  return bytes[0] === 0x30 ? readDer(bytes, path) : readText(bytes.toString('utf8'), path);
}

function readDer(key: Buffer, path: string): KeyObject {
  const readers = [
    () => createPublicKey({ key, format: 'der', type: 'spki' }),
    () => createPublicKey({ key, format: 'der', type: 'pkcs1' }),
    () => new X509Certificate(key).publicKey,
  ];
  return tryKeys(readers, path);
}

function tryKeys(readers: readonly (() => KeyObject)[], path: string): KeyObject {
  for (const read of readers) {
    try {
      return read();
    } catch {
      // The message of node:crypto says nothing that helps, and the next form may fit.
    }
  }
  throw new ConfigurationError(path, 'cannot be read as a public key.', FIX);
}

function exportKey(key: KeyObject, path: string): object {
  if (key.type === 'private') refusePrivate(path);
  if (key.type === 'secret') refuseSecret(path);
  try {
    return key.export({ format: 'jwk' });
  } catch {
    const type = key.asymmetricKeyType;
    throw new ConfigurationError(path, `is a key of the type ${type}, which no supported algorithm uses.`, FIX);
  }
}

function refusePrivate(path: string): never {
  const fix =
    'Give the public key alone: whoever has the private one can issue tokens, so that it should leave the issuer never.';
  throw new ConfigurationError(path, 'is a private key.', fix);
}

function refuseSecret(path: string): never {
  throw new ConfigurationError(path, 'is a shared secret.', "Give it as secret, with algorithms such as ['HS256'].");
}
