import type { Mutation, RawIssuer } from './raw-issuer.js';
import { signBytes, toSegment } from './raw-token.js';

/** The segments of a compact JWS, in their order. */
export const SEGMENTS = ['header', 'payload', 'signature'] as const;
export type Segment = (typeof SEGMENTS)[number];

/**
 * Spells one segment of a token differently. The signature is made over the new spelling, so that nothing but
 * the spelling is wrong.
 */
export function respell(issuer: RawIssuer, good: string, segment: Segment, change: (text: string) => string): string {
  const texts = good.split('.').map((text, index) => (SEGMENTS[index] === segment ? change(text) : text));
  const [header, payload, signature] = texts;
  if (segment === 'signature') return `${header}.${payload}.${signature}`;
  return signSegments(issuer, `${header}`, `${payload}`);
}

/** Signs whatever texts stand in the place of header and payload, byte for byte (latin1). */
export function signSegments(issuer: RawIssuer, header: string, payload: string): string {
  const input = Buffer.from(`${header}.${payload}`, 'latin1');
  return `${header}.${payload}.${toSegment(signBytes(issuer.algorithm, issuer.keys.privateKey, input))}`;
}

/**
 * Lengthens header and payload by spaces until their base64url texts leave this many bytes in the last group
 * of three: 0 fills it, with 1 the last character has four unused bits, with 2 it has two.
 */
export function withRemainder(remainder: number): Pick<Mutation, 'rewriteHeader' | 'rewritePayload'> {
  const pad = (text: string): string => (text.length % 3 === remainder ? text : pad(`${text} `));
  return { rewriteHeader: pad, rewritePayload: pad };
}
