import { debuglog } from 'node:util';
import type { HttpRequest } from '../protocol/http-request.js';
import { escapeControls, quoteUntrusted, type Refusal } from '../protocol/refusal.js';

// Prints nothing unless the environment variable NODE_DEBUG names it. Node.js reads that once.
const log = debuglog('scopegate');

/** Prints a line for a refusal with `NODE_DEBUG=scopegate`: method, path, status, reason, detail. Nothing of a token. */
export function debugRefusal(refusal: Refusal, request: Partial<HttpRequest>): void {
  if (!log.enabled) return;
  const { reason, detail, entry } = refusal;
  log('%s %s %d %s: %s', toWord(request.method), toWord(pathOf(request)), entry.status, reason, escapeControls(detail));
}

/** The path alone: a query may hold a token. Express cuts the path of a mounted router off from `url`. */
function pathOf(request: Partial<HttpRequest>): string | undefined {
  const { originalUrl } = request as { readonly originalUrl?: unknown };
  const url = typeof originalUrl === 'string' ? originalUrl : request.url;
  return url?.split('?', 1)[0];
}

function toWord(text: string | undefined): string {
  if (text === undefined || text === '') return '-';
  return /^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/.test(text) ? text : quoteUntrusted(text);
}
