import { createIssuerRegistry } from '../../src/issuer/create-issuer-registry.js';
import type { Refusal } from '../../src/protocol/refusal.js';
import { KnownHeaders } from '../../src/token/known-headers.js';
import { SignatureJobs } from '../../src/token/signature-jobs.js';
import { type VerifiedToken, verifyJwt } from '../../src/token/verify-jwt.js';
import { parseVerifierOptions, type VerifierOptions } from '../../src/verifier/options.js';

/** Makes `verifyJwt` of the options of a verifier: the steps up to a genuine token, with no cache and no schema. */
export function createVerifyJwt(options: VerifierOptions): (token: string) => Promise<VerifiedToken | Refusal> {
  const config = parseVerifierOptions(options);
  const { audience, maxTokenBytes, clockToleranceSeconds, clock } = config;
  const issuers = createIssuerRegistry(config.issuers, config);
  const headers = new KnownHeaders();
  const signatures = new SignatureJobs();
  return async (token) =>
    verifyJwt(
      token,
      { issuers, maxTokenBytes, headers, signatures },
      { audience, now: clock() / 1000, clockToleranceSeconds },
    );
}
