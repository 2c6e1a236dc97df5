import { hash } from 'node:crypto';

/** Returns the SHA-256 of a text, as a key of a cache. */
export function digestOf(text: string): string {
  return hash('sha256', text, 'base64url');
}
