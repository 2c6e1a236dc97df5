import { createSecretKey } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { createVerifier } from '../../src/index.js';
import { keycloak } from '../../src/presets/index.js';
import { expectMisuse } from '../support/configuration-error.js';
import { changed, type Place, ProviderTestbed, seenOf, tokensOf } from '../support/provider-testbed.js';
import { EXPIRES_AT, ISSUED_AT } from '../support/provider-tokens.js';
import { signRawToken } from '../support/raw-token.js';

const REALM = { url: 'https://login.example.com', realm: 'shop' };
const KEYCLOAK = tokensOf('Keycloak');
const { access, foreign, issuer: ISSUER } = KEYCLOAK;
const API = KEYCLOAK.audience as string;
const RULES = { issuer: keycloak(REALM), audience: API };
const OTHER_REALM = 'https://login.example.com/realms/other';

function placeOf(issuer: string): Place {
  const certs = `${issuer}/protocol/openid-connect/certs`;
  return { issuer, metadataUrl: `${issuer}/.well-known/openid-configuration`, jwksUri: certs };
}

let world: ProviderTestbed;
beforeAll(async () => {
  world = await ProviderTestbed.create(placeOf(ISSUER), placeOf(OTHER_REALM));
});

describe('keycloak', () => {
  it('Keycloak: is data, with the URL of the realm, and nobody can change it', () => {
    expect(RULES.issuer).toEqual({ issuer: ISSUER, algorithms: ['RS256'], scopesFrom: ['scope'] });
    expect([RULES.issuer, RULES.issuer.algorithms, RULES.issuer.scopesFrom].every(Object.isFrozen)).toBe(true);
  });

  it.each([
    ['https://login.example.com/', ISSUER],
    ['https://login.example.com/auth', 'https://login.example.com/auth/realms/shop'],
    ['https://login.example.com/auth/', 'https://login.example.com/auth/realms/shop'],
    ['http://localhost:8080', 'http://localhost:8080/realms/shop'],
  ])('Keycloak: finds the realm below %s', (url, issuer) => {
    expect(keycloak({ url, realm: 'shop' }).issuer).toBe(issuer);
  });

  it('Keycloak: leaves it to the verifier whether http will do', () => {
    const options = { issuer: keycloak({ url: 'http://localhost:8080', realm: 'shop' }), audience: API };
    expect(() => createVerifier({ ...options, dangerouslyAllowInsecureHttp: true }).close()).not.toThrow();
    expect(() => createVerifier(options)).toThrow('is not https');
  });

  it.each(['Keycloak', 'Keycloak before 25', 'Keycloak with at+jwt', 'Keycloak with at+jwt and client_id'])(
    'Keycloak: accepts the access token of %s',
    async (provider) => {
      const tokens = tokensOf(provider);
      expect(seenOf(await world.verify(RULES, await world.sign(ISSUER, tokens.access)))).toEqual(tokens.seen);
    },
  );

  it('Keycloak: takes roles of the realm and of the named clients for scopes, where it is told to', async () => {
    const shape = changed(access, {
      scope: 'openid',
      realm_access: { roles: ['offline_access', 'staff', 'two words'] },
      resource_access: {
        'orders-api': { roles: ['orders:write'] },
        billing: { roles: ['bills:read'] },
        account: { roles: ['view-profile'] },
      },
    });
    const token = await world.sign(ISSUER, shape);
    const scopesWith = async (options: object) =>
      (await world.verify({ issuer: keycloak({ ...REALM, ...options }), audience: API }, token)).scopes;
    expect(await scopesWith({})).toEqual(['openid']);
    expect(await scopesWith({ realmRoles: true })).toEqual(['openid', 'offline_access', 'staff']);
    expect(await scopesWith({ clientRoles: 'orders-api' })).toEqual(['openid', 'orders:write']);
    const both = { clientRoles: ['orders-api', 'billing', 'unknown'], realmRoles: true };
    const roles = ['offline_access', 'staff', 'orders:write', 'bills:read'];
    expect(await scopesWith(both)).toEqual(['openid', ...roles]);
  });

  it.each([
    ['are missing', { realm_access: undefined, resource_access: undefined }],
    ['are null', { realm_access: null, resource_access: null }],
    ['are lists', { realm_access: ['staff'], resource_access: ['orders-api'] }],
    ['hold a text', { realm_access: { roles: 'staff' }, resource_access: { 'orders-api': 'staff' } }],
    ['name what every object has', { realm_access: {}, resource_access: { constructor: {} } }],
  ])('Keycloak: a token whose roles %s gives none, and its scopes all the same', async (_, claims) => {
    const issuer = keycloak({ ...REALM, realmRoles: true, clientRoles: ['orders-api', 'constructor', '__proto__'] });
    const rules = { issuer, audience: API };
    const good = changed(access, { scope: 'openid', realm_access: { roles: ['staff'] } });
    expect((await world.verify(rules, await world.sign(ISSUER, good))).scopes).toEqual(['openid', 'staff']);
    const token = await world.sign(ISSUER, changed(access, { scope: 'openid', ...claims }));
    expect((await world.verify(rules, token)).scopes).toEqual(['openid']);
  });

  it.each(foreign.map(({ kind, shape }) => [kind, shape] as const))(
    'Keycloak: refuses the %s, though it were meant for this server',
    async (_, shape) => {
      expect(await world.reason(RULES, await world.sign(ISSUER, access))).toBe('accepted');
      const aimed = changed(shape, { aud: API });
      expect(await world.reason(RULES, await world.sign(ISSUER, aimed))).toBe('token_type_not_allowed');
    },
  );

  it('Keycloak: refuses the refresh token as it is, signed with a secret of the realm by HS512', async () => {
    expect(await world.reason(RULES, await world.sign(ISSUER, access))).toBe('accepted');
    const claims = { iss: ISSUER, aud: ISSUER, typ: 'Refresh', iat: ISSUED_AT, exp: EXPIRES_AT, azp: 'web' };
    const token = signRawToken({
      header: JSON.stringify({ alg: 'HS512', typ: 'JWT', kid: 'rs256-1' }),
      payload: JSON.stringify(claims),
      key: createSecretKey(Buffer.alloc(64, 7)),
      algorithm: 'HS512',
    });
    expect(await world.reason(RULES, token)).toBe('algorithm_not_allowed');
  });

  it('Keycloak: refuses a token of another realm, and one for the account console alone', async () => {
    expect(await world.reason(RULES, await world.sign(ISSUER, access))).toBe('accepted');
    expect(await world.reason(RULES, await world.sign(OTHER_REALM, access))).toBe('issuer_not_trusted');
    const account = changed(access, { aud: 'account' });
    expect(await world.reason(RULES, await world.sign(ISSUER, account))).toBe('audience_mismatch');
  });

  it('Keycloak: takes another algorithm where the data is changed to say so', async () => {
    const token = await world.sign(ISSUER, access, 'ES256');
    expect(await world.reason(RULES, token)).toBe('algorithm_not_allowed');
    const issuer = { ...RULES.issuer, algorithms: ['ES256'] as const };
    expect(await world.reason({ issuer, audience: API }, token)).toBe('accepted');
  });

  const URL_FIX = "Give a URL such as 'https://login.example.com'.";
  it.each([
    ['nothing', undefined, 'keycloak', 'but is undefined.', 'Call keycloak({ url:'],
    ['no URL', { realm: 'shop' }, 'keycloak.url', 'is missing.', URL_FIX],
    ['a host name', { ...REALM, url: 'login.example.com' }, 'keycloak.url', 'is "login.example.com".', URL_FIX],
    ['a query', { ...REALM, url: 'https://login.example.com/?a' }, 'keycloak.url', '/?a"', URL_FIX],
    ['a fragment', { ...REALM, url: 'https://login.example.com/#' }, 'keycloak.url', '/#"', URL_FIX],
    ['upper case', { ...REALM, url: 'https://Login.example.com' }, 'keycloak.url', '"https://Login', URL_FIX],
    ['another scheme', { ...REALM, url: 'ftp://login.example.com' }, 'keycloak.url', '"ftp:', URL_FIX],
    ['a user name', { ...REALM, url: 'https://u:secret@login.example.com' }, 'keycloak.url', 'a user name', URL_FIX],
    ['no realm', { url: REALM.url }, 'keycloak.realm', 'is missing.', 'Give its name'],
    ['a realm with a space', { ...REALM, realm: 'my shop' }, 'keycloak.realm', '"my shop"', 'as it stands in its URL'],
    ['a path', { ...REALM, realm: 'realms/shop' }, 'keycloak.realm', '"realms/shop"', 'as it stands in its URL'],
    ['an empty list', { ...REALM, clientRoles: [] }, 'keycloak.clientRoles', 'is an empty', 'Give client ids'],
    ['a switch', { ...REALM, clientRoles: true }, 'keycloak.clientRoles', 'holds true.', 'Give client ids'],
    ['a text', { ...REALM, realmRoles: 'yes' }, 'keycloak.realmRoles', 'is "yes".', 'Give true or false.'],
    ['a misspelt name', { ...REALM, realmRole: true }, 'keycloak.realmRole', 'is not', 'Did you mean realmRoles?'],
  ])('refuses %s', async (_, given, option, told, fix) => {
    expect(() => keycloak({ ...REALM, clientRoles: 'orders-api', realmRoles: true })).not.toThrow();
    await expectMisuse(() => keycloak(given as never), { option, told, fix });
  });

  it('shows no password of a URL', () => {
    const url = 'https://u:secret@login.example.com';
    expect(() => keycloak({ ...REALM, url })).toThrow(/^(?!.*secret).*user name or password/);
  });
});
