import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import express from 'express';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { parseGuardOptions } from '../../src/adapters/express/guard-options.js';
import { ConfigurationError, createGuard, createScopeRecorder, createVerifier, isRefusal } from '../../src/index.js';
import { parseIntrospection } from '../../src/issuer/introspection-options.js';
import { parseIssuerOptions } from '../../src/issuer/issuer-options.js';
import { parsePolicy } from '../../src/policy/policy.js';
import * as presets from '../../src/presets/index.js';
import { createTestIssuer } from '../../src/testing/index.js';
import { parseVerifierOptions } from '../../src/verifier/options.js';
import { GOOD_JWKS } from '../support/bad-keys.js';
import { expectMisuse, ISSUER } from '../support/configuration-error.js';
import { covers } from '../support/covers.js';
import { issuerRules } from '../support/issuer-rules.js';
import { listen } from '../support/listen.js';
import { OPTION_FORMS, withUnknownName } from '../support/option-forms.js';
import { sendRaw } from '../support/raw-http.js';
import { reasonOfCall } from '../support/reason-of.js';

const AUDIENCE = 'https://api.example.com';
const SECRET = 'x'.repeat(64);
const privateKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
const PUBLIC_JWK = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
const SNAPSHOT = { version: 1, issuers: { [ISSUER]: { fetchedAt: 1, keys: GOOD_JWKS.keys } } };

/** One object of options, and what shows that its members count. */
interface Entry {
  readonly what: string;
  /** What it does without the options under test, which must be something else. */
  readonly without: object;
  readonly options: object;
  readonly effect: (options: never) => unknown;
  /** The path of an unknown name; undefined where names of any kind may stand. */
  readonly path?: string;
}

const verifierWith = (changes: object) => parseVerifierOptions({ issuer: ISSUER, audience: AUDIENCE, ...changes });
const issuerWith = (options: unknown) => parseIssuerOptions(options, 'issuer', issuerRules());

/** A verifier of a test issuer, and a good token for it. */
async function open() {
  const issuer = await createTestIssuer();
  const verifier = createVerifier(issuer.verifierOptions);
  onTestFinished(() => verifier.close());
  return { issuer, verifier, token: await issuer.token({ scope: 'read' }) };
}

const keyed = async (changes: object) => {
  const schema = verifierWith(changes).schema?.['~standard'];
  return [schema?.version, schema?.vendor, await schema?.validate({ tenant: 'a', x: 1 })];
};

const ENTRIES: readonly Entry[] = [
  {
    what: 'createVerifier',
    without: { issuer: ISSUER, audience: AUDIENCE },
    options: {
      issuer: ISSUER,
      audience: 'https://other.example.com',
      clockToleranceSeconds: 7,
      maxTokenBytes: 300,
      tokenCache: false,
      keys: { maxAgeSeconds: 1 },
      snapshot: SNAPSHOT,
      fetch: globalThis.fetch.bind(undefined),
      clock: () => 5,
      algorithms: ['ES256'],
      profile: 'rfc9068',
      scopesFrom: ['roles'],
      clientIds: ['web'],
      maxTokenAgeSeconds: 9,
      requireKid: true,
      dangerouslyAllowInsecureHttp: true,
    },
    effect: parseVerifierOptions,
    path: '',
  },
  { what: 'keys', without: {}, options: { refetchBurst: 7 }, effect: (keys) => verifierWith({ keys }), path: 'keys.' },
  {
    what: 'tokenCache',
    without: {},
    options: { max: 7 },
    effect: (tokenCache) => verifierWith({ tokenCache }),
    path: 'tokenCache.',
  },
  {
    what: 'snapshot',
    without: { version: 1, issuers: {} },
    options: SNAPSHOT,
    effect: (snapshot) => verifierWith({ snapshot }).snapshot,
  },
  {
    what: 'a JWK as publicKey',
    without: GOOD_JWKS.keys[0] as object,
    options: { ...PUBLIC_JWK, kid: 'a' },
    effect: (publicKey) => issuerWith({ issuer: ISSUER, publicKey }),
  },
  {
    what: 'issuers of a snapshot',
    without: {},
    options: SNAPSHOT.issuers,
    effect: (issuers) => verifierWith({ snapshot: { version: 1, issuers } }).snapshot,
  },
  {
    what: 'the keys of one issuer in a snapshot',
    without: { fetchedAt: 1, keys: [] },
    options: { fetchedAt: 2, keys: GOOD_JWKS.keys },
    effect: (keys) => verifierWith({ snapshot: { version: 1, issuers: { a: keys } } }).snapshot,
  },
  {
    what: 'claims',
    without: { '~standard': z.object({})['~standard'] },
    options: { '~standard': z.object({ tenant: z.string() })['~standard'] },
    effect: (claims) => keyed({ claims }),
  },
  {
    what: 'an issuer that is discovered',
    without: { issuer: ISSUER },
    options: {
      issuer: ISSUER,
      audience: ['a'],
      metadataUrl: `${ISSUER}/metadata`,
      algorithms: ['ES256'],
      profile: 'rfc9068',
      scopesFrom: ['roles'],
      clientIds: ['web'],
      maxTokenAgeSeconds: 9,
      requireKid: true,
      dangerouslyAllowInsecureHttp: true,
      dangerouslyAcceptAnyTokenKind: true,
      introspection: { bearerToken: 'abc' },
    },
    effect: issuerWith,
    path: 'issuer.',
  },
  {
    what: 'a place of tokens',
    without: { cookie: 'a' },
    options: { cookie: 'b' },
    effect: (place) => parseGuardOptions({ extraTokenLocations: [place] }, ['a']).requirements.extraTokenLocations,
    path: 'extraTokenLocations[0].',
  },
  {
    what: 'an issuer without audience and client',
    without: { issuer: ISSUER },
    options: { issuer: ISSUER, dangerouslyAcceptAnyAudience: true },
    effect: issuerWith,
    path: 'issuer.',
  },
  {
    what: 'an issuer with jwksUri',
    without: { issuer: ISSUER },
    options: { issuer: ISSUER, jwksUri: `${ISSUER}/jwks` },
    effect: issuerWith,
    path: 'issuer.',
  },
  {
    what: 'an issuer with a secret',
    without: { issuer: 'legacy', secret: SECRET, algorithms: ['HS512'] },
    options: { issuer: 'legacy', secret: SECRET, algorithms: ['HS256'] },
    effect: issuerWith,
    path: 'issuer.',
  },
  {
    what: 'one issuer of a list',
    without: { issuer: ISSUER },
    options: { issuer: ISSUER, audience: 'a' },
    effect: (issuer) => verifierWith({ issuer: [`${ISSUER}/b`, issuer] }).issuers,
    path: 'issuer[1].',
  },
  {
    what: 'what a resolver gives',
    without: { issuer: ISSUER },
    options: { issuer: ISSUER, audience: 'a' },
    effect: (options) => {
      const { issuers } = verifierWith({ issuer: async () => options });
      return (issuers as (iss: string) => Promise<unknown>)(ISSUER);
    },
    path: 'issuer.',
  },
  {
    what: 'jwks',
    without: { keys: [{ ...GOOD_JWKS.keys[0], kid: 'other' }] },
    options: GOOD_JWKS,
    effect: (jwks) => issuerWith({ issuer: ISSUER, jwks }),
  },
  {
    what: 'a key of jwks',
    without: { ...GOOD_JWKS.keys[0], kid: 'other' },
    options: { ...GOOD_JWKS.keys[0], kid: 'a', use: 'sig', key_ops: ['verify'], alg: 'ES256' },
    effect: (key) => issuerWith({ issuer: ISSUER, jwks: { keys: [key] } }),
  },
  {
    what: 'introspection',
    without: { clientId: 'a', clientSecret: 'b' },
    options: {
      endpoint: ISSUER,
      jwt: true,
      signed: true,
      ignoreExp: true,
      cacheSeconds: 1,
      cacheMax: 2,
      maxInFlight: 3,
      timeoutSeconds: 4,
      sourceOf: () => 'a',
      authMethod: 'client_secret_post',
      clientId: 'a',
      clientSecret: 'b',
    },
    effect: (options) => parseIntrospection(options, 'introspection', false),
    path: 'introspection.',
  },
  {
    what: 'introspection with a key',
    without: { clientId: 'a', privateKey },
    options: { clientId: 'a', privateKey, algorithm: 'ES256', keyId: 'b', authMethod: 'private_key_jwt' },
    effect: (options) => keyless(parseIntrospection(options, 'introspection', false)),
    path: 'introspection.',
  },
  {
    what: 'the privateKey of introspection',
    without: privateKey,
    options: { ...privateKey, kid: 'a', alg: 'ES256' },
    effect: (key) => keyless(parseIntrospection({ clientId: 'a', privateKey: key }, 'introspection', false)),
  },
  {
    what: 'createGuard',
    without: {},
    options: { audience: 'a', realm: 'b', extraTokenLocations: ['query'], errors: 'next', onRefusal: () => {} },
    effect: (options) => parseGuardOptions(options, [AUDIENCE]),
    path: '',
  },
  {
    what: 'verifier.verify',
    without: {},
    options: { audience: 'https://other.test', policy: 'orders:read' },
    effect: async (options) => {
      const { verifier, token } = await open();
      return reasonOfCall(verifier.verify(token, options));
    },
    path: '',
  },
  {
    what: 'verifier.authenticate',
    without: {},
    options: { policy: 'write' },
    effect: async (options) => {
      const { verifier, token } = await open();
      return reasonOfCall(verifier.authenticate({ headers: { authorization: `Bearer ${token}` } }, options));
    },
    path: '',
  },
  {
    what: 'verifier.authenticate, with a realm and other places of tokens',
    without: {},
    options: { realm: 'orders', extraTokenLocations: ['query'], audience: 'https://other.test' },
    effect: async (options) => {
      const { verifier, token } = await open();
      const request = { url: `/?access_token=${token}`, headers: {} };
      return refusalOf(verifier.authenticate(request, options));
    },
    path: '',
  },
  {
    what: 'verifier.userInfo',
    without: { signal: AbortSignal.abort('later') },
    options: { signal: AbortSignal.abort('now') },
    effect: async (options) => {
      const { verifier, token } = await open();
      return refusalOf(verifier.userInfo(await verifier.verify(token), options));
    },
    path: '',
  },
  {
    what: 'verifier.ready',
    without: { timeoutSeconds: 0.02 },
    options: { timeoutSeconds: 0.01 },
    effect: async (options) => {
      const { issuer, verifier } = await open();
      await issuer.outage('hang');
      return refusalOf(verifier.ready(options));
    },
    path: '',
  },
  {
    what: 'createScopeRecorder',
    without: {},
    options: { maxClients: 1 },
    effect: async (options) => {
      const { issuer, verifier } = await open();
      const recorder = createScopeRecorder(options);
      for (const clientId of ['a', 'b']) {
        const authorization = `Bearer ${await issuer.token({ clientId })}`;
        await verifier.authenticate({ headers: { authorization } });
      }
      recorder.close();
      return recorder.report().length;
    },
    path: '',
  },
  {
    what: 'createTestIssuer',
    without: {},
    options: { algorithms: ['ES384'], issuer: 'https://a.test', audience: 'b', startAt: 5 },
    effect: async (options) => {
      const { issuer, audience, jwks, now } = await createTestIssuer(options);
      return [issuer, audience, jwks.keys[0]?.alg, jwks.keys.length, now() === 5];
    },
    path: '',
  },
  {
    what: 'createTestIssuer with a network',
    without: { network: true },
    options: { network: true, path: '/tenant1' },
    effect: async (options) => {
      const issuer = await createTestIssuer(options);
      onTestFinished(() => issuer.close());
      return new URL(issuer.issuer).pathname;
    },
    path: '',
  },
  {
    what: 'a token of createTestIssuer',
    without: {},
    options: { scope: 'a', audience: 'b', subject: 'c', clientId: 'd', expiresInSeconds: 5, claims: { e: 1 } },
    effect: async (options) => claimsOf(await tokenWith(options)),
    path: '',
  },
  {
    what: 'the claims of a token of createTestIssuer',
    without: {},
    options: { tenant: 'a', sub: undefined },
    effect: async (claims) => claimsOf(await tokenWith({ claims })),
  },
  {
    what: 'the header of a token of createTestIssuer',
    without: {},
    options: { typ: 'JWT', kid: undefined },
    effect: async (header) => decodeProtectedHeader(await tokenWith({ header })),
  },
  {
    what: 'auth0',
    without: { domain: 'a.auth0.com' },
    options: { domain: 'a.auth0.com', permissions: true },
    effect: presets.auth0,
    path: 'auth0.',
  },
  {
    what: 'cognito',
    without: { userPoolId: 'eu-central-1_A', clientIds: ['a'] },
    options: { userPoolId: 'eu-central-1_A', clientIds: ['a'], groups: true },
    effect: presets.cognito,
    path: 'cognito.',
  },
  {
    what: 'djangoOAuthToolkit',
    without: { issuer: ISSUER, clientIds: ['a'] },
    options: {
      issuer: ISSUER,
      clientIds: ['a'],
      introspection: { bearerToken: 'b' },
      oidc: false,
      naiveTimeZone: true,
    },
    effect: presets.djangoOAuthToolkit,
    path: 'djangoOAuthToolkit.',
  },
  {
    what: 'djangoOidcProvider',
    without: { issuer: ISSUER, clientIds: ['a'], introspection: { clientId: 'a', clientSecret: 'b' } },
    options: { issuer: `${ISSUER}/b`, clientIds: ['b'], introspection: { clientId: 'c', clientSecret: 'd' } },
    effect: presets.djangoOidcProvider,
    path: 'djangoOidcProvider.',
  },
  {
    what: 'introspection of djangoOAuthToolkit',
    without: { clientId: 'a', clientSecret: 'b' },
    options: { clientId: 'a', clientSecret: 'b', cacheSeconds: 1, ignoreExp: true },
    effect: (introspection) => presets.djangoOAuthToolkit({ issuer: ISSUER, clientIds: ['a'], introspection }),
    path: 'djangoOAuthToolkit.introspection.',
  },
  {
    what: 'googleIap',
    without: { audience: '/projects/1/apps/a' },
    options: { audience: '/projects/1/apps/b' },
    effect: presets.googleIap,
    path: 'googleIap.',
  },
  {
    what: 'cloudflareAccess',
    without: { domain: 'a.example' },
    options: { domain: 'b.example' },
    effect: presets.cloudflareAccess,
    path: 'cloudflareAccess.',
  },
  {
    what: 'hydra',
    without: { issuer: ISSUER },
    options: { issuer: `${ISSUER}/b`, adminUrl: ISSUER },
    effect: presets.hydra,
    path: 'hydra.',
  },
  {
    what: 'authentik',
    without: { url: ISSUER, application: 'a' },
    options: { url: `${ISSUER}/b`, application: 'b' },
    effect: presets.authentik,
    path: 'authentik.',
  },
  {
    what: 'dex',
    without: { issuer: ISSUER },
    options: { issuer: `${ISSUER}/b`, groups: true },
    effect: presets.dex,
    path: 'dex.',
  },
  {
    what: 'adfs',
    without: { host: 'a.example' },
    options: { host: 'b.example' },
    effect: presets.adfs,
    path: 'adfs.',
  },
  {
    what: 'supabase',
    without: { url: ISSUER },
    options: { url: `${ISSUER}/b` },
    effect: presets.supabase,
    path: 'supabase.',
  },
  {
    what: 'zitadel',
    without: { domain: 'a.example' },
    options: { domain: 'b.example', roles: true },
    effect: presets.zitadel,
    path: 'zitadel.',
  },
  {
    what: 'kinde',
    without: { domain: 'a.example' },
    options: { domain: 'b.example', permissions: true },
    effect: presets.kinde,
    path: 'kinde.',
  },
  {
    what: 'firebase',
    without: { projectId: 'acme-shop' },
    options: { projectId: 'acme-other' },
    effect: presets.firebase,
    path: 'firebase.',
  },
  {
    what: 'kubernetes',
    without: {},
    options: { issuer: `${ISSUER}/b`, jwksUri: ISSUER },
    effect: presets.kubernetes,
    path: 'kubernetes.',
  },
  {
    what: 'entra',
    without: { tenants: '72f988bf-86f1-41af-91ab-2d7cd011db47' },
    options: { tenants: '72f988bf-86f1-41af-91ab-2d7cd011db47', version: '2.0', roles: false },
    effect: presets.entra,
    path: 'entra.',
  },
  {
    what: 'google',
    without: { clientIds: ['a'] },
    options: { clientIds: ['b'] },
    effect: presets.google,
    path: 'google.',
  },
  {
    what: 'keycloak',
    without: { url: ISSUER, realm: 'a' },
    options: { url: ISSUER, realm: 'a', realmRoles: true, clientRoles: ['b'] },
    effect: (options) => presets.keycloak(options).scopesFrom?.length,
    path: 'keycloak.',
  },
  {
    what: 'okta',
    without: { domain: 'a.okta.com' },
    options: { domain: 'a.okta.com', authorizationServer: 'b' },
    effect: presets.okta,
    path: 'okta.',
  },
  {
    what: 'a policy of one scope',
    without: { scope: 'a' },
    options: { scope: 'b' },
    effect: (policy) => parsePolicy(policy, 'policy'),
  },
  {
    what: 'a policy of several',
    without: { all: ['a'] },
    options: { any: ['a', 'b'] },
    effect: (policy) => parsePolicy(policy, 'policy'),
  },
  {
    what: 'a policy about a claim',
    without: { claim: ['a'], equals: 1 },
    options: { claim: ['a'], includes: 1 },
    effect: (policy) => parsePolicy(policy, 'policy'),
  },
];

/** Leaves out the key object, of which each parse makes another. */
function keyless({ credentials, ...config }: ReturnType<typeof parseIntrospection>): object {
  return { ...config, credentials: { ...credentials, key: undefined } };
}

/** What a call rejects with, unless that is a mistake in the program. */
async function refusalOf(call: Promise<unknown>): Promise<unknown> {
  return call.catch((error) => {
    if (error instanceof ConfigurationError) throw error;
    return isRefusal(error) ? [error.reason, error.headers, error.detail] : error;
  });
}

async function tokenWith(options: object): Promise<string> {
  return (await createTestIssuer({ startAt: 1_800_000_000_000 })).token(options);
}

function claimsOf(token: string): object {
  return { ...decodeJwt(token), jti: undefined };
}

describe.each(ENTRIES.map((entry) => [entry.what, entry] as const))('%s', (_, entry) => {
  covers('E16');
  const { without, options, path } = entry;
  const effect = entry.effect as (options: object) => unknown;

  it('counts, given by a plain object', async () => {
    expect(await effect(options)).not.toEqual(await effect(without));
  });

  it.each(OPTION_FORMS)('means the same given %s', async (_form, form) => {
    expect(await effect(form(options))).toEqual(await effect(options));
  });

  it.runIf(path !== undefined)('refuses a name that it does not know, inherited from a class', async () => {
    const misuse = { option: `${path}unheardOf`, told: 'is not an option.', fix: 'Options are: ' };
    await expectMisuse(async () => effect(withUnknownName(options, 'unheardOf')), misuse);
  });
});

describe('a policy', () => {
  it('is refused with a member that it does not know, inherited from a class', async () => {
    const misuse = { option: 'policy', told: 'is an object with the members scope unheardOf.', fix: 'Give a scope' };
    await expectMisuse(() => parsePolicy(withUnknownName({ scope: 'a' }, 'unheardOf'), 'policy'), misuse);
  });
});

describe('createGuard with an audience that comes by a getter of a class', () => {
  it.each(OPTION_FORMS)('refuses a token for another API (%s)', async (_, form) => {
    const issuer = await createTestIssuer({ audience: 'https://orders' });
    const verifier = createVerifier(issuer.verifierOptions);
    const guard = createGuard(verifier, form({ audience: 'https://billing' }));
    const app = express().get('/', guard(), (_req, res) => void res.end());
    const server = await listen(createServer(app));
    onTestFinished(async () => {
      await server.close();
      verifier.close();
    });

    const statusFor = async (audience: string) => {
      const { status } = await sendRaw(server.port, {
        lines: [`Authorization: Bearer ${await issuer.token({ audience })}`],
      });
      return status;
    };
    expect(await statusFor('https://billing')).toBe(200);
    expect(await statusFor('https://orders')).toBe(401);
  });
});
