import type { Issuer } from '../issuer/issuer.js';
import { parseCompactJws } from '../jws/compact-jws.js';
import { parseJoseHeader } from '../jws/jose-header.js';
import { JwsProblem, Malformed } from '../jws/malformed.js';
import { verifySignature } from '../jws/signature.js';
import type { SignatureQueue } from '../jws/signature-queue.js';
import type { JsonObject } from '../protocol/json-object.js';
import { quoteUntrusted, Refusal } from '../protocol/refusal.js';
import { untilAborted } from '../resilience/deadline.js';
import { findIssuedAt, MAX_IAT_AHEAD_SECONDS, parseAudience } from '../token/claim-rules.js';

export interface SignedAnswerOptions {
  readonly issuer: Issuer;
  /** The client that introspects: the audience of the answer. */
  readonly clientId: string;
  /** Seconds since the epoch. */
  readonly now: number;
  readonly clockToleranceSeconds: number;
  readonly maxBytes: number;
  readonly signatures: SignatureQueue;
  /** Until when the keys may take. */
  readonly deadline: AbortSignal;
}

const ANSWER_TYPE = /^(?:application\/)?token-introspection\+jwt$/i;
// An answer is signed when the request comes. An older one was recorded, and may be replayed.
const MAX_ANSWER_AGE_SECONDS = 60;

/**
 * Verifies a signed introspection answer and returns the members of `token_introspection`. A refusal says that the issuer's keys
 * cannot be had.
 *
 * @see RFC 9701 §5, §8.1
 */
export async function verifySignedAnswer(
  jwt: string,
  rules: SignedAnswerOptions,
): Promise<JsonObject | Malformed | Refusal> {
  const { issuer } = rules;
  const jws = parseCompactJws(jwt, rules.maxBytes);
  if (jws instanceof JwsProblem) return new Malformed(`the answer is no JWT: ${jws.why}`);
  const { typ } = jws.header;
  if (typeof typ !== 'string' || !ANSWER_TYPE.test(typ)) {
    return new Malformed(`the answer has the typ ${quoteUntrusted(typ)}`);
  }
  const header = parseJoseHeader(jws.header, issuer.rules);
  if (header instanceof JwsProblem) return new Malformed(`the header of the answer: ${header.why}`);

  const query = { ...header, issuedAt: findIssuedAt(jws.payload), text: jwt, isPlausible: () => true };
  const keys = await untilAborted(rules.deadline, Promise.resolve(issuer.keys.find(query))).catch(refuseLate);
  if (keys instanceof Refusal) {
    return keys.entry.status === 503 ? keys : new Malformed(`the key of the answer: ${keys.detail}`);
  }
  const key = await verifySignature(keys, header.algorithm, jws, rules.signatures);
  if (key === undefined) return new Malformed('the signature of the answer is not valid');

  return checkRecipient(jws.payload, rules) ?? checkTimes(jws.payload, rules) ?? findTokenMembers(jws.payload);
}

function refuseLate(cause: unknown): Refusal {
  return new Refusal('keys_unavailable', 'the keys of the answer did not come in time', {
    cause,
    retryAfterSeconds: 1,
  });
}

function checkRecipient({ iss, aud }: JsonObject, { issuer, clientId }: SignedAnswerOptions): Malformed | undefined {
  if (iss !== issuer.issuer) return new Malformed(`the answer has the iss ${quoteUntrusted(iss)}`);
  if (parseAudience(aud)?.includes(clientId)) return undefined;
  return new Malformed(`the answer has the aud ${quoteUntrusted(aud)}`);
}

function checkTimes(
  { iat, exp, nbf }: JsonObject,
  { now, clockToleranceSeconds: tolerance }: SignedAnswerOptions,
): Malformed | undefined {
  const ahead = Math.max(tolerance, MAX_IAT_AHEAD_SECONDS);
  const isRecent = typeof iat === 'number' && iat <= now + ahead && now - iat <= MAX_ANSWER_AGE_SECONDS + tolerance;
  if (!isRecent) return new Malformed(`the answer has the iat ${quoteUntrusted(iat)}, now ${now}`);
  if (exp !== undefined && !(typeof exp === 'number' && now < exp + tolerance)) {
    return new Malformed('the answer expired');
  }
  if (nbf !== undefined && !(typeof nbf === 'number' && nbf <= now + tolerance)) {
    return new Malformed('the answer is not valid yet');
  }
  return undefined;
}

function findTokenMembers({ token_introspection: members }: JsonObject): JsonObject | Malformed {
  const isObject = typeof members === 'object' && members !== null && !Array.isArray(members);
  return isObject ? (members as JsonObject) : new Malformed('the answer has no token_introspection object');
}
