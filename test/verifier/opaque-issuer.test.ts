import { describe, expect, it, onTestFinished } from 'vitest';
import { createVerifier } from '../../src/index.js';
import type { IntrospectionOptions } from '../../src/issuer/introspection-options.js';
import { AuthorizationServer, CLIENT, NO_HITS } from '../support/authorization-server.js';
import { covers } from '../support/covers.js';
import { reasonOfCall } from '../support/reason-of.js';

async function start(introspection: Partial<IntrospectionOptions> = {}, resolver = false) {
  const server = await AuthorizationServer.start();
  const { audience, clock } = server;
  const options = server.issuerOptions(introspection);
  const other = { issuer: 'https://other.example.com', jwks: server.verifierOptions.issuer.jwks };
  const issuer = resolver ? [options, other] : options;
  const verifier = createVerifier({ issuer, audience, clock: clock.now, dangerouslyAllowInsecureHttp: true });
  onTestFinished(() => {
    verifier.close();
    return server.close();
  });
  return { server, verifier };
}

describe('introspection.jwt', () => {
  it('RFC 8725 §3.12: refuse: a JWT of the issuer is no access token, and no key is fetched for it', async () => {
    covers('G1');
    const { server, verifier } = await start({ jwt: 'refuse', endpoint: undefined as never });
    expect(await reasonOfCall(verifier.verify(server.issue()))).toBe('accepted');
    const before = server.hits;
    await expect(verifier.verify(server.token())).rejects.toMatchObject({
      reason: 'token_type_not_allowed',
      detail: "a JWT, and introspection.jwt of the issuer is 'refuse'",
    });
    expect(server.hits).toEqual(before);
    const plain = await start();
    expect(await reasonOfCall(plain.verifier.verify(plain.server.token()))).toBe('accepted');
  });

  it('refuse: a JWT without iss is not introspected', async () => {
    const { server, verifier } = await start({ jwt: 'refuse' });
    const nameless = server.token({ payload: { iss: undefined } });
    expect(await reasonOfCall(verifier.verify(nameless))).toBe('claim_missing');
    expect(server.hits).toEqual(NO_HITS);
  });

  it.each(['yes', 1, null])('takes nothing else: %s', async (jwt) => {
    await expect(start({ jwt } as never)).rejects.toThrow("Give true or false. Or 'refuse', if");
  });
});

describe("introspection.authMethod: 'none'", () => {
  it('asks an endpoint that wants no client', async () => {
    covers('J6');
    const { server, verifier } = await start({
      authMethod: 'none',
      clientId: undefined,
      clientSecret: undefined,
    } as never);
    server.acceptsClient = () => true;
    expect(await reasonOfCall(verifier.verify(server.issue()))).toBe('accepted');
    expect(server.introspections[0]?.client).toEqual({ method: 'none', id: undefined });
    expect(server.introspections[0]?.headers.authorization).toBeUndefined();
  });
});

describe('verifier.ready, asked to introspect', () => {
  it('rejects where the credentials of this server are refused', async () => {
    const { server, verifier } = await start();
    await expect(verifier.ready({ introspect: true })).resolves.toBeUndefined();
    server.acceptsClient = () => false;
    await expect(verifier.ready({ introspect: true })).rejects.toMatchObject({
      reason: 'introspection_unavailable',
      detail: `${server.endpoint} answered 401`,
    });
    expect(server.hits.introspection).toBe(2);
  });

  it('asks about no token unless it is told to', async () => {
    const { server, verifier } = await start();
    await verifier.ready();
    expect(server.hits.introspection).toBe(0);
  });

  it('is content with an issuer that does not introspect', async () => {
    const { server, verifier } = await start({}, true);
    await expect(verifier.ready({ introspect: true })).resolves.toBeUndefined();
    expect(server.hits.introspection).toBe(1);
  });
});

describe('introspection with a secret that Basic encodes', () => {
  it('RFC 6749 §2.3.1: a server that does not decode it refuses it: detail and help name client_secret_post', async () => {
    const { server, verifier } = await start({ clientSecret: 'a+b%c d' });
    const token = server.issue();
    server.acceptsClient = ({ proof }) => proof === 'a+b%c d';
    expect(await reasonOfCall(verifier.verify(token))).toBe('accepted');
    server.acceptsClient = () => false;
    await expect(verifier.verify(server.issue())).rejects.toMatchObject({
      reason: 'introspection_unavailable',
      detail: expect.stringMatching(/answered 401: .*Basic encodes.*client_secret_post/),
      help: expect.stringContaining('client_secret_post'),
    });
    const plain = await start(CLIENT);
    plain.server.acceptsClient = () => false;
    await expect(plain.verifier.verify(plain.server.issue())).rejects.toMatchObject({
      detail: `${plain.server.endpoint} answered 401`,
    });
  });
});
