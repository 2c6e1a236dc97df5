import { beforeEach, describe, expect, it } from 'vitest';
import { IssuerDocuments } from '../../src/testing/issuer-documents.js';
import { createIssuerFetch } from '../../src/testing/issuer-fetch.js';

const JWKS = { keys: [] };

let documents: IssuerDocuments;
let issuerFetch: typeof fetch;

beforeEach(() => {
  documents = new IssuerDocuments('https://issuer.test', () => JWKS);
  issuerFetch = createIssuerFetch(documents);
});

describe('the fetch of a test issuer', () => {
  it.each<[what: string, input: (url: string) => string | URL | Request]>([
    ['a string', (url) => url],
    ['a URL', (url) => new URL(url)],
    ['a Request', (url) => new Request(url)],
  ])('reaches the issuer by %s', async (_, input) => {
    const response = await issuerFetch(input(documents.jwksUri));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    await expect(response.json()).resolves.toEqual(JWKS);
  });

  it('reaches nobody else', async () => {
    expect((await issuerFetch('https://other.test/jwks')).status).toBe(404);
  });

  it('fails as Node’s does while connections are refused', async () => {
    documents.outage = 'refuse';
    const failure = await issuerFetch(documents.jwksUri).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(TypeError);
    expect(failure).toMatchObject({ message: 'fetch failed', cause: { code: 'ECONNREFUSED' } });
  });

  it('hangs until its signal is aborted', async () => {
    documents.outage = 'hang';
    const controller = new AbortController();
    const reason = new Error('enough');
    const fetching = issuerFetch(documents.jwksUri, { signal: controller.signal });
    const winner = await Promise.race([fetching, Promise.resolve('still waiting')]);
    expect(winner).toBe('still waiting');
    controller.abort(reason);
    await expect(fetching).rejects.toBe(reason);
  });

  it('hangs for good without a signal', async () => {
    documents.outage = 'hang';
    const winner = await Promise.race([issuerFetch(documents.jwksUri), Promise.resolve('still waiting')]);
    expect(winner).toBe('still waiting');
  });

  it('breaks off in the middle of the body where the connection is reset', async () => {
    documents.outage = 'reset';
    const response = await issuerFetch(documents.jwksUri);
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
  });

  it.each([
    ['error', 500],
    ['html', 200],
  ] as const)('answers with the documents while the outage is "%s"', async (outage, status) => {
    documents.outage = outage;
    const response = await issuerFetch(documents.jwksUri);
    expect(response.status).toBe(status);
    await expect(response.json()).rejects.toThrow(SyntaxError);
  });

  it('works again after an outage', async () => {
    documents.outage = 'refuse';
    await expect(issuerFetch(documents.jwksUri)).rejects.toThrow(TypeError);
    documents.outage = undefined;
    await expect((await issuerFetch(documents.jwksUri)).json()).resolves.toEqual(JWKS);
  });
});
