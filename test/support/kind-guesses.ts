import { createVerifier } from '../../src/index.js';

/** Whether the guesses about the kind of a token can be switched off for an issuer. */
export const GUESSES_CAN_BE_OFF = (() => {
  try {
    const option = { dangerouslyAcceptAnyTokenKind: true };
    createVerifier({ issuer: { issuer: 'https://a.example', ...option }, audience: 'a' }).close();
    return true;
  } catch {
    return false;
  }
})();
