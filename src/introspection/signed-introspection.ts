import type { Issuer } from '../issuer/issuer.js';
import { parseCompactJws } from '../jws/compact-jws.js';
import { parseJoseHeader } from '../jws/jose-header.js';
import { JwsProblem } from '../jws/malformed.js';
import { verifySignature } from '../jws/signature.js';
import type { SignatureQueue } from '../jws/signature-queue.js';
import type { JsonObject } from '../protocol/json-object.js';
import { quoteUntrusted, Refusal } from '../protocol/refusal.js';
import { parseAudience } from '../token/claim-rules.js';

export interface SignedAnswerOptions {
  readonly issuer: Issuer;
  /** Who asked: the answer must be meant for it. */
  readonly clientId: string;
  /** Seconds since the epoch. */
  readonly now: number;
  readonly clockToleranceSeconds: number;
  readonly maxBytes: number;
  readonly signatures: SignatureQueue;
}

const ANSWER_TYPE = /^(?:application\/)?token-introspection\+jwt$/i;
// An answer is made when it is asked for; an older one was kept by somebody.
const MAX_ANSWER_AGE_SECONDS = 60;

/**
 * Verifies a signed introspection answer and gives what it says of the token, or why it cannot be believed, as a
 * text. A refusal tells that the issuer's keys cannot be had.
 *
 * @see RFC 9701 §5, §8.1
 */
export async function verifySignedAnswer(
  jwt: string,
  rules: SignedAnswerOptions,
): Promise<JsonObject | string | Refusal> {
  const { issuer, clientId } = rules;
  const jws = parseCompactJws(jwt, rules.maxBytes);
  if (jws instanceof JwsProblem) return `the answer is no JWT: ${jws.why}`;
  const { typ } = jws.header;
  if (typeof typ !== 'string' || !ANSWER_TYPE.test(typ)) return `the answer has the typ ${quoteUntrusted(typ)}`;
  const header = parseJoseHeader(jws.header, issuer.rules);
  if (header instanceof JwsProblem) return `the header of the answer: ${header.why}`;
  const keys = await issuer.keys.find({ ...header, isPlausible: () => true });
  if (keys instanceof Refusal) return keys.entry.status === 503 ? keys : `the key of the answer: ${keys.detail}`;
  const key = await verifySignature(keys, header.algorithm, jws, rules.signatures);
  if (key === undefined) return 'the signature of the answer is not valid';
  const { iss, aud, token_introspection: said } = jws.payload;
  if (iss !== issuer.issuer) return `the answer has the iss ${quoteUntrusted(iss)}`;
  if (!parseAudience(aud)?.includes(clientId)) return `the answer has the aud ${quoteUntrusted(aud)}`;
  const untimely = findUntimely(jws.payload, rules);
  if (untimely !== undefined) return untimely;
  const isObject = typeof said === 'object' && said !== null && !Array.isArray(said);
  return isObject ? (said as JsonObject) : 'the answer has no token_introspection object';
}

function findUntimely(
  { iat, exp, nbf }: JsonObject,
  { now, clockToleranceSeconds: tolerance }: SignedAnswerOptions,
): string | undefined {
  const isRecent = typeof iat === 'number' && iat <= now + tolerance && now - iat <= MAX_ANSWER_AGE_SECONDS + tolerance;
  if (!isRecent) return `the answer has the iat ${quoteUntrusted(iat)}, now ${now}`;
  if (exp !== undefined && !(typeof exp === 'number' && now < exp + tolerance)) return 'the answer expired';
  if (nbf !== undefined && !(typeof nbf === 'number' && nbf <= now + tolerance)) return 'the answer is not valid yet';
  return undefined;
}
