import { describe, expect, it } from 'vitest';
import { createVerifier, type IssuerOptions } from '../../src/index.js';
import { expectMisuse } from '../support/configuration-error.js';
import { RawIssuer } from '../support/raw-issuer.js';
import { reasonOfCall } from '../support/reason-of.js';

const NAMES = [
  'legacy-django',
  'urn:acme:sts',
  'http://sts.example.com/adfs/services/trust',
  'https://login.example.com/?tenant=7',
  'https://login.example.com/#a',
  'accounts.google.com',
  'did:web:example.com',
  'Zoë & Söhne',
  ' ',
];

/** Answers with the keys, or the metadata, of an issuer. */
function fetchFor(raw: RawIssuer, asked: string[]): typeof fetch {
  return async (input) => {
    const url = String(input);
    asked.push(url);
    if (url.endsWith('/metadata')) return Response.json({ issuer: raw.issuer, jwks_uri: 'https://keys.test/jwks' });
    return Response.json({ keys: [raw.jwk] });
  };
}

describe.each(NAMES)('RFC 7519 §4.1.1: the issuer %j', (name) => {
  const raw = new RawIssuer({ issuer: name });

  it.each<[where: string, location: object]>([
    ['are given', { jwks: { keys: [raw.jwk] } }],
    ['are given without names', { publicKey: raw.keys.publicKey }],
    ['are at jwksUri', { jwksUri: 'https://keys.test/jwks' }],
    ['are found through metadataUrl', { metadataUrl: 'https://keys.test/metadata' }],
  ])('may have any name where its keys %s', async (_, location) => {
    const asked: string[] = [];
    const issuer = { issuer: name, ...location } as IssuerOptions;
    const verifier = createVerifier({ ...raw.verifierOptions, issuer, fetch: fetchFor(raw, asked) });
    expect(await reasonOfCall(verifier.verify(raw.token()))).toBe('accepted');
    const other = new RawIssuer({ issuer: `${name}/`, keys: raw.keys });
    expect(await reasonOfCall(verifier.verify(other.token()))).toBe('issuer_not_trusted');
    expect(asked.filter((url) => !url.startsWith('https://keys.test/'))).toEqual([]);
  });

  it('is refused at start where nothing says where its keys are, with the way out', async () => {
    await expectMisuse(() => createVerifier({ ...raw.verifierOptions, issuer: name }), {
      option: 'issuer',
      told: '',
      fix: 'say where its keys are, with metadataUrl, jwksUri, jwks, publicKey or secret',
    });
  });

  it('may be introspected by an endpoint that is given', async () => {
    const introspection = { endpoint: 'https://keys.test/introspect', clientId: 'api', clientSecret: 'secret' };
    const answer = async () => Response.json({ active: true, aud: raw.audience, client_id: 'app', iss: name });
    const issuer = { issuer: name, introspection };
    const verifier = createVerifier({ ...raw.verifierOptions, issuer, fetch: answer });
    expect(await reasonOfCall(verifier.verify('opaque'))).toBe('accepted');
    expect(await reasonOfCall(verifier.verify(raw.token()))).toBe('unknown_key');
    await verifier.ready();
    const { endpoint: _, ...incomplete } = introspection;
    await expectMisuse(
      () => createVerifier({ ...raw.verifierOptions, issuer: { issuer: name, introspection: incomplete } }),
      {
        option: 'issuer.introspection.endpoint',
        told: 'is missing.',
        fix: 'Give its URL',
      },
    );
  });
});

describe('https is asked of what is fetched', () => {
  const raw = new RawIssuer({ issuer: 'urn:acme:sts' });

  it.each(['jwksUri', 'metadataUrl'])('%s', async (option) => {
    const create = (url: string) => () =>
      createVerifier({ ...raw.verifierOptions, issuer: { issuer: raw.issuer, [option]: url } as never });
    expect(create('https://keys.test/x')).not.toThrow();
    await expectMisuse(create('http://keys.test/x'), {
      option: `issuer.${option}`,
      told: 'is not https',
      fix: 'Give an https URL',
    });
  });
});
