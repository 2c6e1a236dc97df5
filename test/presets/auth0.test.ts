import { beforeAll, describe, expect, it } from 'vitest';
import { auth0 } from '../../src/presets/index.js';
import { expectMisuse } from '../support/configuration-error.js';
import { changed, ProviderTestbed, seenOf, tokensOf } from '../support/provider-testbed.js';

const DOMAIN = 'tenant.eu.auth0.com';
const API = 'https://orders.example.com';
const RULES = { issuer: auth0({ domain: DOMAIN }), audience: API };
const USER = tokensOf('Auth0');
const ISSUER = USER.issuer;
const OTHER = 'https://other.eu.auth0.com/';

let world: ProviderTestbed;
beforeAll(async () => {
  world = await ProviderTestbed.create(
    ...[ISSUER, OTHER].map((issuer) => ({
      issuer,
      metadataUrl: `${issuer}.well-known/openid-configuration`,
      jwksUri: `${issuer}.well-known/jwks.json`,
    })),
  );
});

describe('auth0', () => {
  it('Auth0: is data, whose issuer ends with a slash, and which nobody can change', () => {
    expect(RULES.issuer).toEqual({
      issuer: 'https://tenant.eu.auth0.com/',
      algorithms: ['RS256', 'RS512', 'PS256'],
      scopesFrom: ['scope'],
    });
    expect([RULES.issuer, RULES.issuer.algorithms, RULES.issuer.scopesFrom].every(Object.isFrozen)).toBe(true);
  });

  it.each(['Auth0', 'Auth0, for a machine', 'Auth0, RFC 9068 profile'])(
    'Auth0: accepts the access token of %s',
    async (provider) => {
      const { access, seen } = tokensOf(provider);
      expect(seenOf(await world.verify(RULES, await world.sign(ISSUER, access)))).toEqual(seen);
    },
  );

  it('Auth0: finds the keys without doubling the slash of the issuer', async () => {
    world.net.requests.length = 0;
    expect(await world.reason(RULES, await world.sign(ISSUER, USER.access))).toBe('accepted');
    expect(world.net.requests).toEqual([
      'https://tenant.eu.auth0.com/.well-known/openid-configuration',
      'https://tenant.eu.auth0.com/.well-known/jwks.json',
    ]);
  });

  it('Auth0: takes permissions for scopes where it is told to, and not otherwise', async () => {
    const token = await world.sign(ISSUER, changed(USER.access, { permissions: ['delete:orders'] }));
    const issuer = auth0({ domain: DOMAIN, permissions: true });
    const { scopes } = await world.verify({ issuer, audience: API }, token);
    expect(scopes).toEqual(['openid', 'profile', 'read:orders', 'delete:orders']);
    expect((await world.verify(RULES, token)).scopes).toEqual(['openid', 'profile', 'read:orders']);
  });

  it.each(USER.foreign.map(({ kind, shape }) => [kind, shape] as const))(
    'Auth0, RFC 8725 §3.12: refuses the %s, though it were meant for the API',
    async (_, shape) => {
      expect(await world.reason(RULES, await world.sign(ISSUER, USER.access))).toBe('accepted');
      const token = await world.sign(ISSUER, changed(shape, { aud: API }));
      expect(await world.reason(RULES, token)).toBe('token_type_not_allowed');
    },
  );

  it('Auth0: refuses a token of another tenant, of another API, and one for the userinfo endpoint alone', async () => {
    const reasonFor = async (issuer: string, changes = {}) =>
      world.reason(RULES, await world.sign(issuer, changed(USER.access, changes)));
    expect(await reasonFor(ISSUER)).toBe('accepted');
    expect(await reasonFor(OTHER)).toBe('issuer_not_trusted');
    expect(await reasonFor(ISSUER, { aud: ['https://billing.example.com'] })).toBe('audience_mismatch');
    expect(await reasonFor(ISSUER, { aud: ['https://tenant.eu.auth0.com/userinfo'] })).toBe('audience_mismatch');
  });

  it('Auth0: refuses an algorithm that Auth0 does not sign with, by a key that it has', async () => {
    expect(await world.reason(RULES, await world.sign(ISSUER, USER.access, 'RS256'))).toBe('accepted');
    const token = await world.sign(ISSUER, USER.access, 'ES256');
    expect(await world.reason(RULES, token)).toBe('algorithm_not_allowed');
    const issuer = { ...RULES.issuer, algorithms: ['ES256'] as const };
    expect(await world.reason({ issuer, audience: API }, token)).toBe('accepted');
  });

  it.each([
    ['nothing', undefined, 'auth0', 'but is undefined.', "Call auth0({ domain: 'tenant.eu.auth0.com' })."],
    ['no domain', {}, 'auth0.domain', 'is missing.', 'Give the host name alone'],
    ['a URL', { domain: 'https://tenant.eu.auth0.com' }, 'auth0.domain', '"https://', 'Give the host name alone'],
    ['a slash', { domain: `${DOMAIN}/` }, 'auth0.domain', 'com/"', 'Give the host name alone'],
    ['upper case', { domain: 'Tenant.eu.auth0.com' }, 'auth0.domain', '"Tenant', 'Give the host name alone'],
    ['a user name', { domain: `user@${DOMAIN}` }, 'auth0.domain', '"user@', 'Give the host name alone'],
    ['an empty domain', { domain: '' }, 'auth0.domain', 'an empty string', 'Give the host name alone'],
    ['a number', { domain: 1 }, 'auth0.domain', 'is 1.', 'Give the host name alone'],
    ['a misspelt name', { domain: DOMAIN, permission: true }, 'auth0.permission', 'no', 'Did you mean permissions?'],
    ['a text', { domain: DOMAIN, permissions: 'yes' }, 'auth0.permissions', 'is "yes".', 'Give true or false.'],
  ])('refuses %s', async (_, given, option, told, fix) => {
    expect(() => auth0({ domain: DOMAIN, permissions: true })).not.toThrow();
    await expectMisuse(() => auth0(given as never), { option, told, fix });
  });
});
