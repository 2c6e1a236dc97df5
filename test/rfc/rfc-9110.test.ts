import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { covers } from '../support/covers.js';
import {
  expectAccepted,
  expectAnswer,
  expectRefused,
  invalidRequest,
  invalidToken,
  noCredentials,
  unavailable,
} from '../support/expect-answer.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { bearer, startTestIssuerApi, type TestIssuerApi } from '../support/guarded-api.js';

describe.each(EXPRESS_VERSIONS)('RFC 9110 on %s', (_, express) => {
  let api: TestIssuerApi;

  beforeAll(async () => {
    api = await startTestIssuerApi({
      express,
      routes: (app, { guard, handler }) => app.use('/all', guard('orders:read'), handler),
    });
  });
  afterAll(() => api.close());

  it.each(['bearer', 'BEARER', 'bEaReR'])('RFC 9110 §11.1: compares the scheme without case: %s', async (scheme) => {
    covers('6750-11', 'F3');
    await expectAccepted(api, { lines: (token) => [`Authorization: ${scheme} ${token}`] });
    await expectRefused(
      api,
      { claims: { expiresInSeconds: -60 }, lines: (token) => [`Authorization: ${scheme} ${token}`] },
      invalidToken('token_expired'),
    );
  });

  it.each(['authorization', 'AUTHORIZATION'])('RFC 9110 §5.1: compares field names without case: %s', async (name) => {
    await expectAccepted(api, { lines: (token) => [`${name}: Bearer ${token}`] });
  });

  it('RFC 9110 §5.5: takes white space around the field value for no part of it', async () => {
    await expectAccepted(api, { lines: (token) => [`Authorization: \t  Bearer ${token} \t `] });
    await expectRefused(api, { lines: () => ['Authorization: Bearer   '] }, invalidRequest('bearer_malformed'));
    await expectRefused(api, { lines: () => ['Authorization:   \t '] }, noCredentials);
  });

  it.each<[string, (token: string) => readonly string[]]>([
    ['a good one before a bad one', (token) => [...bearer(token), 'Authorization: Bearer bad']],
    ['a bad one before a good one', (token) => ['Authorization: Bearer bad', ...bearer(token)]],
    ['the same one twice', (token) => [...bearer(token), ...bearer(token)]],
    ['a good one before Basic', (token) => [...bearer(token), 'Authorization: Basic dTpw']],
    ['Basic before a good one', (token) => ['Authorization: Basic dTpw', ...bearer(token)]],
    ['an empty one before a good one', (token) => ['Authorization:', ...bearer(token)]],
    ['a good one before an empty one in lower case', (token) => [...bearer(token), 'authorization:']],
  ])('RFC 9110 §11.6.2: refuses two Authorization headers, %s', async (_, lines) => {
    covers('F6');
    await expectRefused(api, { lines }, invalidRequest('authorization_repeated'));
  });

  it('RFC 9110 §9.3.2: answers HEAD like GET, without the body', async () => {
    await expectAccepted(api, { method: 'HEAD' });
    await expectRefused(api, { method: 'HEAD', lines: () => [] }, noCredentials, { method: 'HEAD' });
    const expired = { claims: { expiresInSeconds: -60 } };
    const head = await expectRefused(api, { method: 'HEAD', ...expired }, invalidToken('token_expired'));
    const get = await expectRefused(api, expired, invalidToken('token_expired'));
    expect(head.response.headers.get('www-authenticate')).toEqual(get.response.headers.get('www-authenticate'));
  });

  it.each(['OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND'])(
    'RFC 9110 §9.1: demands a token of %s behind app.use(guard())',
    async (method) => {
      covers('F16');
      const call = { method, target: '/all/orders' };
      await expectRefused(api, { ...call, lines: () => [] }, noCredentials, call);
    },
  );

  it('RFC 9110 §9.3.7: a preflight with its own headers is no token', async () => {
    covers('F16');
    const call = { method: 'OPTIONS', target: '/all/orders' };
    const preflight = [
      'Origin: https://app.test',
      'Access-Control-Request-Method: GET',
      'Access-Control-Request-Headers: authorization',
    ];
    await expectRefused(api, { ...call, lines: () => preflight }, noCredentials, {
      ...call,
      lines: (token) => [...preflight, ...bearer(token)],
    });
  });

  it('RFC 9110 §9.1: a header that names another method changes nothing', async () => {
    const call = { method: 'DELETE', target: '/all/orders' };
    const override = 'X-HTTP-Method-Override: OPTIONS';
    await expectRefused(api, { ...call, lines: () => [override] }, noCredentials, {
      ...call,
      lines: (token) => [override, ...bearer(token)],
    });
  });

  it('RFC 9110 §7.2: builds the challenge from the configuration, whatever Host and its likes say', async () => {
    covers('F13');
    const spoofed = ['Host: evil.example', 'X-Forwarded-Host: evil.example', 'Forwarded: host=evil.example'];
    await expectAccepted(api, { lines: (token) => [...spoofed, ...bearer(token)] });
    const { response } = await expectRefused(api, { lines: () => spoofed }, noCredentials);
    expect(response.text).not.toContain('evil');
  });

  it('RFC 9110 §10.2.3, §15.6.4: answers 503 with Retry-After and without a challenge when the keys cannot be had', async () => {
    const down = await startTestIssuerApi({ express });
    try {
      await down.issuer.outage('error');
      expectAnswer(await down.send(), unavailable('metadata_unavailable'), down.realm);
      await down.issuer.recover();
      down.issuer.advance(60);
      await expectAccepted(down);
    } finally {
      await down.close();
    }
  });

  it('RFC 9110 §10.2.3: counts Retry-After down to when it will ask again, in whole seconds', async () => {
    const down = await startTestIssuerApi({ express });
    try {
      await down.issuer.outage('refuse');
      for (let failures = 0; failures < 8; failures += 1) {
        await down.send();
        down.issuer.advance(60);
      }
      const hitsBefore = down.issuer.hits.metadata;
      const { response } = await down.send();
      const seconds = Number(response.headers.get('retry-after')?.[0]);
      // Five seconds at most, of which half is drawn, since there are no keys to go on with.
      expect(seconds).toBeGreaterThanOrEqual(3);
      expect(seconds).toBeLessThanOrEqual(5);
      down.issuer.advance(seconds - 2);
      const later = await down.send();
      expect(Number(later.response.headers.get('retry-after')?.[0])).toBe(2);
      expect(down.issuer.hits.metadata).toBe(hitsBefore + 1);
    } finally {
      await down.close();
    }
  });
});
