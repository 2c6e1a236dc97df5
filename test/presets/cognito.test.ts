import { beforeAll, describe, expect, it } from 'vitest';
import { cognito } from '../../src/presets/index.js';
import { expectMisuse } from '../support/configuration-error.js';
import { changed, ProviderTestbed, seenOf, tokensOf } from '../support/provider-testbed.js';
import { untyped } from '../support/provider-tokens.js';

const { access, seen, foreign, issuer: ISSUER } = tokensOf('Amazon Cognito');
const CLIENT = seen.clientId as string;
const POOL = { userPoolId: 'us-east-1_example', clientIds: [CLIENT] };
const RULES = { issuer: cognito(POOL), audience: false as const };
const OTHER_POOL = 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_other';

let world: ProviderTestbed;
beforeAll(async () => {
  world = await ProviderTestbed.create(
    ...[ISSUER, OTHER_POOL].map((issuer) => ({
      issuer,
      metadataUrl: `${issuer}/.well-known/openid-configuration`,
      jwksUri: `${issuer}/.well-known/jwks.json`,
    })),
  );
});

describe('cognito', () => {
  it('Cognito: is data, with the issuer of the pool and clients in place of an audience', () => {
    expect(RULES.issuer).toEqual({
      issuer: 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_example',
      audience: false,
      clientIds: [CLIENT],
      algorithms: ['RS256'],
      scopesFrom: ['scope'],
    });
    const { clientIds, algorithms, scopesFrom } = RULES.issuer;
    expect([RULES.issuer, clientIds, algorithms, scopesFrom].every(Object.isFrozen)).toBe(true);
  });

  it.each([
    ['us-gov-west-1_aB3', 'https://cognito-idp.us-gov-west-1.amazonaws.com/us-gov-west-1_aB3'],
    ['ap-southeast-2_aB3', 'https://cognito-idp.ap-southeast-2.amazonaws.com/ap-southeast-2_aB3'],
    ['cn-north-1_aB3', 'https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_aB3'],
  ])('Cognito: finds the region of %s in its id', (userPoolId, issuer) => {
    expect(cognito({ ...POOL, userPoolId }).issuer).toBe(issuer);
  });

  it('Cognito: accepts an access token, which has no audience', async () => {
    expect(seenOf(await world.verify(RULES, await world.sign(ISSUER, access)))).toEqual(seen);
  });

  it('Cognito: goes beside an issuer whose tokens name an audience', async () => {
    const rules = { issuer: [RULES.issuer, { issuer: OTHER_POOL }], audience: 'https://orders.example.com' };
    expect(await world.reason(rules, await world.sign(ISSUER, access))).toBe('accepted');
    expect(await world.reason(rules, await world.sign(OTHER_POOL, access))).toBe('audience_mismatch');
  });

  it('Cognito: asks for an audience too where one is given, for tokens that are bound to a resource', async () => {
    const audience = 'https://orders.example.com';
    const rules = { issuer: { ...RULES.issuer, audience }, audience };
    const aimed = changed(access, { aud: audience });
    expect(await world.reason(rules, await world.sign(ISSUER, aimed))).toBe('accepted');
    expect(await world.reason(rules, await world.sign(ISSUER, access))).toBe('audience_mismatch');
  });

  it('Cognito: takes groups for scopes where it is told to, but for those that no scope can be', async () => {
    const shape = changed(access, { 'cognito:groups': ['admins', 'büro', 'orders"', 7] });
    const token = await world.sign(ISSUER, shape);
    const rules = { issuer: cognito({ ...POOL, groups: true }), audience: false as const };
    expect((await world.verify(rules, token)).scopes).toEqual([...seen.scopes, 'admins']);
    expect((await world.verify(RULES, token)).scopes).toEqual(seen.scopes);
    const none = await world.sign(ISSUER, changed(access, { 'cognito:groups': undefined }));
    expect((await world.verify(rules, none)).scopes).toEqual(seen.scopes);
  });

  it.each(foreign.map(({ kind, shape }) => [kind, shape] as const))(
    'Cognito: refuses the %s of the same client',
    async (_, shape) => {
      expect(await world.reason(RULES, await world.sign(ISSUER, access))).toBe('accepted');
      expect(await world.reason(RULES, await world.sign(ISSUER, shape))).toBe('token_type_not_allowed');
      const named = changed(shape, { client_id: CLIENT });
      expect(await world.reason(RULES, await world.sign(ISSUER, named))).toBe('token_type_not_allowed');
    },
  );

  it('cognito-local: refuses a refresh token that is a JWT and says nothing of itself', async () => {
    const jti = '4d0f0a4e-refresh';
    const named = { username: 'alice', jti, client_id: CLIENT };
    expect(await world.reason(RULES, await world.sign(ISSUER, untyped(named)))).toBe('accepted');
    const refresh = untyped({ username: 'alice', jti });
    expect(await world.reason(RULES, await world.sign(ISSUER, refresh))).toBe('client_not_allowed');
  });

  it('Cognito: refuses a token of another pool and of another client', async () => {
    expect(await world.reason(RULES, await world.sign(ISSUER, access))).toBe('accepted');
    expect(await world.reason(RULES, await world.sign(OTHER_POOL, access))).toBe('issuer_not_trusted');
    const other = changed(access, { client_id: '2example23456789' });
    expect(await world.reason(RULES, await world.sign(ISSUER, other))).toBe('client_not_allowed');
  });

  it('Cognito: refuses an algorithm that Cognito does not sign with, by a key that it has', async () => {
    expect(await world.reason(RULES, await world.sign(ISSUER, access, 'RS256'))).toBe('accepted');
    expect(await world.reason(RULES, await world.sign(ISSUER, access, 'ES256'))).toBe('algorithm_not_allowed');
  });

  it.each([
    ['nothing', undefined, 'cognito', 'but is undefined.', 'Call cognito({ userPoolId:'],
    ['no pool', { clientIds: [CLIENT] }, 'cognito.userPoolId', 'is missing.', 'Give the user pool ID'],
    ['a pool without its region', { ...POOL, userPoolId: 'example' }, 'cognito.userPoolId', '"example"', 'its region'],
    ['an identity pool', { ...POOL, userPoolId: 'us-east-1:1a-2b' }, 'cognito.userPoolId', '"us-', 'its region'],
    ['a pool that is a path', { ...POOL, userPoolId: 'us-east-1_a/b' }, 'cognito.userPoolId', '"us-', 'its region'],
    ['no clients', { userPoolId: POOL.userPoolId }, 'cognito.clientIds', 'is missing.', 'Give the ids of the app'],
    ['an empty list', { ...POOL, clientIds: [] }, 'cognito.clientIds', 'is an empty list.', 'Give the ids of the app'],
    [
      'an empty client',
      { ...POOL, clientIds: [''] },
      'cognito.clientIds',
      'an empty string',
      'Give the ids of the app',
    ],
    ['a misspelt name', { ...POOL, clientId: CLIENT }, 'cognito.clientId', 'is not an option.', 'mean clientIds?'],
    ['a region of its own', { ...POOL, region: 'us-east-1' }, 'cognito.region', 'is not an option.', 'Options are:'],
    ['a list of groups', { ...POOL, groups: ['a'] }, 'cognito.groups', 'is an array.', 'Give true or false.'],
  ])('refuses %s', async (_, given, option, told, fix) => {
    expect(() => cognito({ ...POOL, groups: true })).not.toThrow();
    await expectMisuse(() => cognito(given as never), { option, told, fix });
  });
});
