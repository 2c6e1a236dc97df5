import { beforeAll, describe, expect, it } from 'vitest';
import { google } from '../../src/presets/index.js';
import { expectMisuse } from '../support/configuration-error.js';
import { changed, ProviderTestbed, seenOf } from '../support/provider-testbed.js';
import { AT_HASH, jwt, NONCE } from '../support/provider-tokens.js';

const ISSUER = 'https://accounts.google.com';
const API = 'https://orders.example.com';
const ACCOUNT = '113774264463038321964';
const EMAIL = 'caller@project.iam.gserviceaccount.com';
const RULES = { issuer: google({ clientIds: [ACCOUNT] }), audience: API };

// docs.cloud.google.com: authentication for Pub/Sub push subscriptions, JWT format.
const SERVICE = jwt({ aud: API, azp: ACCOUNT, email: EMAIL, email_verified: true, sub: ACCOUNT });

// developers.google.com: OpenID Connect, an ID token's payload.
const WEB_CLIENT = '1234987819200.apps.googleusercontent.com';
const USER_CLAIMS = { azp: WEB_CLIENT, aud: WEB_CLIENT, sub: '10769150350006150715113082367', email: 'a@example.com' };

let world: ProviderTestbed;
beforeAll(async () => {
  world = await ProviderTestbed.create({
    issuer: ISSUER,
    metadataUrl: 'https://accounts.google.com/.well-known/openid-configuration',
    jwksUri: 'https://www.googleapis.com/oauth2/v3/certs',
  });
});

describe('google', () => {
  it('Google: is data, with the accounts to accept, and nobody can change it', () => {
    expect(RULES.issuer).toEqual({ issuer: ISSUER, clientIds: [ACCOUNT], algorithms: ['RS256'] });
    expect([RULES.issuer, RULES.issuer.clientIds, RULES.issuer.algorithms].every(Object.isFrozen)).toBe(true);
  });

  it('Google: accepts the ID token of a service account, which has no scopes', async () => {
    const accessToken = await world.verify(RULES, await world.sign(ISSUER, SERVICE));
    expect(seenOf(accessToken)).toEqual({ subject: ACCOUNT, clientId: ACCOUNT, scopes: [], audience: [API] });
    expect(accessToken.claims['email']).toBe(EMAIL);
  });

  it('Google: accepts one with more about the machine, and one whose azp is an e-mail address', async () => {
    const machine = { google: { compute_engine: { instance_id: '152986662232938449', project_id: 'project' } } };
    expect(await world.reason(RULES, await world.sign(ISSUER, changed(SERVICE, machine)))).toBe('accepted');
    const token = await world.sign(ISSUER, changed(SERVICE, { azp: EMAIL }));
    expect(await world.reason(RULES, token)).toBe('client_not_allowed');
    const rules = { issuer: google({ clientIds: [ACCOUNT, EMAIL] }), audience: API };
    expect(await world.reason(rules, token)).toBe('accepted');
  });

  it('Google: refuses the account of a stranger, who can get a token for any audience', async () => {
    expect(await world.reason(RULES, await world.sign(ISSUER, SERVICE))).toBe('accepted');
    const stranger = changed(SERVICE, { azp: '100000000000000000001', sub: '100000000000000000001' });
    expect(await world.reason(RULES, await world.sign(ISSUER, stranger))).toBe('client_not_allowed');
  });

  it('Google: refuses a token for another service, and an algorithm that Google does not sign with', async () => {
    expect(await world.reason(RULES, await world.sign(ISSUER, SERVICE))).toBe('accepted');
    const other = changed(SERVICE, { aud: 'https://billing.example.com' });
    expect(await world.reason(RULES, await world.sign(ISSUER, other))).toBe('audience_mismatch');
    const token = await world.sign(ISSUER, SERVICE, 'ES256');
    expect(await world.reason(RULES, token)).toBe('algorithm_not_allowed');
  });

  it.each([
    ['with a nonce', { nonce: NONCE }],
    ['with a hash of the access token', { at_hash: AT_HASH }],
    ['with neither', {}],
  ])('Google: refuses the ID token of a user who signed in, %s, though its client were accepted', async (_, marks) => {
    const rules = { issuer: google({ clientIds: [WEB_CLIENT] }), audience: [WEB_CLIENT, API] };
    const service = jwt({ ...USER_CLAIMS, aud: API });
    expect(await world.reason(rules, await world.sign(ISSUER, service))).toBe('accepted');
    const user = jwt({ ...USER_CLAIMS, ...marks });
    expect(await world.reason(rules, await world.sign(ISSUER, user))).toBe('token_type_not_allowed');
  });

  it('Google: refuses an access token, which is opaque, and asks nobody about it', async () => {
    expect(await world.reason(RULES, await world.sign(ISSUER, SERVICE))).toBe('accepted');
    world.net.requests.length = 0;
    expect(await world.reason(RULES, 'ya29a0AfH6SMBx')).toBe('token_opaque');
    expect(world.net.requests).toEqual([]);
  });

  it.each([
    ['nothing', undefined, 'google', 'but is undefined.', 'Call google({ clientIds:'],
    ['no accounts', {}, 'google.clientIds', 'is missing.', 'anybody can get a token for any audience.'],
    ['an empty list', { clientIds: [] }, 'google.clientIds', 'is an empty list.', 'Give the unique ids'],
    ['a number', { clientIds: [113774] }, 'google.clientIds', 'holds 113774.', 'Give the unique ids'],
    ['an audience', { clientIds: [ACCOUNT], audience: API }, 'google.audience', 'is not an option.', 'Options are'],
  ])('refuses %s', async (_, given, option, told, fix) => {
    expect(() => google({ clientIds: [ACCOUNT] })).not.toThrow();
    await expectMisuse(() => google(given as never), { option, told, fix });
  });
});
