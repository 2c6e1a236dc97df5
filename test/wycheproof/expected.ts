import type { GroupedVector } from '../support/wycheproof.js';

export type JoseFile = 'json_web_signature_test' | 'json_web_key_test' | 'json_web_crypto_test';

/** How many vectors a file must have, so that none is lost unseen. */
export const TOTALS: Readonly<Record<JoseFile, { readonly valid: number; readonly invalid: number }>> = {
  json_web_signature_test: { valid: 46, invalid: 355 },
  json_web_key_test: { valid: 5, invalid: 21 },
  json_web_crypto_test: { valid: 6, invalid: 77 },
};

interface Deviation {
  readonly file: JoseFile;
  readonly ids: string;
  readonly here: string;
  readonly why: string;
}

/** Where we do not say what the vector says. */
export const DEVIATIONS: readonly Deviation[] = [
  {
    file: 'json_web_signature_test',
    ids: '259,264,268,272,320,325',
    here: 'token_malformed',
    why: 'the payload is empty: valid in a JWS (RFC 7515), but a JWT is a JSON object (RFC 7519 §7.2)',
  },
  {
    file: 'json_web_signature_test',
    ids: '346,350',
    here: 'unknown_key',
    why: 'PS384 under a key that says PS256: a key is used with its own algorithm alone (RFC 8725 §3.1)',
  },
  {
    file: 'json_web_signature_test',
    ids: '347,351',
    here: 'refused at start: has an alg that is not supported',
    why: 'the key says ES521, which is no algorithm (RFC 7518 §3.1, RFC 8725 §3.1)',
  },
  {
    file: 'json_web_signature_test',
    ids: '372,373',
    here: 'token_malformed',
    why: 'a question mark inside of base64url: one token has one spelling (RFC 7515 §2, rfc8725bis §3.14)',
  },
  {
    file: 'json_web_signature_test',
    ids: '367,370',
    here: 'accepted',
    why: 'the vectors lost the padding that they are about: to the byte they are the valid 357',
  },
  {
    file: 'json_web_key_test',
    ids: '4',
    here: 'accepted',
    why: 'two secrets with one kid, flagged ambiguous: secrets have no kid here, and each one given is trusted',
  },
];

const WEAK_ALG = 'refused at start: has an alg that is not supported or does not fit the key';
const SYMMETRIC = 'refused at start: has a kty that is not RSA, EC, OKP or AKP';

/** Why invalid vectors are refused, where it is not the signature. */
const REASONS: Readonly<Record<JoseFile, Readonly<Record<string, string>>>> = {
  json_web_signature_test: {
    '3,4,6,7,9-11,14,15,20,21,23,24,26-28,35,36,38,39,41-43,360-366,368,369,371,374,375': 'token_malformed',
    '12,13,17,29,30,44,45': 'token_opaque',
    '25,40,332,334,336,338,340': 'unknown_key',
    '16,31,341-344': 'algorithm_not_allowed',
    '353,354': 'refused at start: has a use other than sig',
    '355,356': 'refused at start: has key_ops other than verify',
  },
  json_web_key_test: {
    '1': 'algorithm_not_allowed',
    '6,21': 'refused at start: has a use other than sig',
    '7': 'refused at start: can be factored (CVE-2017-15361)',
    '8': 'refused at start: is an RSA key of less than 2048 bits',
    '9': 'refused at start: is an RSA key with an unsafe exponent',
    '10,16': 'refused at start: HS256 need 32 at least (RFC 7518 §3.2)',
    '11,17': 'refused at start: HS384 need 48 at least (RFC 7518 §3.2)',
    '12,18': 'refused at start: HS512 need 64 at least (RFC 7518 §3.2)',
    '19,20,23': WEAK_ALG,
    '22': 'refused at start: is not a valid key',
    '24': 'refused at start: lacks the member n',
    '25,26': SYMMETRIC,
  },
  json_web_crypto_test: {
    '3,4,6,7,9-11,14,15,20,21,23,24,26-28,35,36,38,39,41-43': 'token_malformed',
    '12,13,17,29,30,44,45': 'token_opaque',
    '25,40': 'unknown_key',
    '16,31,47': 'algorithm_not_allowed',
    '46': 'refused at start: can be factored (CVE-2017-15361)',
  },
};

/** Reads a list such as `3,5-7`. */
export function idsOf(list: string): readonly number[] {
  return list.split(',').flatMap((item) => {
    const [first = 0, last = first] = item.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

/** Says what must come of a vector: a reason, `accepted`, or `refused at start` with words of the message. */
export function expectedOf(file: JoseFile, { vector: { tcId, result } }: GroupedVector): string {
  const deviation = DEVIATIONS.find((row) => row.file === file && idsOf(row.ids).includes(tcId));
  if (deviation !== undefined) return deviation.here;
  if (result === 'valid') return 'accepted';
  const row = Object.entries(REASONS[file]).find(([ids]) => idsOf(ids).includes(tcId));
  return row?.[1] ?? 'signature_invalid';
}
