/** A `fetch` that knows some documents, and answers 404 for any other URL. */
export class DocumentFetch {
  /** What stands at a URL: a JSON value, or a whole response made anew each time. Can be changed at any time. */
  readonly documents = new Map<string, unknown>();
  /** Every URL that was asked for. */
  readonly requests: string[] = [];

  constructor(documents: { readonly [url: string]: unknown } = {}) {
    for (const [url, document] of Object.entries(documents)) this.documents.set(url, document);
  }

  readonly fetch: typeof fetch = async (input) => {
    const url = String(input);
    this.requests.push(url);
    const document = this.documents.get(url);
    if (typeof document === 'function') return document() as Response;
    return document === undefined ? new Response('Not Found', { status: 404 }) : Response.json(document);
  };
}
