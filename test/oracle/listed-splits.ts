import { isUtf8 } from 'node:buffer';
import type { JWK } from 'jose';
import type { RefusalReason } from '../../src/index.js';
import type { PeerName } from './judges.js';
import { isCanonicalBase64url, measureJson, type ReadPart, type ReadToken, readToken } from './read-token.js';
import type { Seedling } from './token-generator.js';
import { TOLERANCE_SECONDS } from './world.js';

/** What a proof may look at: the sample, read without the code under test. */
export interface Evidence extends ReadToken {
  readonly sample: Seedling;
}

/** Why we may refuse what others accept. K: a gate that `jose` leaves to the application, as its SECURITY.md says. */
export type Ground = `K${1 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11}` | 'profile rule' | `RFC ${string}`;

/** Tokens that we refuse and others accept. */
export interface OursStricter {
  readonly id: string;
  readonly ground: Ground;
  readonly why: string;
  readonly reason: RefusalReason;
  readonly detail: RegExp;
  /** Finds the fault again, by other means. */
  readonly proof: (evidence: Evidence) => boolean;
}

/** Tokens that we accept and others refuse, though no RFC asks for it. */
export interface TheirsStricter {
  readonly id: string;
  readonly why: string;
  readonly peers: readonly PeerName[];
  /** The codes of their errors. */
  readonly reasons: readonly string[];
  readonly detail: RegExp;
  readonly proof: (evidence: Evidence) => boolean;
}

// RFC 6749 §3.3
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
const SCOPE = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;
const END_OF_9999 = Date.UTC(10_000, 0, 1) / 1000 - 1;
const MAX_TOKEN_LENGTH = 16_384;
// RFC 7519 §4.1.6 makes iat a time in the past.
const MAX_IAT_AHEAD_SECONDS = 60;
const MAX_DEPTH = 32;
const MAX_CANDIDATES = 2;
const RSA_2048_LENGTH = 256;

const CLIENT_IDS = ['client_id', 'azp', 'cid', 'appid'];
const IDENTIFIERS = /^(?:sub|client_id|azp|cid|appid)$/;
const DATES = ['exp', 'nbf', 'iat'];

export const OURS_STRICTER: readonly OursStricter[] = [
  ...(['header', 'payload', 'signature'] as const).map(
    (part, index): OursStricter => ({
      id: `${part}-encoding`,
      ground: 'K1',
      why: 'padding, white space, or bits that stand for nothing: one token, many spellings (RFC 7515 §2)',
      reason: 'token_malformed',
      detail: new RegExp(`^the ${part} is not canonical base64url$`),
      proof: ({ segments }) => !isCanonicalBase64url(segments[index] ?? ''),
    }),
  ),
  {
    id: 'signature-length',
    ground: 'K1',
    why: 'a PSS signature without its leading zero: one token, two spellings (RFC 8017 §8.1.2)',
    reason: 'signature_invalid',
    detail: /^\d keys tried$/,
    proof: ({ header, signature }) => header.members['alg'] === 'PS256' && signature.length < RSA_2048_LENGTH,
  },
  {
    id: 'date-range',
    ground: 'K3',
    why: 'a date before 1970 or after 9999, infinite or in milliseconds: a token that never ends',
    reason: 'claim_malformed',
    detail: /^(?:exp|nbf|iat)$/,
    proof: ({ payload }) => DATES.some((name) => isOutOfRange(payload.members[name])),
  },
  {
    id: 'issued-in-the-future',
    ground: 'K3',
    why: 'an iat more than a minute ahead keeps a token young for ever where maxTokenAgeSeconds bounds its age',
    reason: 'token_not_yet_valid',
    detail: /^iat /,
    proof: ({ payload, sample }) => Number(payload.members['iat']) > sample.at / 1000 + MAX_IAT_AHEAD_SECONDS,
  },
  ...(['header', 'payload'] as const).flatMap((part): readonly OursStricter[] => [
    {
      id: `${part}-duplicates`,
      ground: 'K4',
      why: 'a member twice: parsers differ in which one counts (RFC 7515 §4, RFC 7519 §4)',
      reason: 'token_malformed',
      detail: new RegExp(`^the ${part} has duplicate members$`),
      proof: (evidence) => measureJson(evidence[part].text).hasDuplicates,
    },
    {
      id: `${part}-prototype`,
      ground: 'K5',
      why: 'a member __proto__, which pollutes what claims are merged into',
      reason: 'token_malformed',
      detail: new RegExp(`^the ${part} has a member named __proto__$`),
      proof: (evidence) => measureJson(evidence[part].text).names.has('__proto__'),
    },
    {
      id: `${part}-depth`,
      ground: 'K7',
      why: 'nested so deep that what comes later may run out of stack',
      reason: 'token_malformed',
      detail: new RegExp(`^the ${part} is nested deeper than ${MAX_DEPTH} levels$`),
      proof: (evidence) => measureJson(evidence[part].text).depth > MAX_DEPTH,
    },
    {
      id: `${part}-unicode`,
      ground: 'K8',
      why: 'a lone surrogate: all of them are the same byte sequence in UTF-8',
      reason: 'token_malformed',
      detail: new RegExp(`^the ${part} has ill-formed Unicode$`),
      proof: (evidence) => !measureJson(evidence[part].text).isWellFormed,
    },
    {
      id: `${part}-byte-order-mark`,
      ground: 'K8',
      why: 'a byte order mark, which JSON texts must not begin with (RFC 8259 §8.1)',
      reason: 'token_malformed',
      detail: new RegExp(`^the ${part} is not JSON$`),
      proof: (evidence) => hasByteOrderMark(evidence[part]),
    },
    {
      id: `${part}-utf-8`,
      ground: 'RFC 8725 §3.7',
      why: 'bytes that are not UTF-8, which a lenient decoder replaces',
      reason: 'token_malformed',
      detail: new RegExp(`^the ${part} is not UTF-8$`),
      proof: (evidence) => !isUtf8(evidence[part].bytes),
    },
  ]),
  {
    id: 'identifier-type',
    ground: 'K6',
    why: "an identifier that is no string: ['admin'] == 'admin', and 1 is another user than '1'",
    reason: 'claim_malformed',
    detail: IDENTIFIERS,
    proof: ({ payload }) => identifiersOf(payload).some((value) => typeof value !== 'string'),
  },
  {
    id: 'identifier-characters',
    ground: 'K8',
    why: 'control characters in an identifier confuse logs, databases and cache keys',
    reason: 'claim_malformed',
    detail: IDENTIFIERS,
    proof: ({ payload }) => identifiersOf(payload).some(hasControls),
  },
  {
    id: 'audience-type',
    ground: 'K6',
    why: 'our audience beside something that is no string, or an empty one: what handlers compare as texts',
    reason: 'claim_malformed',
    detail: /^aud$/,
    proof: ({ payload }) => audiencesOf(payload).some((value) => typeof value !== 'string' || value === ''),
  },
  {
    id: 'audience-characters',
    ground: 'K8',
    why: 'our audience beside one with control characters, which forge lines of logs',
    reason: 'claim_malformed',
    detail: /^aud$/,
    proof: ({ payload }) => audiencesOf(payload).some(hasControls),
  },
  {
    id: 'scope-form',
    ground: 'K6',
    why: 'scopes that are neither scope tokens between spaces nor a list of them: a handler that splits at white space grants more',
    reason: 'claim_malformed',
    detail: /^(?:scope|scp)$/,
    proof: ({ payload }) => valuesOf(payload, /^(?:scope|scp)$/).some((value) => !isScope(value)),
  },
  {
    id: 'size',
    ground: 'K7',
    why: 'longer than maxTokenBytes: a flood of long tokens costs parsing, and memory where they are cached',
    reason: 'token_too_large',
    detail: /^\d+ characters, 16384 allowed$/,
    proof: ({ sample }) => sample.token.length > MAX_TOKEN_LENGTH,
  },
  {
    id: 'unencoded-payload',
    ground: 'K9',
    why: 'b64 without crit: whoever knows RFC 7797 would read another payload (§6)',
    reason: 'critical_header_unsupported',
    detail: /^b64$/,
    proof: ({ header }) => 'b64' in header.members && !('crit' in header.members),
  },
  {
    id: 'many-candidates',
    ground: 'K10',
    why: 'more than two keys fit the header, and two are tried: each try costs a signature check',
    reason: 'signature_invalid',
    detail: /^2 keys tried$/,
    proof: (evidence) => candidatesOf(evidence).length > MAX_CANDIDATES,
  },
  {
    id: 'rsa-exponent',
    ground: 'K11',
    why: 'an RSA key with e = 1, for which everybody can sign, is not used',
    reason: 'unknown_key',
    detail: /^kid "/,
    proof: (evidence) => candidatesOf(evidence).some(({ e }) => e === 'AQ'),
  },
  {
    id: 'small-order-key',
    ground: 'RFC 8725 §3.4',
    why: 'an Ed25519 key of small order, for which everybody can sign, is not used',
    reason: 'unknown_key',
    detail: /^kid /,
    proof: (evidence) => candidatesOf(evidence).some(({ x }) => x?.startsWith('AQAAAAAA')),
  },
  {
    id: 'other-kind-by-type',
    ground: 'profile rule',
    why: 'profile jwt: typ names another kind of token, which passes for an access token (RFC 8725 §3.11)',
    reason: 'token_type_not_allowed',
    detail: /^typ /,
    proof: ({ header, sample }) => sample.profile === 'jwt' && !isTypeOfJwt(header.members['typ']),
  },
  {
    id: 'other-kind-by-claims',
    ground: 'profile rule',
    why: 'profile jwt: an ID, refresh or logout token that passes for an access token (RFC 8725 §3.12)',
    reason: 'token_type_not_allowed',
    detail: /^(?:the claim \w+ |an? \w+ claim|no azp or appid|azp in aud)/,
    proof: ({ header, payload, sample }) => {
      return sample.profile === 'jwt' && !isDeclaredType(header.members['typ']) && hasForeignMark(payload);
    },
  },
  {
    id: 'bound-token',
    ground: 'RFC 9449 §7.2',
    why: 'bound to a key, and shown without a proof (also RFC 8705 §3)',
    reason: 'binding_not_proven',
    detail: /^a cnf claim$/,
    proof: ({ payload }) => 'cnf' in payload.members,
  },
  {
    id: 'expired-within-this-second',
    ground: 'RFC 7519 §4.1.4',
    why: 'the others cut the time to whole seconds, so a token lives on for the rest of one',
    reason: 'token_expired',
    detail: /^exp /,
    proof: ({ payload, sample }) => {
      const [exp, now] = [Number(payload.members['exp']), sample.at / 1000 - TOLERANCE_SECONDS];
      return exp <= now && exp > Math.floor(now);
    },
  },
];

export const THEIRS_STRICTER: readonly TheirsStricter[] = [
  {
    id: 'ambiguous-key',
    why: 'oauth4webapi wants exactly one key that fits, where RFC 7515 §6 leaves the choice open; we try two',
    peers: ['oauth4webapi'],
    reasons: ['OAUTH_KEY_SELECTION_FAILED'],
    detail: /multiple applicable keys found/,
    proof: (evidence) => candidatesOf(evidence).length > 1,
  },
  {
    id: 'jti-form',
    why: 'oauth4webapi wants a jti that is a text; no rule of ours looks at it, so that its form lets nobody in',
    peers: ['oauth4webapi'],
    reasons: ['OAUTH_INVALID_REQUEST'],
    detail: /jti/,
    proof: ({ payload }) => typeof payload.members['jti'] !== 'string' || payload.members['jti'] === '',
  },
  {
    id: 'valid-within-this-second',
    why: 'the others cut the time to whole seconds, so an nbf with a fraction comes up to a second later',
    peers: ['jose', 'oauth4webapi'],
    reasons: ['ERR_JWT_CLAIM_VALIDATION_FAILED', 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED'],
    detail: /nbf/,
    proof: ({ payload, sample }) => {
      const [nbf, now] = [Number(payload.members['nbf']), sample.at / 1000 + TOLERANCE_SECONDS];
      return nbf <= now && nbf > Math.floor(now);
    },
  },
];

export function collectEvidence(sample: Seedling): Evidence {
  return { ...readToken(sample.token), sample };
}

function isOutOfRange(value: unknown): boolean {
  return typeof value === 'number' && !(value >= 0 && value <= END_OF_9999);
}

function hasByteOrderMark({ bytes }: ReadPart): boolean {
  return bytes.subarray(0, 3).equals(Buffer.from('\ufeff'));
}

function hasControls(value: unknown): boolean {
  return typeof value === 'string' && /\p{Cc}/u.test(value);
}

function valuesOf({ members }: ReadPart, names: RegExp): readonly unknown[] {
  return Object.entries(members)
    .filter(([name]) => names.test(name))
    .map(([, value]) => value);
}

function audiencesOf({ members }: ReadPart): readonly unknown[] {
  return [members['aud']].flat();
}

function isScope(value: unknown): boolean {
  if (value === null) return true;
  if (typeof value === 'string') return SCOPE.test(value);
  return (
    Array.isArray(value) && value.every((item) => item === '' || (typeof item === 'string' && SCOPE_TOKEN.test(item)))
  );
}

/** The keys that a header leaves open, whether or not they are good ones. */
export function candidatesOf({ header, sample }: Evidence): readonly JWK[] {
  const { alg, kid } = header.members;
  const kty = { R: 'RSA', P: 'RSA', E: alg === 'EdDSA' || alg === 'Ed25519' ? 'OKP' : 'EC' }[String(alg).charAt(0)];
  return sample.world.jwks.keys.filter((jwk) => {
    const fits = jwk.kty === kty && (jwk.alg === undefined || jwk.alg === alg) && jwk.use !== 'enc';
    return fits && (kid === undefined || kid === jwk.kid) && (alg !== 'ES256' || jwk.crv === 'P-256');
  });
}

/** The `sub`, and the first client that is named. */
function identifiersOf({ members }: ReadPart): readonly unknown[] {
  const isNamed = (name: string) => ![undefined, ''].includes(members[name] as string | undefined);
  return ['sub', CLIENT_IDS.find(isNamed) ?? 'client_id'].filter(isNamed).map((name) => members[name]);
}

function isDeclaredType(typ: unknown): boolean {
  return typeof typ === 'string' && ['at+jwt', 'application/at+jwt'].includes(typ.toLowerCase());
}

/** Whether a type names no kind: `JWT`, or a plain word but for a few. */
function isTypeOfJwt(typ: unknown): boolean {
  if (typ === undefined || isDeclaredType(typ)) return true;
  const isPlain = typeof typ === 'string' && /^(?:application\/jwt|[a-z0-9][\w.-]*)$/i.test(typ);
  return isPlain && !/^(?:(?:id|refresh|logout)(?:[-_.]?token)?|sd-jwt|passport)$/i.test(typ);
}

function hasForeignMark({ members }: ReadPart): boolean {
  const { token_use: tokenUse, typ, nonce } = members;
  if (['events', 'at_hash', 'c_hash', 's_hash'].some((name) => name in members)) return true;
  if (nonce !== undefined && ['client_id', 'scope', 'scp', 'azp'].every((name) => !(name in members))) return true;
  return [tokenUse, typ].flat().some((word) => /^(?:id|refresh|logout|offline)(?:[-_]?token)?$/i.test(String(word)));
}
