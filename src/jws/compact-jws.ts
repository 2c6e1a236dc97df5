import type { JsonObject } from '../protocol/json-object.js';
import { quoteUntrusted } from '../protocol/refusal.js';
import type { HeaderCache } from './header-cache.js';
import { JwsProblem, Malformed } from './malformed.js';
import { parseStrictJsonObject } from './strict-json.js';

/** The parts of a compact JWS. None of them is verified yet. */
export interface CompactJws {
  /** The header segment of the token; undefined if the header came from the cache. */
  readonly newHeader: string | undefined;
  readonly header: JsonObject;
  readonly payload: JsonObject;
  /** The bytes that are signed: header, dot, payload. */
  readonly signingInput: Buffer;
  readonly signature: Buffer;
}

/**
 * Parses a compact JWS, more strictly than the RFCs require: a token has one spelling (canonical base64url) and one
 * meaning (strict JSON). `maxBytes` is compared with characters: only ASCII passes.
 *
 * @see RFC 7515 §5.2, §7.1; RFC 7519 §7.2
 */
export function parseCompactJws(token: string, maxBytes: number, headers?: HeaderCache): CompactJws | JwsProblem {
  if (token.length > maxBytes) return new JwsProblem('too_large', `${token.length} characters, ${maxBytes} allowed`);
  const firstDot = token.indexOf('.');
  const secondDot = token.indexOf('.', firstDot + 1);
  if (firstDot === -1) return new JwsProblem('not_compact', 'there is no dot in it');
  if (secondDot === -1) return new JwsProblem('malformed', 'two segments instead of three');
  if (token.indexOf('.', secondDot + 1) !== -1) return describeMoreSegments(token);

  const headerSegment = token.slice(0, firstDot);
  const cachedHeader = headers?.get(headerSegment);
  const header = cachedHeader ?? parseObject('header', decodeSegment(headerSegment));
  if (header instanceof JwsProblem) return header;

  const signature = decodeSegment(token.slice(secondDot + 1));
  if (signature === undefined) return describeSignature(token.slice(secondDot + 1), header);

  const payload = parseObject('payload', decodeSegment(token.slice(firstDot + 1, secondDot)));
  if (payload instanceof JwsProblem) return payload;

  const signingInput = Buffer.from(token.slice(0, secondDot), 'latin1');
  const newHeader = cachedHeader === undefined ? headerSegment : undefined;
  return { newHeader, header, payload, signingInput, signature };
}

function parseObject(part: string, bytes: Buffer | undefined): JsonObject | JwsProblem {
  if (bytes === undefined) return describeEncoding(part);
  const value = parseStrictJsonObject(bytes);
  return value instanceof Malformed ? new JwsProblem('malformed', `the ${part} ${value.why}`) : value;
}

// RFC 7516 §7.1: a compact JWE has five segments, the second of which may be empty.
function describeMoreSegments(token: string): JwsProblem {
  const segments = token.split('.', 6).length;
  if (segments === 5) return new JwsProblem('encrypted', 'five segments');
  return new JwsProblem('malformed', `${segments === 4 ? 'four' : 'more than five'} segments instead of three`);
}

/** RFC 7519 §6: a token that is not secured has the algorithm none, and no signature. */
function describeSignature(segment: string, { alg }: JsonObject): JwsProblem {
  const isUnsecured = segment === '' && typeof alg === 'string' && alg.toLowerCase() === 'none';
  return isUnsecured
    ? new JwsProblem('algorithm_not_allowed', `alg ${quoteUntrusted(alg)}`)
    : describeEncoding('signature');
}

/** Encodes the bytes again: this finds padding, white space, foreign characters and stray bits. */
function decodeSegment(segment: string): Buffer | undefined {
  if (segment === '') return undefined;
  const bytes = Buffer.from(segment, 'base64url');
  return bytes.toString('base64url') === segment ? bytes : undefined;
}

function describeEncoding(part: string): JwsProblem {
  return new JwsProblem('malformed', `the ${part} is not canonical base64url`);
}
