import { describe, expect, it } from 'vitest';
import { IssuerDocuments, type Outage } from '../../src/testing/issuer-documents.js';

const JWKS = { keys: [{ kty: 'OKP' }] };
const documentsOf = (issuer: string) => new IssuerDocuments(issuer, () => JWKS);

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
    const documents = documentsOf(issuer);
    const { status, type, body } = documents.answer(url);
    expect({ status, type }).toEqual({ status: 200, type: 'application/json' });
    expect(JSON.parse(body)).toMatchObject({ issuer, jwks_uri: documents.jwksUri });
  });

  it.each([
    ['https://issuer.test', 'https://issuer.test/jwks'],
    ['https://issuer.test/', 'https://issuer.test/jwks'],
    ['https://issuer.test/tenant1', 'https://issuer.test/tenant1/jwks'],
  ])('RFC 8414 §3.3: the key set of %s stands at %s', (issuer, jwksUri) => {
    const documents = documentsOf(issuer);
    expect(documents.jwksUri).toBe(jwksUri);
    expect(JSON.parse(documents.answer(jwksUri).body)).toEqual(JWKS);
  });

  it.each([['https://issuer.test/'], ['https://issuer.test/jwks/'], ['https://other.test/jwks'], [`${OPENID}?x=1`]])(
    'answers 404 at %s',
    (url) => {
      const documents = documentsOf('https://issuer.test');
      expect(documents.answer(url)).toMatchObject({ status: 404 });
      expect(documents.hits).toEqual({ metadata: 0, jwks: 0 });
    },
  );

  it('counts how often each document was asked for', () => {
    const documents = documentsOf('https://issuer.test');
    for (const url of [OPENID, OAUTH, documents.jwksUri, documents.jwksUri, documents.jwksUri]) documents.answer(url);
    expect(documents.hits).toEqual({ metadata: 2, jwks: 3 });
  });

  it.each<[Outage, number, string]>([
    ['error', 500, 'text/plain'],
    ['html', 200, 'text/html'],
  ])('answers every URL alike while the outage is "%s", and counts all the same', (outage, status, type) => {
    const documents = documentsOf('https://issuer.test');
    documents.outage = outage;
    expect(documents.answer(documents.jwksUri)).toMatchObject({ status, type });
    expect(documents.answer(OPENID)).toMatchObject({ status, type });
    expect(() => JSON.parse(documents.answer(OPENID).body)).toThrow(SyntaxError);
    expect(documents.hits).toEqual({ metadata: 2, jwks: 1 });
  });

  it.each<[Outage]>([['refuse'], ['hang'], ['reset']])('leaves the outage "%s" to its transports', (outage) => {
    const documents = documentsOf('https://issuer.test');
    documents.outage = outage;
    expect(documents.answer(documents.jwksUri)).toMatchObject({ status: 200 });
  });
});
