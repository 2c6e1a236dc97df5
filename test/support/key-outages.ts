import type { DocumentName, Responder, SeenRequest } from './key-server.js';

/** One way in which a document cannot be had. */
export interface KeyOutage {
  readonly name: string;
  readonly respond: Responder;
  /** The documents that can fail in this way. */
  readonly documents: readonly DocumentName[];
  /** Ends by the deadline alone. */
  readonly hangs: boolean;
}

const BOTH: readonly DocumentName[] = ['metadata', 'jwks'];
const CHUNK = new Uint8Array(65_536).fill(0x20);
const MANY_CHUNKS = 1024;

/** Every way of the table of situations, in process. */
export const KEY_OUTAGES: readonly KeyOutage[] = [
  outage('the connection is refused', () => {
    throw networkFailure('ECONNREFUSED');
  }),
  outage('the connection is reset in the middle of the body', async (_, good) => {
    return new Response(breakOff(await good().text(), (stream) => stream.error(networkFailure('ECONNRESET'))));
  }),
  { ...outage('the headers never come', () => new Promise(() => {})), hangs: true },
  {
    ...outage('the body never ends', async ({ signal }, good) => {
      return new Response(breakOff(await good().text(), (stream) => errorOnAbort(signal, stream)));
    }),
    hangs: true,
  },
  outage('the answer is 500', () => new Response('Internal Server Error', { status: 500 })),
  outage('the answer is 204', () => new Response(null, { status: 204 })),
  outage('the answer is a 304 that nobody asked for', () => new Response(null, { status: 304 })),
  outage('the answer is a page of HTML', () => html('<!doctype html><title>Sign in</title>')),
  outage('the body is empty', () => new Response('')),
  outage('the JSON is truncated', async (_, good) => new Response((await good().text()).slice(0, -2))),
  outage('the JSON is an array', async (_, good) => Response.json([await good().json()])),
  outage('the JSON is null', () => Response.json(null)),
  outage('the body has 64 MiB', () => new Response(stream64MiB())),
  outage('the answer redirects to another host', () => redirect('https://elsewhere.test/keys')),
  outage('the answer redirects to http', () => redirect('http://issuer.test/jwks')),
  { ...outage('the key set is empty', () => Response.json({ keys: [] })), documents: ['jwks'] },
  { ...outage('the key set has no keys member', () => Response.json({})), documents: ['jwks'] },
  {
    ...outage('the key set has keys that cannot be used alone', () => Response.json({ keys: [null, { kty: 'oct' }] })),
    documents: ['jwks'],
  },
  {
    ...outage('the metadata is of another issuer', async (_, good) =>
      Response.json({ ...((await good().json()) as object), issuer: 'https://other.test' }),
    ),
    documents: ['metadata'],
  },
  {
    ...outage('the metadata has a jwks_uri with http', async (_, good) =>
      Response.json({ ...((await good().json()) as object), jwks_uri: 'http://issuer.test/jwks' }),
    ),
    documents: ['metadata'],
  },
];

/** A stream that gives one chunk after another for as long as somebody reads, up to 64 MiB, and counts them. */
export function stream64MiB(onChunk: () => void = () => {}): ReadableStream {
  let chunks = 0;
  return new ReadableStream({
    pull(controller) {
      chunks += 1;
      onChunk();
      controller.enqueue(CHUNK);
      if (chunks === MANY_CHUNKS) controller.close();
    },
  });
}

export function networkFailure(code: string): TypeError {
  return new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });
}

function outage(name: string, respond: Responder): KeyOutage {
  return { name, respond, documents: BOTH, hangs: false };
}

function html(page: string): Response {
  return new Response(page, { headers: { 'content-type': 'text/html' } });
}

function redirect(location: string): Response {
  return new Response(null, { status: 302, headers: { location } });
}

/** Gives half of a text, then does something else. */
function breakOff(text: string, then: (stream: ReadableStreamDefaultController) => void): ReadableStream {
  let isFirst = true;
  return new ReadableStream({
    pull(controller) {
      if (isFirst) controller.enqueue(new TextEncoder().encode(text.slice(0, text.length / 2)));
      else then(controller);
      isFirst = false;
    },
  });
}

function errorOnAbort(signal: SeenRequest['signal'], stream: ReadableStreamDefaultController): void {
  signal?.addEventListener('abort', () => stream.error(signal.reason), { once: true });
}
