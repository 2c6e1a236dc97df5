import { Refusal } from '../protocol/refusal.js';
import type { HeaderCache } from './header-cache.js';
import { type JsonObject, parseStrictJsonObject } from './strict-json.js';

/** A compact JWS taken apart. Nothing in it is verified yet. */
export interface CompactJws {
  /** The header as it stands in the token, where it was not known. */
  readonly newHeader: string | undefined;
  readonly header: JsonObject;
  readonly payload: JsonObject;
  /** What the signature is over. */
  readonly signingInput: Buffer;
  readonly signature: Buffer;
}

/**
 * Parses a compact JWS, stricter than the RFCs leave it open: one token has one spelling (canonical
 * base64url), and one meaning (strict JSON).
 *
 * @see RFC 7515 §5.2, §7.1; RFC 7519 §7.2
 */
export function parseCompactJws(token: string, maxBytes: number, known?: HeaderCache): CompactJws | Refusal {
  if (token.length > maxBytes) return new Refusal('token_too_large', `${token.length} characters, ${maxBytes} allowed`);
  const firstDot = token.indexOf('.');
  const secondDot = token.indexOf('.', firstDot + 1);
  if (firstDot === -1) return new Refusal('token_opaque', 'there is no dot in it');
  if (secondDot === -1) return new Refusal('token_malformed', 'two segments instead of three');
  if (token.indexOf('.', secondDot + 1) !== -1) return refuseMoreSegments(token);

  const headerSegment = token.slice(0, firstDot);
  const knownHeader = known?.get(headerSegment);
  const header = knownHeader ?? parseObject('header', decodeSegment(headerSegment));
  if (header instanceof Refusal) return header;
  const signature = decodeSegment(token.slice(secondDot + 1));
  if (signature === undefined) return refuseEncoding('signature');
  const payload = parseObject('payload', decodeSegment(token.slice(firstDot + 1, secondDot)));
  if (payload instanceof Refusal) return payload;
  const signingInput = Buffer.from(token.slice(0, secondDot), 'latin1');
  const newHeader = knownHeader === undefined ? headerSegment : undefined;
  return { newHeader, header, payload, signingInput, signature };
}

function parseObject(part: string, bytes: Buffer | undefined): JsonObject | Refusal {
  if (bytes === undefined) return refuseEncoding(part);
  const value = parseStrictJsonObject(bytes);
  return typeof value === 'string' ? new Refusal('token_malformed', `the ${part} ${value}`) : value;
}

// RFC 7516 §7.1: a compact JWE has five segments, the second of which may be empty.
function refuseMoreSegments(token: string): Refusal {
  const segments = token.split('.', 6).length;
  if (segments === 5) return new Refusal('token_encrypted', 'five segments');
  return new Refusal('token_malformed', `${segments === 4 ? 'four' : 'more than five'} segments instead of three`);
}

/** Encoding again finds padding, white space, foreign characters and stray bits alike. */
function decodeSegment(segment: string): Buffer | undefined {
  if (segment === '') return undefined;
  const bytes = Buffer.from(segment, 'base64url');
  return bytes.toString('base64url') === segment ? bytes : undefined;
}

function refuseEncoding(part: string): Refusal {
  return new Refusal('token_malformed', `the ${part} is not canonical base64url`);
}
