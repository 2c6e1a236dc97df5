import { Introspector } from '../../src/introspection/introspector.js';
import { createIssuerRegistry } from '../../src/issuer/create-issuer-registry.js';
import { HeaderCache } from '../../src/jws/header-cache.js';
import { SignatureQueue } from '../../src/jws/signature-queue.js';
import { Refusal } from '../../src/protocol/refusal.js';
import { Deadline } from '../../src/resilience/deadline.js';
import type { VerifiedToken } from '../../src/token/verified-token.js';
import { parseVerifierOptions, type VerifierOptions } from '../../src/verifier/options.js';
import { parseAccessToken, verifyAccessToken } from '../../src/verifier/verify-access-token.js';

/** Makes `verifyAccessToken` of the options of a verifier: the steps up to a genuine token, with no cache and no schema. */
export function createVerifyJwt(options: VerifierOptions): (token: string) => Promise<VerifiedToken | Refusal> {
  const config = parseVerifierOptions(options);
  const { audience, maxTokenBytes, clockToleranceSeconds, clock, keyLimits } = config;
  const { signal } = new AbortController();
  const issuers = createIssuerRegistry(config.issuers, { ...config, signal });
  const headers = new HeaderCache();
  const signatures = new SignatureQueue();
  const { maxResponseBytes } = keyLimits;
  const introspector = new Introspector({ ...config, signal, maxResponseBytes, signatures });
  const rules = { issuers, maxTokenBytes, headers, signatures, introspector };
  return async (token) => {
    const unverified = parseAccessToken({ token }, rules);
    if (unverified instanceof Refusal) return unverified;
    const now = clock() / 1000;
    const deadline = new Deadline(keyLimits.fetchTimeoutSeconds, clock);
    const outcome = verifyAccessToken(
      unverified,
      rules,
      { audience, now, clockToleranceSeconds },
      { deadline, request: undefined },
    );
    return outcome.finally(() => deadline.end());
  };
}
