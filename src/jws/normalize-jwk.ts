import { type JsonWebKey, X509Certificate } from 'node:crypto';

type UntrustedJwk = { readonly [name: string]: unknown };

// Members whose value is binary (RFC 7518 §6, RFC 8037 §2, RFC 9964 §3).
const BINARY_MEMBERS = ['n', 'e', 'x', 'y', 'pub'];
const KEY_TYPES = ['RSA', 'EC', 'OKP', 'AKP'];
// The length of a coordinate in octets, by curve (RFC 7518 §6.2.1.2, RFC 8812 §3.1).
const COORDINATE_LENGTHS: ReadonlyMap<unknown, number> = new Map([
  ['P-256', 32],
  ['P-384', 48],
  ['P-521', 66],
  ['secp256k1', 32],
]);
// Names of curves as OpenSSL, SEC 2 and others spell them, without case and hyphens.
const CURVES: Readonly<Record<string, string>> = {
  p256: 'P-256',
  secp256r1: 'P-256',
  prime256v1: 'P-256',
  p384: 'P-384',
  secp384r1: 'P-384',
  p521: 'P-521',
  secp521r1: 'P-521',
  secp256k1: 'secp256k1',
  p256k: 'secp256k1',
  ed25519: 'Ed25519',
  ed448: 'Ed448',
};
// Base64 in either alphabet (RFC 4648 §4, §5), padded or not, perhaps broken into lines. In linear time: no text matches in two ways.
const BASE64 = /^[\w+/\s-]*(?:=\s*){0,2}$/;

/**
 * Gives a member of a key set in the form that RFC 7517 and RFC 7518 ask for, where it is in another and there is no doubt
 * what it means: issuers write sign octets, padding, nulls and other spellings. Leaves everything else as it is. None of it
 * makes another key of it.
 */
export function normalizeJwk(jwk: UntrustedJwk): UntrustedJwk {
  const given = withoutEmpty(jwk);
  const kty = normalizeName(given['kty'], KEY_TYPES);
  const { x5t, kid = typeof x5t === 'string' ? x5t : undefined } = given;

  const members: UntrustedJwk = {
    ...given,
    ...(kty !== undefined && { kty }),
    ...(given['crv'] !== undefined && { crv: normalizeCurve(given['crv']) }),
    ...(kid !== undefined && { kid: typeof kid === 'number' ? String(kid) : kid }),
  };
  return normalizeNumbers(fromCertificate(members) ?? members);
}

/** A null or an empty value says nothing. Serializers write them for whatever a key does not have. */
function withoutEmpty(jwk: UntrustedJwk): UntrustedJwk {
  const isEmpty = (value: unknown) => value == null || value === '' || (Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(jwk).filter(([, value]) => !isEmpty(value)));
}

/** Finds a name without regard to case. */
export function normalizeName<Name extends string>(value: unknown, names: readonly Name[]): Name | undefined {
  if (typeof value !== 'string') return undefined;
  const folded = value.trim().toLowerCase();
  return names.find((name) => name.toLowerCase() === folded);
}

function normalizeCurve(crv: unknown): unknown {
  if (typeof crv !== 'string') return crv;
  const folded = crv.toLowerCase().replaceAll('-', '');
  return Object.hasOwn(CURVES, folded) ? CURVES[folded] : crv;
}

/** Some issuers publish a certificate alone (RFC 7517 §4.7). Where there are members of a key, they decide. */
function fromCertificate(jwk: UntrustedJwk): UntrustedJwk | undefined {
  const { x5c, kty } = jwk;
  const [first] = Array.isArray(x5c) ? (x5c as readonly unknown[]) : [];
  if (typeof first !== 'string' || BINARY_MEMBERS.some((name) => jwk[name] !== undefined)) return undefined;
  try {
    const certified: JsonWebKey = new X509Certificate(Buffer.from(first, 'base64')).publicKey.export({ format: 'jwk' });
    return kty === undefined || kty === certified.kty ? { ...jwk, ...certified } : undefined;
  } catch {
    return undefined;
  }
}

function normalizeNumbers(jwk: UntrustedJwk): UntrustedJwk {
  const numbers = BINARY_MEMBERS.flatMap((name) => {
    const octets = decode(jwk[name]);
    return octets === undefined ? [] : [[name, trim(jwk, name, octets).toString('base64url')] as const];
  });
  return { ...jwk, ...Object.fromEntries(numbers) };
}

function decode(value: unknown): Buffer | undefined {
  return typeof value === 'string' && BASE64.test(value) ? Buffer.from(value, 'base64url') : undefined;
}

/** Java writes a sign octet before a number, and none of its leading zeros. */
function trim({ kty, crv }: UntrustedJwk, name: string, octets: Buffer): Buffer {
  if (kty === 'RSA') return withoutLeadingZeros(octets);
  const length = kty === 'EC' && name !== 'pub' ? COORDINATE_LENGTHS.get(crv) : undefined;
  if (length === undefined) return octets;
  const digits = withoutLeadingZeros(octets);
  return digits.length > length ? octets : Buffer.concat([Buffer.alloc(length - digits.length), digits]);
}

function withoutLeadingZeros(octets: Buffer): Buffer {
  const start = octets.findIndex((octet) => octet !== 0);
  return start === -1 ? octets.subarray(octets.length) : octets.subarray(start);
}
