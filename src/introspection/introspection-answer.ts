import type { Issuer } from '../issuer/issuer.js';
import { copyWithoutPrototype, type JsonObject } from '../protocol/json-object.js';
import { quoteUntrusted, Refusal } from '../protocol/refusal.js';
import { parseValidatedClaims, type ValidatedClaims } from '../token/claim-rules.js';
import { checkAnswerKind } from '../token/token-kind.js';

/** An access token that its issuer calls active. */
export interface ActiveToken {
  /** The members of the answer, without the empty ones. Frozen. */
  readonly payload: JsonObject;
  /** `expiresAt` is infinite if the answer has no `exp`. */
  readonly validated: ValidatedClaims;
}

export interface AnswerOptions {
  readonly issuer: Issuer;
  readonly ignoreExp: boolean;
}

/**
 * Checks the answer of an introspection endpoint by the rules for the claims of a JWT. The response is already known to
 * be well formed, so every refusal here is about the token.
 *
 * @see RFC 7662 §2.2, §4
 */
export function parseIntrospectionAnswer(
  answer: JsonObject,
  { issuer, ignoreExp }: AnswerOptions,
): ActiveToken | Refusal {
  if (answer['active'] !== true) return new Refusal('token_inactive', `active ${quoteUntrusted(answer['active'])}`);

  const payload = dropEmptyMembers(answer, ignoreExp);
  const { iss } = payload;
  if (iss !== undefined && iss !== issuer.issuer) {
    return new Refusal('issuer_not_trusted', `the answer is about a token of ${quoteUntrusted(iss)}`);
  }
  const otherKind = checkAnswerKind(payload, issuer.rules);
  if (otherKind !== undefined) return otherKind;
  const validated = parseValidatedClaims(payload, Number.POSITIVE_INFINITY);
  return validated instanceof Refusal ? validated : { payload, validated };
}

/**
 * Drops members without meaning: null, which Authlib writes for what it does not know, and `exp: 0`, which Doorkeeper
 * writes for tokens that never expire.
 */
function dropEmptyMembers(answer: JsonObject, ignoreExp: boolean): JsonObject {
  const members = Object.entries(answer).filter(([name, value]) => {
    return value !== null && !(name === 'exp' && (value === 0 || ignoreExp));
  });
  return Object.freeze(copyWithoutPrototype(Object.fromEntries(members)));
}
