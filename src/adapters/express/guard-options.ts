import { type ReadersOf, readOptions } from '../../options/option-reader.js';
import { callback, oneOf, optional } from '../../options/readers.js';
import { REQUIREMENT_READERS, type Requirements, toRequirements } from '../../verifier/requirements.js';
import type { GuardOptions } from './guard.js';

/** The options of a guard, checked, with every default filled in. */
export interface GuardConfig {
  /** The requirements of every route of the guard, without a policy. */
  readonly requirements: Requirements;
  readonly errors: NonNullable<GuardOptions['errors']>;
  readonly onRefusal: GuardOptions['onRefusal'];
  readonly onReport: GuardOptions['onReport'];
}

/** Reads how a refused request is answered. */
export const readErrors = optional(oneOf(['respond', 'next'], "Give 'respond' or 'next'."));

const READERS = {
  ...REQUIREMENT_READERS,
  errors: readErrors,
  onRefusal: callback<NonNullable<GuardOptions['onRefusal']>>(),
  onReport: callback<NonNullable<GuardOptions['onReport']>>(),
} satisfies ReadersOf<GuardOptions>;

/** @throws {ConfigurationError} */
export function parseGuardOptions(input: unknown, audienceOfVerifier: readonly string[] | false): GuardConfig {
  const fix = "Give an object such as { audience: 'https://orders.example.com' }.";
  const options = readOptions(input, '', fix, READERS);
  const { errors = 'respond', onRefusal, onReport } = options;
  return Object.freeze({ requirements: toRequirements(options, audienceOfVerifier), errors, onRefusal, onReport });
}
