import { describe, expect, it } from 'vitest';
import { createVerifier, type IssuerOptions } from '../../src/index.js';
import * as presets from '../../src/presets/index.js';
import { expectMisuse } from '../support/configuration-error.js';
import { DocumentFetch } from '../support/document-fetch.js';
import { PRESET_SHAPES, type PresetShape } from '../support/preset-shapes.js';
import { changed, ProviderTestbed, seenOf, tokensOf } from '../support/provider-testbed.js';
import { type ForeignToken, ISSUED_AT, type TokenShape } from '../support/provider-tokens.js';
import { reasonOfCall } from '../support/reason-of.js';

const shapeOf = (name: string) => PRESET_SHAPES.find(({ provider }) => provider === name) as PresetShape;

/** Keys take long to make. Nothing changes a testbed. */
const worlds = new Map<string, Promise<ProviderTestbed>>();

function worldOf({ options, jwksUri }: PresetShape): Promise<ProviderTestbed> {
  const { issuer } = options;
  const metadataUrl = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const world = worlds.get(issuer) ?? ProviderTestbed.create({ issuer, metadataUrl, jwksUri });
  worlds.set(issuer, world);
  return world;
}

async function verify(shape: PresetShape, token: TokenShape = shape.access, rules: object = {}) {
  const world = await worldOf(shape);
  const text = await world.sign(shape.options.issuer, token, shape.algorithm);
  return world.verify({ issuer: shape.options, audience: shape.audience, ...rules }, text);
}

const ACCEPTED = PRESET_SHAPES;

describe.each(ACCEPTED.map((shape) => [shape.provider, shape] as const))('the preset of %s', (_, shape) => {
  it('is data that nobody can change', () => {
    const values = Object.values(shape.options).filter((value) => typeof value === 'object');
    expect(values.every(Object.isFrozen)).toBe(true);
  });

  it('accepts its tokens, and tells what they say', async () => {
    expect(seenOf(await verify(shape))).toEqual(shape.seen);
  });

  it('refuses them for another audience', async () => {
    const other = changed(shape.access, { aud: 'another audience' });
    expect(await reasonOfCall(verify(shape))).toBe('accepted');
    expect(await reasonOfCall(verify(shape, other))).toBe('audience_mismatch');
  });

  it('refuses an algorithm that it does not sign with', async () => {
    const world = await worldOf(shape);
    const { algorithms = [] } = shape.options;
    const rules = { issuer: shape.options, audience: shape.audience };
    for (const algorithm of ['RS256', 'ES256'] as const) {
      const isUsed = (algorithms as readonly string[]).includes(algorithm);
      const token = await world.sign(shape.options.issuer, shape.access, algorithm);
      expect(await world.reason(rules, token)).toBe(isUsed ? 'accepted' : 'algorithm_not_allowed');
    }
  });
});

describe('the presets, where they narrow or widen', () => {
  it('firebase, dex: ID tokens by their form are refused by presets for access tokens', async () => {
    const hydra = shapeOf('Ory Hydra');
    const { shape: idToken } = tokensOf('Ory Hydra').foreign[0] as ForeignToken;
    expect(await reasonOfCall(verify(hydra))).toBe('accepted');
    expect(await reasonOfCall(verify(hydra, changed(idToken, { aud: [hydra.audience] })))).toBe(
      'token_type_not_allowed',
    );
  });

  it('firebase: users of another project, and apps in place of users, are of another issuer or audience', () => {
    expect(presets.firebase({ projectId: 'acme-shop' })).toMatchObject({ audience: ['acme-shop'] });
    expect(presets.firebase({ appCheck: '1234' })).toMatchObject({
      issuer: 'https://firebaseappcheck.googleapis.com/1234',
      audience: ['projects/1234'],
    });
  });

  it.each([
    ['octo-org/octo-repo', 'accepted'],
    ['Octo-Org/Octo-Repo', 'accepted'],
    ['acme/anything', 'accepted'],
    ['octo-org/other', 'scopes_source_failed'],
    ['octo-org/octo-repo-fork', 'scopes_source_failed'],
    ['evil/octo-repo', 'scopes_source_failed'],
    ['acme-evil/anything', 'scopes_source_failed'],
    ['acme', 'scopes_source_failed'],
    [undefined, 'scopes_source_failed'],
    [['acme/anything'], 'scopes_source_failed'],
  ])('githubActions: a workflow of the repository %s is %s', async (repository, outcome) => {
    const shape = shapeOf('GitHub Actions');
    expect(await reasonOfCall(verify(shape, changed(shape.access, { repository })))).toBe(outcome);
  });

  it.each([
    ['dex', { ...presets.dex({ issuer: 'https://dex.example.com' }) }, undefined],
    ['kinde', { ...presets.kinde({ domain: 'acme.kinde.com' }) }, ['scp']],
    ['zitadel', { ...presets.zitadel({ domain: 'a.zitadel.cloud' }) }, ['scope']],
  ] as const)('%s: takes groups, permissions and roles for scopes on request alone', (_, made, sources) => {
    expect((made as IssuerOptions).scopesFrom).toEqual(sources);
  });

  it('zitadel: a claim of another form has no roles', async () => {
    const shape = shapeOf('ZITADEL');
    for (const roles of [undefined, null, 'clerk']) {
      const { scopes } = await verify(shape, changed(shape.access, { 'urn:zitadel:iam:org:project:roles': roles }));
      expect(scopes).toEqual([]);
    }
  });

  it('kubernetes: finds the keys by the metadata of a cluster whose issuer is public', async () => {
    const shape = shapeOf('Kubernetes');
    const issuer = 'https://oidc.eks.eu-central-1.amazonaws.com/id/0123456789ABCDEF';
    const eks = { ...shape, options: presets.kubernetes({ issuer }), jwksUri: `${issuer}/keys` };
    expect(await reasonOfCall(verify(eks))).toBe('accepted');
    expect(presets.kubernetes({}).issuer).toBe('https://kubernetes.default.svc.cluster.local');
  });

  it('hydra: opaque tokens are introspected at its admin API, without credentials', async () => {
    const net = new DocumentFetch();
    const endpoint = 'https://hydra-admin.internal/admin/oauth2/introspect';
    // ory.sh/docs/reference/api: introspectedOAuth2Token.
    net.documents.set(endpoint, {
      active: true,
      scope: 'openid orders',
      client_id: 'web',
      sub: 'alice',
      exp: ISSUED_AT + 3600,
      iat: ISSUED_AT,
      nbf: ISSUED_AT,
      aud: ['https://orders.example.com'],
      iss: 'https://hydra.example.com/',
      token_type: 'Bearer',
      ext: null,
    });
    const verifier = createVerifier({
      issuer: presets.hydra({ issuer: 'https://hydra.example.com/', adminUrl: 'https://hydra-admin.internal/' }),
      audience: 'https://orders.example.com',
      fetch: net.fetch,
      clock: () => ISSUED_AT * 1000,
    });
    expect(seenOf(await verifier.verify('ory_at_opaque'))).toEqual({
      subject: 'alice',
      clientId: 'web',
      scopes: ['openid', 'orders'],
      audience: ['https://orders.example.com'],
    });
    verifier.close();
  });
});

describe('the presets, misused', () => {
  it.each<[name: string, good: object, bad: unknown, option: string, told: string]>([
    ['googleIap', { audience: '/projects/1/apps/a' }, {}, 'audience', 'is missing.'],
    ['googleIap', { audience: '/projects/1/apps/a' }, { audience: 'https://a.example' }, 'audience', 'holds "https'],
    ['cloudflareAccess', { domain: 'a.cloudflareaccess.com' }, { domain: 'https://a' }, 'domain', 'is "https'],
    ['hydra', { issuer: 'https://a.example' }, { issuer: 'a' }, 'issuer', 'is "a".'],
    ['hydra', { issuer: 'https://a.example' }, { issuer: 'https://a.example', adminUrl: 1 }, 'adminUrl', 'is 1.'],
    [
      'authentik',
      { url: 'https://a.example', application: 'a' },
      { url: 'https://a.example', application: 'a/b' },
      'application',
      'is "a/b".',
    ],
    ['dex', { issuer: 'https://a.example' }, { issuer: 'https://a.example', groups: 'a' }, 'groups', 'is "a".'],
    ['adfs', { host: 'sts.example.com' }, { host: 'https://sts.example.com/adfs' }, 'host', 'is "https'],
    ['supabase', { url: 'https://a.supabase.co' }, { url: 'a' }, 'url', 'is "a".'],
    ['zitadel', { domain: 'a.zitadel.cloud' }, { domain: 'A' }, 'domain', 'is "A".'],
    ['kinde', { domain: 'a.kinde.com' }, { domain: 'a.kinde.com', permissions: 1 }, 'permissions', 'is 1.'],
    ['firebase', { projectId: 'acme-shop' }, { projectId: 'Acme' }, 'projectId', 'is "Acme".'],
    ['firebase', { appCheck: '1' }, { appCheck: 1 }, 'appCheck', 'is 1.'],
    ['firebase', { appCheck: '1' }, {}, '', 'names no project.'],
    ['firebase', { appCheck: '1' }, { appCheck: '1', projectId: 'acme-shop' }, '', 'has projectId and appCheck.'],
    ['kubernetes', {}, { issuer: 'kubernetes' }, 'issuer', 'is "kubernetes".'],
    ['githubActions', { repositories: 'a/b' }, {}, 'repositories', 'is missing.'],
    ['githubActions', { repositories: 'a/b' }, { repositories: '*' }, 'repositories', 'holds "*".'],
    ['githubActions', { repositories: 'a/b' }, { repositories: 'a/b/c' }, 'repositories', 'holds "a/b/c".'],
  ])('%s: %j passes, %j does not', async (name, good, bad, option, told) => {
    const preset = Object.entries(presets).find(([exported]) => exported === name)?.[1] as (options: never) => unknown;
    expect(() => preset(good as never)).not.toThrow();
    const path = option === '' ? name : `${name}.${option}`;
    await expectMisuse(() => preset(bad as never), { option: path, told, fix: '' });
  });
});
