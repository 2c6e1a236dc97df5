/** What a request of scopegate gives to a `fetch`. */
export interface FetchInit {
  method: 'GET' | 'POST';
  headers: Record<string, string>;
  /** The fields of a form, encoded. */
  body?: string;
  redirect: 'manual';
  signal: AbortSignal;
}

/** What scopegate reads of a response. */
export interface FetchResponse {
  readonly status: number;
  readonly type?: string;
  readonly headers: { get(name: string): string | null };
  /** A stream of bytes, of the web or of Node.js. It is read to a limit. */
  readonly body: object | null;
}

/**
 * The part of `fetch` that scopegate uses: the one of Node.js, Bun and Deno fits, and so do those of undici and
 * node-fetch.
 */
export type Fetch = (url: string, init: FetchInit) => Promise<FetchResponse>;

/** Looked up for each request: tests and instrumentation replace it after the import. */
export const globalFetch: Fetch = (url, init) => globalThis.fetch(url, init);

interface Reader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}

/** The streams that implementations of fetch give. */
type Body = Partial<AsyncIterable<Uint8Array>> & {
  getReader?(): Reader;
  cancel?(): Promise<void>;
  destroy?(): void;
};

/** Iterates over the chunks of a body. Whoever leaves the loop cancels the body. */
export function chunksOf(body: object): AsyncIterable<Uint8Array> {
  return Symbol.asyncIterator in body ? (body as AsyncIterable<Uint8Array>) : readChunks(body as Body);
}

/** The streams of some implementations have no iterator. */
async function* readChunks(body: Body): AsyncGenerator<Uint8Array> {
  const reader = body.getReader?.() as Reader;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value as Uint8Array;
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** Lets go of a body that is not read: it would occupy its connection. */
export async function cancelBody(body: object | null): Promise<void> {
  const stream = body as Body | null;
  if (stream?.cancel !== undefined) await stream.cancel().catch(() => {});
  else stream?.destroy?.();
}
