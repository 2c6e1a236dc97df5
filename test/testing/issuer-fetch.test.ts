import { beforeEach, describe, expect, it } from 'vitest';
import { IssuerDocuments } from '../../src/testing/issuer-documents.js';
import { createIssuerFetch } from '../../src/testing/issuer-fetch.js';

const JWKS = { keys: [] };

let site: IssuerDocuments;
let issuerFetch: typeof fetch;

beforeEach(() => {
  site = new IssuerDocuments('https://issuer.test', () => JWKS);
  issuerFetch = createIssuerFetch(site);
});

describe('the fetch of a test issuer', () => {
  it.each<[what: string, input: (url: string) => string | URL | Request]>([
    ['a string', (url) => url],
    ['a URL', (url) => new URL(url)],
    ['a Request', (url) => new Request(url)],
  ])('reaches the issuer by %s', async (_, input) => {
    const response = await issuerFetch(input(site.jwksUri));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    await expect(response.json()).resolves.toEqual(JWKS);
  });

  it('reaches nobody else', async () => {
    expect((await issuerFetch('https://other.test/jwks')).status).toBe(404);
  });

  it('fails as Node’s does while connections are refused', async () => {
    site.outage = 'refuse';
    const failure = await issuerFetch(site.jwksUri).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(TypeError);
    expect(failure).toMatchObject({ message: 'fetch failed', cause: { code: 'ECONNREFUSED' } });
  });

  it('hangs until its signal is aborted', async () => {
    site.outage = 'hang';
    const controller = new AbortController();
    const reason = new Error('enough');
    const fetching = issuerFetch(site.jwksUri, { signal: controller.signal });
    const winner = await Promise.race([fetching, Promise.resolve('still waiting')]);
    expect(winner).toBe('still waiting');
    controller.abort(reason);
    await expect(fetching).rejects.toBe(reason);
  });

  it('hangs for good without a signal', async () => {
    site.outage = 'hang';
    const winner = await Promise.race([issuerFetch(site.jwksUri), Promise.resolve('still waiting')]);
    expect(winner).toBe('still waiting');
  });

  it('breaks off in the middle of the body where the connection is reset', async () => {
    site.outage = 'reset';
    const response = await issuerFetch(site.jwksUri);
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
  });

  it.each([
    ['error', 500],
    ['html', 200],
  ] as const)('answers as the site does while the outage is "%s"', async (outage, status) => {
    site.outage = outage;
    const response = await issuerFetch(site.jwksUri);
    expect(response.status).toBe(status);
    await expect(response.json()).rejects.toThrow(SyntaxError);
  });

  it('works again after an outage', async () => {
    site.outage = 'refuse';
    await expect(issuerFetch(site.jwksUri)).rejects.toThrow(TypeError);
    site.outage = undefined;
    await expect((await issuerFetch(site.jwksUri)).json()).resolves.toEqual(JWKS);
  });
});
