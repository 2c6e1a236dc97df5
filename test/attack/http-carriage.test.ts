import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { covers } from '../support/covers.js';
import {
  expectAccepted,
  expectAnswer,
  expectRefused,
  insufficientScope,
  invalidRequest,
  invalidToken,
  noCredentials,
} from '../support/expect-answer.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { bearer, type Call, startTestIssuerApi, type TestIssuerApi } from '../support/guarded-api.js';
import { secretsOf, textsOf } from '../support/leaks.js';
import { parseWwwAuthenticate } from '../support/www-authenticate.js';

const FORM = 'Content-Type: application/x-www-form-urlencoded';

function authorization(value: (token: string) => string): Call {
  return { lines: (token) => [`Authorization: ${value(token)}`] };
}

// RFC 6750, RFC 9110 and RFC 9112 in test/rfc cover F2, F3, F6, F7, F13 and F17 as well.
describe.each(EXPRESS_VERSIONS)('the way of a token over HTTP on %s', (_, express) => {
  let api: TestIssuerApi;

  beforeAll(async () => {
    api = await startTestIssuerApi({
      express,
      routes: (app, { guard, handler }) => {
        app.use(express.json(), express.urlencoded({ extended: true }));
        app.all('/parsed', guard('orders:read'), handler);
        app.use('/cors', (_req, res, next) => {
          res.set({ 'Access-Control-Allow-Origin': '*', 'Access-Control-Expose-Headers': 'WWW-Authenticate' });
          next();
        });
        app.use('/cors', guard('orders:read'), handler);
      },
    });
  });
  afterAll(() => api.close());

  it.each<[string, Call]>([
    ['no Authorization header', { lines: () => [] }],
    ['an empty one', authorization(() => '')],
    ['Basic', authorization(() => 'Basic dXNlcjpwYXNz')],
    ['DPoP', authorization((token) => `DPoP ${token}`)],
    ['Token', authorization((token) => `Token ${token}`)],
    ['a name with Bearer in it', authorization((token) => `X-Bearer ${token}`)],
  ])('answers a request without bearer token by a challenge without error code: %s', async (_, call) => {
    covers('F1');
    await expectRefused(api, call, noCredentials);
  });

  it.each<[string, Call]>([
    ['alone', authorization(() => 'Bearer')],
    ['with spaces after it', authorization(() => 'Bearer    ')],
    ['in lower case', authorization(() => 'bearer')],
  ])('refuses Bearer %s', async (_, call) => {
    covers('F2');
    await expectRefused(api, call, invalidRequest('bearer_malformed'));
  });

  it('takes spaces alone to part scheme and token', async () => {
    covers('F4');
    await expectAccepted(
      api,
      authorization((token) => `Bearer   ${token}`),
    );
    await expectRefused(
      api,
      authorization((token) => `Bearer\t${token}`),
      invalidRequest('bearer_malformed'),
    );
    await expectRefused(
      api,
      authorization((token) => `Bearer\xa0${token}`),
      invalidRequest('bearer_malformed'),
    );
    await expectRefused(
      api,
      authorization((token) => `Bearer${token}`),
      noCredentials,
    );
  });

  it.each<[string, Call]>([
    ['a comma', authorization((token) => `Bearer ${token}, Bearer other`)],
    ['a comma, the good one last', authorization((token) => `Bearer other, Bearer ${token}`)],
    ['a comma and another scheme', authorization((token) => `Bearer ${token}, Basic dTpw`)],
    ['a space', authorization((token) => `Bearer ${token} other`)],
    ['a space, the good one last', authorization((token) => `Bearer other ${token}`)],
    ['a semicolon', authorization((token) => `Bearer ${token};other`)],
  ])('never picks one of two tokens that are parted by %s', async (_, call) => {
    covers('F5');
    await expectRefused(api, call, invalidRequest('bearer_malformed'));
  });

  it.each<[string, (token: string) => string]>([
    ['access_token twice', (token) => `access_token=${token}&access_token=${token}`],
    ['access_token[]', (token) => `access_token[]=${token}`],
    ['access_token[0] and [1]', (token) => `access_token[0]=${token}&access_token[1]=${token}`],
    ['access_token[__proto__]', (token) => `access_token[__proto__]=${token}`],
    ['a broken escape', (token) => `access_token=${token}%`],
    [
      'a thousand of them',
      (token) => Array.from({ length: 40 }, () => `access_token=${token.slice(0, 200)}`).join('&'),
    ],
  ])('gets no token out of a query with %s', async (_, query) => {
    covers('F8');
    const target = (token: string) => `/orders?${query(token)}`;
    await expectRefused(api, { target, lines: () => [] }, noCredentials);
  });

  it.each<[string, (token: string) => string]>([
    ['access_token twice', (token) => `access_token=${token}&access_token=${token}`],
    ['another spelling', (token) => `%61ccess_token=${token}`],
    ['an empty access_token', () => 'access_token='],
    ['access_token without a value', () => 'access_token'],
  ])('refuses a good header beside a query with %s', async (_, query) => {
    covers('F7', 'F8');
    const target = (token: string) => `/orders?${query(token)}`;
    await expectRefused(api, { target }, invalidRequest('multiple_tokens'), { target: '/orders?access_tokens=x' });
  });

  it.each<[string, Call]>([
    ['a cookie', { lines: (token) => [`Cookie: access_token=${token}; Authorization=Bearer ${token}`] }],
    ['X-Access-Token', { lines: (token) => [`X-Access-Token: ${token}`] }],
    ['X-Authorization', { lines: (token) => [`X-Authorization: Bearer ${token}`] }],
    ['X-Forwarded-Authorization', { lines: (token) => [`X-Forwarded-Authorization: Bearer ${token}`] }],
    ['Proxy-Authorization', { lines: (token) => [`Proxy-Authorization: Bearer ${token}`] }],
    ['Authorization_', { lines: (token) => [`Authorization_: Bearer ${token}`] }],
    ['the user information of the target', { target: (token) => `http://${token}@api.test/orders`, lines: () => [] }],
    ['the path', { target: (token) => `/orders?/access_token/${token}`, lines: () => [] }],
    ['a fragment', { target: (token) => `/orders#access_token=${token}`, lines: () => [] }],
  ])('takes no token from %s', async (_, call) => {
    covers('F9');
    await expectRefused(api, call, noCredentials);
  });

  it.each<[string, string, (token: string) => string]>([
    ['JSON', 'Content-Type: application/json', (token) => JSON.stringify({ access_token: token, token })],
    ['a form', FORM, (token) => `access_token=${token}`],
  ])('takes no token from a body of %s', async (_, type, body) => {
    covers('F9');
    const call: Call = { method: 'POST', target: '/parsed', lines: () => [type], body };
    await expectRefused(api, call, noCredentials, { method: 'POST', target: '/parsed' });
  });

  it.each<[string, (token: string) => string]>([
    ['a latin1 letter', (token) => `Bearer ${token}\xe9`],
    ['UTF-8 bytes', (token) => `Bearer ${token}\xc3\xa9`],
    ['a fullwidth letter in the scheme', (token) => `\xef\xbc\xa2earer ${token}`],
    ['an ideographic space', (token) => `Bearer\xe3\x80\x80${token}`],
    ['a byte order mark', (token) => `\xef\xbb\xbfBearer ${token}`],
    ['a tab inside', (token) => token.replace('.', '.\t').replace(/^/, 'Bearer ')],
  ])('refuses %s in the value', async (_, value) => {
    covers('F10');
    const isBearer = /^Bearer/.test(value('x'));
    await expectRefused(api, authorization(value), isBearer ? invalidRequest('bearer_malformed') : noCredentials);
  });

  it.each(['\x01', '\x08', '\x0b', '\x1f', '\x7f'])('never lets a control character through: %j', async (character) => {
    covers('F10');
    await expectAccepted(api);
    const { response, handlerRuns } = await api.send(authorization((token) => `Bearer ${token}${character}`));
    expect({ status: response.status, handlerRuns }).toEqual({ status: 400, handlerRuns: 0 });
    await expectAccepted(api);
  });

  it('Entra: accepts a token of 11.2 kB in the header section that Node.js allows by default', async () => {
    covers('F11');
    const groups = Array.from(
      { length: 199 },
      (_, index) => `2f5b1d3e-8c6a-4c1e-9a7b-${String(index).padStart(12, '0')}`,
    );
    const token = await api.issuer.token({ scope: 'orders:read', claims: { groups } });
    expect(token.length).toBeGreaterThan(10_000);
    await expectAccepted(api, { token });
  });

  it('accepts a good token of maxTokenBytes, and refuses it where it is one character longer', async () => {
    covers('F11');
    const { length } = await api.issuer.token({ scope: 'orders:read' });
    const [fits, exceeds] = await Promise.all(
      [length, length - 1].map((maxTokenBytes) => startTestIssuerApi({ express, verifier: { maxTokenBytes } })),
    );
    if (fits === undefined || exceeds === undefined) throw new Error('two APIs were started');
    try {
      await expectAccepted(fits);
      expectAnswer(await exceeds.send(), invalidToken('token_too_large'), exceeds.realm);
    } finally {
      await fits.close();
      await exceeds.close();
    }
  });

  it('survives a header of 1 MB', async () => {
    covers('F11');
    await expectAccepted(api);
    // Node may end the connection before it read the whole request, so that there is no answer to see.
    const outcome = await api.send({ lines: () => bearer('a'.repeat(1_000_000)) }).catch(() => undefined);
    if (outcome !== undefined) expect([outcome.response.status, outcome.handlerRuns]).toEqual([431, 0]);
    await expectAccepted(api);
  });

  it('tells the same class of answer whatever is wrong with a token, and its text alone differs', async () => {
    covers('F14');
    const answers = [
      await expectRefused(api, { claims: { header: { kid: 'unknown' } } }, invalidToken('unknown_key')),
      await expectRefused(api, { claims: { expiresInSeconds: -60 } }, invalidToken('token_expired')),
      await expectRefused(api, { claims: { audience: 'https://other.test' } }, invalidToken('audience_mismatch')),
      await expectRefused(api, { claims: { claims: { iss: 'https://x.test' } } }, invalidToken('issuer_not_trusted')),
    ];
    const shapes = answers.map(({ response: { status, headers, text } }) => ({
      status,
      names: [...headers.keys()],
      params: Object.keys(parseWwwAuthenticate(headers.get('www-authenticate')?.[0] ?? '')[0]?.params ?? {}),
      tells: /other\.test|x\.test|unknown"|\d{10}/.test(text),
    }));
    expect(new Set(shapes.map((shape) => JSON.stringify(shape))).size).toBe(1);
    expect(shapes[0]?.tells).toBe(false);
  });

  it.each<[string, Call]>([
    ['expired', { claims: { expiresInSeconds: -60 } }],
    ['for another audience', { claims: { audience: 'https://other.test' } }],
    ['without scope', { claims: { scope: 'none' } }],
    ['with a changed signature', { lines: (token) => bearer(`${token.slice(0, -5)}AAAAA`) }],
    ['with a claim of the wrong form', { claims: { claims: { sub: ['secret-of-the-user'] } } }],
    ['sent twice', { lines: (token) => [...bearer(token), ...bearer(token)] }],
    ['quoted', authorization((token) => `Bearer "${token}"`)],
  ])('RFC 9700 §4.9.3: neither answer nor error holds anything of a token that is %s', async (_, call) => {
    covers('F15');
    const { token, response, refusals } = await api.send(call);
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(refusals).toHaveLength(1);
    const texts = `${response.text}\n${textsOf(refusals[0])}`;
    expect(secretsOf(token)).toHaveLength(4);
    for (const secret of secretsOf(token)) expect(texts).not.toContain(secret);
    expect(response.text).not.toContain('secret-of-the-user');
  });

  it('Fetch §3.2: keeps what a CORS middleware in front of it set, so that a browser can read the challenge', async () => {
    covers('F16');
    const target = '/cors/orders';
    await expectAccepted(api, { target });
    const { response, refusals } = await api.send({ target, lines: () => ['Origin: https://app.test'] });
    expect(refusals.map(({ reason }) => reason)).toEqual(['token_missing']);
    expect(response.headers.get('access-control-expose-headers')).toEqual(['WWW-Authenticate']);
    expect(response.headers.get('access-control-allow-origin')).toEqual(['*']);
    expect(response.headers.get('www-authenticate')).toHaveLength(1);
  });

  it('HEAD is held to the policy of the GET route that answers it', async () => {
    covers('E10');
    const head: Call = { method: 'HEAD' };
    await expectRefused(api, { ...head, claims: { scope: 'other' } }, insufficientScope('orders:read'), head);
  });

  it('Express answers OPTIONS for a guarded GET route by itself, without the handler', async () => {
    covers('F16');
    const exchange = await api.send({ method: 'OPTIONS', lines: () => [] });
    expect(exchange.response.status).toBe(200);
    expect(exchange.response.headers.get('allow')?.[0]).toMatch(/GET/);
    expect({ runs: exchange.handlerRuns, refusals: exchange.refusals }).toEqual({ runs: 0, refusals: [] });
    expectAnswer(await api.send({ lines: () => [] }), noCredentials, api.realm);
  });
});
