import { expect, it } from 'vitest';
import { ConfigurationError, createVerifier } from '../../src/index.js';
import type { RowId } from '../security-matrix/catalogue.js';
import { covers } from './covers.js';

/** What an error about a mistake in a program must say. */
export interface Misuse {
  /** The path that `error.option` must have. */
  readonly option: string;
  /** What was given, as the message must show it. */
  readonly told: string;
  /** What the message must tell to do about it. */
  readonly fix: string;
}

/** Expects a call, of an asynchronous function too, to be refused as a mistake in the program, in these words. */
export async function expectMisuse(call: () => unknown, misuse: Misuse): Promise<void> {
  const error = await errorOf(call);
  expect(error).toBeInstanceOf(ConfigurationError);
  const { option, message } = error as ConfigurationError;
  expect({ option, message }).toEqual({ option: misuse.option, message: expect.stringContaining(misuse.told) });
  expect(message.startsWith(`${misuse.option}: `)).toBe(true);
  expect(message).toContain(misuse.fix);
}

async function errorOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return 'no error';
}

export const ISSUER = 'https://login.example.com';

/** Creates a verifier with something about good options changed. */
export function createVerifierWith(changes: object): unknown {
  return createVerifier({ issuer: ISSUER, audience: 'https://api.example.com', ...changes } as never);
}

/**
 * A change of good options that is a mistake, what the error must say about it, and the rows of the security matrix
 * that the refusal proves.
 */
export type OptionsMisuse = [what: string, given: object, option: string, told: string, fix: string, ...ids: RowId[]];

/** Makes a test of every mistake, each beside the options without it. `subject` is what each `what` is said of. */
export function itRefuses(subject: string, rows: readonly OptionsMisuse[]): void {
  it.each(rows)(`refuses ${subject} %s`, async (_, given, option, told, fix, ...ids) => {
    covers(...ids);
    expect(() => createVerifierWith({})).not.toThrow();
    await expectMisuse(() => createVerifierWith(given), { option, told, fix });
  });
}
