import { request } from 'node:https';
import { beforeEach, describe, expect, it } from 'vitest';
import { ConfigurationError, createVerifier, type VerifierOptions } from '../../src/index.js';
import { createSelfSignedCertificate } from '../support/certificate.js';
import { covers } from '../support/covers.js';
import { expectAccepted, expectAnswer, unavailable } from '../support/expect-answer.js';
import { startTestIssuerApi, type TestIssuerApi } from '../support/guarded-api.js';
import { LoopbackServer, type ServedDocument } from '../support/loopback-server.js';
import { RawIssuer } from '../support/raw-issuer.js';

const OIDC = '/.well-known/openid-configuration';
const OAUTH = '/.well-known/oauth-authorization-server';
const LONGEST_BACK_OFF_SECONDS = 60;

/** An API that finds the keys of its issuer by metadata, and a token of that issuer. */
interface DiscoveringApi {
  readonly api: TestIssuerApi;
  readonly issuer: RawIssuer;
  readonly call: { readonly token: string };
}

describe('RFC 8414', () => {
  let server: LoopbackServer;

  beforeEach(async () => {
    server = await LoopbackServer.start();
  });

  async function startApi(identifier: string, options: Partial<VerifierOptions> = {}): Promise<DiscoveringApi> {
    const issuer = new RawIssuer({ issuer: identifier });
    server.documents.set('/jwks', { body: { keys: [issuer.jwk] } });
    const api = await startTestIssuerApi({
      verifier: {
        issuer: identifier,
        clock: issuer.clock.now,
        fetch: globalThis.fetch,
        dangerouslyAllowInsecureHttp: true,
        ...options,
      },
    });
    return { api, issuer, call: { token: issuer.token({ payload: { scope: '"orders:read"' } }) } };
  }

  function metadata(issuer: unknown, changes: object = {}): ServedDocument {
    return { body: { issuer, jwks_uri: `${server.origin}/jwks`, ...changes } };
  }

  it.each<[string, (issuer: string) => unknown]>([
    ['a trailing slash', (issuer) => `${issuer}/`],
    ['another case', (issuer) => issuer.replace('http', 'HTTP')],
    ['another host', (issuer) => issuer.replace('127.0.0.1', 'localhost')],
    ['another port', (issuer) => `${issuer}0`],
    ['user information', (issuer) => issuer.replace('://', '://@')],
    ['an encoded character', (issuer) => issuer.replace('127', '%3127')],
    ['a path', (issuer) => `${issuer}/tenant1`],
    ['a list around it', (issuer) => [issuer]],
    ['nothing at all', () => undefined],
  ])('RFC 8414 §3.3, §4: uses nothing of metadata whose issuer differs by %s', async (_, change) => {
    covers('8414-1', '8414-5', 'H5');
    const { api, issuer, call } = await startApi(server.origin);
    server.documents.set(OIDC, metadata(change(server.origin)));
    expectAnswer(await api.send(call), unavailable('metadata_unavailable'), api.realm);
    // It is not the metadata of this issuer, so that the other place is asked. The keys that it names are not.
    expect(server.paths).toEqual([OIDC, OAUTH]);

    server.documents.set(OIDC, metadata(server.origin));
    issuer.clock.advance(LONGEST_BACK_OFF_SECONDS);
    await expectAccepted(api, call);
  });

  it.each([
    ['', OIDC, OAUTH],
    ['/', OIDC, OAUTH],
    ['/tenant1', `/tenant1${OIDC}`, `${OAUTH}/tenant1`],
    ['/tenant1/', `/tenant1${OIDC}`, `${OAUTH}/tenant1`],
    ['/a/b', `/a/b${OIDC}`, `${OAUTH}/a/b`],
  ])('RFC 8414 §3.1: finds the metadata of an issuer with the path "%s" in both forms', async (path, oidc, oauth) => {
    covers('8414-2');
    const byOidc = await startApi(server.origin + path);
    server.documents.set(oidc, metadata(server.origin + path));
    await expectAccepted(byOidc.api, byOidc.call);
    expect(server.paths.splice(0)).toEqual([oidc, '/jwks']);

    const byOauth = await startApi(server.origin + path);
    server.documents.delete(oidc);
    server.documents.set(oauth, metadata(server.origin + path));
    await expectAccepted(byOauth.api, byOauth.call);
    expect(server.paths.splice(0)).toEqual([oidc, oauth, '/jwks']);
  });

  it('RFC 8414 §3.1: does not look where neither specification puts the metadata', async () => {
    covers('8414-2');
    const { api, issuer, call } = await startApi(`${server.origin}/tenant1`);
    const document = metadata(issuer.issuer);
    server.documents.set(`/tenant1${OAUTH}`, document).set(`${OIDC}/tenant1`, document).set(OIDC, document);
    expectAnswer(await api.send(call), unavailable('metadata_unavailable'), api.realm);
    expect(server.paths).toEqual([`/tenant1${OIDC}`, `${OAUTH}/tenant1`]);

    server.documents.set(`${OAUTH}/tenant1`, document);
    issuer.clock.advance(LONGEST_BACK_OFF_SECONDS);
    await expectAccepted(api, call);
  });

  it.each<[string, (good: ServedDocument, issuer: string) => ServedDocument]>([
    ['500', (good) => ({ ...good, status: 500 })],
    ['404', (good) => ({ ...good, status: 404 })],
    ['201', (good) => ({ ...good, status: 201 })],
    ['a permanent redirect to it', (good) => ({ ...good, status: 301, headers: { location: '/moved' } })],
    ['a temporary redirect to it', (good) => ({ ...good, status: 307, headers: { location: '/moved' } })],
    ['a page', () => ({ headers: { 'content-type': 'text/html' }, body: '<!doctype html><title>Sign in</title>' })],
    ['an empty body', () => ({ body: '' })],
    ['an array around it', ({ body }) => ({ body: [body] })],
    ['its text in a string', ({ body }) => ({ body: JSON.stringify(JSON.stringify(body)) })],
    ['null', () => ({ body: 'null' })],
    ['half of it', ({ body }) => ({ body: JSON.stringify(body).slice(0, -1) })],
    ['a document without jwks_uri', (_, issuer) => ({ body: { issuer } })],
  ])('RFC 8414 §3.2: answers 503 to %s in place of the metadata', async (_, change) => {
    covers('8414-4', 'H4');
    const { api, issuer, call } = await startApi(server.origin);
    const good = metadata(server.origin);
    server.documents.set(OIDC, change(good, server.origin)).set('/moved', good);
    expectAnswer(await api.send(call), unavailable('metadata_unavailable'), api.realm);
    expect(server.paths).not.toContain('/moved');
    expect(server.paths).not.toContain('/jwks');

    server.documents.set(OIDC, good);
    issuer.clock.advance(LONGEST_BACK_OFF_SECONDS);
    await expectAccepted(api, call);
  });

  it('RFC 8414 §3.2: ignores members that it does not know', async () => {
    covers('8414-4');
    const { api, call } = await startApi(server.origin);
    server.documents.set(OIDC, metadata(server.origin, { scopes_supported: 'orders:read', x: { y: [null] } }));
    await expectAccepted(api, call);
  });

  it.each(['?tenant=1', '#tenant1', '/?', '/#'])(
    'RFC 8414 §2: refuses an issuer identifier that ends in %s when the verifier is created',
    (end) => {
      covers('8414-3');
      expect(createVerifier({ issuer: 'https://issuer.test', audience: 'https://api.test' })).toBeDefined();
      const create = () => createVerifier({ issuer: `https://issuer.test${end}`, audience: 'https://api.test' });
      expect(create).toThrow(ConfigurationError);
      expect(create).toThrow(expect.objectContaining({ option: 'issuer' }));
    },
  );

  describe('by TLS', () => {
    const certificate = createSelfSignedCertificate();
    let tls: LoopbackServer;

    beforeEach(async () => {
      tls = await LoopbackServer.start(certificate);
    });

    async function startTlsApi(options: Partial<VerifierOptions>): Promise<DiscoveringApi> {
      const started = await startApi(tls.origin, { dangerouslyAllowInsecureHttp: false, ...options });
      tls.documents.set(OIDC, { body: { issuer: tls.origin, jwks_uri: `${tls.origin}/jwks` } });
      tls.documents.set('/jwks', { body: { keys: [started.issuer.jwk] } });
      return started;
    }

    it('RFC 8414 §6.1: uses nothing from a server whose certificate is not trusted', async () => {
      covers('8414-3');
      const { api, call } = await startTlsApi({ fetch: globalThis.fetch });
      expectAnswer(await api.send(call), unavailable('metadata_unavailable'), api.realm);
      expect(tls.paths).toEqual([]);

      const trusting = await startTlsApi({ fetch: fetchTrusting(certificate.cert) });
      await expectAccepted(trusting.api, trusting.call);
      expect(tls.paths).toEqual([OIDC, '/jwks']);
    });

    it('RFC 8414 §2: uses no jwks_uri by plain http', async () => {
      covers('8414-3', 'H6');
      const fetch = fetchTrusting(certificate.cert);
      const { api, issuer, call } = await startTlsApi({ fetch });
      tls.documents.set(OIDC, { body: { issuer: tls.origin, jwks_uri: `${server.origin}/jwks` } });
      expectAnswer(await api.send(call), unavailable('metadata_unavailable'), api.realm);
      expect(server.paths).toEqual([]);

      tls.documents.set(OIDC, { body: { issuer: tls.origin, jwks_uri: `${tls.origin}/jwks` } });
      issuer.clock.advance(LONGEST_BACK_OFF_SECONDS);
      await expectAccepted(api, call);
    });
  });
});

/** A `fetch` as a user would give it to trust a certificate authority of the company. */
function fetchTrusting(ca: string): typeof fetch {
  return (input) =>
    new Promise((resolve, reject) => {
      const outgoing = request(String(input), { ca, agent: false }, async (incoming) => {
        const chunks = await incoming.toArray();
        resolve(new Response(Buffer.concat(chunks), { status: incoming.statusCode ?? 0 }));
      });
      outgoing.on('error', reject).end();
    });
}
