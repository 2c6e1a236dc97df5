import { types } from 'node:util';
import { escapeControls } from '../protocol/refusal.js';

import { cancelBody, chunksOf, type Fetch, type FetchInit, type FetchResponse } from './fetch.js';
import { toUtf8 } from './to-utf8.js';

/** A document could not be fetched. The message holds the URL and a cause, never anything of the body. */
export class FetchFailure extends Error {
  override readonly name = 'FetchFailure';
  /** The HTTP status, if there was a response. */
  readonly status: number | undefined;

  constructor(message: string, options: { status?: number; cause?: unknown } = {}) {
    // Addresses of the user and words of the other side stand in it.
    super(escapeControls(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.status = options.status;
  }
}

export interface FetchJsonOptions {
  readonly fetch: Fetch;
  /** One deadline for everything, the body included. */
  readonly timeoutSeconds: number;
  readonly maxBytes: number;
  /** One deadline for several fetches. Aborted `timeoutSeconds` after the first began; each has its own without it. */
  readonly deadline?: AbortSignal | undefined;
  /** Ends the fetch early, when the verifier is closed. */
  readonly signal: AbortSignal;
  /** The `ETag` of the document that was fetched before (RFC 9110 §13.1.2). */
  readonly etag?: string | undefined;
  /** Sent by POST. Without it the request is a GET. */
  readonly form?: URLSearchParams | undefined;
  /** Besides `Accept`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** @defaultValue `application/json, application/jwk-set+json` */
  readonly accept?: string | undefined;
}

export type JsonDocument = { readonly [name: string]: unknown };

interface Freshness {
  readonly etag: string | undefined;
  /** `max-age` of `Cache-Control`. */
  readonly maxAgeSeconds: number | undefined;
}

/** A document as its bytes. */
export interface FetchedBytes extends Freshness {
  /** In UTF-8, without byte order mark. Undefined if the document of `etag` is still current (304). */
  readonly bytes: Buffer | undefined;
  /** The media type in lower case, without parameters. */
  readonly mediaType: string | undefined;
}

/** A JSON object, and how its server lets it be cached. */
export interface FetchedJson extends Freshness {
  /** Undefined if the document of `etag` is still current (304). */
  readonly document: JsonDocument | undefined;
}

// The API server of Kubernetes answers 406 to whoever does not accept the media type of its key set (RFC 7517 §8.5.2).
const ACCEPT = 'application/json, application/jwk-set+json';
// As Node.js and other runtimes name a connection that ended before an answer.
const DEAD_CONNECTION: readonly unknown[] = ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'ConnectionClosed'];
// Some servers write it before JSON, so that no other site can run a document as a script.
const SCRIPT_GUARD = /^(?:\)\]\}',?|while\s?\(1\);|for\s?\(;;\);)/;

/** Fetches a JSON object, as `fetchBytes` does. @throws {FetchFailure} */
export async function fetchJson(url: string, options: FetchJsonOptions): Promise<FetchedJson> {
  const { bytes, etag, maxAgeSeconds } = await fetchBytes(url, options);
  return { document: bytes === undefined ? undefined : parseDocument(url, bytes), etag, maxAgeSeconds };
}

/**
 * Fetches a document: status 200 alone (203 too for a GET, 304 with `etag`), no redirects, at most `maxBytes`, within
 * `timeoutSeconds`, whatever the server or a fetch that ignores its signal does. Sends a request once more at once where a
 * connection ended before an answer.
 *
 * @throws {FetchFailure}
 */
export async function fetchBytes(url: string, options: FetchJsonOptions): Promise<FetchedBytes> {
  const { timeoutSeconds, deadline, signal } = options;
  const fetching = new AbortController();
  // Raced with the fetch, which may ignore its signal.
  const ended = new Promise<never>((_, reject) => {
    fetching.signal.addEventListener('abort', () => reject(fetching.signal.reason), { once: true });
  });

  const stop = (problem: string) => fetching.abort(new FetchFailure(`${url} ${problem}`));
  const onDeadline = () => stop(`gave no complete answer within ${timeoutSeconds} s`);
  const onClose = () => stop('was given up, since the verifier was closed');
  const timer = deadline === undefined ? setTimeout(onDeadline, timeoutSeconds * 1000) : undefined;
  timer?.unref();
  deadline?.addEventListener('abort', onDeadline, { once: true });
  signal.addEventListener('abort', onClose, { once: true });

  try {
    if (deadline?.aborted) onDeadline();
    if (signal.aborted) onClose();
    return await Promise.race([ended, fetchAndRead(url, options, fetching.signal)]);
  } catch (error) {
    if (error instanceof FetchFailure) throw error;
    throw new FetchFailure(`${url} could not be fetched: ${describe(error)}`, { cause: error });
  } finally {
    clearTimeout(timer);
    deadline?.removeEventListener('abort', onDeadline);
    signal.removeEventListener('abort', onClose);
  }
}

async function fetchAndRead(url: string, options: FetchJsonOptions, signal: AbortSignal): Promise<FetchedBytes> {
  signal.throwIfAborted();
  const response = await send(url, options, signal);
  const contentType = response.headers.get('content-type');
  const described = {
    mediaType: contentType?.split(';', 1)[0]?.trim().toLowerCase(),
    etag: response.headers.get('etag') ?? undefined,
    maxAgeSeconds: parseMaxAge(response.headers.get('cache-control')),
  };
  // RFC 9110 §15.3.4: with 203, a proxy changed the document on its way.
  if (response.status === 200 || (response.status === 203 && options.form === undefined)) {
    return { bytes: toUtf8(await readBody(url, response, options.maxBytes), contentType), ...described };
  }

  await cancelBody(response.body);
  if (response.status === 304 && options.etag !== undefined) return { bytes: undefined, ...described };
  throw new FetchFailure(`${url} ${describeStatus(response)}`, { status: response.status });
}

/**
 * A connection that was kept may turn out dead, which says nothing about the server. All requests may be repeated: a
 * GET, and an introspection, which changes nothing (RFC 9110 §9.2.2).
 */
async function send(url: string, options: FetchJsonOptions, signal: AbortSignal): Promise<FetchResponse> {
  const { form, headers, etag, accept = ACCEPT } = options;
  const init: FetchInit = {
    ...(form === undefined ? { method: 'GET' } : { method: 'POST', body: form.toString() }),
    headers: {
      accept,
      ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' }),
      ...(etag !== undefined && { 'if-none-match': etag }),
      ...headers,
    },
    redirect: 'manual',
    signal,
  };

  try {
    return await options.fetch(url, init);
  } catch (error) {
    if (signal.aborted || !isDeadConnection(error)) throw error;
    return options.fetch(url, init);
  }
}

function isDeadConnection(error: unknown): boolean {
  const { code, cause } = Object(error) as { readonly code?: unknown; readonly cause?: unknown };
  return DEAD_CONNECTION.includes(code) || DEAD_CONNECTION.includes(Object(cause).code);
}

function describeStatus({ status, type }: FetchResponse): string {
  const isRedirect = type === 'opaqueredirect' || (status >= 300 && status < 400 && status !== 304);
  return isRedirect ? `answered ${status}: a redirect, which is not followed` : `answered ${status}`;
}

async function readBody(url: string, response: FetchResponse, maxBytes: number): Promise<Buffer> {
  if (response.body === null) return Buffer.alloc(0);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunksOf(response.body)) {
    size += chunk.byteLength;
    // Leaving the loop cancels the body.
    if (size > maxBytes) {
      throw new FetchFailure(`${url} answered with more than ${maxBytes} bytes`, { status: response.status });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parseDocument(url: string, bytes: Buffer): JsonDocument {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8').trim().replace(SCRIPT_GUARD, ''));
  } catch {
    throw new FetchFailure(`${url} did not answer with JSON`, { status: 200 });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new FetchFailure(`${url} did not answer with a JSON object`, { status: 200 });
  }
  return value as JsonDocument;
}

/**
 * Parses `max-age` (RFC 9111 §5.2.2.1); `no-store` and `no-cache` count as 0. Finds directives anywhere in the value, since
 * Django OAuth Toolkit repeats the name of the header in it.
 */
function parseMaxAge(cacheControl: string | null): number | undefined {
  if (cacheControl === null) return undefined;
  if (/(?:^|[\s,:])no-(?:store|cache)(?:$|[\s,=])/i.test(cacheControl)) return 0;
  const seconds = /(?:^|[\s,:])max-age="?(\d{1,10})"?(?:$|[\s,])/i.exec(cacheControl)?.[1];
  return seconds === undefined ? undefined : Number(seconds);
}

/** The message of undici is "fetch failed"; its `cause` has the reason. */
function describe(error: unknown): string {
  if (!isError(error)) return 'an unknown failure';
  const { cause } = error;
  if (isError(cause)) return 'code' in cause ? String(cause.code) : cause.message;
  return error.message;
}

/** The fetch of Node.js makes errors that are none by `instanceof` where tests run in a realm of their own, as in Jest. */
function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}
