import { describe, expect, it } from 'vitest';
import {
  fetchMetadata,
  isFetchable,
  type MetadataAttempt,
  requireEndpoint,
} from '../../src/discovery/fetch-metadata.js';
import { FetchFailure, fetchJson } from '../../src/platform/fetch-json.js';
import { covers } from '../support/covers.js';
import { DocumentFetch } from '../support/document-fetch.js';

const ISSUER = 'https://issuer.test';
const OIDC = 'https://issuer.test/.well-known/openid-configuration';
const OAUTH = 'https://issuer.test/.well-known/oauth-authorization-server';
const METADATA = { issuer: ISSUER, jwks_uri: 'https://issuer.test/jwks' };

/** Finds the key set, as whoever needs it does. */
async function discover(
  site: DocumentFetch,
  options: {
    allowInsecureHttp?: boolean;
    issuer?: string;
    onAttempt?: (attempt: MetadataAttempt) => void;
  } = {},
) {
  const { allowInsecureHttp = false, issuer = ISSUER, onAttempt } = options;
  const limits = { timeoutSeconds: 5, maxBytes: 4096, signal: new AbortController().signal };
  const { url, jwksUri } = await fetchMetadata(
    { issuer, urls: [OIDC, OAUTH], allowInsecureHttp },
    (document) => fetchJson(document, { fetch: site.fetch, ...limits }),
    onAttempt,
  );
  return { jwksUri: requireEndpoint(url, 'jwks_uri', jwksUri) };
}

/** Demands a FetchFailure from a site that differs in one thing from one that will do. */
async function expectFailure(documents: { readonly [url: string]: unknown }, message: string): Promise<DocumentFetch> {
  expect(await discover(new DocumentFetch({ [OIDC]: METADATA }))).toEqual({
    jwksUri: 'https://issuer.test/jwks',
  });
  const site = new DocumentFetch(documents);
  const failure = await discover(site).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(FetchFailure);
  expect((failure as FetchFailure).message).toBe(message);
  return site;
}

describe('fetchMetadata', () => {
  it('asks for the document of OpenID Connect first, and for no other when it is there', async () => {
    covers('8414-2');
    const site = new DocumentFetch({ [OIDC]: METADATA, [OAUTH]: { ...METADATA, jwks_uri: 'https://other.test/jwks' } });
    expect(await discover(site)).toEqual({ jwksUri: 'https://issuer.test/jwks' });
    expect(site.requests).toEqual([OIDC]);
  });

  it('asks for the document of RFC 8414 where the other one is not there', async () => {
    covers('8414-2');
    const site = new DocumentFetch({ [OAUTH]: METADATA });
    expect(await discover(site)).toEqual({ jwksUri: 'https://issuer.test/jwks' });
    expect(site.requests).toEqual([OIDC, OAUTH]);
  });

  it('takes no notice of members that it does not know', async () => {
    covers('8414-4');
    const site = new DocumentFetch({ [OIDC]: { ...METADATA, token_endpoint: 1, jwks: {}, x: null } });
    expect(await discover(site)).toEqual({ jwksUri: 'https://issuer.test/jwks' });
  });

  it('tells of every place when the document is at none', async () => {
    covers('8414-4');
    const message = `${OIDC} answered 404; ${OAUTH} answered 404`;
    const site = await expectFailure({}, message);
    expect(site.requests).toEqual([OIDC, OAUTH]);
  });

  it('CVE-2026-49478: follows no redirect', async () => {
    covers('H4');
    const redirect = () => new Response(null, { status: 302, headers: { location: 'https://evil.test/metadata' } });
    const site = await expectFailure(
      { [OIDC]: redirect, [OAUTH]: redirect, 'https://evil.test/metadata': METADATA },
      `${OIDC} answered 302: a redirect, which is not followed; ${OAUTH} answered 302: a redirect, which is not followed`,
    );
    expect(site.requests).toEqual([OIDC, OAUTH]);
  });

  it('does not go on to the next place where the first gave no answer at all', async () => {
    const broken = () => {
      throw new TypeError('fetch failed', { cause: Object.assign(new Error(), { code: 'ECONNREFUSED' }) });
    };
    const site = await expectFailure(
      { [OIDC]: broken, [OAUTH]: METADATA },
      `${OIDC} could not be fetched: ECONNREFUSED`,
    );
    expect(site.requests).toEqual([OIDC]);
  });

  it.each<[string, unknown, string]>([
    ['HTML', () => new Response('<!doctype html>'), 'did not answer with JSON'],
    ['an array', [METADATA], 'did not answer with a JSON object'],
    ['null', () => new Response('null'), 'did not answer with a JSON object'],
  ])('does not use %s, and goes on to the next place', async (_, document, problem) => {
    covers('8414-4', 'H7');
    await expectFailure({ [OIDC]: document }, `${OIDC} ${problem}; ${OAUTH} answered 404`);
    expect(await discover(new DocumentFetch({ [OIDC]: document, [OAUTH]: METADATA }))).toEqual({
      jwksUri: 'https://issuer.test/jwks',
    });
  });

  it('does not use a document that is too large', async () => {
    covers('H8');
    const large = { ...METADATA, x: 'x'.repeat(4096) };
    await expectFailure({ [OIDC]: large }, `${OIDC} answered with more than 4096 bytes; ${OAUTH} answered 404`);
  });

  it.each([
    'https://issuer.test/',
    'https://ISSUER.test',
    'https://issuer.test:443',
    'https://issuer.test.evil',
    'https://evil.test',
    'http://issuer.test',
    '',
    undefined,
    null,
    1,
    ['https://issuer.test'],
  ])('RFC 8414 §3.3: uses nothing of a document whose issuer is %j', async (issuer) => {
    covers('H5', '8414-1');
    const other = { ...METADATA, jwks_uri: 'https://other.test/jwks', issuer };
    const site = new DocumentFetch({ [OIDC]: other, [OAUTH]: other });
    await expect(discover(new DocumentFetch({ [OIDC]: METADATA }))).resolves.toBeDefined();
    await expect(discover(site)).rejects.toThrow(
      /^https:\/\/issuer\.test\/\.well-known\/openid-configuration has the issuer .*oauth-authorization-server has the issuer /,
    );
    expect(site.requests).toEqual([OIDC, OAUTH]);

    const right = new DocumentFetch({ [OIDC]: other, [OAUTH]: METADATA });
    expect(await discover(right)).toEqual({ jwksUri: 'https://issuer.test/jwks' });
    expect(right.requests).toEqual([OIDC, OAUTH]);
  });

  it('tells what came from each place that was tried', async () => {
    const attempts: MetadataAttempt[] = [];
    const tried = async (documents: ConstructorParameters<typeof DocumentFetch>[0]) => {
      attempts.length = 0;
      await discover(new DocumentFetch(documents), { onAttempt: (attempt) => attempts.push(attempt) }).catch(() => {});
      return attempts.map(({ url, error }) => [url, error]);
    };
    expect(await tried({ [OIDC]: METADATA })).toEqual([[OIDC, undefined]]);
    const page = () => new Response('<!doctype html>');
    expect(await tried({ [OIDC]: page, [OAUTH]: METADATA })).toEqual([
      [OIDC, `${OIDC} did not answer with JSON`],
      [OAUTH, undefined],
    ]);
    expect(await tried({ [OIDC]: { ...METADATA, issuer: 'x' } })).toEqual([
      [OIDC, `${OIDC} has the issuer "x", not "https://issuer.test"`],
      [OAUTH, `${OAUTH} answered 404`],
    ]);
  });

  it('says so when the issuers differ by case or a trailing slash alone', async () => {
    covers('H5');
    const hint = ' (they differ only by case or a trailing slash)';
    const mismatch = (theirs: string, more = '') =>
      `${OIDC} has the issuer ${theirs}, not "https://issuer.test"${more}; ${OAUTH} answered 404`;
    await expectFailure({ [OIDC]: { ...METADATA, issuer: `${ISSUER}/` } }, mismatch('"https://issuer.test/"', hint));
    await expectFailure(
      { [OIDC]: { ...METADATA, issuer: 'https://Issuer.test' } },
      mismatch('"https://Issuer.test"', hint),
    );
    await expectFailure({ [OIDC]: { ...METADATA, issuer: 'https://evil.test' } }, mismatch('"https://evil.test"'));
    await expectFailure({ [OIDC]: { ...METADATA, issuer: 'a\r\nb' } }, mismatch('"a\\r\\nb"'));
  });

  it.each([
    'http://issuer.test/jwks',
    'file:///etc/passwd',
    'data:application/json,{}',
    'ftp://issuer.test/jwks',
    '/jwks',
    'issuer.test/jwks',
    '',
    undefined,
    null,
    1,
    ['https://issuer.test/jwks'],
    'https://issuer.test/jwks\n',
    'https://issuer.test/\u001b[31m',
    'https:issuer.test/jwks',
    'https://user:pw@issuer.test/jwks',
  ])('does not use the jwks_uri %j', async (uri) => {
    covers('H6', '8414-3');
    await expectFailure({ [OIDC]: { ...METADATA, jwks_uri: uri } }, `${OIDC} has no jwks_uri that is an https URL`);
  });

  it('takes a jwks_uri on another host, as Google and Entra have it', async () => {
    covers('H6');
    const site = new DocumentFetch({ [OIDC]: { ...METADATA, jwks_uri: 'https://keys.test/jwks' } });
    expect(await discover(site)).toEqual({ jwksUri: 'https://keys.test/jwks' });
  });

  it('takes an http jwks_uri only where that was allowed', async () => {
    covers('H6');
    const site = new DocumentFetch({ [OIDC]: { ...METADATA, jwks_uri: 'http://issuer.test/jwks' } });
    await expect(discover(site, { allowInsecureHttp: true })).resolves.toEqual({
      jwksUri: 'http://issuer.test/jwks',
    });
    await expect(discover(site)).rejects.toThrow(FetchFailure);
  });
});

describe('isFetchable', () => {
  it.each<[string, boolean, boolean]>([
    ['https://issuer.test/jwks', true, true],
    ['HTTPS://issuer.test/jwks', true, true],
    ['http://issuer.test/jwks', false, true],
    ['file:///etc/passwd', false, false],
    ['javascript:alert(1)', false, false],
    ['no url', false, false],
  ])('of %s says %s, and %s where http is allowed', (url, secure, insecure) => {
    covers('8414-3');
    expect(isFetchable(url, false)).toBe(secure);
    expect(isFetchable(url, true)).toBe(insecure);
  });
});
