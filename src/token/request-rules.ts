import type { Issuer } from '../issuer/issuer.js';
import type { Refusal } from '../protocol/refusal.js';
import { checkAudience, checkClient, checkNotBound, checkTime, type ValidatedClaims } from './claim-rules.js';

/** What a server demands of every token, whoever issued it. */
export interface RequestRules {
  /** One of these must be among the audiences of the token; false asks for none. */
  readonly audience: readonly string[] | false;
  readonly now: number;
  readonly clockToleranceSeconds: number;
}

/** Checks what can change from one request to the next: the time, and what the route asks for. */
export function checkRequestRules(facts: ValidatedClaims, issuer: Issuer, demanded: RequestRules): Refusal | undefined {
  const { maxTokenAgeSeconds, clientIds } = issuer.rules;
  const { now, clockToleranceSeconds } = demanded;
  return (
    checkTime(facts, { now, clockToleranceSeconds, maxTokenAgeSeconds }) ??
    checkAudiences(facts, issuer.audience, demanded.audience) ??
    (clientIds === undefined ? undefined : checkClient(facts, clientIds)) ??
    checkNotBound(facts)
  );
}

function checkAudiences(
  facts: ValidatedClaims,
  ofIssuer: Issuer['audience'],
  demanded: RequestRules['audience'],
): Refusal | undefined {
  if (ofIssuer === false) return undefined;
  return (
    (demanded === false ? undefined : checkAudience(facts, demanded)) ??
    (ofIssuer === undefined ? undefined : checkAudience(facts, ofIssuer))
  );
}
