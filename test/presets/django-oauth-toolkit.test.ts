import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createVerifier, type IssuerOptions, type Verifier } from '../../src/index.js';
import { type DjangoOAuthToolkitOptions, djangoOAuthToolkit } from '../../src/presets/index.js';
import { createTestIssuer, type TestIssuer } from '../../src/testing/index.js';
import { expectMisuse } from '../support/configuration-error.js';
import { covers } from '../support/covers.js';
import { LoopbackServer } from '../support/loopback-server.js';
import { changed, tokensOf } from '../support/provider-testbed.js';
import { ISSUED_AT, jwt, type TokenShape } from '../support/provider-tokens.js';
import { reasonOfCall } from '../support/reason-of.js';

const SVC = { scope: 'read write', client_id: 'svc' };
const OPAQUE = '5gR9wKAb8cccdGDQD3mFQWWBcwHTa8';
const BASIC = `Basic ${Buffer.from('rs:rs-secret').toString('base64')}`;
const CREDENTIALS = { clientId: 'rs', clientSecret: 'rs-secret' };
const SHAPES = tokensOf('Django OAuth Toolkit');

/** Answers as Django OAuth Toolkit 1.7 was seen to: metadata and introspection under URLs that end with a slash. */
const server = await LoopbackServer.start();
/** What introspection says of each token that is active. */
const active = new Map<string, object>();
let issuer: TestIssuer;

beforeAll(async () => {
  server.answer = (req, res) => void answer(req, res);
  issuer = await createTestIssuer({
    issuer: `${server.origin}/o`,
    algorithms: ['RS256'],
    startAt: ISSUED_AT * 1000,
  });
});
afterAll(() => server.close());
beforeEach(() => {
  server.paths.length = 0;
  active.clear();
  active.set(OPAQUE, { ...SVC, exp: ISSUED_AT + 3600 });
});

async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const path = req.url ?? '';
  const json = (body: unknown) => {
    res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  if (path === '/o/.well-known/openid-configuration/') {
    json({ issuer: issuer.issuer, jwks_uri: `${server.origin}/o/.well-known/jwks.json` });
  } else if (path === '/o/.well-known/jwks.json') json(issuer.jwks);
  else if (path === '/o/introspect/' && req.method === 'POST') {
    const token = new URLSearchParams(await text(req)).get('token') ?? '';
    const said = active.get(token);
    if (req.headers.authorization !== BASIC) res.writeHead(403, { 'content-type': 'text/html' }).end();
    else json(said === undefined ? { active: false } : { active: true, ...said });
  } else if (['/o/.well-known/openid-configuration', '/o/introspect'].includes(path)) {
    res.writeHead(301, { location: `${path}/` }).end();
  } else res.writeHead(404).end();
  await once(res, 'close');
}

function optionsWith(changes: Partial<DjangoOAuthToolkitOptions> = {}): DjangoOAuthToolkitOptions {
  return { issuer: `${server.origin}/o`, introspection: CREDENTIALS, clientIds: ['svc'], ...changes };
}

function verifierOf(options: IssuerOptions): Verifier {
  const verifier = createVerifier({
    issuer: options,
    audience: false,
    clock: issuer.now,
    dangerouslyAllowInsecureHttp: true,
  });
  onTestFinished(() => verifier.close());
  return verifier;
}

function reasonWith(options: IssuerOptions, token: string): Promise<string> {
  return reasonOfCall(verifierOf(options).verify(token));
}

/** Signs a JWT as oauthlib does it: without kid. */
function sign({ claims, header }: TokenShape): Promise<string> {
  const nothing = { sub: undefined, aud: undefined, client_id: undefined, jti: undefined };
  return issuer.token({ header: { typ: undefined, ...header }, claims: { ...nothing, ...claims } });
}

const JWT_ACCESS = changed(SHAPES.access, { aud: undefined });

describe('djangoOAuthToolkit', () => {
  it('Django OAuth Toolkit: is data, with URLs that end with a slash, and nobody can change it', () => {
    const made = djangoOAuthToolkit({ ...optionsWith(), issuer: 'https://login.example.com/o' });
    expect(made).toEqual({
      issuer: 'https://login.example.com/o',
      metadataUrl: 'https://login.example.com/o/.well-known/openid-configuration/',
      introspection: { ...CREDENTIALS, endpoint: 'https://login.example.com/o/introspect/' },
      audience: false,
      clientIds: ['svc'],
      algorithms: ['RS256'],
      scopesFrom: ['scope'],
    });
    const { introspection, clientIds, algorithms, scopesFrom } = made;
    expect([made, introspection, clientIds, algorithms, scopesFrom].every(Object.isFrozen)).toBe(true);
  });

  it('Django OAuth Toolkit: keeps the slash of an issuer that has one, and doubles none', () => {
    const made = djangoOAuthToolkit({ ...optionsWith(), issuer: 'https://login.example.com/o/' });
    expect(made).toMatchObject({
      issuer: 'https://login.example.com/o/',
      metadataUrl: 'https://login.example.com/o/.well-known/openid-configuration/',
      introspection: { endpoint: 'https://login.example.com/o/introspect/' },
    });
  });

  it('Django OAuth Toolkit: accepts an opaque token by one question to the endpoint', async () => {
    covers('J6');
    const { clientId, scopes, audience } = await verifierOf(djangoOAuthToolkit(optionsWith())).verify(OPAQUE);
    expect({ clientId, scopes, audience }).toEqual({ clientId: 'svc', scopes: ['read', 'write'], audience: [] });
    expect(server.paths).toEqual(['/o/introspect/']);
  });

  it('Django OAuth Toolkit: refuses what it does not know, refresh tokens too, and other applications', async () => {
    const options = djangoOAuthToolkit(optionsWith());
    expect(await reasonWith(options, OPAQUE)).toBe('accepted');
    expect(await reasonWith(options, 'refreshTokenOrUnknownOrExpired')).toBe('token_inactive');
    active.set(OPAQUE, { ...SVC, exp: ISSUED_AT + 3600, client_id: 'web' });
    expect(await reasonWith(options, OPAQUE)).toBe('client_not_allowed');
  });

  it('Django OAuth Toolkit: wrong credentials, and a URL without its slash, are 503 and not the fault of a token', async () => {
    expect(await reasonWith(djangoOAuthToolkit(optionsWith()), OPAQUE)).toBe('accepted');
    const reasonFor = (introspection: DjangoOAuthToolkitOptions['introspection']) =>
      reasonWith(djangoOAuthToolkit(optionsWith({ introspection: introspection as never })), OPAQUE);
    const wrong = { ...CREDENTIALS, clientSecret: 'wrong' };
    expect(await reasonFor(wrong)).toBe('introspection_unavailable');
    const endpoint = `${server.origin}/o/introspect`;
    expect(await reasonFor({ ...CREDENTIALS, endpoint })).toBe('introspection_unavailable');
    expect(server.paths.at(-1)).toBe('/o/introspect');
  });

  it('Django OAuth Toolkit: with USE_TZ = False an exp of hours ago counts, unless the option says so', async () => {
    active.set(OPAQUE, { ...SVC, exp: ISSUED_AT + 3600 - 4 * 3600 });
    expect(await reasonWith(djangoOAuthToolkit(optionsWith({ naiveTimeZone: true })), OPAQUE)).toBe('accepted');
    expect(await reasonWith(djangoOAuthToolkit(optionsWith()), OPAQUE)).toBe('token_expired');
    const given = { ...CREDENTIALS, ignoreExp: true };
    expect(await reasonWith(djangoOAuthToolkit(optionsWith({ introspection: given })), OPAQUE)).toBe('accepted');
  });

  it('Django OAuth Toolkit: accepts a JWT of its own by the keys of its metadata, which has a slash', async () => {
    const token = await sign(JWT_ACCESS);
    const { clientId, scopes } = await verifierOf(djangoOAuthToolkit(optionsWith())).verify(token);
    expect({ clientId, scopes }).toEqual({ clientId: 'svc', scopes: ['read', 'write'] });
    expect(server.paths).toEqual(['/o/.well-known/openid-configuration/', '/o/.well-known/jwks.json']);
    const plain = { issuer: issuer.issuer, audience: false as const, clientIds: ['svc'] };
    expect(await reasonWith(plain, token)).toBe('metadata_unavailable');
  });

  it('Django OAuth Toolkit: without introspection accepts JWTs alone', async () => {
    const { introspection: _, ...options } = optionsWith();
    const made = djangoOAuthToolkit(options);
    expect(made).not.toHaveProperty('introspection');
    expect(await reasonWith(made, await sign(JWT_ACCESS))).toBe('accepted');
    expect(await reasonWith(made, OPAQUE)).toBe('token_opaque');
  });

  it('Django OAuth Toolkit: with oidc false has no metadata, is ready without it, and answers for opaque tokens', async () => {
    const made = djangoOAuthToolkit(optionsWith({ oidc: false }));
    expect(made).not.toHaveProperty('metadataUrl');
    const verifier = verifierOf(made);
    await verifier.ready();
    expect(server.paths).toEqual([]);
    expect((await verifier.verify(OPAQUE)).clientId).toBe('svc');
  });

  it.each(SHAPES.foreign.map(({ kind, shape }) => [kind, shape] as const))(
    'Django OAuth Toolkit: refuses the %s, though its client were accepted',
    async (_, shape) => {
      const options = djangoOAuthToolkit(optionsWith({ clientIds: ['svc', 'web'] }));
      expect(await reasonWith(options, await sign(JWT_ACCESS))).toBe('accepted');
      const named = changed(shape, { client_id: 'web' });
      expect(await reasonWith(options, await sign(named))).toBe('token_type_not_allowed');
      const bare = jwt({ aud: 'web', sub: '1', jti: 'token-2' });
      expect(await reasonWith(options, await sign(bare))).toBe('client_not_allowed');
    },
  );

  const GOOD = { issuer: 'https://login.example.com/o', introspection: CREDENTIALS, clientIds: ['svc'] };
  const { introspection: _, ...WITHOUT } = GOOD;
  const ZONE = { ...GOOD, naiveTimeZone: true };
  it.each([
    ['nothing', undefined, '', 'but is undefined.', 'Call djangoOAuthToolkit({ issuer:'],
    ['no issuer', { clientIds: ['svc'] }, '.issuer', 'is missing.', 'Give a URL such as'],
    ['a path', { ...GOOD, issuer: '/o' }, '.issuer', 'is "/o".', 'Give a URL such as'],
    ['a query', { ...GOOD, issuer: `${GOOD.issuer}?a` }, '.issuer', '/o?a"', 'Give a URL such as'],
    [
      'no applications',
      { issuer: GOOD.issuer, introspection: CREDENTIALS },
      '.clientIds',
      'missing',
      'Give the client',
    ],
    ['an empty list', { ...GOOD, clientIds: [] }, '.clientIds', 'is an empty list.', 'Give the client ids'],
    ['an audience', { ...GOOD, audience: 'x' }, '.audience', 'is not an option.', 'Options are'],
    [
      'a URL for introspection',
      { ...GOOD, introspection: 'x' },
      '.introspection',
      'must be an object',
      'Give an object',
    ],
    ['neither keys nor questions', { ...WITHOUT, oidc: false }, '.introspection', 'oidc is false', 'Give an object'],
    ['a text for oidc', { ...GOOD, oidc: 'no' }, '.oidc', 'is "no".', 'Give true or false.'],
    ['a name of a zone', { ...GOOD, naiveTimeZone: 'UTC' }, '.naiveTimeZone', 'is "UTC".', 'Give true or false.'],
    ['a zone for JWTs', { ...WITHOUT, naiveTimeZone: true }, '.naiveTimeZone', 'is about', 'Give introspection too.'],
    [
      'ignoreExp twice',
      { ...ZONE, introspection: { ...CREDENTIALS, ignoreExp: false } },
      '.naiveTimeZone',
      'stands beside introspection.ignoreExp.',
      'Leave introspection.ignoreExp out',
    ],
  ])('refuses %s', async (_, given, option, told, fix) => {
    expect(() => djangoOAuthToolkit(ZONE)).not.toThrow();
    await expectMisuse(() => djangoOAuthToolkit(given as never), { option: `djangoOAuthToolkit${option}`, told, fix });
  });

  it('leaves what stands in introspection to the verifier, which shows no secret', async () => {
    const options = djangoOAuthToolkit({ ...GOOD, introspection: { clientSecret: 'hidden' } as never });
    const create = () => createVerifier({ issuer: options, audience: false });
    await expectMisuse(create, {
      option: 'issuer.introspection.clientId',
      told: 'is undefined.',
      fix: 'Give the client id',
    });
    expect(create).toThrow(/^(?!.*hidden)/);
  });
});
