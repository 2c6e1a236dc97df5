import { beforeEach, describe, expect, it } from 'vitest';
import { EndpointLocator } from '../../src/discovery/endpoint-locator.js';
import { FetchFailure } from '../../src/platform/fetch-json.js';
import { TestClock } from '../../src/testing/test-clock.js';
import { covers } from '../support/covers.js';
import { DocumentFetch } from '../support/document-fetch.js';

const ISSUER = 'https://issuer.test';
const METADATA_URL = `${ISSUER}/.well-known/openid-configuration`;
const OAUTH_URL = `${ISSUER}/.well-known/oauth-authorization-server`;
const ENDPOINT = `${ISSUER}/introspect`;

const metadata = (changes: object = {}) => ({ issuer: ISSUER, introspection_endpoint: ENDPOINT, ...changes });

let clock: TestClock;
let site: DocumentFetch;
let closing: AbortController;

beforeEach(() => {
  clock = new TestClock(1_800_000_000_000);
  site = new DocumentFetch({ [METADATA_URL]: metadata() });
  closing = new AbortController();
});

interface Changes {
  readonly configured?: string;
  readonly urls?: readonly string[];
  readonly allowInsecureHttp?: boolean;
  readonly fetch?: typeof fetch;
}

function createLocator({
  configured,
  urls = [METADATA_URL, OAUTH_URL],
  allowInsecureHttp = false,
  fetch,
}: Changes = {}) {
  return new EndpointLocator({
    configured,
    name: 'introspection_endpoint',
    find: ({ introspectionEndpoint }) => introspectionEndpoint,
    discovery: { issuer: ISSUER, urls, allowInsecureHttp },
    fetchOptions: { fetch: fetch ?? site.fetch, timeoutSeconds: 5, maxBytes: 4096, signal: closing.signal },
    clock: clock.now,
  });
}

async function failureOf(locating: Promise<string>): Promise<FetchFailure> {
  const outcome: unknown = await locating.catch((error: unknown) => error);
  if (outcome instanceof FetchFailure) return outcome;
  throw new Error('no FetchFailure', { cause: outcome });
}

describe('EndpointLocator', () => {
  it('asks nobody where the endpoint was configured', async () => {
    const locator = createLocator({ configured: 'https://elsewhere.test/introspect' });
    await expect(locator.locate()).resolves.toBe('https://elsewhere.test/introspect');
    expect(site.requests).toEqual([]);
  });

  it('RFC 8414 §2: finds the endpoint in the metadata, once, and not before it is needed', async () => {
    const locator = createLocator();
    expect(site.requests).toEqual([]);
    await expect(locator.locate()).resolves.toBe(ENDPOINT);
    await expect(locator.locate()).resolves.toBe(ENDPOINT);
    expect(site.requests).toEqual([METADATA_URL]);
  });

  it('RFC 8414 §3: looks at the other place where the first has no document', async () => {
    site.documents.delete(METADATA_URL);
    site.documents.set(OAUTH_URL, metadata());
    await expect(createLocator().locate()).resolves.toBe(ENDPOINT);
    expect(site.requests).toEqual([METADATA_URL, OAUTH_URL]);
  });

  it('asks once for all who wait', async () => {
    const locator = createLocator();
    const located = await Promise.all(Array.from({ length: 50 }, () => locator.locate()));
    expect(new Set(located)).toEqual(new Set([ENDPOINT]));
    expect(site.requests).toEqual([METADATA_URL]);
  });

  it('fails once for all who wait', async () => {
    site.documents.set(METADATA_URL, metadata({ introspection_endpoint: undefined }));
    const locator = createLocator();
    const failures = await Promise.all(Array.from({ length: 50 }, () => failureOf(locator.locate())));
    expect(new Set(failures).size).toBe(1);
    expect(site.requests).toEqual([METADATA_URL]);
  });

  it('does not ask again at once when that failed, and waits longer each time', async () => {
    const up = site.documents.get(METADATA_URL);
    site.documents.set(METADATA_URL, () => new Response(null, { status: 500 }));
    const locator = createLocator({ urls: [METADATA_URL] });
    const first = await failureOf(locator.locate());
    for (const [longest, requests] of [
      [1, 1],
      [2, 2],
      [4, 3],
    ] as const) {
      // The wait is drawn from the upper half of its interval.
      clock.advance(longest / 2 - 0.001);
      expect((await failureOf(locator.locate())).message).toBe(first.message);
      expect(site.requests).toHaveLength(requests);
      clock.advance(longest / 2 + 0.001);
      await failureOf(locator.locate());
      expect(site.requests).toHaveLength(requests + 1);
    }
    site.documents.set(METADATA_URL, up);
    await failureOf(locator.locate());
    clock.advance(8);
    await expect(locator.locate()).resolves.toBe(ENDPOINT);
    expect(site.requests).toHaveLength(5);
  });

  it('begins with the shortest wait again once it found the endpoint', async () => {
    const locator = createLocator({ urls: [METADATA_URL] });
    site.documents.delete(METADATA_URL);
    for (const wait of [1, 2, 4, 8]) {
      await failureOf(locator.locate());
      clock.advance(wait);
    }
    site.documents.set(METADATA_URL, metadata());
    await expect(locator.locate()).resolves.toBe(ENDPOINT);
    site.documents.delete(METADATA_URL);
    locator.forgetIfMoved(new FetchFailure('gone', { status: 410 }));
    await failureOf(locator.locate());
    clock.advance(1);
    site.documents.set(METADATA_URL, metadata());
    await expect(locator.locate()).resolves.toBe(ENDPOINT);
  });

  it('does not wait for years when the clock is set back', async () => {
    const locator = createLocator({ urls: [METADATA_URL] });
    site.documents.delete(METADATA_URL);
    await failureOf(locator.locate());
    clock.advance(-3600);
    site.documents.set(METADATA_URL, metadata());
    await expect(locator.locate()).resolves.toBe(ENDPOINT);
  });
});

describe('EndpointLocator, when the endpoint does not answer as it should', () => {
  const moved = 'https://issuer.test/v2/introspect';

  it.each([300, 301, 302, 303, 307, 308, 404, 410])('asks the metadata anew after the status %i', async (status) => {
    const locator = createLocator();
    await locator.locate();
    site.documents.set(METADATA_URL, metadata({ introspection_endpoint: moved }));
    await expect(locator.locate()).resolves.toBe(ENDPOINT);
    locator.forgetIfMoved(new FetchFailure('it is not there', { status }));
    await expect(locator.locate()).resolves.toBe(moved);
    expect(site.requests).toEqual([METADATA_URL, METADATA_URL]);
  });

  it.each([200, 299, 400, 401, 403, 405, 429, 500, 503, undefined])(
    'does not ask the metadata after the status %s, which says nothing of the place',
    async (status) => {
      const locator = createLocator();
      await locator.locate();
      site.documents.set(METADATA_URL, metadata({ introspection_endpoint: moved }));
      locator.forgetIfMoved(new FetchFailure('no', status === undefined ? {} : { status }));
      await expect(locator.locate()).resolves.toBe(ENDPOINT);
      locator.forgetIfMoved(new FetchFailure('gone', { status: 410 }));
      await expect(locator.locate()).resolves.toBe(moved);
    },
  );

  it('stays with the endpoint that was configured, whatever the status', async () => {
    covers('J12');
    const locator = createLocator({ configured: ENDPOINT });
    site.documents.set(METADATA_URL, metadata({ introspection_endpoint: moved }));
    for (const status of [301, 404, 410]) {
      locator.forgetIfMoved(new FetchFailure('it is not there', { status }));
      await expect(locator.locate()).resolves.toBe(ENDPOINT);
    }
    expect(site.requests).toEqual([]);
  });
});

describe('EndpointLocator, with metadata that cannot be trusted', () => {
  const refuses = async (changes: object, told: string, urls = [METADATA_URL]) => {
    await expect(createLocator().locate()).resolves.toBe(ENDPOINT);
    site.documents.set(METADATA_URL, metadata(changes));
    site.requests.length = 0;
    expect((await failureOf(createLocator().locate())).message).toContain(told);
    expect(site.requests).toEqual(urls);
  };

  it.each([
    ['http', 'http://issuer.test/introspect'],
    ['file', 'file:///etc/passwd'],
    ['data', 'data:application/json,{}'],
    ['a path', '/introspect'],
    ['a name without scheme', '//issuer.test/introspect'],
    ['an empty text', ''],
    ['a number', 7],
    ['a list', [ENDPOINT]],
    ['null', null],
    ['nothing', undefined],
  ])('takes no endpoint that is %s, and asks nobody else', async (_, endpoint) => {
    covers('J12');
    const told = `${METADATA_URL} has no introspection_endpoint that is an https URL`;
    await refuses({ introspection_endpoint: endpoint }, told);
  });

  it.each([`${ISSUER}/`, 'https://ISSUER.test', 'https://evil.test', 'http://issuer.test', undefined, null, [ISSUER]])(
    'RFC 8414 §3.3: takes no endpoint of a document whose issuer is %j',
    async (issuer) => {
      covers('J12');
      await refuses({ issuer }, `${METADATA_URL} has the issuer `, [METADATA_URL, OAUTH_URL]);
    },
  );

  it('takes an endpoint of http where that is allowed, and still of no third scheme', async () => {
    covers('J12');
    const endpoint = 'http://127.0.0.1:8000/o/introspect/';
    site.documents.set(METADATA_URL, metadata({ introspection_endpoint: endpoint }));
    await expect(createLocator({ allowInsecureHttp: true }).locate()).resolves.toBe(endpoint);
    await failureOf(createLocator().locate());
    site.documents.set(METADATA_URL, metadata({ introspection_endpoint: 'ftp://127.0.0.1/' }));
    await failureOf(createLocator({ allowInsecureHttp: true }).locate());
  });

  it('follows no redirect of the metadata', async () => {
    covers('J12');
    const redirect = () => new Response(null, { status: 302, headers: { location: 'https://evil.test/metadata' } });
    site.documents.set('https://evil.test/metadata', metadata());
    site.documents.set(METADATA_URL, redirect);
    site.documents.set(OAUTH_URL, redirect);
    expect((await failureOf(createLocator().locate())).message).toContain('a redirect, which is not followed');
    expect(site.requests).toEqual([METADATA_URL, OAUTH_URL]);
  });

  it('asks nobody where the issuer has no place for metadata', async () => {
    covers('J12');
    const failure = await failureOf(createLocator({ urls: [] }).locate());
    expect(failure.message).toBe('"https://issuer.test" is no https URL, and so has no metadata');
    expect(site.requests).toEqual([]);
    await expect(createLocator({ urls: [METADATA_URL] }).locate()).resolves.toBe(ENDPOINT);
  });
});

describe('EndpointLocator, when its owner is closed', () => {
  it('gives up what is under way', async () => {
    const locating = failureOf(createLocator({ fetch: () => new Promise(() => {}) }).locate());
    closing.abort();
    expect((await locating).message).toBe(`${METADATA_URL} was given up, since the verifier was closed`);
  });

  it('asks nobody any more', async () => {
    await createLocator().locate();
    closing.abort();
    await failureOf(createLocator().locate());
    expect(site.requests).toEqual([METADATA_URL]);
  });
});
