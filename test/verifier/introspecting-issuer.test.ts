import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ConfigurationError, createVerifier } from '../../src/index.js';
import type { RowId } from '../security-matrix/catalogue.js';
import { createVerifierWith, expectMisuse, ISSUER } from '../support/configuration-error.js';
import { covers } from '../support/covers.js';
import { DocumentFetch } from '../support/document-fetch.js';
import { RawIssuer } from '../support/raw-issuer.js';
import { reasonOfCall } from '../support/reason-of.js';

const SECRET = { clientId: 'orders-api', clientSecret: 'hush-hush' };
const BEARER = { bearerToken: 'hush-hush' };

describe('createVerifier, told whom to ask', () => {
  it('refuses a second issuer to ask, since an opaque token names none', async () => {
    const a = { issuer: `${ISSUER}/a`, introspection: SECRET };
    const b = { issuer: `${ISSUER}/b`, introspection: BEARER };
    const call = () => createVerifierWith({ issuer: [a, ISSUER, b] });
    expect(() => createVerifierWith({ issuer: [a, ISSUER, b.issuer] })).not.toThrow();
    const fix = 'Create a verifier for each, or introspect the tokens of one issuer.';
    await expectMisuse(call, { option: 'issuer[2].introspection', told: 'is the second one', fix });
  });

  it.each<[where: string, issuer: string, isFound: boolean, ...ids: RowId[]]>([
    ['has no URL', 'urn:example:legacy', false],
    ['has one that is not https', 'http://legacy.example', false, 'J12'],
    ['has an https URL', 'https://legacy.example', true],
  ])(
    'demands an endpoint of an issuer that shares a secret, unless its metadata is safe to ask: it %s',
    async (...row) => {
      const [, issuer, isFound, ...ids] = row;
      covers(...ids);
      const shared = { issuer, secret: 'x'.repeat(32), algorithms: ['HS256'] };
      const call = (introspection: object) => () => createVerifierWith({ issuer: { ...shared, introspection } });
      expect(call({ ...SECRET, endpoint: `${ISSUER}/introspect` })).not.toThrow();
      if (isFound) return expect(call(SECRET)).not.toThrow();
      const fix = 'Give its URL: the issuer is no https URL, and so has no metadata that could name it.';
      await expectMisuse(call(SECRET), { option: 'issuer.introspection.endpoint', told: 'is missing.', fix });
    },
  );

  it('finds the endpoint at an http issuer that shares a secret where that is allowed in so many words', () => {
    const shared = { issuer: 'http://127.0.0.1:8000', secret: 'x'.repeat(32), algorithms: ['HS256'] };
    const introspection = SECRET;
    const allowed = { ...shared, introspection, dangerouslyAllowInsecureHttp: true };
    expect(() => createVerifierWith({ issuer: allowed })).not.toThrow();
    expect(() => createVerifierWith({ issuer: { ...allowed, dangerouslyAllowInsecureHttp: false } })).toThrow();
  });

  it('takes an audience of false where clientIds are named, on the issuer or on the verifier', async () => {
    const issuer = { issuer: ISSUER, introspection: SECRET, audience: false };
    expect(() => createVerifierWith({ issuer: { ...issuer, clientIds: ['web'] } })).not.toThrow();
    expect(() => createVerifierWith({ issuer, clientIds: ['web'] })).not.toThrow();
    const fix = 'Name the clients to accept in clientIds.';
    const misuse = { option: 'issuer.audience', told: 'is false, so that any token of this issuer', fix };
    await expectMisuse(() => createVerifierWith({ issuer }), misuse);
  });

  it('refuses to introspect for an issuer that comes from a resolver, which no opaque token names', async () => {
    const raw = new RawIssuer();
    const { issuer: good, ...rest } = raw.verifierOptions;
    const create = (changes: object) => createVerifier({ ...rest, issuer: () => ({ ...good, ...changes }) });
    expect(await reasonOfCall(create({}).verify(raw.token()))).toBe('accepted');
    expect(await reasonOfCall(create({}).verify('opaque'))).toBe('token_opaque');
    const introspection = { ...SECRET, endpoint: `${ISSUER}/introspect` };
    const verifier = create({ introspection });
    const error = await verifier.verify(raw.token()).catch((thrown: unknown) => thrown);
    const message = 'issuer.introspection: comes from a resolver. List the issuer in the options.';
    expect(error).toMatchObject({ reason: 'issuer_resolver_failed', status: 503, cause: { message } });
    expect((error as Error).cause).toBeInstanceOf(ConfigurationError);
    expect(await reasonOfCall(verifier.verify('opaque'))).toBe('token_opaque');
  });
});

describe('a verifier that introspects', () => {
  const raw = new RawIssuer();
  const METADATA_URL = `${raw.issuer}/.well-known/openid-configuration`;
  const [JWKS_URI, ENDPOINT] = [`${raw.issuer}/jwks`, `${raw.issuer}/introspect`];
  const ACTIVE = { active: true, scope: 'read', aud: raw.audience, exp: raw.now + 60 };
  const METADATA = { issuer: raw.issuer, jwks_uri: JWKS_URI, introspection_endpoint: ENDPOINT };

  function create(introspection: object, issuer: object = {}) {
    const site = new DocumentFetch({
      [METADATA_URL]: METADATA,
      [JWKS_URI]: { keys: [raw.jwk] },
      [ENDPOINT]: ACTIVE,
    });
    const { audience, clock } = raw.verifierOptions;
    const own = { issuer: raw.issuer, introspection: { ...SECRET, ...introspection }, ...issuer };
    const verifier = createVerifier({ issuer: own, audience, clock, fetch: site.fetch });
    return { site, verifier, reason: (token: string) => reasonOfCall(verifier.verify(token)) };
  }

  it('is ready at once where it knows the endpoint, since its issuer may have no keys', async () => {
    const { site, verifier } = create({ endpoint: ENDPOINT });
    await verifier.ready();
    expect(site.requests).toEqual([]);
  });

  it('is ready once the metadata told it where to ask', async () => {
    const { site, verifier, reason } = create({});
    await verifier.ready();
    expect(site.requests).toEqual([METADATA_URL]);
    expect(await reason('opaque')).toBe('accepted');
    expect(site.requests).toEqual([METADATA_URL, ENDPOINT]);
  });

  it('is ready with the keys at hand as well, where the options say where they are', async () => {
    const { site, verifier, reason } = create({ endpoint: ENDPOINT }, { jwksUri: JWKS_URI });
    await verifier.ready();
    expect(site.requests).toEqual([JWKS_URI]);
    expect(await reason(raw.token())).toBe('accepted');
    expect(site.requests).toEqual([JWKS_URI]);
  });

  it('RFC 9701 §5: is ready with the keys at hand as well, where answers are signed with them', async () => {
    const { site, verifier } = create({ endpoint: ENDPOINT, signed: true });
    await verifier.ready();
    expect(site.requests).toEqual([METADATA_URL, JWKS_URI]);
  });

  it('is not ready when nobody tells where to ask, or where keys cannot be had', async () => {
    const unnamed = create({});
    unnamed.site.documents.set(METADATA_URL, { ...METADATA, introspection_endpoint: undefined });
    expect(await reasonOfCall(unnamed.verifier.ready())).toBe('introspection_unavailable');
    const keyless = create({ endpoint: ENDPOINT }, { jwksUri: JWKS_URI });
    keyless.site.documents.delete(JWKS_URI);
    expect(await reasonOfCall(keyless.verifier.ready())).toBe('keys_unavailable');
  });

  it('refreshes keys that are in use, or whose place is known, and asks for no others', async () => {
    const { site, verifier, reason } = create({ endpoint: ENDPOINT });
    await verifier.refresh();
    expect(site.requests).toEqual([]);
    expect(await reason(raw.token())).toBe('accepted');
    expect(site.requests).toEqual([METADATA_URL, JWKS_URI]);
    await verifier.refresh();
    expect(site.requests).toEqual([METADATA_URL, JWKS_URI, METADATA_URL, JWKS_URI]);

    const located = create({ endpoint: ENDPOINT }, { jwksUri: JWKS_URI });
    await located.verifier.refresh();
    expect(located.site.requests).toEqual([JWKS_URI]);
  });

  it('tells how its questions are doing, and shows neither token nor secret', async () => {
    const { site, verifier, reason } = create({ endpoint: ENDPOINT });
    const introspection = () => verifier.status().issuers[0]?.introspection;
    expect(introspection()).toEqual({
      calls: 0,
      inFlight: 0,
      waiting: 0,
      lastError: undefined,
      active: 0,
      inactive: 0,
    });
    expect(await reason('opaque-1')).toBe('accepted');
    expect(introspection()).toEqual({
      calls: 1,
      inFlight: 0,
      waiting: 0,
      lastError: undefined,
      active: 1,
      inactive: 0,
    });
    site.documents.delete(ENDPOINT);
    expect(await reason('opaque-2')).toBe('introspection_unavailable');
    expect(introspection()).toEqual({
      calls: 2,
      inFlight: 0,
      waiting: 0,
      lastError: `${ENDPOINT} answered 404`,
      active: 1,
      inactive: 0,
    });
    const shown = inspect([verifier, verifier.status(), verifier.snapshot()], { depth: 20, showHidden: true });
    expect(shown).not.toMatch(/hush-hush|opaque-/);
    expect(create({}, { introspection: undefined }).verifier.status().issuers[0]?.introspection).toBeUndefined();
  });

  it('asks nobody once it is closed', async () => {
    const { site, verifier, reason } = create({ endpoint: ENDPOINT });
    expect(await reason('opaque-1')).toBe('accepted');
    verifier.close();
    expect(await reason('opaque-1')).toBe('verifier_closed');
    expect(await reason('opaque-2')).toBe('verifier_closed');
    expect(site.requests).toEqual([ENDPOINT]);
  });
});
