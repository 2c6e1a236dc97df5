/** Why a document could not be had. Messages hold the URL and a cause, never anything of the body. */
export class FetchFailure extends Error {
  override readonly name = 'FetchFailure';
  /** The HTTP status, where an answer came. */
  readonly status: number | undefined;

  constructor(message: string, options: { status?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = options.status;
  }
}

export interface FetchJsonOptions {
  readonly fetch: typeof fetch;
  /** One deadline for everything, the body included. */
  readonly timeoutSeconds: number;
  readonly maxBytes: number;
  /** Ends the fetch early, when its owner is closed. */
  readonly signal: AbortSignal;
}

export type JsonDocument = { readonly [name: string]: unknown };

/**
 * Fetches a JSON object: status 200 alone, no redirects, at most `maxBytes`, within `timeoutSeconds`
 * whatever the server or a fetch that ignores its signal does.
 *
 * @throws {FetchFailure}
 */
export async function fetchJsonObject(url: string, options: FetchJsonOptions): Promise<JsonDocument> {
  const deadline = new AbortController();
  // A fetch that ignores its signal must not hold the deadline up, so both are raced.
  const ended = new Promise<never>((_, reject) => {
    deadline.signal.addEventListener('abort', () => reject(deadline.signal.reason), { once: true });
  });
  const stop = (problem: string) => deadline.abort(new FetchFailure(`${url} ${problem}`));
  const timer = setTimeout(
    () => stop(`gave no complete answer within ${options.timeoutSeconds} s`),
    options.timeoutSeconds * 1000,
  );
  timer.unref();
  const onClose = () => stop('was given up, since the verifier was closed');
  options.signal.addEventListener('abort', onClose, { once: true });
  try {
    if (options.signal.aborted) onClose();
    return await Promise.race([ended, fetchAndRead(url, options, deadline.signal)]);
  } catch (error) {
    if (error instanceof FetchFailure) throw error;
    throw new FetchFailure(`${url} could not be fetched: ${describe(error)}`, { cause: error });
  } finally {
    clearTimeout(timer);
    options.signal.removeEventListener('abort', onClose);
  }
}

async function fetchAndRead(url: string, options: FetchJsonOptions, signal: AbortSignal): Promise<JsonDocument> {
  const response = await options.fetch(url, {
    headers: { accept: 'application/json' },
    redirect: 'manual',
    signal,
  });
  if (response.status !== 200) {
    await response.body?.cancel().catch(() => {});
    const what = response.status >= 300 && response.status < 400 ? 'a redirect, which is not followed' : 'no document';
    throw new FetchFailure(`${url} answered ${response.status}: ${what}`, { status: response.status });
  }
  return parseDocument(url, await readBody(url, response, options.maxBytes));
}

async function readBody(url: string, response: Response, maxBytes: number): Promise<Uint8Array> {
  if (response.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.byteLength;
    // Leaving the loop cancels the body.
    if (size > maxBytes) throw new FetchFailure(`${url} answered with more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parseDocument(url: string, bytes: Uint8Array): JsonDocument {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new FetchFailure(`${url} did not answer with JSON`, { status: 200 });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new FetchFailure(`${url} did not answer with a JSON object`, { status: 200 });
  }
  return value as JsonDocument;
}

/** Undici says "fetch failed" and hides the reason in `cause`. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'an unknown failure';
  const { cause } = error;
  if (cause instanceof Error) return 'code' in cause ? String(cause.code) : cause.message;
  return error.message;
}
