import { describe, expect, it } from 'vitest';
import { createIssuer } from '../../src/issuer/issuer.js';
import type { IssuerConfig } from '../../src/issuer/issuer-options.js';
import type { KeyQuery } from '../../src/keys/key-source.js';
import { parseVerifierOptions, type VerifierOptions } from '../../src/verifier/options.js';
import { covers } from '../support/covers.js';
import { DocumentFetch } from '../support/document-fetch.js';
import { RawIssuer } from '../support/raw-issuer.js';
import { reasonOf } from '../support/reason-of.js';

const ISSUER = 'https://issuer.test';
const METADATA_URL = 'https://issuer.test/.well-known/openid-configuration';
const JWKS_URI = 'https://issuer.test/jwks';

const raw = new RawIssuer();
const byKid = (kid: string): KeyQuery => ({ kid, algorithm: 'ES256', isPlausible: () => true });

function create(issuer: VerifierOptions['issuer']) {
  const site = new DocumentFetch({
    [METADATA_URL]: { issuer: ISSUER, jwks_uri: JWKS_URI },
    [JWKS_URI]: { keys: [raw.jwk] },
  });
  const { clock, audience } = raw.verifierOptions;
  const config = parseVerifierOptions({ issuer, audience, clock, fetch: site.fetch, keys: { maxAgeSeconds: 600 } });
  const [issuerConfig] = config.issuers as readonly [IssuerConfig];
  const created = createIssuer(issuerConfig, { ...config, signal: new AbortController().signal });
  return { site, clock: config.clock, created };
}

describe('createIssuer', () => {
  it('is frozen, and asks nobody for anything', () => {
    const { site, created } = create({ issuer: ISSUER, audience: 'https://narrower.test', profile: 'rfc9068' });
    expect(created).toMatchObject({
      issuer: ISSUER,
      audience: ['https://narrower.test'],
      rules: { profile: 'rfc9068' },
    });
    expect(Object.isFrozen(created)).toBe(true);
    expect(site.requests).toEqual([]);
  });

  it('finds keys through the metadata of the issuer', async () => {
    const { site, created } = create(ISSUER);
    expect(await created.keys.find(byKid('key-1'))).toHaveLength(1);
    expect(site.requests).toEqual([METADATA_URL, JWKS_URI]);
  });

  it('finds keys through metadata at another place, whose issuer must be the same', async () => {
    const metadataUrl = 'https://inside.test/metadata';
    const { site, created } = create({ issuer: ISSUER, metadataUrl });
    site.documents.set(metadataUrl, { issuer: 'https://inside.test', jwks_uri: JWKS_URI });
    expect(reasonOf(await created.keys.find(byKid('key-1')))).toBe('metadata_unavailable');
    expect(site.requests).toEqual([metadataUrl]);

    const { site: good, created: other } = create({ issuer: ISSUER, metadataUrl });
    good.documents.set(metadataUrl, { issuer: ISSUER, jwks_uri: JWKS_URI });
    expect(await other.keys.find(byKid('key-1'))).toHaveLength(1);
    expect(good.requests).toEqual([metadataUrl, JWKS_URI]);
  });

  it('finds keys at the jwksUri, without any metadata', async () => {
    const { site, created } = create({ issuer: ISSUER, jwksUri: JWKS_URI });
    expect(await created.keys.find(byKid('key-1'))).toHaveLength(1);
    expect(site.requests).toEqual([JWKS_URI]);
  });

  it('finds the keys that it was given, without any request', async () => {
    const { site, created } = create({ issuer: ISSUER, jwks: { keys: [raw.jwk] } });
    expect(await created.keys.find(byKid('key-1'))).toHaveLength(1);
    expect(site.requests).toEqual([]);
  });

  it('blames the metadata, not the keys, when the metadata cannot be had', async () => {
    const { site, created } = create(ISSUER);
    site.documents.delete(METADATA_URL);
    expect(reasonOf(await created.keys.find(byKid('key-1')))).toBe('metadata_unavailable');
  });

  it('blames the keys when they cannot be had', async () => {
    const { site, created } = create(ISSUER);
    site.documents.delete(JWKS_URI);
    expect(reasonOf(await created.keys.find(byKid('key-1')))).toBe('keys_unavailable');
  });

  it('asks for the key set alone on account of an unknown kid', async () => {
    const { site, created } = create(ISSUER);
    await created.keys.find(byKid('key-1'));
    expect(reasonOf(await created.keys.find(byKid('key-2')))).toBe('unknown_key');
    expect(site.requests).toEqual([METADATA_URL, JWKS_URI, JWKS_URI]);
  });

  it('follows a jwks_uri that moved', async () => {
    const { site, created } = create(ISSUER);
    await created.keys.find(byKid('key-1'));
    const moved = 'https://issuer.test/jwks/v2';
    site.documents.set(METADATA_URL, { issuer: ISSUER, jwks_uri: moved });
    site.documents.set(moved, { keys: [{ ...raw.jwk, kid: 'key-2' }] });
    site.documents.delete(JWKS_URI);
    expect(await created.keys.refresh()).toBeUndefined();
    expect(await created.keys.find(byKid('key-2'))).toHaveLength(1);
    expect(site.requests).toEqual([METADATA_URL, JWKS_URI, METADATA_URL, moved]);
  });

  it('keeps its keys when the metadata names another issuer one day', async () => {
    covers('H5');
    const { site, clock, created } = create(ISSUER);
    const [key] = (await created.keys.find(byKid('key-1'))) as readonly [never];
    site.documents.set(METADATA_URL, { issuer: 'https://evil.test', jwks_uri: JWKS_URI });
    expect(reasonOf(await created.keys.refresh())).toBe('metadata_unavailable');
    expect(created.keys.stillHas(key, byKid('key-1'), clock())).toBe(true);
  });
});
