import { createServer, get, type IncomingMessage } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { claim } from '../../src/policy/policy.js';
import { AuthorizationError } from '../../src/protocol/errors.js';
import type { HttpRequest } from '../../src/protocol/http-request.js';
import { createTestIssuer } from '../../src/testing/index.js';
import { createVerifier } from '../../src/verifier/create-verifier.js';
import type { AuthenticateOptions } from '../../src/verifier/requirements.js';
import { catchWarnings } from '../support/caught-warnings.js';
import { expectMisuse } from '../support/configuration-error.js';
import { covers } from '../support/covers.js';
import { listen } from '../support/listen.js';
import { reasonOfCall } from '../support/reason-of.js';

const issuer = await createTestIssuer();
const verifier = createVerifier(issuer.verifierOptions);
const token = await issuer.token({ scope: 'read' });

const withHeader = (authorization: string): HttpRequest => ({ method: 'GET', url: '/', headers: { authorization } });
const authenticate = (request: HttpRequest, options?: AuthenticateOptions) =>
  reasonOfCall(verifier.authenticate(request, options));

describe('verifier.authenticate, onRefusal', () => {
  it('is told of a refusal, and of nothing else, and changes nothing', async () => {
    const told: unknown[] = [];
    const onRefusal: AuthenticateOptions['onRefusal'] = ({ reason }, request) => {
      told.push([reason, request.url]);
      throw new Error('the log is full');
    };
    const warnings = catchWarnings();
    expect(await authenticate(withHeader(`Bearer ${token}`), { onRefusal })).toBe('accepted');
    expect(await authenticate(withHeader(`Bearer ${token}`), { onRefusal, policy: 'write' })).toBe(
      'scope_insufficient',
    );
    expect(told).toEqual([['scope_insufficient', '/']]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings.map(String)).toEqual([expect.stringContaining('onRefusal threw: Error: the log is full')]);
  });
});

describe('verifier.authenticate, IncomingMessage', () => {
  const received: IncomingMessage[] = [];

  /** Sends a request over loopback and gives it as Node's server saw it. */
  async function receive(headers: Record<string, string | string[]>, path = '/orders'): Promise<IncomingMessage> {
    const server = createServer((req, res) => {
      received.push(req);
      res.end();
    });
    const { port, close } = await listen(server);
    onTestFinished(close);
    await new Promise<void>((resolve, reject) => {
      const options = { port, host: '127.0.0.1', path, headers, agent: false };
      get(options, (res) => res.resume().on('end', resolve)).on('error', reject);
    });
    return received.pop() as IncomingMessage;
  }

  it('takes the token out of the Authorization header', async () => {
    covers('6750-1');
    const request = await receive({ Authorization: `Bearer ${token}` });
    expect((await verifier.authenticate(request)).token).toBe(token);
  });

  it('tells a request without credentials from one with bad ones', async () => {
    covers('F1', '6750-6');
    expect(await authenticate(await receive({ Authorization: `Bearer ${token}` }))).toBe('accepted');
    expect(await authenticate(await receive({}))).toBe('token_missing');
    expect(await authenticate(await receive({ Authorization: 'Basic dTpw' }))).toBe('token_missing');
    expect(await authenticate(await receive({ Authorization: 'Bearer x' }))).toBe('token_opaque');
  });

  it('refuses two Authorization headers, in either order, of which Node shows one', async () => {
    covers('F6');
    const bearer = `Bearer ${token}`;
    for (const pair of [
      [bearer, 'Bearer x'],
      ['Bearer x', bearer],
      [bearer, bearer],
    ]) {
      expect(await authenticate(await receive({ Authorization: pair }))).toBe('authorization_repeated');
    }
    expect(await authenticate(await receive({ Authorization: [bearer] }))).toBe('accepted');
  });

  it('takes a token out of the query only where that was asked for', async () => {
    covers('6750-4');
    const request = await receive({}, `/orders?access_token=${token}`);
    expect(await authenticate(request)).toBe('token_missing');
    expect(await authenticate(request, { extraTokenLocations: ['query'] })).toBe('accepted');
  });
});

describe('verifier.authenticate, other requests', () => {
  it.each<[string, HttpRequest]>([
    ['a plain object', withHeader(`Bearer ${token}`)],
    ['headers in any case', { headers: { AUTHORIZATION: `Bearer ${token}` } }],
    ['a list of values', { headers: { Authorization: [`Bearer ${token}`] } }],
    [
      'headers without a prototype',
      { headers: Object.assign(Object.create(null), { authorization: `bearer ${token}` }) },
    ],
    ['a Headers object', { headers: new Headers({ Authorization: `Bearer ${token}` }) }],
    ['a Fetch API Request', new Request('https://api.test/orders', { headers: { Authorization: `Bearer ${token}` } })],
    [
      'a Fetch API Request with a body',
      new Request('https://api.test/', { method: 'POST', body: 'x=1', headers: { Authorization: `BEARER ${token}` } }),
    ],
  ])('takes the token out of %s', async (_, request) => {
    covers('6750-1');
    expect((await verifier.authenticate(request)).token).toBe(token);
  });

  it.each<[string, HttpRequest, string]>([
    ['nothing', { headers: {} }, 'token_missing'],
    ['an empty header', withHeader(''), 'token_missing'],
    ['an undefined header', { headers: { authorization: undefined } }, 'token_missing'],
    ['two values', { headers: { authorization: [`Bearer ${token}`, `Bearer ${token}`] } }, 'authorization_repeated'],
    [
      'two cases',
      { headers: { authorization: `Bearer ${token}`, Authorization: 'Bearer x' } },
      'authorization_repeated',
    ],
    ['two words', withHeader(`Bearer ${token} x`), 'bearer_malformed'],
    ['a tab', withHeader(`Bearer\t${token}`), 'bearer_malformed'],
    ['no token', withHeader('Bearer '), 'bearer_malformed'],
    [
      'a second token in the query',
      { ...withHeader(`Bearer ${token}`), url: `/?access_token=${token}` },
      'multiple_tokens',
    ],
    ['a Request without credentials', new Request('https://api.test/'), 'token_missing'],
    [
      'a Request with two headers in one',
      new Request('https://api.test/', {
        headers: [
          ['Authorization', `Bearer ${token}`],
          ['Authorization', 'Bearer x'],
        ],
      }),
      'authorization_repeated',
    ],
  ])('refuses %s', async (_, request, reason) => {
    covers('6750-10');
    expect(await authenticate(withHeader(`Bearer ${token}`))).toBe('accepted');
    expect(await authenticate(request)).toBe(reason);
  });

  it('reads the query of an absolute URL, as a Fetch API Request has one', async () => {
    covers('6750-4');
    const request = new Request(`https://api.test/orders?access_token=${token}`);
    expect(await authenticate(request)).toBe('token_missing');
    expect(await authenticate(request, { extraTokenLocations: ['query'] })).toBe('accepted');
  });

  it('takes a token out of a parsed form only where that was asked for', async () => {
    covers('6750-3');
    const request: HttpRequest = {
      method: 'POST',
      url: '/',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: { access_token: token },
    };
    expect(await authenticate(request)).toBe('token_missing');
    expect(await authenticate(request, { extraTokenLocations: ['form'] })).toBe('accepted');
  });
});

describe('verifier.authenticate, options', () => {
  const request = withHeader(`Bearer ${token}`);

  it('demands the scopes of a policy', async () => {
    covers('E7');
    expect(await authenticate(request, { policy: 'read' })).toBe('accepted');
    const error = await verifier.authenticate(request, { policy: 'read write' }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AuthorizationError);
    expect(error).toMatchObject({
      reason: 'scope_insufficient',
      status: 403,
      code: 'insufficient_scope',
      scopes: ['read', 'write'],
    });
    expect((error as AuthorizationError).headers['WWW-Authenticate']).toContain('scope="read write"');
  });

  it('demands the claims of a policy', async () => {
    expect(await authenticate(request, { policy: claim('sub').equals('test-user') })).toBe('accepted');
    expect(await authenticate(request, { policy: claim('sub').equals('admin') })).toBe('claim_rule_failed');
  });

  it('judges the token before the policy', async () => {
    const expired = withHeader(`Bearer ${await issuer.token({ scope: 'read', expiresInSeconds: -60 })}`);
    expect(await authenticate(request, { policy: 'write' })).toBe('scope_insufficient');
    expect(await authenticate(expired, { policy: 'write' })).toBe('token_expired');
    expect(await authenticate({ headers: {} }, { policy: 'write' })).toBe('token_missing');
  });

  it('demands the audience of the call', async () => {
    covers('E4');
    expect(await authenticate(request, { audience: ['https://route.test', 'https://api.test'] })).toBe('accepted');
    expect(await authenticate(request, { audience: 'https://route.test' })).toBe('audience_mismatch');
  });

  it('names the realm of the call in the challenge', async () => {
    const error = await verifier.authenticate({ headers: {} }, { realm: 'orders' }).catch((thrown: unknown) => thrown);
    expect((error as AuthorizationError).headers['WWW-Authenticate']).toBe('Bearer realm="orders"');
  });

  it('rejects with a ConfigurationError what it cannot know', async () => {
    const misuse = { option: 'polixy', told: 'is not an option', fix: 'Did you mean policy?' };
    await expectMisuse(() => verifier.authenticate(request, { polixy: 'read' } as never), misuse);
  });

  it('takes nothing from a request for an option', async () => {
    covers('E3');
    const hostile = { ...withHeader(''), audience: 'x', policy: '', extraTokenLocations: ['query'] };
    expect(await authenticate(request)).toBe('accepted');
    expect(await authenticate({ ...hostile, url: `/?access_token=${token}` })).toBe('token_missing');
  });
});
