import type { IntrospectedIssuer } from '../issuer/issuer.js';
import type { CompactJws } from '../jws/compact-jws.js';
import type { JsonObject } from '../protocol/json-object.js';
import { Refusal } from '../protocol/refusal.js';
import { checkClient, parseValidatedClaims, type ValidatedClaims } from './claim-rules.js';
import { checkKind, checkType } from './token-kind.js';

/** What a JWT says of itself. Nobody has verified it: it may refuse the token, and grants nothing. */
export interface OwnClaims {
  /** `expiresAt` is infinite if the token has no `exp`. */
  readonly validated: ValidatedClaims;
  readonly namesAudience: boolean;
}

// What rules are about. Others, such as a sub that is a number, decide nothing here.
const NAMES = ['exp', 'nbf', 'iat', 'aud', 'cnf', 'client_id', 'azp', 'cid', 'appid'];

/**
 * Reads what a JWT that is introspected says of itself: another kind of token and a client that is not allowed are refused.
 *
 * @see RFC 8725 §3.11, §3.12; RFC 7662 §2.2, which lets an answer leave all of it out
 */
export function parseOwnClaims({ header, payload }: CompactJws, issuer: IntrospectedIssuer): OwnClaims | Refusal {
  const { clientIds } = issuer.rules;
  const otherKind = checkType(header, issuer.rules) ?? checkKind(header, payload, issuer.rules);
  if (otherKind !== undefined) return otherKind;

  const validated = parseValidatedClaims(pick(payload, issuer.introspection.ignoreExp), Number.POSITIVE_INFINITY);
  if (validated instanceof Refusal) return validated;
  const isAnyClient = clientIds === undefined || validated.clientId === undefined;
  return (isAnyClient ? undefined : checkClient(validated, clientIds)) ?? toOwnClaims(payload, validated);
}

function toOwnClaims({ aud }: JsonObject, validated: ValidatedClaims): OwnClaims {
  return { validated, namesAudience: aud !== undefined && aud !== null };
}

/** As in answers, null is no value, and `exp: 0` stands for a token without end. */
function pick(payload: JsonObject, ignoreExp: boolean): JsonObject {
  const members = NAMES.map((name) => [name, payload[name]] as const);
  return Object.fromEntries(
    members.filter(([name, value]) => value != null && !(name === 'exp' && (value === 0 || ignoreExp))),
  );
}

/** Narrows what the issuer says of a token by what the token says of itself. */
export function narrowBy(answer: ValidatedClaims, { validated: own, namesAudience }: OwnClaims): ValidatedClaims {
  return {
    ...answer,
    audience: namesAudience ? answer.audience.filter((name) => own.audience.includes(name)) : answer.audience,
    expiresAt: Math.min(answer.expiresAt, own.expiresAt),
    notBefore: latest(answer.notBefore, own.notBefore),
    issuedAt: answer.issuedAt === undefined ? undefined : Math.min(answer.issuedAt, own.issuedAt ?? answer.issuedAt),
    isBound: answer.isBound || own.isBound,
  };
}

function latest(...times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}
