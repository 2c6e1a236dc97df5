import { ConfigurationError } from '../../options/configuration-error.js';
import { describeValue } from '../../options/describe-value.js';
import { internalsOf } from '../../verifier/create-verifier.js';
import type { VerifierInternals } from '../../verifier/verifier.js';

/** Returns the internals of a verifier. `caller` is the function that it was given to. @throws {ConfigurationError} */
export function requireInternals(verifier: unknown, caller: string): VerifierInternals {
  const internals = internalsOf(verifier);
  if (internals !== undefined) return internals;
  throw new ConfigurationError(
    'verifier',
    `is ${describeValue(verifier)} and not a verifier.`,
    `Call ${caller}(createVerifier({ ... })), with both functions from the same copy of scopegate.`,
  );
}
