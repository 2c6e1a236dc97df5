import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createVerifier } from '../../src/index.js';
import { LoopbackServer } from '../support/loopback-server.js';
import { generateKeys, type Mutation, RawIssuer } from '../support/raw-issuer.js';
import { reasonOfCall } from '../support/reason-of.js';

const keys = generateKeys('ES256');
let server: LoopbackServer;
let raw: RawIssuer;

beforeEach(async () => {
  server = await LoopbackServer.start();
  const issuer = server.origin;
  raw = new RawIssuer({ issuer, keys });
  const metadata = { issuer, jwks_uri: `${issuer}/jwks`, userinfo_endpoint: `${issuer}/userinfo` };
  server.documents.set('/.well-known/openid-configuration', { body: metadata });
  server.documents.set('/jwks', { body: { keys: [raw.jwk] } });
});

/** A UserInfo answer, signed. `aud` is the client (OpenID Connect Core §5.3.2). */
function answerSigned({ header, payload, ...others }: Mutation = {}): void {
  const nothing = { exp: undefined, scope: undefined, client_id: undefined, jti: undefined, aud: '"web"' };
  const body = raw.token({
    header: { typ: undefined, ...header },
    payload: { ...nothing, name: '"Alice"', ...payload },
    ...others,
  });
  server.documents.set('/userinfo', { headers: { 'content-type': 'application/jwt; charset=utf-8' }, body });
}

async function userInfo() {
  const { audience, clock } = raw.verifierOptions;
  const verifier = createVerifier({
    issuer: server.origin,
    audience,
    clock,
    dangerouslyAllowInsecureHttp: true,
  });
  onTestFinished(() => verifier.close());
  return verifier.userInfo(await verifier.verify(raw.token()));
}

describe('a signed UserInfo answer', () => {
  it('OpenID Connect Core §5.3.2: is verified with the keys of the issuer', async () => {
    answerSigned();
    expect(await userInfo()).toMatchObject({ sub: 'test-user', name: 'Alice', iss: server.origin });
  });

  it.each<[what: string, mutation: () => Mutation, told: string]>([
    ['signed by somebody else', () => ({ key: generateKeys('ES256').privateKey }), 'has a signature that is not valid'],
    ['signed with an unknown key', () => ({ header: { kid: '"other"' } }), 'is signed with an unknown key'],
    ['not signed', () => ({ header: { alg: '"none"' } }), 'has a header that does not fit: alg "none"'],
    ['of another issuer', () => ({ payload: { iss: '"https://evil.example"' } }), 'has the iss "https://evil.example"'],
    ['recorded, and expired', () => ({ payload: { exp: String(raw.now - 1) } }), 'expired: exp '],
    ['about somebody else', () => ({ payload: { sub: '"bob"' } }), 'the sub of the answer is not that of the token'],
  ])('OpenID Connect Core §5.3.2, §16.11: is refused: %s', async (_, mutation, told) => {
    answerSigned();
    expect(await reasonOfCall(userInfo())).toBe('accepted');
    answerSigned(mutation());
    const detail = expect.stringContaining(told);
    await expect(userInfo()).rejects.toMatchObject({ reason: 'userinfo_unavailable', detail });
  });

  it('is not read where it is no JWT, or an encrypted one', async () => {
    for (const body of ['{"sub":"test-user"}', 'a.b.c.d.e']) {
      server.documents.set('/userinfo', { headers: { 'content-type': 'application/jwt' }, body });
      const detail = expect.stringContaining('the answer is no signed JWT: ');
      await expect(userInfo()).rejects.toMatchObject({ reason: 'userinfo_unavailable', detail });
    }
  });

  it('is 503 where the keys that sign it are not available', async () => {
    const { audience, clock } = raw.verifierOptions;
    const introspection = { endpoint: `${server.origin}/introspect`, clientId: 'a', clientSecret: 'b' };
    server.documents.set('/introspect', { body: { active: true, aud: audience, sub: 'test-user' } });
    server.documents.set('/jwks', { status: 500, body: '' });
    answerSigned();
    const issuer = { issuer: server.origin, introspection };
    const verifier = createVerifier({ issuer, audience, clock, dangerouslyAllowInsecureHttp: true });
    onTestFinished(() => verifier.close());
    const accessToken = await verifier.verify('opaque');
    await expect(verifier.userInfo(accessToken)).rejects.toMatchObject({ status: 503, reason: 'keys_unavailable' });
  });
});
