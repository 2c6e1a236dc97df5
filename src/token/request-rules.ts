import type { Issuer } from '../issuer/issuer.js';
import type { Refusal } from '../protocol/refusal.js';
import { checkAudience, checkClient, checkNotBound, checkTime, type ValidatedClaims } from './claim-rules.js';

/** The rules of one request, for the tokens of every issuer. */
export interface RequestRules {
  /** The token must have one of these audiences. False: any audience is accepted. */
  readonly audience: readonly string[] | false;
  readonly now: number;
  readonly clockToleranceSeconds: number;
}

/** Checks what can change between two requests with one token: the time, and the requirements of the route. */
export function checkRequestRules(claims: ValidatedClaims, issuer: Issuer, rules: RequestRules): Refusal | undefined {
  const { maxTokenAgeSeconds, clientIds } = issuer.rules;
  const { now, clockToleranceSeconds } = rules;
  return (
    checkTime(claims, { now, clockToleranceSeconds, maxTokenAgeSeconds }) ??
    checkAudiences(claims, issuer, rules.audience) ??
    (clientIds === undefined ? undefined : checkClient(claims, clientIds)) ??
    checkNotBound(claims)
  );
}

function checkAudiences(
  claims: ValidatedClaims,
  { audience: audienceOfIssuer, rules: { clientIds } }: Issuer,
  audience: RequestRules['audience'],
): Refusal | undefined {
  if (audienceOfIssuer === false) return undefined;
  return (
    (audience === false ? undefined : checkAudience(claims, audience, clientIds)) ??
    (audienceOfIssuer === undefined ? undefined : checkAudience(claims, audienceOfIssuer, clientIds))
  );
}
