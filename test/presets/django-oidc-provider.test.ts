import { text } from 'node:stream/consumers';
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createVerifier } from '../../src/index.js';
import { type DjangoOidcProviderOptions, djangoOidcProvider } from '../../src/presets/index.js';
import { TestClock } from '../../src/testing/test-clock.js';
import { expectMisuse } from '../support/configuration-error.js';
import { covers } from '../support/covers.js';
import { LoopbackServer } from '../support/loopback-server.js';
import { ISSUED_AT } from '../support/provider-tokens.js';
import { RawIssuer } from '../support/raw-issuer.js';
import { reasonOfCall } from '../support/reason-of.js';

const ISSUER = 'https://login.example.com/openid';
const CREDENTIALS = { clientId: 'api', clientSecret: 'api-secret' };
const OPAQUE = '7f4a1c0e9b2d4a6f8c3e5d7b9a1f2c4e';
const GOOD: DjangoOidcProviderOptions = { issuer: ISSUER, introspection: CREDENTIALS, clientIds: ['480546'] };

/** Answers as Django OIDC Provider 0.8.3 was seen to. `test/interop` has a stand-in that does all of it. */
const server = await LoopbackServer.start();
const clock = new TestClock(ISSUED_AT * 1000);
const issuer = `${server.origin}/openid`;
const forms: URLSearchParams[] = [];
let said: object;

server.answer = async (req, res) => {
  const form = new URLSearchParams(await text(req));
  forms.push(form);
  const isKnown = form.get('client_secret') === CREDENTIALS.clientSecret && form.get('token') === OPAQUE;
  res.writeHead(200, { 'content-type': 'application/json' });
  res.end(JSON.stringify(isKnown ? said : { active: false }));
};
afterAll(() => server.close());
beforeEach(() => {
  forms.length = 0;
  server.paths.length = 0;
  const now = Math.floor(clock.now() / 1000);
  const idToken = { aud: '480546', sub: '2', exp: now + 600, iat: now, iss: issuer };
  said = { ...idToken, active: true, client_id: '480546', scope: 'openid orders:read' };
});

function create(changes: object = {}) {
  const { introspection = {}, ...options } = changes as { introspection?: object };
  const made = djangoOidcProvider({
    ...GOOD,
    issuer,
    ...options,
    introspection: { ...CREDENTIALS, ...introspection },
  });
  const verifier = createVerifier({
    issuer: made,
    audience: false,
    clock: clock.now,
    dangerouslyAllowInsecureHttp: true,
  });
  onTestFinished(() => verifier.close());
  return verifier;
}

describe('djangoOidcProvider', () => {
  it('Django OIDC Provider: is data, and nobody can change it', () => {
    const made = djangoOidcProvider(GOOD);
    expect(made).toEqual({
      issuer: ISSUER,
      audience: false,
      clientIds: ['480546'],
      algorithms: ['RS256'],
      profile: 'rfc9068',
      scopesFrom: ['scope'],
      introspection: {
        endpoint: 'https://login.example.com/openid/introspect',
        authMethod: 'client_secret_post',
        ignoreExp: true,
        ...CREDENTIALS,
      },
    });
    const { introspection, clientIds, algorithms, scopesFrom } = made;
    expect([made, introspection, clientIds, algorithms, scopesFrom].every(Object.isFrozen)).toBe(true);
  });

  it('Django OIDC Provider: what stands in introspection counts in place of what the preset sets', () => {
    const own = {
      endpoint: 'https://inner.example.com/openid/introspect',
      authMethod: 'client_secret_basic' as const,
      ignoreExp: false,
      cacheSeconds: 5,
    };
    const made = djangoOidcProvider({ ...GOOD, introspection: { ...CREDENTIALS, ...own } });
    expect(made.introspection).toEqual({ ...CREDENTIALS, ...own });
  });

  it('Django OIDC Provider: accepts an opaque token, with credentials in the form', async () => {
    covers('J6');
    const { subject, clientId, scopes, audience } = await create().verify(OPAQUE);
    expect({ subject, clientId, scopes, audience }).toEqual({
      subject: '2',
      clientId: '480546',
      scopes: ['openid', 'orders:read'],
      audience: ['480546'],
    });
    expect(Object.fromEntries(forms[0] as URLSearchParams)).toEqual({
      token: OPAQUE,
      token_type_hint: 'access_token',
      client_id: 'api',
      client_secret: 'api-secret',
    });
    expect(server.paths).toEqual(['/openid/introspect']);
  });

  it('Django OIDC Provider: exp is that of the ID token, and does not end the access token', async () => {
    const verifier = create();
    const strict = create({ introspection: { ignoreExp: false } });
    expect(await reasonOfCall(strict.verify(OPAQUE))).toBe('accepted');
    clock.advance(700);
    expect(await reasonOfCall(verifier.verify(OPAQUE))).toBe('accepted');
    await expect(strict.verify(OPAQUE)).rejects.toMatchObject({
      reason: 'token_expired',
      detail: expect.stringMatching(/; the issuer called it active, see introspection\.ignoreExp$/),
      help: expect.stringContaining('ignoreExp'),
    });
  });

  it('Django OIDC Provider: a token of a machine has neither sub nor aud nor exp', async () => {
    said = { active: true, client_id: 'machine', scope: 'orders:read' };
    const { subject, clientId, scopes } = await create({ clientIds: ['machine'] }).verify(OPAQUE);
    expect({ subject, clientId, scopes }).toEqual({ subject: undefined, clientId: 'machine', scopes: ['orders:read'] });
    expect(await reasonOfCall(create().verify(OPAQUE))).toBe('client_not_allowed');
  });

  it('RFC 8725 §3.12: Django OIDC Provider: no JWT of it is an access token, and nobody is asked', async () => {
    covers('G1');
    const verifier = create();
    expect(await reasonOfCall(verifier.verify(OPAQUE))).toBe('accepted');
    server.paths.length = 0;
    const raw = new RawIssuer({ issuer, algorithm: 'RS256' });
    const idToken = raw.token({ header: { typ: undefined }, payload: { aud: '"480546"' } });
    await expect(verifier.verify(idToken)).rejects.toMatchObject({
      reason: 'token_type_not_allowed',
      detail: 'typ undefined',
    });
    expect(server.paths).toEqual([]);
  });

  it('Django OIDC Provider: wrong credentials look like dead tokens: they are counted', async () => {
    const verifier = create({ introspection: { clientSecret: 'wrong' } });
    await expect(verifier.verify(OPAQUE)).rejects.toMatchObject({
      reason: 'token_inactive',
      help: expect.stringContaining('credentials of this server'),
    });
    expect(verifier.status().issuers[0]?.introspection).toMatchObject({ active: 0, inactive: 1 });
    const good = create();
    await good.verify(OPAQUE);
    expect(good.status().issuers[0]?.introspection).toMatchObject({ active: 1, inactive: 0 });
  });

  const { introspection: _, ...WITHOUT } = GOOD;
  const UNKNOWN = 'is nothing that Django OIDC Provider knows.';
  const POST = 'Leave it out, and give clientId and clientSecret.';
  const beside = (options: object) => ({ ...GOOD, introspection: { ...CREDENTIALS, ...options } });
  it.each([
    ['nothing', undefined, '', 'but is undefined.', 'Call djangoOidcProvider({ issuer:'],
    ['no issuer', { ...GOOD, issuer: undefined }, '.issuer', 'is missing.', 'Give a URL such as'],
    ['a slash at the end', { ...GOOD, issuer: `${ISSUER}/` }, '.issuer', 'with a slash at the end', `Give '${ISSUER}'`],
    ['no introspection', WITHOUT, '.introspection', 'is missing.', 'Give an object such as'],
    [
      'a URL for introspection',
      { ...GOOD, introspection: 'x' },
      '.introspection',
      'must be an object',
      'Give an object',
    ],
    ['no clients', { ...GOOD, clientIds: undefined }, '.clientIds', 'is missing.', 'Give the client ids'],
    ['an empty list', { ...GOOD, clientIds: [] }, '.clientIds', 'is an empty list.', 'Give the client ids'],
    ['an audience', { ...GOOD, audience: 'x' }, '.audience', 'is not an option.', 'Options are'],
    ['a bearer token', beside({ bearerToken: 'x' }), '.introspection.bearerToken', UNKNOWN, POST],
    ['a private key', beside({ privateKey: {} }), '.introspection.privateKey', UNKNOWN, POST],
    ['signed answers', beside({ signed: true }), '.introspection.signed', UNKNOWN, POST],
    ['JWTs', beside({ jwt: true }), '.introspection.jwt', UNKNOWN, POST],
  ])('refuses %s', async (_what, given, option, told, fix) => {
    expect(() => djangoOidcProvider(GOOD)).not.toThrow();
    await expectMisuse(() => djangoOidcProvider(given as never), { option: `djangoOidcProvider${option}`, told, fix });
  });
});
