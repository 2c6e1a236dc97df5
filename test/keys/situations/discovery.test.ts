import { describe, expect, it } from 'vitest';
import { createVerifier, type VerifierOptions } from '../../../src/index.js';
import { verdictOf } from '../../support/clients.js';
import { covers } from '../../support/covers.js';
import { KeyServer } from '../../support/key-server.js';
import { messagesDuring } from '../../support/listening.js';

type Options = Pick<VerifierOptions, 'dangerouslyAllowInsecureHttp'> & Partial<Pick<VerifierOptions, 'issuer'>>;

/** Finds out what is asked for, in order, where the metadata stands at one place and the others give 404. */
async function discover(issuer: string, place: string, options: Options = {}) {
  const server = await KeyServer.create({ issuer, jwksUri: 'https://keys.test/jwks' });
  server.metadataUrls = [place];
  const verifier = createVerifier({ ...server.verifierOptions, ...options });
  const verdict = await verdictOf(verifier.verify(await server.issuer.token()));
  return { verdict, urls: server.requests.map(({ url }) => url), error: verifier.status().issuers[0]?.lastError };
}

const FORMS = [
  // issuer, OpenID Connect Discovery §4, RFC 8414 §3.1
  ['https://as.test', '/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'],
  ['https://as.test/', '/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'],
  ['https://as.test/t1', '/t1/.well-known/openid-configuration', '/.well-known/oauth-authorization-server/t1'],
  ['https://as.test/t1/', '/t1/.well-known/openid-configuration', '/.well-known/oauth-authorization-server/t1'],
  ['https://as.test/a/b', '/a/b/.well-known/openid-configuration', '/.well-known/oauth-authorization-server/a/b'],
  ['https://as.test:8443/A', '/A/.well-known/openid-configuration', '/.well-known/oauth-authorization-server/A'],
] as const;
const KEYS = 'https://keys.test/jwks';

describe('where the metadata is sought', () => {
  it.each(FORMS)('OpenID Connect Discovery §4.1: for %s at %s first', async (issuer, openid) => {
    const { origin } = new URL(issuer);
    const { verdict, urls } = await discover(issuer, origin + openid);
    expect(verdict).toBe('accepted');
    expect(urls).toEqual([origin + openid, KEYS]);
  });

  it.each(FORMS)('RFC 8414 §3.1: for %s, not found at %s, at %s', async (issuer, openid, oauth) => {
    const { origin } = new URL(issuer);
    const { verdict, urls } = await discover(issuer, origin + oauth);
    expect(verdict).toBe('accepted');
    expect(urls).toEqual([origin + openid, origin + oauth, KEYS]);
  });

  it('RFC 8414 §3: found at neither place it is 503, and the error names both', async () => {
    const { verdict, error } = await discover('https://as.test', 'https://nowhere.test/');
    expect(verdict).toBe('metadata_unavailable');
    expect(error).toBe(
      'https://as.test/.well-known/openid-configuration answered 404; ' +
        'https://as.test/.well-known/oauth-authorization-server answered 404',
    );
  });

  it('at metadataUrl alone where that is given', async () => {
    const place = 'https://inside.cluster.test/metadata';
    const issuer = { issuer: 'https://as.test', metadataUrl: place };
    const { verdict, urls } = await discover('https://as.test', place, { issuer });
    expect(verdict).toBe('accepted');
    expect(urls).toEqual([place, KEYS]);
  });

  it('a place that gives no answer is not passed over for the next one', async () => {
    const server = await KeyServer.create({ issuer: 'https://as.test' });
    server.answer('metadata', () => {
      throw new TypeError('fetch failed');
    });
    const verifier = createVerifier(server.verifierOptions);
    expect(await verdictOf(verifier.verify(await server.issuer.token()))).toBe('metadata_unavailable');
    expect(server.hits).toEqual({ metadata: 1, jwks: 0, elsewhere: 0 });
  });
});

describe('what stands at the first place, and is not the metadata of the issuer', () => {
  const OPENID = 'https://as.test/.well-known/openid-configuration';
  const OAUTH = 'https://as.test/.well-known/oauth-authorization-server';

  it.each<[what: string, answer: () => Response, error: string]>([
    ['no such page', () => new Response('Not Found', { status: 404 }), 'answered 404'],
    ['an error', () => new Response('no', { status: 500 }), 'answered 500'],
    ['a page for everything', () => new Response('<!doctype html>'), 'did not answer with JSON'],
    ['nothing', () => new Response(null, { status: 204 }), 'answered 204'],
    ['a list', () => Response.json([]), 'did not answer with a JSON object'],
    [
      'an error as JSON',
      () => Response.json({ error: 'not_found' }),
      'has the issuer undefined, not "https://as.test"',
    ],
    [
      'the metadata of another issuer',
      () => Response.json({ issuer: 'https://other.test', jwks_uri: 'https://other.test/jwks' }),
      'has the issuer "https://other.test", not "https://as.test"',
    ],
    [
      'a redirect to a login page',
      () => new Response(null, { status: 302, headers: { location: '/login' } }),
      'answered 302: a redirect, which is not followed',
    ],
    ['a page without end', () => new Response(' '.repeat(600_000)), 'answered with more than 524288 bytes'],
  ])('%s: the next place is tried, and status() and the channel say what came from each', async (_, answer, error) => {
    const server = await KeyServer.create({ issuer: 'https://as.test', jwksUri: 'https://keys.test/jwks' });
    server.metadataUrls = [OAUTH];
    server.placeElsewhere(OPENID, answer);
    const verifier = createVerifier(server.verifierOptions);
    const fetched = await messagesDuring('scopegate:fetch', async () => {
      expect(await verdictOf(verifier.verify(await server.issuer.token()))).toBe('accepted');
    });
    expect(server.requests.map(({ url }) => url)).toEqual([OPENID, OAUTH, 'https://keys.test/jwks']);
    const metadata = [
      { url: OPENID, error: `${OPENID} ${error}` },
      { url: OAUTH, error: undefined },
    ];
    expect(verifier.status().issuers[0]?.metadata).toEqual(metadata);
    expect(fetched.filter(({ document }) => document === 'metadata')).toEqual([
      { issuer: 'https://as.test', document: 'metadata', outcome: 'failed', ...metadata[0] },
      { issuer: 'https://as.test', document: 'metadata', outcome: 'ok', ...metadata[1] },
    ]);
  });
});

describe('whose metadata it is', () => {
  const issuer = 'https://as.test/T1';
  const place = 'https://as.test/T1/.well-known/openid-configuration';
  const other = 'https://as.test/.well-known/oauth-authorization-server/T1';

  async function claim(metadataIssuer: string) {
    const server = await KeyServer.create({ issuer });
    server.metadataUrls = [place];
    server.metadataIssuer = metadataIssuer;
    const verifier = createVerifier(server.verifierOptions);
    const verdict = await verdictOf(verifier.verify(await server.issuer.token()));
    return { verdict, jwks: server.hits.jwks, error: verifier.status().issuers[0]?.lastError };
  }

  it('RFC 8414 §3.3: is ours where its issuer is the same to the letter', async () => {
    covers('H5');
    expect(await claim(issuer)).toEqual({ verdict: 'accepted', jwks: 1, error: undefined });
  });

  it.each([
    ['a trailing slash', 'https://as.test/T1/'],
    ['case', 'https://as.test/t1'],
    ['case of the host', 'https://AS.test/T1'],
    ['case and a trailing slash', 'https://as.test/t1/'],
  ])('RFC 8414 §3.3: is not ours with a difference of %s alone; the detail says so', async (_, metadataIssuer) => {
    covers('H5');
    expect(await claim(metadataIssuer)).toEqual({
      verdict: 'metadata_unavailable',
      jwks: 0,
      error: `${place} has the issuer "${metadataIssuer}", not "${issuer}" (they differ only by case or a trailing slash); ${other} answered 404`,
    });
  });

  it.each(['https://other.test', 'https://as.test', 'https://as.test/T1#', 'http://as.test/T1', ''])(
    'RFC 8414 §3.3: is not ours with the issuer "%s", and its keys are not asked for',
    async (metadataIssuer) => {
      covers('H5');
      expect(await claim(metadataIssuer)).toEqual({
        verdict: 'metadata_unavailable',
        jwks: 0,
        error: `${place} has the issuer "${metadataIssuer}", not "${issuer}"; ${other} answered 404`,
      });
    },
  );

  it.each([[undefined], [null], [42], [['https://as.test/T1']]])(
    'RFC 8414 §3.3: is not ours with an issuer that is no string: %j',
    async (metadataIssuer) => {
      covers('H5');
      const { verdict, jwks } = await claim(metadataIssuer as unknown as string);
      expect({ verdict, jwks }).toEqual({ verdict: 'metadata_unavailable', jwks: 0 });
    },
  );
});

describe('jwks_uri of the metadata', () => {
  covers('H6');
  async function fetchKeysAt(jwksUri: unknown, options: Options = {}) {
    const server = await KeyServer.create({ issuer: 'https://as.test' });
    server.jwksUri = jwksUri as string;
    const verifier = createVerifier({ ...server.verifierOptions, ...options });
    const verdict = await verdictOf(verifier.verify(await server.issuer.token()));
    return { verdict, hits: server.hits, error: verifier.status().issuers[0]?.lastError };
  }

  it('OpenID Connect Discovery §3: may be on another host', async () => {
    const { verdict, hits } = await fetchKeysAt('https://cdn.test/keys');
    expect(verdict).toBe('accepted');
    expect(hits).toEqual({ metadata: 1, jwks: 1, elsewhere: 0 });
  });

  it.each([
    ['http', 'http://as.test/jwks'],
    ['file', 'file:///etc/passwd'],
    ['data', 'data:application/json,{"keys":[]}'],
    ['no absolute URL', '/jwks'],
    ['no string', 42],
    ['missing', undefined],
  ])('OpenID Connect Discovery §3: that is %s is not fetched', async (_, jwksUri) => {
    const { verdict, hits, error } = await fetchKeysAt(jwksUri);
    expect(verdict).toBe('metadata_unavailable');
    expect(hits).toEqual({ metadata: 1, jwks: 0, elsewhere: 0 });
    expect(error).toBe('https://as.test/.well-known/openid-configuration has no jwks_uri that is an https URL');
  });

  it('may be http with dangerouslyAllowInsecureHttp alone, of the verifier or of the issuer', async () => {
    const uri = 'http://as.test/jwks';
    const onIssuer = { issuer: { issuer: 'https://as.test', dangerouslyAllowInsecureHttp: true } };
    expect((await fetchKeysAt(uri, { dangerouslyAllowInsecureHttp: true })).verdict).toBe('accepted');
    expect((await fetchKeysAt(uri, onIssuer)).verdict).toBe('accepted');
    expect((await fetchKeysAt(uri)).verdict).toBe('metadata_unavailable');
  });

  it.each(['jwksUri', 'metadataUrl', 'issuer'])('the option %s may not be http without it', async (name) => {
    const issuer = { issuer: 'https://as.test', [name]: 'http://as.test/x' };
    const make = (options: object) => createVerifier({ issuer, audience: 'a', ...options });
    expect(() => make({ dangerouslyAllowInsecureHttp: true })).not.toThrow();
    expect(() => make({})).toThrow(/^issuer\.\w+: "http:\/\/as\.test\/x" is not https/);
  });
});
