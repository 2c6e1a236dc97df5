import { createVerifier, type StandardSchema, type Verifier, type VerifierOptions } from 'scopegate';
import { base } from './guards.js';

// Options that are put together elsewhere, under the name that the package gives them.
const options: VerifierOptions = base;
const verifier: Verifier = createVerifier(options);

function createOwnVerifier(own: Omit<VerifierOptions, 'audience'>): Verifier {
  return createVerifier({ ...own, audience: base.audience });
}

function createTypedVerifier<Schema extends StandardSchema<object>>(own: VerifierOptions<Schema>) {
  return createVerifier(own);
}

export const verifiers = [verifier, createOwnVerifier({ issuer: base.issuer }), createTypedVerifier(base)];
