import { ConfigurationError } from '../../options/configuration-error.js';
import { describeValue } from '../../options/describe-value.js';
import { internalsOf, isVerifierOfAnyCopy } from '../../verifier/create-verifier.js';
import type { VerifierInternals } from '../../verifier/verifier.js';

/** Returns the internals of a verifier. `caller` is the function that it was given to. @throws {ConfigurationError} */
export function requireInternals(verifier: unknown, caller: string): VerifierInternals {
  const internals = internalsOf(verifier);
  if (internals !== undefined) return internals;

  if (isVerifierOfAnyCopy(verifier)) {
    throw new ConfigurationError(
      'verifier',
      'was created by another copy of scopegate: two versions are installed, or one is imported and the other required.',
      `Call createVerifier and ${caller} of the same copy, such as both by import or both by require.`,
    );
  }

  throw new ConfigurationError(
    'verifier',
    `is ${describeValue(verifier)} and not a verifier.`,
    `Call ${caller}(createVerifier({ ... })), with both functions from the same copy of scopegate.`,
  );
}
