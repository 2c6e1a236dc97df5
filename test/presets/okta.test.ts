import { beforeAll, describe, expect, it } from 'vitest';
import { okta } from '../../src/presets/index.js';
import { expectMisuse } from '../support/configuration-error.js';
import { changed, type Place, ProviderTestbed, seenOf, tokensOf } from '../support/provider-testbed.js';

const DOMAIN = 'dev-123.okta.com';
const { access, seen, foreign, issuer: ISSUER } = tokensOf('Okta');
const AUDIENCE = 'api://default';
const RULES = { issuer: okta({ domain: DOMAIN }), audience: AUDIENCE };
const SECOND_SERVER = 'https://dev-123.okta.com/oauth2/aus1a2b3c4d5';
const ORGANIZATION = 'https://dev-123.okta.com';

function placeOf(issuer: string): Place {
  const jwksUri = issuer === ORGANIZATION ? `${issuer}/oauth2/v1/keys` : `${issuer}/v1/keys`;
  return { issuer, metadataUrl: `${issuer}/.well-known/openid-configuration`, jwksUri };
}

let world: ProviderTestbed;
beforeAll(async () => {
  world = await ProviderTestbed.create(...[ISSUER, SECOND_SERVER, ORGANIZATION].map(placeOf));
});

describe('okta', () => {
  it('Okta: is data, with the issuer of a custom authorization server, and nobody can change it', () => {
    expect(RULES.issuer).toEqual({ issuer: ISSUER, algorithms: ['RS256'], scopesFrom: ['scp'] });
    expect([RULES.issuer, RULES.issuer.algorithms, RULES.issuer.scopesFrom].every(Object.isFrozen)).toBe(true);
    expect(okta({ domain: DOMAIN, authorizationServer: 'aus1a2b3c4d5' }).issuer).toBe(SECOND_SERVER);
    expect(okta({ domain: 'id.example.com' }).issuer).toBe('https://id.example.com/oauth2/default');
  });

  it('Okta: accepts an access token, whose scopes are a list in scp and whose client is in cid', async () => {
    expect(seenOf(await world.verify(RULES, await world.sign(ISSUER, access)))).toEqual(seen);
  });

  it.each(foreign.map(({ kind, shape }) => [kind, shape] as const))(
    'Okta: refuses the %s, though it were meant for this server',
    async (_, shape) => {
      expect(await world.reason(RULES, await world.sign(ISSUER, access))).toBe('accepted');
      const aimed = changed(shape, { aud: AUDIENCE });
      expect(await world.reason(RULES, await world.sign(ISSUER, aimed))).toBe('token_type_not_allowed');
    },
  );

  it('Okta: refuses tokens of another server of the organization, and for another audience', async () => {
    expect(await world.reason(RULES, await world.sign(ISSUER, access))).toBe('accepted');
    expect(await world.reason(RULES, await world.sign(SECOND_SERVER, access))).toBe('issuer_not_trusted');
    const other = changed(access, { aud: 'api://billing' });
    expect(await world.reason(RULES, await world.sign(ISSUER, other))).toBe('audience_mismatch');
  });

  it("Okta: refuses a token of the organization's own server, by its issuer and by its typ", async () => {
    expect(await world.reason(RULES, await world.sign(ISSUER, access))).toBe('accepted');
    const internal = { ...access, header: { typ: 'application/okta-internal-at+jwt' } };
    expect(await world.reason(RULES, await world.sign(ORGANIZATION, internal))).toBe('issuer_not_trusted');
    const rules = { ...RULES, issuer: { ...RULES.issuer, issuer: ORGANIZATION } };
    expect(await world.reason(rules, await world.sign(ORGANIZATION, access))).toBe('accepted');
    expect(await world.reason(rules, await world.sign(ORGANIZATION, internal))).toBe('token_type_not_allowed');
  });

  it('Okta: refuses an algorithm that Okta does not sign with, by a key that it has', async () => {
    expect(await world.reason(RULES, await world.sign(ISSUER, access, 'RS256'))).toBe('accepted');
    expect(await world.reason(RULES, await world.sign(ISSUER, access, 'ES256'))).toBe('algorithm_not_allowed');
  });

  const SERVER_FIX = 'Give the last part of its issuer URI';
  it.each([
    ['nothing', undefined, 'okta', 'but is undefined.', "Call okta({ domain: 'dev-123.okta.com' })."],
    ['no domain', {}, 'okta.domain', 'is missing.', 'Give the host name alone'],
    ['a URL', { domain: `https://${DOMAIN}` }, 'okta.domain', '"https://', 'Give the host name alone'],
    ['an issuer', { domain: `${DOMAIN}/oauth2/default` }, 'okta.domain', 'default"', 'Give the host name alone'],
    ['the admin console', { domain: 'dev-123-admin.okta.com' }, 'okta.domain', 'admin console', `Give '${DOMAIN}'.`],
    [
      'the admin console of a preview',
      { domain: 'acme-admin.oktapreview.com' },
      'okta.domain',
      'admin console',
      "Give 'acme.oktapreview.com'.",
    ],
    ['an empty server', { domain: DOMAIN, authorizationServer: '' }, 'okta.authorizationServer', 'empty', SERVER_FIX],
    ['a path', { domain: DOMAIN, authorizationServer: 'a/b' }, 'okta.authorizationServer', '"a/b"', SERVER_FIX],
    ['a number', { domain: DOMAIN, authorizationServer: 1 }, 'okta.authorizationServer', 'is 1.', SERVER_FIX],
    ['a misspelt name', { domain: DOMAIN, authorizationServers: 'x' }, 'okta.authorizationServers', 'not', 'Did you'],
  ])('refuses %s', async (_, given, option, told, fix) => {
    expect(() => okta({ domain: DOMAIN, authorizationServer: 'aus1a2b3c4d5' })).not.toThrow();
    await expectMisuse(() => okta(given as never), { option, told, fix });
  });
});
