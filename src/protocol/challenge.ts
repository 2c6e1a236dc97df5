import type { OAuthErrorCode } from './refusal.js';

/** The parameters of a `Bearer` challenge (RFC 6750 §3). */
export interface Challenge {
  readonly realm: string;
  readonly error: OAuthErrorCode | undefined;
  readonly description: string;
  readonly scopes: readonly string[] | undefined;
}

/** Formats a `WWW-Authenticate` value (RFC 9110 §11.6.1). Without an error code it holds the realm alone. */
export function formatChallenge({ realm, error, description, scopes }: Challenge): string {
  let challenge = `Bearer realm=${quote(realm)}`;
  if (error === undefined) return challenge;
  challenge += `, error=${quote(error)}, error_description=${quote(description)}`;
  if (scopes !== undefined && scopes.length > 0) challenge += `, scope=${quote(scopes.join(' '))}`;
  return challenge;
}

// RFC 6750 §3: %x20-21 / %x23-5B / %x5D-7E, which is what a quoted-string can hold without an escape.
const QUOTABLE = /^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/;

/** Returns whether a challenge can hold a text without an escape. */
export function isQuotable(text: string): boolean {
  return QUOTABLE.test(text);
}

/** Defence in depth: every text was checked when it was configured. */
function quote(text: string): string {
  return isQuotable(text) ? `"${text}"` : '""';
}
