import { hash } from 'node:crypto';

/** Gives the SHA-256 of a text, to find something by the whole of it. */
export function digestOf(text: string): string {
  return hash('sha256', text, 'base64url');
}
