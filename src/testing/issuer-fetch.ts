import type { IssuerDocuments } from './issuer-documents.js';

/** Creates a `fetch` that reaches one issuer without a network. */
export function createIssuerFetch(documents: IssuerDocuments): typeof fetch {
  return async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    const { status, type, body } = documents.answer(url);

    switch (documents.outage) {
      case 'refuse':
        throw failure('ECONNREFUSED');
      case 'hang':
        return hang(init?.signal);
      case 'reset':
        return new Response(brokenBody(body), { status, headers: { 'content-type': type } });
      default:
        return new Response(body, { status, headers: { 'content-type': type } });
    }
  };
}

function failure(code: string): TypeError {
  return new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });
}

function hang(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

function brokenBody(body: string): ReadableStream {
  let isFirst = true;
  return new ReadableStream({
    pull(controller) {
      if (isFirst) controller.enqueue(new TextEncoder().encode(body.slice(0, body.length / 2)));
      else controller.error(failure('ECONNRESET'));
      isFirst = false;
    },
  });
}
