import { describe, expect, it } from 'vitest';
import { IssuerDocuments, type Outage } from '../../src/testing/issuer-documents.js';

const JWKS = { keys: [{ kty: 'OKP' }] };
const siteOf = (issuer: string) => new IssuerDocuments(issuer, () => JWKS);

const OPENID = 'https://issuer.test/.well-known/openid-configuration';
const OAUTH = 'https://issuer.test/.well-known/oauth-authorization-server';

describe('IssuerSite', () => {
  it.each([
    ['https://issuer.test', OPENID],
    ['https://issuer.test', OAUTH],
    ['https://issuer.test/', OPENID],
    ['https://issuer.test/tenant1', 'https://issuer.test/tenant1/.well-known/openid-configuration'],
    ['https://issuer.test/tenant1', 'https://issuer.test/.well-known/oauth-authorization-server/tenant1'],
  ])('RFC 8414 §3.1, OpenID Connect Discovery §4: the metadata of %s stands at %s', (issuer, url) => {
    const site = siteOf(issuer);
    const { status, type, body } = site.answer(url);
    expect({ status, type }).toEqual({ status: 200, type: 'application/json' });
    expect(JSON.parse(body)).toMatchObject({ issuer, jwks_uri: site.jwksUri });
  });

  it.each([
    ['https://issuer.test', 'https://issuer.test/jwks'],
    ['https://issuer.test/', 'https://issuer.test/jwks'],
    ['https://issuer.test/tenant1', 'https://issuer.test/tenant1/jwks'],
  ])('RFC 8414 §3.3: the key set of %s stands at %s', (issuer, jwksUri) => {
    const site = siteOf(issuer);
    expect(site.jwksUri).toBe(jwksUri);
    expect(JSON.parse(site.answer(jwksUri).body)).toEqual(JWKS);
  });

  it.each([['https://issuer.test/'], ['https://issuer.test/jwks/'], ['https://other.test/jwks'], [`${OPENID}?x=1`]])(
    'answers 404 at %s',
    (url) => {
      const site = siteOf('https://issuer.test');
      expect(site.answer(url)).toMatchObject({ status: 404 });
      expect(site.hits).toEqual({ metadata: 0, jwks: 0 });
    },
  );

  it('counts how often each document was asked for', () => {
    const site = siteOf('https://issuer.test');
    for (const url of [OPENID, OAUTH, site.jwksUri, site.jwksUri, site.jwksUri]) site.answer(url);
    expect(site.hits).toEqual({ metadata: 2, jwks: 3 });
  });

  it.each<[Outage, number, string]>([
    ['error', 500, 'text/plain'],
    ['html', 200, 'text/html'],
  ])('answers every URL alike while the outage is "%s", and counts all the same', (outage, status, type) => {
    const site = siteOf('https://issuer.test');
    site.outage = outage;
    expect(site.answer(site.jwksUri)).toMatchObject({ status, type });
    expect(site.answer(OPENID)).toMatchObject({ status, type });
    expect(() => JSON.parse(site.answer(OPENID).body)).toThrow(SyntaxError);
    expect(site.hits).toEqual({ metadata: 2, jwks: 1 });
  });

  it.each<[Outage]>([['refuse'], ['hang'], ['reset']])('leaves the outage "%s" to its transports', (outage) => {
    const site = siteOf('https://issuer.test');
    site.outage = outage;
    expect(site.answer(site.jwksUri)).toMatchObject({ status: 200 });
  });
});
