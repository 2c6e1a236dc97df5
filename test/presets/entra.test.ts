import { beforeAll, describe, expect, it } from 'vitest';
import { entra } from '../../src/presets/index.js';
import { expectMisuse } from '../support/configuration-error.js';
import { ENTRA_ID_TOKENS } from '../support/hosted-providers.js';
import { changed, type Place, ProviderTestbed, seenOf, tokensOf } from '../support/provider-testbed.js';

const TENANT = '9d1f2c3b-4a5e-4f60-8b7c-1a2b3c4d5e6f';
const SECOND = '0f1e2d3c-4b5a-4697-8877-665544332211';
const STRANGER = '72f988bf-86f1-41af-91ab-2d7cd011db47';
const V1 = tokensOf('Entra v1.0');
const V2 = tokensOf('Entra v2.0, for a client that is the API too');
const DAEMON = tokensOf('Entra v2.0, for a machine');
const API_ID = V2.audience as string;
const API_URI = V1.audience as string;

const nameV1 = (tenant: string) => `https://sts.windows.net/${tenant}/`;
const nameV2 = (tenant: string) => `https://login.microsoftonline.com/${tenant}/v2.0`;

/** https://learn.microsoft.com/en-us/entra/identity-platform/access-tokens, "v1.0 and v2.0 tokens". */
function placesOf(tenant: string): readonly Place[] {
  const authority = `https://login.microsoftonline.com/${tenant}`;
  return [
    {
      issuer: nameV1(tenant),
      metadataUrl: `${authority}/.well-known/openid-configuration`,
      jwksUri: `${authority}/discovery/keys`,
    },
    {
      issuer: nameV2(tenant),
      metadataUrl: `${authority}/v2.0/.well-known/openid-configuration`,
      jwksUri: `${authority}/discovery/v2.0/keys`,
    },
  ];
}

let world: ProviderTestbed;
beforeAll(async () => {
  world = await ProviderTestbed.create(...[TENANT, SECOND, STRANGER].flatMap(placesOf));
});

const RULES = { issuer: entra({ tenants: TENANT }), audience: [API_URI, API_ID] };

describe('entra', () => {
  it('Entra: is data, one issuer for each tenant and version, and nobody can change it', () => {
    const rules = { algorithms: ['RS256'], scopesFrom: ['scp', 'roles'] };
    expect(entra({ tenants: [TENANT, SECOND] })).toEqual(
      [TENANT, SECOND].flatMap((tenant) => [
        {
          issuer: nameV1(tenant),
          metadataUrl: `https://login.microsoftonline.com/${tenant}/.well-known/openid-configuration`,
          ...rules,
        },
        { issuer: nameV2(tenant), ...rules },
      ]),
    );
    const [first] = RULES.issuer;
    expect([RULES.issuer, first, first?.algorithms, first?.scopesFrom].every(Object.isFrozen)).toBe(true);
  });

  it('Entra: names tenants in lower case and once, as they stand in iss', () => {
    const [issuer, ...others] = entra({ tenants: [TENANT.toUpperCase(), TENANT], version: '2.0' });
    expect(issuer?.issuer).toBe(nameV2(TENANT));
    expect(others).toEqual([]);
  });

  it.each([
    ['v1.0', V1, '1.0', nameV1(TENANT)],
    ['v2.0', V2, '2.0', nameV2(TENANT)],
    ['v2.0 of a daemon', { ...DAEMON, seen: { ...DAEMON.seen, scopes: ['Orders.Read.All'] } }, '2.0', nameV2(TENANT)],
  ] as const)('Entra: accepts an access token %s, told its version or none', async (_, tokens, version, issuer) => {
    const token = await world.sign(issuer, tokens.access);
    const audience = tokens.audience as string;
    expect(seenOf(await world.verify({ issuer: RULES.issuer, audience }, token))).toEqual(tokens.seen);
    const told = { issuer: entra({ tenants: TENANT, version }), audience };
    expect(seenOf(await world.verify(told, token))).toEqual(tokens.seen);
    const other = { issuer: entra({ tenants: TENANT, version: version === '1.0' ? '2.0' : '1.0' }), audience };
    expect(await world.reason(other, token)).toBe('issuer_not_trusted');
  });

  it('Entra: asks the metadata of the tenant and version of the token, and no other', async () => {
    for (const place of placesOf(TENANT)) {
      world.net.requests.length = 0;
      const shape = place.issuer === nameV1(TENANT) ? V1.access : V2.access;
      expect(await world.reason(RULES, await world.sign(place.issuer, shape))).toBe('accepted');
      expect(world.net.requests).toEqual([place.metadataUrl, place.jwksUri]);
    }
  });

  it('Entra: accepts tokens of every tenant of the list, and of no other', async () => {
    const rules = { issuer: entra({ tenants: [TENANT, SECOND] }), audience: API_ID };
    const tokenOf = (tenant: string) => world.sign(nameV2(tenant), changed(V2.access, { tid: tenant }));
    expect(await world.reason(rules, await tokenOf(TENANT))).toBe('accepted');
    expect(await world.reason(rules, await tokenOf(SECOND))).toBe('accepted');
    expect(await world.reason(rules, await tokenOf(STRANGER))).toBe('issuer_not_trusted');
  });

  it('Entra: uses the keys of a tenant for the tokens of that tenant alone', async () => {
    const rules = { issuer: entra({ tenants: [TENANT, SECOND] }), audience: API_ID };
    const asFirst = changed(V2.access, { iss: nameV2(TENANT) });
    expect(await world.reason(rules, await world.sign(nameV2(TENANT), asFirst))).toBe('accepted');
    expect(await world.reason(rules, await world.sign(nameV2(SECOND), asFirst))).toBe('signature_invalid');
  });

  it('Entra: puts scp and roles together, and leaves roles out where it is told to', async () => {
    const token = await world.sign(nameV2(TENANT), changed(V2.access, { roles: ['Orders.Admin'] }));
    expect((await world.verify(RULES, token)).scopes).toEqual(['Orders.Read', 'Orders.Admin']);
    const rules = { ...RULES, issuer: entra({ tenants: TENANT, roles: false }) };
    expect((await world.verify(rules, token)).scopes).toEqual(['Orders.Read']);
  });

  it.each([
    ...V1.foreign.map(({ kind, shape }) => ['v1.0', kind, nameV1(TENANT), V1.access, shape] as const),
    ...V2.foreign.map(({ kind, shape }) => ['v2.0', kind, nameV2(TENANT), V2.access, shape] as const),
    ['v1.0', 'ID token without a nonce', nameV1(TENANT), V1.access, ENTRA_ID_TOKENS['v1.0']] as const,
    ['v2.0', 'ID token without a nonce', nameV2(TENANT), V2.access, ENTRA_ID_TOKENS['v2.0']] as const,
  ])('Entra %s: refuses the %s, whose audience is the API too', async (_, _kind, issuer, access, shape) => {
    expect(await world.reason(RULES, await world.sign(issuer, access))).toBe('accepted');
    expect(await world.reason(RULES, await world.sign(issuer, shape))).toBe('token_type_not_allowed');
  });

  it('Entra: refuses a token for Microsoft Graph, and an algorithm that Entra does not sign with', async () => {
    expect(await world.reason(RULES, await world.sign(nameV2(TENANT), V2.access))).toBe('accepted');
    const graph = changed(V2.access, { aud: '00000003-0000-0000-c000-000000000000' });
    expect(await world.reason(RULES, await world.sign(nameV2(TENANT), graph))).toBe('audience_mismatch');
    const token = await world.sign(nameV2(TENANT), V2.access, 'ES256');
    expect(await world.reason(RULES, token)).toBe('algorithm_not_allowed');
  });

  it('Entra: goes beside other issuers, and its rules can be changed', async () => {
    const issuers = RULES.issuer.map((issuer) => ({ ...issuer, clientIds: [V1.seen.clientId as string] }));
    const rules = { issuer: [...issuers, { issuer: nameV2(STRANGER) }], audience: [API_URI, API_ID] };
    expect(await world.reason(rules, await world.sign(nameV1(TENANT), V1.access))).toBe('accepted');
    expect(await world.reason(rules, await world.sign(nameV2(TENANT), V2.access))).toBe('client_not_allowed');
    expect(await world.reason(rules, await world.sign(nameV2(STRANGER), V2.access))).toBe('accepted');
  });

  const TENANTS = 'Give tenant IDs';
  it.each([
    ['nothing', undefined, 'entra', 'but is undefined.', 'Call entra({ tenants:'],
    ['no tenants', {}, 'entra.tenants', 'is missing.', TENANTS],
    ['an empty list', { tenants: [] }, 'entra.tenants', 'is an empty list.', TENANTS],
    ['all tenants', { tenants: 'common' }, 'entra.tenants', 'anybody with a Microsoft account', TENANTS],
    ['all organizations', { tenants: [TENANT, 'organizations'] }, 'entra.tenants', 'anybody', TENANTS],
    ['all consumers', { tenants: ['Consumers'] }, 'entra.tenants', 'anybody', TENANTS],
    ['a domain', { tenants: 'contoso.onmicrosoft.com' }, 'entra.tenants', 'is not a tenant ID.', TENANTS],
    ['a part of an id', { tenants: TENANT.slice(1) }, 'entra.tenants', 'is not a tenant ID.', TENANTS],
    ['more than an id', { tenants: `${TENANT}/x` }, 'entra.tenants', 'is not a tenant ID.', TENANTS],
    ['a number', { tenants: [1] }, 'entra.tenants', 'holds 1.', TENANTS],
    ['a number for version', { tenants: TENANT, version: 2 }, 'entra.version', 'is 2.', "Give '1.0' or '2.0'"],
    ['a misspelt name', { tenant: TENANT }, 'entra.tenant', 'is not an option.', 'Did you mean tenants?'],
    ['a list of roles', { tenants: TENANT, roles: ['a'] }, 'entra.roles', 'is an array.', 'Give true or false.'],
  ])('refuses %s', async (_, given, option, told, fix) => {
    expect(() => entra({ tenants: TENANT, version: '2.0', roles: false })).not.toThrow();
    await expectMisuse(() => entra(given as never), { option, told, fix });
  });
});
