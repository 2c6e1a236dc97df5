import { createIssuerRegistry } from '../../src/issuer/create-issuer-registry.js';
import type { Refusal } from '../../src/protocol/refusal.js';
import { Introspector } from '../../src/token/introspector.js';
import { KnownHeaders } from '../../src/token/known-headers.js';
import { SignatureJobs } from '../../src/token/signature-jobs.js';
import { verifyAccessToken } from '../../src/token/verify-access-token.js';
import type { VerifiedToken } from '../../src/token/verify-jwt.js';
import { parseVerifierOptions, type VerifierOptions } from '../../src/verifier/options.js';

/** Makes `verifyAccessToken` of the options of a verifier: the steps up to a genuine token, with no cache and no schema. */
export function createVerifyJwt(options: VerifierOptions): (token: string) => Promise<VerifiedToken | Refusal> {
  const config = parseVerifierOptions(options);
  const { audience, maxTokenBytes, clockToleranceSeconds, clock, keyLimits } = config;
  const issuers = createIssuerRegistry(config.issuers, config);
  const headers = new KnownHeaders();
  const signatures = new SignatureJobs();
  const { maxResponseBytes } = keyLimits;
  const introspector = new Introspector({ clock, clockToleranceSeconds, maxResponseBytes, signatures });
  const rules = { issuers, maxTokenBytes, headers, signatures, introspector };
  return async (token) => verifyAccessToken(token, rules, { audience, now: clock() / 1000, clockToleranceSeconds });
}
